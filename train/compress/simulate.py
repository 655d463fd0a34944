"""An int8 network in PyTorch, integers throughout: written apart from the golden model."""

import torch
from torch.nn import functional

from sw.int8 import layer as int8

from .fit import CHUNK


COMPUTE = {}  # kind of layer to the function that computes it


def computes(kind):
    """Return a decorator that registers the function of a kind of layer."""
    def decorate(function):
        COMPUTE[kind] = function
        return function
    return decorate


def scores(network, images):
    """Return the scores of images, an int32 tensor (n, classes).

    Parameters
    ----------
    network : sw.int8.network.Int8Network
        The network.
    images : ndarray of uint8, shape (n, ``*input_shape``)
        Pixels.
    """
    return torch.cat([_values(network, torch.from_numpy(part.copy())).int()
                      for part in _chunks(images)])


def _chunks(images):
    return [images[start:start + CHUNK] for start in range(0, len(images), CHUNK)]


@torch.no_grad()
def _values(network, images):
    """Return the last layer's output. Maps are float64 (n, channels, rows, columns) of integers.

    Sums of float64 are exact here: they are integers below 2**53.
    """
    values = {}
    for layer in network.layers:
        taken = [values[name] for name in layer.inputs] or [images]
        values[layer.name] = COMPUTE[type(layer)](layer, *taken)
    return values[layer.name]


def requantize(sums, multiplier, shift):
    """Return sums times a factor, rounded twice, see :mod:`sw.int8.rounding`."""
    sums = sums.long() * torch.pow(2, shift.clamp(min=0))
    high = torch.div(sums * multiplier + 2**30, 2**31, rounding_mode="floor")
    half = torch.pow(2.0, -shift.clamp(max=0)).double()
    quotient = high.double() / half  # exact: below 2**53
    return torch.sign(quotient) * torch.floor(quotient.abs() + 0.5)


def _finished(layer, sums):
    """Return the output of a weighted layer for sums (n, neurons, ...)."""
    axes = (-1, *(1,) * (sums.ndim - 2))
    factors = (torch.from_numpy(array.astype("int64")).reshape(axes)
               for array in (layer.multiplier, layer.shift))
    return (requantize(sums, *factors) + layer.zero).clamp(layer.low, layer.high)


def _learnables(layer):
    return (torch.from_numpy(array.astype("float64")) for array in (layer.weights, layer.bias))


@computes(int8.Input)
def pixels(layer, images):
    x = images.double().reshape(len(images), *layer.shape) - 128
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


@computes(int8.FullyConnected)
def fully_connected(layer, x):
    x = _flat(x) - layer.input_zero
    return _finished(layer, functional.linear(x, *_learnables(layer)))


def _flat(x):
    return (x.permute(0, 2, 3, 1) if x.ndim == 4 else x).flatten(1)


@computes(int8.Convolution)
def convolution(layer, x):
    weights, bias = _learnables(layer)
    sums = functional.conv2d(x - layer.input_zero, weights.permute(0, 3, 1, 2), bias, layer.stride,
                             layer.padding, layer.dilation)
    return _finished(layer, sums)


@computes(int8.MaxPool)
def max_pool(layer, x):
    return functional.max_pool2d(x, layer.kernel, layer.stride, layer.padding)


@computes(int8.AveragePool)
def average_pool(layer, x):
    count = layer.kernel[0] * layer.kernel[1]
    sums = torch.round(functional.avg_pool2d(x, layer.kernel, layer.stride) * count)
    return torch.sign(sums) * torch.div(sums.abs() + count // 2, count, rounding_mode="floor")


@computes(int8.Relu)
def relu(layer, x):
    return x.clamp(min=layer.zero)


@computes(int8.Add)
def add(layer, first, second):
    total = 0
    factors = [torch.tensor(value) for value in zip(layer.multipliers, layer.shifts, strict=True)]
    for value, zero, factor in zip((first, second), layer.input_zeros, factors, strict=False):
        total = total + requantize((value - zero) * 2**layer.SHIFT, *factor)
    return (requantize(total, *factors[2]) + layer.zero).clamp(layer.low, layer.high)


@computes(int8.Reshape)
def reshape(layer, x):
    x = _flat(x).reshape(len(x), *layer.shape)
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x
