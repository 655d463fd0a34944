"""Prunes by saliency, beside magnitude: ``python -m train.compress.saliency MODEL``."""

import sys
from copy import deepcopy

from sw.command import run

from . import prune, task
from .fit import accuracy
from .masks import KINDS, mask, ranked
from .sensitivity import check_share, prunable


SHARES = (0.3, 0.1, 0.05)


def compare(network, parts, shares=SHARES):
    """Return validation accuracies without retraining, a dict of share to kind to percent.

    Every layer keeps the same share of its weights: those of the greatest size, or those of the
    greatest saliency (LeCun et al. 1989).
    """
    found = {}
    for share in shares:
        check_share(share)
        for kind in KINDS:
            copy = deepcopy(network)
            mask(copy, dict.fromkeys(prunable(copy), share),
                 ranked(copy, parts.calibration, kind))
            found.setdefault(share, {})[kind] = accuracy(copy, parts.validation)
    return found


def lines(found):
    """Yield lines of a Markdown table of :func:`compare`."""
    yield f"| share kept | {' | '.join(f'by {kind}' for kind in KINDS)} |"
    yield "|---|---|---|"
    for share, accuracies in found.items():
        numbers = " | ".join(f"{accuracies[kind]:.2f}" for kind in KINDS)
        yield f"| {100 * float(share):g} % | {numbers} |"


def main(argv=None):
    parser = task.parser("train.compress.saliency", "Prune by saliency, and by magnitude beside.",
                         epochs=prune.EPOCHS)
    add = parser.add_argument
    add("--factor", type=task.real(0, 1e6), default=12.0, metavar="X",
        help="times fewer parameters after retraining (default: 12)")
    add("--shares", type=float, nargs="+", default=SHARES, metavar="X",
        help="kept shares to compare without retraining (default: 0.3 0.1 0.05)")
    args = parser.parse_args(argv)
    found = task.task(args)
    print("validation accuracy without retraining (%)", "",
          *lines(compare(found.network, found.parts, args.shares)), "", sep="\n")
    # Both keep the same share of each layer, that of the scan by magnitude.
    magnitude, first = found.run(prune.compress, factor=args.factor)
    made, second = found.run(prune.compress, kind="saliency",
                             shares=magnitude.facts["shares"])
    task.finish(args, found, [first, second], made)


if __name__ == "__main__":
    run(main, sys.argv[1:])
