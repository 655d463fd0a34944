"""Size of a compressed network in parameters, bits, bytes and products, and a table's row."""

from dataclasses import asdict, dataclass, field
from math import prod

import torch
from torch import nn

from .data import pixels
from .trace import trace


FLOAT_BITS = 32


@dataclass(eq=False)
class Compressed:
    """A compressed network, and what of it must be stored.

    Attributes
    ----------
    method : str
        Name of the method.
    network : nn.Module
        Gives the same logits as the stored network.
    parameters : int
        Weights and biases left: those that are not 0 by a mask.
    bits : float
        Bits of a stored weight, its place in a sparse layer not included.
    octets : int
        Bytes of the stored network.
    macs : int
        Products of an image, without those with a weight that is 0.
    facts : dict
        More for the reader, anything JSON can hold.
    """

    method: str
    network: nn.Module
    parameters: int
    bits: float
    octets: int
    macs: int
    facts: dict = field(default_factory=dict)


class Pixels(nn.Module):
    """Function of images, uint8 tensors (n, ...), as a module of inputs (pixel / 255)."""

    def __init__(self, scores):
        super().__init__()
        self.scores = scores

    def forward(self, inputs):
        return self.scores(pixels(inputs))


def dense(method, network, input_shape, *, bits=FLOAT_BITS, **facts):
    """Return a network without zeros as :class:`Compressed`.

    ``bits`` are those of a weight. Biases, few as they are, count as float32.
    """
    traced = trace(network, input_shape)
    weights = sum(layer.weight.numel() for layer in traced.weighted)
    octets = (weights * bits + (traced.parameters - weights) * FLOAT_BITS + 7) // 8
    return Compressed(method, network, traced.parameters, bits, int(octets), traced.macs, facts)


def sparse(method, network, input_shape, octets, *, bits=FLOAT_BITS, **facts):
    """Return a network whose weights are partly 0 as :class:`Compressed`."""
    traced = trace(network, input_shape)
    left = sum(int(torch.count_nonzero(value)) if name == "weight" else value.numel()
               for layer in traced.layers for name, value in layer.learnables.items())
    macs = sum(int(torch.count_nonzero(layer.weight)) * positions(layer)
               for layer in traced.weighted)
    return Compressed(method, network, left, bits, octets, macs, facts)


def positions(layer):
    """Return how often a layer's weights are used for an image."""
    return prod(layer.shape[1:]) if layer.weight.ndim == 4 else prod(layer.shape[:-1])


@dataclass
class Row:
    """Row of a table: a method and its figures.

    Attributes
    ----------
    method : str
    accuracies : list of float
        Percent of the test images, one of each seed.
    parameters, bits, octets, macs
        As in :class:`Compressed`; of the first seed.
    seconds : float
        Time of one seed.
    facts : dict
        As in :class:`Compressed`.
    """

    method: str
    accuracies: list
    parameters: int
    bits: float
    octets: int
    macs: int
    seconds: float
    facts: dict = field(default_factory=dict)

    @classmethod
    def of(cls, compressed, accuracy, seconds):
        """Return the row of a compressed network."""
        return cls(compressed.method, [round(accuracy, 3)], compressed.parameters,
                   compressed.bits, compressed.octets, compressed.macs, round(seconds, 1),
                   compressed.facts)

    @property
    def accuracy(self):
        """Mean of the seeds."""
        return sum(self.accuracies) / len(self.accuracies)

    @property
    def spread(self):
        """Greatest minus least accuracy of the seeds."""
        return max(self.accuracies) - min(self.accuracies)

    def to_json(self):
        """Return all fields as a dict that JSON can hold."""
        return asdict(self)


def table(rows, base):
    """Return the lines of a Markdown table of rows; ratios are to the row ``base``."""
    yield ("| method | accuracy (%) | parameters | bits a weight | bytes | ratio | MACs | "
           "seconds |")
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        spread = f" ± {row.spread / 2:.2f}" if len(row.accuracies) > 1 else ""
        bits = f"{row.bits:.3g}"
        yield (f"| {row.method} | {row.accuracy:.2f}{spread} | {row.parameters:,} | {bits} | "
               f"{row.octets:,} | {base.octets / row.octets:.1f} | {row.macs:,} | "
               f"{row.seconds:.0f} |")
