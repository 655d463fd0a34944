"""What is shown of a layer of any kind, and the registry of what a kind shows besides."""

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from ..bits import to_int
from ..layer.registry import Registry


SHOWN = Registry("way to be shown", ("sw.show",))  # by kind: a :class:`Show`

WIDER = 3  # columns of a map to its rows, about


@dataclass(frozen=True)
class Row:
    """What the table of ``python -m sw.inspect`` says of a layer, None where that means nothing.

    Attributes
    ----------
    fan_in : ndarray of int, shape (neurons,), or None
        Inputs that each neuron looks at.
    constant : int or None
        Neurons whose output never changes.
    bits : int or None
        What the layer's constants take: synapses or tables, thresholds or biases.
    """

    fan_in: np.ndarray | None = None
    constant: int | None = None
    bits: int | None = None


class Show:
    """How a layer is shown. A kind overrides what it has more to say of."""

    unit = "output"  # what an output is called

    def row(self, layer):
        """Return the layer's :class:`Row`."""
        return Row()

    def detail(self, layer, inputs, index):
        """Return why an output is what it is, ``" (popcount 3 of 5, threshold 4)"``, or ``""``.

        Parameters
        ----------
        layer : sw.layer.kind.Layer
            The layer.
        inputs : ndarray, shape (inputs,)
            What goes into it.
        index : int
            The output.
        """
        return ""

    def text(self, layer, outputs):
        """Return outputs as text: numbers, or bits as one hexadecimal number, first lowest."""
        if layer.gives.bits > 1:
            return " ".join(map(str, outputs))
        return f"{to_int(outputs.astype(np.uint8)):0{-(-len(outputs) // 4)}x}"

    def tiles(self, layer):
        """Return what each neuron looks for, -1 to 1: float32, shape (neurons, inputs); or None."""

    def firing(self, layer):
        """Return where each neuron's threshold lies, 0: always fires, 1: never; or None."""
        return

    def map_shape(self, layer, input_shape):
        """Return rows and columns of the map of the layer's outputs."""
        wish = sqrt(layer.outputs * WIDER)
        whole = [columns for columns in range(ceil(wish / 2), int(2 * wish) + 1)
                 if layer.outputs % columns == 0]  # without an empty corner
        columns = min(whole or [ceil(wish)], key=lambda columns: abs(columns - wish))
        return ceil(layer.outputs / columns), columns

    def arrange(self, layer, values, shape):
        """Return values, one an output and more to fill up, as a map of a shape."""
        return values.reshape(shape)
