"""The way in which any layer is shown, and the registry of kinds that show more."""

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from ..bits import to_int
from ..layer.registry import Registry


SHOWN = Registry("way to be shown", ("sw.show",))  # an entry is a :class:`Show`

WIDER = 3  # columns of a map for each of its rows, about


@dataclass(frozen=True)
class Row:
    """A layer's row in the table of ``python -m sw.inspect``; a column without meaning is None.

    Attributes
    ----------
    fan_in : ndarray of int, shape (neurons,), or None
        Number of inputs that each neuron reads.
    constant : int or None
        Neurons whose output never changes.
    bits : int or None
        Size of the layer's constants: synapses or tables, thresholds or biases.
    """

    fan_in: np.ndarray | None = None
    constant: int | None = None
    bits: int | None = None


class Show:
    """The way in which a layer is shown. A kind overrides the methods that need more."""

    unit = "output"  # name of an output, in reports
    shade = "weights"  # name of the numbers that :meth:`tiles` returns, in pictures

    def row(self, layer):
        """Return the layer's :class:`Row`."""
        return Row()

    def detail(self, layer, inputs, index):
        """Return the reason for an output, ``" (popcount 3 of 5, threshold 4)"``, or ``""``.

        Parameters
        ----------
        layer : sw.layer.kind.Layer
            The layer.
        inputs : ndarray, shape (inputs,)
            Inputs of the layer.
        index : int
            Index of the output.
        """
        return ""

    def text(self, layer, outputs):
        """Return outputs as text: numbers, or bits as one hexadecimal number, first lowest."""
        if layer.gives.bits > 1:
            return " ".join(map(str, outputs))
        return f"{to_int(outputs.astype(np.uint8)):0{-(-len(outputs) // 4)}x}"

    def tiles(self, layer):
        """Return the shade of each neuron's inputs, -1..1, float32 (neurons, inputs); or None."""

    def tables(self, layer):
        """Return each neuron's truth table, uint8 (neurons, rows); or None."""

    def reads(self, layer):
        """Return how many neurons depend on each input, int (inputs,); or None."""

    def kernels(self, layer):
        """Return the weights of each neuron, -1..1, float32 (neurons, rows, columns, channels).

        None of a layer without windows.
        """

    def spread(self, layer, shades):
        """Return shades of the layer's inputs from those of its outputs, which lie as inputs do.

        Parameters
        ----------
        layer : sw.layer.kind.Layer
            The layer.
        shades : ndarray of float32, shape (neurons, outputs) or (neurons, rows, columns, channels)
            Shades of all outputs, or of a kernel that sees a map of outputs.

        Returns
        -------
        ndarray of float32, or None of a layer whose outputs depend on several inputs
        """

    def words(self, layer):
        """Return a description of windows or squares, ``"3 x 3 windows, ..."``, or ``""``."""
        return ""

    def firing(self, layer):
        """Return each neuron's threshold, from 0 (always fires) to 1 (never fires); or None."""
        return

    def map_shape(self, layer, input_shape):
        """Return rows and columns of the map of the layer's outputs.

        Of a feature map the channels lie side by side, as pictures.
        """
        if layer.gives.is_map:
            rows, columns, channels = layer.gives.extents
            down, across = _grid(channels, WIDER * rows / columns)
            return down * rows, across * columns
        return _grid(layer.outputs, WIDER)

    def arrange(self, layer, values, shape, input_shape):
        """Return values as a map of a shape: one value an output, and more that fill the map up."""
        if not layer.gives.is_map:
            return values.reshape(shape)
        rows, columns, channels = layer.gives.extents
        own, more = values[:layer.outputs], values[layer.outputs:]
        pictures = np.concatenate([own.reshape(rows, columns, channels),
                                   more.reshape(rows, columns, -1)], axis=2)
        across = shape[1] // columns
        tiles = pictures.reshape(rows, columns, -1, across)
        return tiles.transpose(2, 0, 3, 1).reshape(shape)


def _grid(count, wider):
    """Return rows and columns of a grid that many things fill, about ``wider`` for each row."""
    wish = sqrt(count * wider)
    whole = [columns for columns in range(ceil(wish / 2), int(2 * wish) + 1)
             if count % columns == 0]  # without an empty corner
    columns = min(whole or [ceil(wish)], key=lambda columns: abs(columns - wish))
    return ceil(count / columns), columns
