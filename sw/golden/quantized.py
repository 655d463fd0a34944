"""Golden model of the integer layers of int8 networks, in numpy."""

import numpy as np

from ..int8.layer import (
    Add,
    AveragePool,
    Convolution,
    FullyConnected,
    Input,
    MaxPool,
    Relu,
    Reshape,
)
from ..int8.rounding import requantize


COMPUTE = {}  # kind of layer to the function that computes it


def computes(kind):
    """Return a decorator that registers the function of a kind of layer."""
    def decorate(function):
        COMPUTE[kind] = function
        return function
    return decorate


@computes(Input)
def pixels(layer, images):
    return images.astype(np.int64).reshape(len(images), *layer.shape) - 128


def products(layer, vectors):
    """Return a weighted layer's output for vectors of integers, (..., inputs), zero subtracted.

    BLAS multiplies floats only, and is ten times as fast as numpy's integers. Its sums are exact in
    any order, because no sum of magnitudes reaches the first integer that the type lacks.
    """
    weights = layer.weights.reshape(len(layer.weights), -1)
    reach = 255 * np.abs(weights.astype(np.int64)).sum(axis=1).max()
    dtype = np.float32 if reach < 2**24 else np.float64  # below 2**31, as the layer's check says
    sums = (vectors.astype(dtype) @ weights.T.astype(dtype)).astype(np.int64) + layer.bias
    made = requantize(sums, layer.multiplier.astype(np.int64), layer.shift.astype(np.int64))
    return np.clip(made + layer.zero, layer.low, layer.high)


@computes(FullyConnected)
def fully_connected(layer, x):
    return products(layer, x.reshape(len(x), -1) - layer.input_zero)


@computes(Convolution)
def convolution(layer, x):
    (up, left), neurons = layer.padding, len(layer.weights)
    centered = (x - layer.input_zero).astype(np.int16)
    padded = np.pad(centered, ((0, 0), (up, up), (left, left), (0, 0)))
    found = windows(padded, layer.weights.shape[1:3], layer.stride, layer.dilation)
    count, rows, columns = found.shape[:3]
    return products(layer, found.reshape(count * rows * columns, -1)).reshape(
        count, rows, columns, neurons)


def windows(x, kernel, stride, dilation=(1, 1)):
    """Return a view of a map's windows: (n, rows, columns, kernel rows, kernel columns, channels).

    Parameters
    ----------
    x : ndarray, shape (n, rows, columns, channels)
        Maps.
    kernel, stride, dilation : tuple of int
        Of rows and columns.
    """
    sides = tuple(1 + (size - 1) * step for size, step in zip(kernel, dilation, strict=True))
    view = np.lib.stride_tricks.sliding_window_view(x, sides, axis=(1, 2))
    view = view[:, ::stride[0], ::stride[1], :, ::dilation[0], ::dilation[1]]
    return view.transpose(0, 1, 2, 4, 5, 3)


@computes(MaxPool)
def max_pool(layer, x):
    up, left = layer.padding
    padded = np.pad(x, ((0, 0), (up, up), (left, left), (0, 0)), constant_values=-128)
    found = windows(padded, layer.kernel, layer.stride)
    best = found[:, :, :, 0, 0]
    for row, column in np.ndindex(*layer.kernel):
        best = np.maximum(best, found[:, :, :, row, column])
    return best


@computes(AveragePool)
def average_pool(layer, x):
    sums = windows(x, layer.kernel, layer.stride).sum(axis=(3, 4))
    count = layer.kernel[0] * layer.kernel[1]
    return np.sign(sums) * ((np.abs(sums) + count // 2) // count)


@computes(Relu)
def relu(layer, x):
    return np.maximum(x, layer.zero)


@computes(Add)
def add(layer, first, second):
    parts = (requantize((value - zero) << layer.SHIFT, multiplier, shift)
             for value, zero, multiplier, shift in
             zip((first, second), layer.input_zeros, layer.multipliers, layer.shifts, strict=False))
    made = requantize(sum(parts), layer.multipliers[2], layer.shifts[2]) + layer.zero
    return np.clip(made, layer.low, layer.high)


@computes(Reshape)
def reshape(layer, x):
    return x.reshape(len(x), *layer.shape)
