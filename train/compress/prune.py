"""Prunes single weights: ``python -m train.compress.prune MODEL --data D --factor 12``."""

import sys
from math import ceil

from sw.command import run

from . import coded, sensitivity, task
from .masks import KINDS, SEEN, finish, mask, ranked
from .result import sparse
from .sensitivity import prunable


ROUNDS = 4  # of pruning and retraining
EPOCHS = 3  # of retraining in a round


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
    args = parser.parse_args(argv)
    found = task.task(args)
    made, row = found.run(compress, factor=args.factor, rounds=args.rounds, kind=args.by)
    if args.scan:
        sensitivity.draw(args.scan, made.facts["scan"], f"{found.name}: one layer pruned")
    task.finish(args, found, [row], made)


if __name__ == "__main__":
    run(main, sys.argv[1:])
