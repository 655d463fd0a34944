"""Trained ternary weights: ``python -m train.compress.ternary MODEL --data D``."""

import sys

from torch.nn.utils import parametrize

from sw.command import run

from . import task
from .result import FLOAT_BITS, sparse
from .sensitivity import prunable
from .trits import SHARE, OneScale, TwoScales


EPOCHS = 5
BITS = 2


def chosen(network, every):
    """Return the names of the layers that become ternary: all, or all but the first and the last.

    Zhu et al. keep the first and the last layer in float (section 5).
    """
    names = list(prunable(network))
    if not every and len(names) < 3:
        raise ValueError(f"Network must have three layers with weights at least, because the "
                         f"first and the last stay float: {len(names)} (give --all)")
    return names if every else names[1:-1]


def ternarize(network, names, *, share=SHARE, plain=False):
    """Make the weights of layers ternary, in place, as parametrizations that train."""
    if not 0 <= share < 1:
        raise ValueError(f"Threshold must be in 0..1, a share of the largest weight: {share}")
    for name in names:
        module = prunable(network)[name]
        made = OneScale() if plain else TwoScales(module.weight.detach(), share)
        parametrize.register_parametrization(module, "weight", made)


def harden(network):
    """Replace parametrizations by the weights that they give, in place."""
    for module in network.modules():
        if parametrize.is_parametrized(module):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
    return network.eval()


def compress(network, parts, retrain, *, share=SHARE, plain=False, every=False):
    """Train ternary weights; return :class:`.Compressed`.

    Parameters
    ----------
    network : nn.Module
        Changed in place. Its weights are the first latent ones.
    parts : Parts
        Training images.
    retrain : Retrain
        Training.
    share : float
        Threshold as a share of a layer's largest weight.
    plain : bool
        Plain ternary weights, of one scale and a threshold by the mean size, to compare with.
    every : bool
        Whether the first and the last layer become ternary too.

    Zhu, Han, Mao and Dally, Trained Ternary Quantization, 2017.
    """
    names = chosen(network, every)
    ternarize(network, names, share=share, plain=plain)
    retrain(network, parts.train, "ternary weights")
    harden(network)
    modules = prunable(network)
    few = sum(modules[name].weight.numel() for name in names)
    floats = sum(value.numel() for value in network.parameters()) - few + 2 * len(names)
    scales = {name: [round(float(value.detach()), 5) for value in (
        modules[name].weight.max(), -modules[name].weight.min())] for name in names}
    return sparse("plain ternary" if plain else "trained ternary", network, parts.train.shape,
                  (few * BITS + floats * FLOAT_BITS + 7) // 8, bits=BITS, scales=scales,
                  zeros=round(1 - sum(int(modules[name].weight.count_nonzero())
                                      for name in names) / few, 4))


def main(argv=None):
    parser = task.parser("train.compress.ternary", "Train ternary weights with learnt scales.",
                         epochs=EPOCHS)
    add = parser.add_argument
    add("--threshold", type=task.real(0, 0.999), default=SHARE, metavar="X",
        help=f"share of the largest weight below which weights are 0 (default: {SHARE})")
    add("--all", action="store_true", help="the first and the last layer too")
    args = parser.parse_args(argv)
    found, rows = task.task(args), []
    for plain in (True, False):
        made, row = found.run(compress, share=args.threshold, plain=plain, every=args.all)
        rows.append(row)
        print(f"{made.method}: {100 * made.facts['zeros']:.1f} % zeros, scales "
              f"{made.facts['scales']}")
    task.finish(args, found, rows, made)


if __name__ == "__main__":
    run(main, sys.argv[1:])
