"""Layers that multiply the integers of an image by -1, 0 and +1: dense, and over windows."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .check import check_range, frozen
from .kind import Array, Layer, kind
from .shape import Shape
from .window import SIDE_LIMIT, STRIDE_LIMIT, Windowed


INPUT_BITS = Array("input_bits", "int32", (), "width of an input, 1 to 16; images have 8", 1, 16)
THRESHOLDS = Array("thresholds", "int32", ("neuron",),
                   "from the least sum of the neuron, always reached, to its greatest plus 1",
                   compared=True)


class IntegerSums(Layer):
    """Base of layers that compare sums of unsigned integers and their opposites with thresholds.

    Neuron ``n`` fires where the sum of its inputs times ``weights[n]`` is at least
    ``thresholds[n]``.
    """

    takes_pixels = True
    shift = 0

    def check(self):
        low, high = self.bounds
        wrong = (self.thresholds < low) | (self.thresholds > high + 1)
        if wrong.any():
            neuron = int(np.flatnonzero(wrong)[0])
            raise ValueError(f"Thresholds of layer {self.name!r} must be in least sum..greatest "
                             f"sum + 1: neuron {neuron} has {self.thresholds[neuron]} at "
                             f"{low[neuron]}..{high[neuron]}")
        check_range(self, "thresholds", -2**30, 2**30)

    @property
    def pixel_bits(self):
        """Bits of an input that the hardware takes."""
        return self.input_bits

    @cached_property
    def rows(self):
        """The weights of each neuron in a row, int8 (neurons, inputs of a neuron). Read-only."""
        return frozen(self.weights.reshape(len(self.weights), -1))

    @cached_property
    def bounds(self):
        """Least and greatest sum of each neuron, two ndarray of int64, shape (neurons,)."""
        most = 2**self.input_bits - 1
        return (-most * (self.rows < 0).sum(axis=1, dtype=np.int64),
                most * (self.rows > 0).sum(axis=1, dtype=np.int64))

    @cached_property
    def fan_in(self):
        """Synapses of each neuron, ndarray of int32, shape (neurons,). Read-only."""
        return frozen(np.count_nonzero(self.rows, axis=1).astype(np.int32))

    @cached_property
    def synapses(self):
        return int(self.fan_in.sum())

    @property
    def parts(self):
        return {"synapses": self.synapses}


@kind
@dataclass(frozen=True, eq=False)
class IntegerDense(IntegerSums):
    """First layer of integers, dense: it takes an image's pixels as they are.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weights : ndarray of int8, shape (neurons, inputs)
        -1 or +1 for a synapse, 0 for none. Read-only.
    thresholds : ndarray of int32, shape (neurons,)
        From each neuron's least sum to its greatest sum plus 1. Read-only.
    input_bits : int
        Width of an unsigned input, 1 to 16.
    """

    kind = "integer_dense"
    arrays = (
        THRESHOLDS,
        Array("weights", "int8", ("neuron", "input"),
              "-1, +1, or 0 for no synapse; at most 65,536 neurons, 2²⁰ inputs", -1, 1),
        INPUT_BITS,
    )

    name: str
    weights: np.ndarray
    thresholds: np.ndarray
    input_bits: int = 8

    @cached_property
    def takes(self):
        return Shape((self.weights.shape[1],), self.input_bits)

    @cached_property
    def gives(self):
        return Shape((len(self.weights),))


@kind
@dataclass(frozen=True, eq=False)
class IntegerConv2d(Windowed, IntegerSums):
    """First layer of integers, over the windows of an image.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weights : ndarray of int8, shape (neurons, rows, columns, channels)
        -1 or +1 for a synapse, 0 for none. Read-only.
    thresholds : ndarray of int32, shape (neurons,)
        From each neuron's least sum to its greatest sum plus 1. Read-only.
    height, width : int
        Rows and columns of the image.
    stride : int
        Positions from one window to the next, in both directions.
    padding : int
        Rows and columns added on each side of the image.
    pad_value : int
        Value of every added pixel and channel.
    input_bits : int
        Width of an unsigned input, 1 to 16.
    """

    kind = "integer_conv2d"
    arrays = (
        THRESHOLDS,
        Array("weights", "int8", ("neuron", "row", "column", "channel"),
              "-1, +1, or 0 for no synapse; 1 to 7 rows and columns", -1, 1),
        Array("height", "int32", (), "rows of the image", 1, SIDE_LIMIT),
        Array("width", "int32", (), "columns of the image", 1, SIDE_LIMIT),
        Array("stride", "int32", (), "positions from one window to the next, 1 or 2", 1,
              STRIDE_LIMIT),
        Array("padding", "int32", (), "rows and columns added on each side, at most half of "
              "`rows - 1` and of `columns - 1`", 0, 3),
        Array("pad_value", "int32", (), "value of the added pixels, below `2**input_bits`", 0,
              2**16 - 1),
        INPUT_BITS,
    )

    name: str
    weights: np.ndarray
    thresholds: np.ndarray
    height: int
    width: int
    stride: int = 1
    padding: int = 0
    pad_value: int = 0
    input_bits: int = 8

    def check(self):
        self.check_windows()
        super().check()
        if self.pad_value >= 2**self.input_bits:
            raise ValueError(f"Pad value of layer {self.name!r} must be below "
                             f"{2**self.input_bits}: {self.pad_value}")

    @cached_property
    def dense(self):
        """The dense layer that every window goes through: its inputs are the window's values."""
        return IntegerDense(self.name, self.rows, self.thresholds, self.input_bits)

    @property
    def taken_bits(self):
        return self.input_bits

    @property
    def pad(self):
        return self.pad_value

    @property
    def kernel(self):
        return self.weights.shape[1:3]

    @property
    def channels(self):
        return self.weights.shape[3]

    @property
    def made(self):
        return len(self.weights)
