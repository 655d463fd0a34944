"""Makes a folded network of an ONNX file."""

from dataclasses import dataclass, replace
from math import prod

import numpy as np

from ..conversion import Picture, Row, as_is, picture_shape
from ..network import Network
from . import arrange
from .graph import Node, read
from .scaling import guessed
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
    def pixels(self):
        """The network with a conversion that leaves pixels as the dataset has them."""
        conversion = self.network.conversion
        if isinstance(conversion, Picture):
            plain = replace(conversion, low=0.0, high=255.0)
        else:
            plain = Row()
        return replace(self.network, conversion=plain, positive=True)

    def inputs(self, pixels):
        """Return the network's inputs for pixels, as its conversion scales them."""
        low, high = self.walk.range
        if (low, high) == (0.0, 255.0):
            return pixels
        scaled = np.rint((pixels.astype(np.float64) - low) / (high - low) * 255)
        return np.clip(scaled, 0, 255).astype(np.uint8)


def load(path, *, labels=None, shape=None, scaling=None, provenance=None):
    """Read an ONNX file of a quantized network.

    Parameters
    ----------
    path : path-like
        The file. External data must lie beside it.
    labels : sequence of str, optional
        Names of the classes in the order of the scores; numbers otherwise.
    shape : tuple of int, optional
        Shape of an image, for a graph that takes a flat vector.
    scaling : sw.exchange.scaling.Scaling, optional
        How pixels become the graph's input; guessed from the graph otherwise.
    provenance : dict, optional
        Added to the network's.

    Returns
    -------
    Imported

    Raises
    ------
    ValueError
        If the file is damaged, or the graph fits no network; the message names the node.
    """
    graph = read(path)
    scaling = scaling or guessed(graph)
    walk = Walk(graph, lambda pixels: scaling.signal(INPUT, pixels))
    shape = tuple(shape or arrange.input_shape(graph.shape))
    if prod(shape) != prod(graph.shape):
        raise ValueError(f"Shape of an image must have as many values as the graph's input: "
                         f"{shape}, not {prod(graph.shape)}")
    classes = walk.layers[-1].outputs
    return Imported(Network(
        layers=walk.layers,
        labels=tuple(labels) if labels is not None else tuple(map(str, range(classes))),
        input_shape=shape,
        provenance=provenance or {},
        conversion=_conversion(shape, *walk.range),
        positive=True), walk, scaling)


def _conversion(shape, low, high):
    """Return the conversion of pixels of a range to the network's inputs."""
    made = as_is(shape)
    if isinstance(made, Row):
        return Row(low=(low,), high=(high,))
    rows, columns, colours = picture_shape(shape)
    fit = {1: "as-is", 3: "as-is"}[colours]
    return Picture((rows, columns), colours=colours, fit=fit, low=low, high=high)
