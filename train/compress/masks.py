"""Masks of pruned weights, by PyTorch's ``torch.nn.utils.prune``, and the ranks they follow."""

from torch.nn.utils import prune

from .curvature import saliencies
from .sensitivity import check_share, largest, prunable


SEEN = 1000  # images of a sensitivity scan, and of second derivatives
KINDS = ("magnitude", "saliency")


def mask(network, shares, ranks=None):
    """Mask all but a share of each layer's weights.

    Parameters
    ----------
    network : nn.Module
        Its layers get ``weight_orig`` and ``weight_mask``; masked weights stay masked.
    shares : dict of str to float
        Kept share of each layer, of all its weights.
    ranks : dict of str to Tensor, or None
        Rank of each weight by layer; by default its size.
    """
    for name, module in prunable(network).items():
        if name not in shares:
            continue
        check_share(shares[name], f"Kept share of layer {name!r}")
        latest = getattr(module, "weight_orig", module.weight).detach()
        rank = latest.abs() if ranks is None else ranks[name].clone()
        if hasattr(module, "weight_mask"):  # what is gone does not come back
            rank[module.weight_mask == 0] = -1
        prune.custom_from_mask(module, "weight", largest(rank, shares[name]))


def finish(network):
    """Make masks permanent: the masked weights become 0."""
    for module in prunable(network).values():
        if prune.is_pruned(module):
            prune.remove(module, "weight")
    return network.eval()


def ranked(network, part, kind):
    """Return the ranks of weights by layer, or None for their sizes."""
    if kind == "magnitude":
        return None
    inputs = part.first(SEEN).inputs
    found = saliencies(network, inputs.split(256))
    return {name: found.get(f"{name}.weight", found.get(f"{name}.weight_orig"))
            for name in prunable(network)}
