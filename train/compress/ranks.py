"""Ranks of the convolutions of a network: by energy, or by a budget of products."""

from .layers import Conv2d
from .result import positions
from .sensitivity import check_share


def candidates(traced):
    """Return the convolutions that can be made of two: not grouped, larger than 1 x 1."""
    return [layer for layer in traced.weighted
            if layer.kind == Conv2d.kind and layer.groups == 1 and layer.weight[0, 0].numel() > 1]


def ranks_by_energy(spectra, share):
    """Return the least rank of each layer that holds a share of its energy."""
    check_share(share, "Share of energy")
    found = {}
    for name, values in spectra.items():
        held = values.cumsum(0) / values.sum().clamp_min(1e-30)
        found[name] = min(len(values), int((held < share).sum()) + 1)
    return found


def ranks_by_budget(traced, spectra, budget):
    """Return ranks whose products fit a budget and whose energies have the greatest product.

    Greedy, section 2.4: the eigenvalue that costs the least energy for its products goes next.
    """
    layers = {layer.name: layer for layer in candidates(traced)}
    fixed = traced.macs - sum(layer.macs for layer in layers.values())
    each = {name: (layer.weight[0].numel() + layer.weight.shape[0]) * positions(layer)
            for name, layer in layers.items()}
    ranks = {name: len(values) for name, values in spectra.items()}
    held = {name: float(values.sum()) for name, values in spectra.items()}
    least = fixed + sum(each.values())
    if budget < least:
        raise ValueError(f"Budget of products must be at least {least:,}, of rank 1 in all "
                         f"convolutions: {budget:,} (give a smaller --speedup)")

    def spent():
        return fixed + sum(min(layers[name].macs, each[name] * rank)
                           for name, rank in ranks.items())

    while spent() > budget:
        name = min((name for name in ranks if ranks[name] > 1), key=lambda name: float(
            spectra[name][ranks[name] - 1]) / (held[name] + 1e-30) / each[name])
        ranks[name] -= 1
        held[name] -= float(spectra[name][ranks[name]])
    return ranks
