"""Dynamic-precision fixed point: ``python -m train.compress.fixed MODEL --data D --bits 8``."""

import sys

import torch
from torch import nn

from sw.command import run

from . import task
from .graph import graph
from .point import best, rounded, widest
from .result import Compressed, dense


BITS = (8, 4)
SEEN = 512  # images that fraction lengths of activations are chosen with


class Fixed(nn.Module):
    """A traced network in fixed point.

    Attributes
    ----------
    bits : int
        Bits of a weight and of an activation.
    fractions : dict of str to int
        Fraction length of each layer's output, by the layer's name.
    """

    def __init__(self, made, bits):
        super().__init__()
        self.made = made
        self.bits = bits
        self.fractions = {}

    def forward(self, x):
        values = {}
        for layer in self.made.traced.layers:
            values[layer.name] = self.output(layer, values, x)
        return values[layer.name]

    def output(self, layer, values, x):
        """Return a layer's output, rounded if its fraction length is chosen."""
        value = layer.forward(*(values[name] for name in layer.inputs)) if layer.inputs else x
        if layer.name not in self.fractions:
            return value
        return rounded(value, self.bits, self.fractions[layer.name])


@torch.no_grad()
def quantize_weights(made, bits, fraction=None):
    """Round all weights and biases; return the fraction length of each, by name.

    Each tensor has the fraction length with the least error; or ``fraction``, the same for all.
    """
    found = {}
    for layer in made.traced.layers:
        for what, value in layer.learnables.items():
            chosen = best(value, value, bits) if fraction is None else fraction
            value.copy_(rounded(value, bits, chosen))
            found[f"{layer.name}.{what}"] = chosen
    return found


@torch.no_grad()
def quantize(network, parts, bits, *, dynamic=True):
    """Return a network in fixed point, a :class:`Fixed`, and the table of its fraction lengths.

    Weights come first, layer by layer. Then the outputs: those before are rounded already, and
    the next fraction length is the one with the least error against the float network.

    Parameters
    ----------
    network : nn.Module
        Unchanged.
    parts : Parts
        Calibration images.
    bits : int
        Bits of weights and of outputs, the sign included.
    dynamic : bool
        Whether each layer has fraction lengths of its own. If not, weights have one and outputs
        have one: those with which nothing overflows anywhere.

    Qiu et al., Going Deeper with Embedded FPGA Platform for CNN, 2016, dynamic-precision data
    quantization: weight phase, then data phase.
    """
    if not 2 <= bits <= 16:
        raise ValueError(f"Bits must be in 2..16: {bits}")
    shape = parts.train.shape
    made, exact = graph(network, shape), graph(network, shape)
    images = parts.calibration.first(SEEN).inputs
    wanted, values, result = _outputs(exact, images), {}, Fixed(made, bits)
    learnables = [value for layer in made.traced.layers for value in layer.learnables.values()]
    alike = min(widest(value, bits) for value in learnables)
    weights = quantize_weights(made, bits, None if dynamic else alike)
    same = min(widest(value, bits) for value in wanted.values())
    for layer in made.traced.layers:
        value = result.output(layer, values, images)
        if layer.kind != "reshape":
            chosen = best(value, wanted[layer.name], bits) if dynamic else same
            result.fractions[layer.name] = chosen
            value = rounded(value, bits, chosen)
        values[layer.name] = value
    return result.eval(), {"weights": weights, "outputs": dict(result.fractions)}


def _outputs(made, images):
    """Return the outputs of all layers for images."""
    found = {}
    made.traced.run(images, lambda layer, value: found.setdefault(layer.name, value))
    return found


def compress(network, parts, retrain, *, bits=8, dynamic=True):
    """Round a network to fixed point without training; return :class:`.Compressed`."""
    made, table = quantize(network, parts, bits, dynamic=dynamic)
    kind = "a fraction length a layer" if dynamic else "one fraction length"
    size = dense("", network, parts.train.shape)
    return Compressed(f"fixed point, {bits} bits, {kind}", made, size.parameters, bits,
                      -(-size.parameters * bits // 8), size.macs, {"fractions": table})


def main(argv=None):
    parser = task.parser("train.compress.fixed", "Round to fixed point, the point by layer.")
    parser.add_argument("--bits", type=task.positive, nargs="+", default=BITS, metavar="N",
                        help="bits of weights and activations (default: 8 4)")
    args = parser.parse_args(argv)
    found, rows = task.task(args), []
    for bits in args.bits:
        for dynamic in (True, False):
            made, row = found.run(compress, bits=bits, dynamic=dynamic)
            rows.append(row)
            if dynamic:
                print("\n".join(listing(made.facts["fractions"], bits)))
    task.finish(args, found, rows)


def listing(table, bits):
    """Yield lines of a Markdown table of fraction lengths."""
    yield f"| {bits} bits | fraction length |"
    yield "|---|---|"
    for what in ("weights", "outputs"):
        for name, fraction in table[what].items():
            yield f"| {name}{' (output)' if what == 'outputs' else ''} | {fraction} |"


if __name__ == "__main__":
    run(main, sys.argv[1:])
