"""Prunes single weights: ``python -m train.compress.prune MODEL --data D --factor 12``."""

import sys
from copy import deepcopy
from math import ceil

from torch.nn.utils import prune

from sw.command import run

from . import coded, saliency, sensitivity, task
from .result import sparse
from .sensitivity import check_share, largest, prunable


ROUNDS = 4  # of pruning and retraining
EPOCHS = 3  # of retraining in a round
SEEN = 1000  # images of the sensitivity scan, and of second derivatives
KINDS = ("magnitude", "saliency")


def mask(network, shares, ranks=None):
    """Mask all but a share of each layer's weights, with PyTorch's ``torch.nn.utils.prune``.

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
        rank = module.weight.detach().abs() if ranks is None else ranks[name].clone()
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
    found = saliency.saliencies(network, inputs.split(256))
    return {name: found.get(f"{name}.weight", found.get(f"{name}.weight_orig"))
            for name in prunable(network)}


def compress(network, parts, retrain, *, factor=12.0, rounds=ROUNDS, kind="magnitude",
             shares=None):
    """Prune and retrain in rounds (Han et al. 2015, section 3); return :class:`.Compressed`.

    Parameters
    ----------
    network : nn.Module
        Changed in place.
    parts : Parts
        Training images; validation images for the sensitivity scan; calibration images for
        saliencies.
    retrain : Retrain
        Training of each round.
    factor : float
        Times fewer weights in the end.
    rounds : int
        Rounds of pruning.
    kind : str
        ``magnitude`` or ``saliency`` (LeCun et al. 1989).
    shares : dict of str to float, or None
        Kept share of each layer; by default those of a sensitivity scan.
    """
    if kind not in KINDS:
        raise ValueError(f"Weights must be ranked by {' or '.join(KINDS)}: {kind}")
    facts = {}
    if shares is None:
        ranks = ranked(network, parts.calibration, kind)
        found = sensitivity.scan(network, parts.validation.first(SEEN), ranks=ranks)
        shares, facts["scan"] = found.shares(factor), found
    for number in range(1, rounds + 1):
        part = {name: share**(number / rounds) for name, share in shares.items()}
        mask(network, part, ranked(network, parts.calibration, kind))
        retrain(network, parts.train, f"pruning, round {number} of {rounds}", number)
    return measured(f"prune by {kind}", finish(network), parts,
                    shares={name: round(share, 4) for name, share in shares.items()}, **facts)


def measured(method, network, parts, **facts):
    """Return a pruned network as :class:`.Compressed`, stored as float32 and differences."""
    bits = 0
    for module in prunable(network).values():
        bits += coded.sparse_bits(module.weight.detach().flatten(), 32)
        bits += 0 if module.bias is None else 32 * module.bias.numel()
    return sparse(method, network, parts.train.shape, ceil(bits / 8), **facts)


def compare(network, parts, shares=(0.3, 0.1, 0.05)):
    """Return validation accuracies without retraining, magnitude and saliency at equal share.

    A dict of share to dict of kind to percent; every layer keeps the same share.
    """
    found = {}
    for share in shares:
        for kind in KINDS:
            copy = deepcopy(network)
            mask(copy, dict.fromkeys(prunable(copy), share),
                 ranked(copy, parts.calibration, kind))
            found.setdefault(share, {})[kind] = sensitivity.accuracy(copy, parts.validation)
    return found


def main(argv=None):
    parser = task.parser("train.compress.prune", "Prune single weights and retrain.",
                         epochs=EPOCHS)
    add = parser.add_argument
    add("--factor", type=task.real(0, 1e6), default=12.0, metavar="X",
        help="times fewer parameters (default: 12)")
    add("--rounds", type=task.positive, default=ROUNDS, metavar="N",
        help=f"rounds of pruning and retraining (default: {ROUNDS})")
    add("--by", choices=KINDS, default=KINDS[0], help="rank of a weight (default: magnitude)")
    add("--scan", metavar="FILE", help="picture of accuracy against kept share (.png)")
    add("--compare", action="store_true",
        help="only compare magnitude and saliency at equal share, without retraining")
    args = parser.parse_args(argv)
    found = task.task(args)
    if args.compare:
        print("\n".join(comparison(compare(found.network, found.parts))))
        return
    made, row = found.run(compress, factor=args.factor, rounds=args.rounds, kind=args.by)
    if args.scan:
        sensitivity.draw(args.scan, made.facts["scan"], f"{found.name}: one layer pruned")
    task.finish(args, found, [row], made)


def comparison(found):
    """Yield lines of a Markdown table of :func:`compare`."""
    yield f"| share kept | {' | '.join(KINDS)} |"
    yield "|---|---|---|"
    for share, accuracies in found.items():
        numbers = " | ".join(f"{accuracies[kind]:.2f}" for kind in KINDS)
        yield f"| {100 * share:g} % | {numbers} |"


if __name__ == "__main__":
    run(main, sys.argv[1:])
