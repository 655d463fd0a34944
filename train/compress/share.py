"""Shares weights and codes them: ``python -m train.compress.share MODEL --data D``."""

import sys

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrize

from sw.command import run

from . import coded, prune, task
from .codebook import Shared, codebook
from .graph import merged
from .result import dense, sparse
from .sensitivity import prunable


BITS = 5  # of the index of a shared value; convolutions have more
CONV_BITS = 8
EPOCHS = 3
SLOWER = 3  # times is the rate of shared values less than that of weights


def share(network, bits=BITS, conv_bits=CONV_BITS):
    """Let each layer's weights share values; 0 stays 0. ``bits`` are those of an index."""
    for kind, size in (("Bits", bits), ("Bits of convolutions", conv_bits)):
        if not 1 <= size <= 11:
            raise ValueError(f"{kind} must be in 1..11: {size}")
    for module in prunable(network).values():
        weight = module.weight.detach().numpy().ravel()
        places = np.flatnonzero(weight)
        size = 2**(conv_bits if isinstance(module, nn.Conv2d) else bits)
        values, chosen = codebook(weight[places], size)
        indices = np.zeros(weight.size, np.int64)
        indices[places] = 1 + chosen
        parametrize.register_parametrization(
            module, "weight", Shared(torch.from_numpy(indices).view(module.weight.shape),
                                     torch.from_numpy(values)), unsafe=True)


def compress(network, parts, retrain, *, labels, image_shape, factor=12.0, bits=BITS,
             conv_bits=CONV_BITS):
    """Prune, share, retrain the shared values and code; return :class:`.Compressed`.

    Parameters
    ----------
    network : nn.Module
        Changed in place.
    parts : Parts
        Data.
    retrain : Retrain
        Training of each round of pruning. Shared values have a third of its rate.
    labels, image_shape
        As in :class:`.FloatCheckpoint`.
    factor : float
        Times fewer weights by pruning; 1 keeps all, which may be pruned already.
    bits, conv_bits : int
        Bits of a shared weight of dense layers and of convolutions.

    Returns
    -------
    Compressed
        ``facts`` holds the ratio after each stage; ``network.coded`` the file's octets.
    """
    shape = parts.train.shape
    stages = {"float32": dense("float32", network, shape).octets}
    if factor > 1:
        prune.compress(network, parts, retrain, factor=factor)
    network = merged(network, shape)
    stages["pruned"] = stored(network, 32)
    share(network, bits, conv_bits)
    retrain.slower(SLOWER)(network, parts.train, "retraining shared values")
    octets, written = write(network, labels, image_shape)
    stages["shared"] = stored(written, None, bits, conv_bits)
    stages["coded"] = len(octets)
    result = sparse("share and code", written, shape, len(octets), bits=bits,
                    stages=stages, ratios={name: round(stages["float32"] / value, 2)
                                           for name, value in stages.items()})
    written.coded = octets
    return result


def stored(network, width, bits=BITS, conv_bits=CONV_BITS):
    """Return the bytes of a network's parameters, sparse layers with differences.

    ``width`` is the bits of a weight; None for indices of ``bits`` and codebooks.
    """
    total = 0
    for module in prunable(network).values():
        size = width
        if width is None:
            size = conv_bits if isinstance(module, nn.Conv2d) else bits
            total += 32 * 2**size
        total += coded.sparse_bits(module.weight.detach().flatten(), size)
        total += 32 * module.bias.numel() if module.bias is not None else 0
    return -(-total // 8)


def write(network, labels, image_shape):
    """Return the octets of a network with shared values, and the network that is read from them."""
    writer = coded.Writer(network, labels, image_shape)
    modules = dict(network.named_modules())
    for name in network_names(network):
        module, what = modules[name.rpartition(".")[0]], name.rpartition(".")[2]
        if what != "weight" or not parametrize.is_parametrized(module):
            writer.raw(getattr(module, what).detach().numpy())
            continue
        indices = module.parametrizations.weight[0].indices.numpy().ravel()
        writer.coded(indices, module.parametrizations.weight.original.detach().numpy(),
                     coded.best_index_bits(np.flatnonzero(indices)))
    octets = writer.octets()
    return octets, coded.decode(octets)[0]


def network_names(network):
    """Return the names of a network's parameters as a new network has them, in order."""
    return [name for name, _ in type(network)(network.text, network.input_shape,
                                              network.classes).named_parameters()]


def main(argv=None):
    parser = task.parser("train.compress.share", "Share weights and code them.", epochs=EPOCHS)
    add = parser.add_argument
    add("--factor", type=task.real(0, 1e6), default=12.0, metavar="X",
        help="times fewer weights by pruning before; 1 for none (default: 12)")
    add("--bits", type=task.positive, default=BITS, metavar="N",
        help=f"bits of a shared weight of a dense layer (default: {BITS})")
    add("--conv-bits", type=task.positive, default=CONV_BITS, metavar="N",
        help=f"the same of a convolution (default: {CONV_BITS})")
    add("--coded", metavar="FILE", help="file for the coded network")
    args = parser.parse_args(argv)
    found = task.task(args)
    made, row = found.run(compress, labels=found.labels, image_shape=found.image_shape,
                          bits=args.bits, conv_bits=args.conv_bits, factor=args.factor)
    for stage, ratio in made.facts["ratios"].items():
        print(f"{stage}: {made.facts['stages'][stage]:,} bytes, {ratio:.1f} times smaller")
    if args.coded:
        coded.save(args.coded, made.network.coded)
        print(f"wrote {args.coded}")
    task.finish(args, found, [row], made)


if __name__ == "__main__":
    run(main, sys.argv[1:])
