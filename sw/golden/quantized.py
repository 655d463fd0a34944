"""Golden model of int8 networks, in numpy: the scores that PyTorch's simulation and C must give."""

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


CHUNK = 250  # images at a time
COMPUTE = {}  # kind of layer to the function that computes it


def computes(kind):
    """Return a decorator that registers the function of a kind of layer."""
    def decorate(function):
        COMPUTE[kind] = function
        return function
    return decorate


class Int8Model:
    """Golden model of an int8 network.

    Parameters
    ----------
    network : sw.int8.network.Int8Network
        The network.
    """

    def __init__(self, network):
        self.network = network

    def scores(self, images):
        """Return the scores of images.

        Parameters
        ----------
        images : ndarray of uint8, shape (n, ``*input_shape``)
            Pixels.

        Returns
        -------
        ndarray of int32, shape (n, classes)
            Values of the last layer.
        """
        parts = [self.values(images[start:start + CHUNK])[self.network.layers[-1].name]
                 for start in range(0, len(images), CHUNK)]
        return np.concatenate(parts).reshape(len(images), -1).astype(np.int32)

    def labels(self, images):
        """Return the index of the first of the greatest scores of each image."""
        return self.scores(images).argmax(axis=1)

    def values(self, images):
        """Return the output of each layer by its name: int64, shape (n, ...), maps channels last.

        A layer's value is dropped from memory by the caller only; a few hundred images at a time
        fit.
        """
        values = {}
        for layer in self.network.layers:
            taken = [values[name] for name in layer.inputs] or [images]
            values[layer.name] = COMPUTE[type(layer)](layer, *taken)
        return values


@computes(Input)
def pixels(layer, images):
    return images.astype(np.int64).reshape(len(images), *layer.shape) - 128


def products(layer, vectors):
    """Return a weighted layer's output for vectors: int64 (..., inputs), zero point subtracted.

    The products are summed as float64, which BLAS does fast and exactly: all sums are integers
    below 2**31.
    """
    weights = layer.weights.reshape(len(layer.weights), -1)
    sums = (vectors.astype(np.float64) @ weights.T.astype(np.float64)).astype(np.int64) + layer.bias
    made = requantize(sums, layer.multiplier.astype(np.int64), layer.shift.astype(np.int64))
    return np.clip(made + layer.zero, layer.low, layer.high)


@computes(FullyConnected)
def fully_connected(layer, x):
    return products(layer, x.reshape(len(x), -1) - layer.input_zero)


@computes(Convolution)
def convolution(layer, x):
    (up, left), neurons = layer.padding, len(layer.weights)
    padded = np.pad(x - layer.input_zero, ((0, 0), (up, up), (left, left), (0, 0)))
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
    return windows(padded, layer.kernel, layer.stride).max(axis=(3, 4))


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
