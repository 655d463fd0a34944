"""Makes a folded network of an ONNX file."""

from dataclasses import dataclass, replace
from math import prod

import numpy as np

from ..conversion import Picture, Row, as_is, picture_shape, square
from ..network import Network
from . import arrange
from .graph import Node, read
from .metadata import Ours
from .scaling import Scaling, guessed
from .walk import Walk


INPUT = Node("Input", "", "input", (), ())


@dataclass(frozen=True, eq=False)
class Imported:
    """A network and the graph that it comes from.

    Attributes
    ----------
    network : sw.network.Network
        The folded network.
    walk : sw.exchange.walk.Walk
        The walk that made its layers: what became of each node, and the graph's scores.
    scaling : sw.exchange.scaling.Scaling
        How pixels become the graph's input.
    """

    network: Network
    walk: Walk
    scaling: object

    @property
    def top(self):
        """Greatest pixel."""
        return 2**self.network.input_bits - 1

    @property
    def as_they_are(self):
        """Whether the network takes the graph's pixels, and not a quantization of them."""
        return self.walk.range == (0.0, float(self.top))

    @property
    def pixels(self):
        """The network with a conversion that leaves pixels as the graph takes them."""
        conversion = self.network.conversion
        if self.as_they_are:
            return self.network
        plain = (replace(conversion, low=0.0, high=float(self.top))
                 if isinstance(conversion, Picture) else Row(high=(float(self.top),)))
        return replace(self.network, conversion=plain, positive=True)

    def inputs(self, pixels):
        """Return the network's inputs for pixels, as its conversion scales them."""
        if self.as_they_are:
            return pixels
        low, high = self.walk.range
        scaled = np.rint((pixels.astype(np.float64) - low) / (high - low) * self.top)
        return np.clip(scaled, 0, self.top).astype(pixels.dtype)


def load(path, *, labels=None, shape=None, scaling=None, provenance=None, fit="as-is",
         reader=read, names=None):
    """Read an ONNX file of a quantized network.

    Parameters
    ----------
    path : path-like
        The file. External data must lie beside it.
    labels : sequence of str, optional
        Names of the classes in the order of the scores; those of a file of ours, ``names`` or
        numbers otherwise.
    shape : tuple of int, optional
        Shape of an image, for a graph that takes a flat vector.
    scaling : sw.exchange.scaling.Scaling, optional
        How pixels become the graph's input; guessed from the graph otherwise.
    provenance : dict, optional
        The network's.
    fit : str
        How users' pictures are fitted, as :class:`sw.conversion.Picture` says.
    reader : callable, optional
        Makes a :class:`sw.exchange.graph.Graph` of the path; that of ONNX files otherwise.
    names : sequence of str, optional
        Names of a dataset's classes. A file of ours may have them in another order, which it says.

    Returns
    -------
    Imported

    Raises
    ------
    ValueError
        If the file is damaged, or the graph fits no network; the message names the node.
    """
    graph = reader(path)
    ours = Ours.of(graph)
    scaling = scaling or (Scaling(1.0) if ours else guessed(graph))
    scaling.check(graph.shape)
    walk = Walk(graph, lambda pixels: scaling.signal(INPUT, pixels), ours.input_bits if ours else 8)
    shape = _shape(graph.shape, shape, ours)
    if labels is None:
        known = ours and (names is None or sorted(names) == sorted(ours.labels))
        labels = ours.labels if known else names or tuple(map(str, range(len(walk.classes))))
    return Imported(Network(
        layers=ours.named(walk.layers) if ours else walk.layers,
        labels=_labels(walk, labels),
        input_shape=shape,
        provenance=provenance or {},
        conversion=ours.conversion if ours else _conversion(shape, fit, *walk.range),
        positive=True), walk, scaling)


def _labels(walk, labels):
    """Return the names of the classes in the network's order; a wrong number is refused later."""
    labels = tuple(labels)
    if len(labels) != len(walk.classes):
        return labels
    return tuple(labels[place] for place in walk.classes)


def _shape(graphs, given, ours):
    """Return the shape of an image: the user's, that of a file of ours, or the graph's."""
    shape = tuple(given or (ours.input_shape if ours else arrange.input_shape(graphs)))
    if prod(shape) != prod(graphs):
        raise ValueError(f"Shape of an image must have as many values as the graph's input: "
                         f"{shape}, not {prod(graphs)}")
    return shape


def flat_shape(count):
    """Return the shape of an image of so many values: a square picture if it can be one."""
    return square(count) or (count,)


def _conversion(shape, fit, low, high):
    """Return the conversion of pixels of a range to the network's inputs."""
    made = as_is(shape)
    if isinstance(made, Row):
        return Row(low=(low,), high=(high,))
    rows, columns, colours = picture_shape(shape)
    # A drawing may be inverted behind the quantization, which would not be the graph's order.
    if fit == "drawing" and colours == 1 and (low, high) == (0.0, 255.0):
        return Picture((rows, columns), fit=fit, invert=None)
    return Picture((rows, columns), colours=colours, low=low, high=high)
