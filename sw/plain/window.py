"""Plain arithmetic over windows: sums of products, one place of the kernel after the other."""

import numpy as np

from .. import golden
from ..layer.conv2d import Conv2d
from ..layer.integer import IntegerConv2d, IntegerDense
from .plain import PLAIN


@PLAIN.register(Conv2d)
def compare_windows(layer, bits):
    """Return golden's activations, and those of sums of ±1 against ``2 * threshold - fan_in``."""
    signs = 2.0 * bits.astype(np.float32) - 1
    sums = window_sums(layer, signs, 2 * layer.pad_bit - 1)
    fires = sums >= 2 * layer.thresholds.astype(np.int64) - layer.fan_in
    return golden.outputs(layer, bits), fires.reshape(len(bits), -1).astype(np.uint8)


@PLAIN.register(IntegerConv2d)
def compare_integer_windows(layer, pixels):
    """Return golden's activations, and those of sums of integers."""
    sums = window_sums(layer, pixels.astype(np.float64), layer.pad_value)
    fires = sums >= layer.thresholds
    return golden.outputs(layer, pixels), fires.reshape(len(pixels), -1).astype(np.uint8)


@PLAIN.register(IntegerDense)
def compare_sums(layer, pixels):
    """Return golden's activations, and those of sums of integers."""
    sums = pixels.astype(np.float64) @ layer.weights.T
    return golden.outputs(layer, pixels), (sums >= layer.thresholds).astype(np.uint8)


def window_sums(layer, values, padded):
    """Return the sum of inputs times weights of each window.

    The float sums are exact: those of ±1 stay below 2**24 in float32, those of integers below
    2**53 in float64.

    Parameters
    ----------
    layer : Conv2d or IntegerConv2d
        The layer.
    values : ndarray of float32 or float64, shape (n, inputs)
        Its inputs as numbers.
    padded : int
        Number in each place that padding adds.

    Returns
    -------
    ndarray of int64, shape (n, rows, columns, neurons)
    """
    edge, stride = layer.padding, layer.stride
    maps = np.pad(values.reshape(-1, *layer.takes.extents),
                  ((0, 0), (edge, edge), (edge, edge), (0, 0)), constant_values=padded)
    rows, columns = layer.positions
    sums = np.zeros((len(maps), rows, columns, layer.made), values.dtype)
    for row, column in np.ndindex(*layer.kernel):
        below, beside = row + stride * (rows - 1) + 1, column + stride * (columns - 1) + 1
        seen = maps[:, row:below:stride, column:beside:stride]
        sums += seen @ layer.weights[:, row, column].T.astype(values.dtype)
    return sums.astype(np.int64)
