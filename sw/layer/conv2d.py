"""Convolution of bits: XNOR, popcount, threshold, over the windows of a feature map."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .dense import Dense
from .kind import Array, Layer, kind
from .window import SIDE_LIMIT, STRIDE_LIMIT, Windowed


@kind
@dataclass(frozen=True, eq=False)
class Conv2d(Windowed, Layer):
    """Binarized convolution: each neuron sees one window after the other.

    At every position neuron ``n`` fires if at least ``thresholds[n]`` of its synapses agree with
    their inputs in the window.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weights : ndarray of int8, shape (neurons, rows, columns, channels)
        -1 or +1 for a synapse, 0 for none. Read-only.
    thresholds : ndarray of int32, shape (neurons,)
        In ``0..fan_in + 1`` of each neuron. Read-only.
    height, width : int
        Rows and columns of the feature map that the layer takes.
    stride : int
        Positions from one window to the next, in both directions.
    padding : int
        Rows and columns added on each side of the map.
    pad_bit : int
        Value of every added bit: 0 stands for -1, 1 for +1. There is no padding by 0, which ±1
        does not have.
    """

    kind = "conv2d"
    arrays = (
        Array("thresholds", "int32", ("neuron",),
              "in `0..fan_in + 1`: 0 always fires, `fan_in + 1` never does", compared=True),
        Array("weights", "int8", ("neuron", "row", "column", "channel"),
              "-1, +1, or 0 for no synapse; 1 to 7 rows and columns", -1, 1),
        Array("height", "int32", (), "rows of the feature map", 1, SIDE_LIMIT),
        Array("width", "int32", (), "columns of the feature map", 1, SIDE_LIMIT),
        Array("stride", "int32", (), "positions from one window to the next, 1 or 2", 1,
              STRIDE_LIMIT),
        Array("padding", "int32", (), "rows and columns added on each side, at most half of "
              "`rows - 1` and of `columns - 1`", 0, 3),
        Array("pad_bit", "int32", (), "value of the added bits: 0 is -1, 1 is +1", 0, 1),
    )

    name: str
    weights: np.ndarray
    thresholds: np.ndarray
    height: int
    width: int
    stride: int = 1
    padding: int = 0
    pad_bit: int = 0

    def __post_init__(self):
        if np.ndim(self.pad_bit) or self.pad_bit not in (0, 1):
            raise ValueError(f"Pad bit of layer {self.name!r} must be 0, which stands for -1, or "
                             f"1: {self.pad_bit} (±1 has no zero to pad with)")
        super().__post_init__()

    def check(self):
        self.check_windows()
        self.dense.check()

    @cached_property
    def dense(self):
        """The dense layer that every window goes through: its inputs are the window's values."""
        return Dense(self.name, self.weights.reshape(len(self.weights), -1), self.thresholds)

    @property
    def kernel(self):
        return self.weights.shape[1:3]

    @property
    def channels(self):
        return self.weights.shape[3]

    @property
    def made(self):
        return len(self.weights)

    @property
    def fan_in(self):
        """Synapses of each neuron, ndarray of int32, shape (neurons,). Read-only."""
        return self.dense.fan_in

    @property
    def synapses(self):
        return self.dense.synapses

    @property
    def parts(self):
        return {"synapses": self.synapses}
