"""An int8 network in PyTorch, integers throughout: written apart from the golden model."""

import torch
from torch.nn import functional

from sw.int8 import floating
from sw.int8 import layer as int8
from sw.progress import progress


CHUNK = 50  # images at a time: windows of many more do not fit into a cache
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
    parts = progress(_chunks(images), what="int8 scores", unit="images", scale=CHUNK, delay=3.0)
    return torch.cat([_last(network, torch.from_numpy(part.copy())).int() for part in parts])


def _chunks(images):
    return [images[start:start + CHUNK] for start in range(0, len(images), CHUNK)]


@torch.no_grad()
def _last(network, images):
    """Return the last layer's output. Maps are float32 (n, channels, rows, columns) of integers."""
    values = {}
    for layer in network.layers:
        taken = [values[name] for name in layer.inputs] or [images]
        values[layer.name] = COMPUTE[type(layer)](layer, *taken)
    return values[layer.name]


def requantize(sums, multiplier, shift):
    """Return sums times a factor, rounded twice, see :mod:`sw.int8.rounding`."""
    sums = sums.long() * torch.pow(2, shift.clamp(min=0))
    high = (sums * multiplier + 2**30) >> 31
    half = torch.pow(2.0, -shift.clamp(max=0)).double()
    quotient = high.double() / half  # exact: below 2**53
    return torch.sign(quotient) * torch.floor(quotient.abs() + 0.5)


def _products(layer, weights, columns):
    """Return the output of a weighted layer for columns of inputs, (n, inputs, positions).

    Sums of floats are exact if all sums of magnitudes are below 2**24, or 2**53 in float64.
    """
    weights = torch.from_numpy(weights.reshape(len(weights), -1).copy())
    small = 255 * int(weights.long().abs().sum(1).max()) < 2**24
    dtype = torch.float32 if small else torch.float64
    sums = torch.matmul(weights.to(dtype), columns.to(dtype)).long()
    bias, multiplier, shift = (torch.from_numpy(array.astype("int64"))[:, None]
                               for array in (layer.bias, layer.multiplier, layer.shift))
    made = requantize(sums + bias, multiplier, shift) + layer.zero
    return made.clamp(layer.low, layer.high).float()


@computes(int8.Input)
def pixels(layer, images):
    x = images.float().reshape(len(images), *layer.shape) - 128
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


@computes(int8.FullyConnected)
def fully_connected(layer, x):
    x = _flat(x) - layer.input_zero
    return _products(layer, layer.weights, x[:, :, None])[:, :, 0]


def _flat(x):
    return (x.permute(0, 2, 3, 1) if x.ndim == 4 else x).flatten(1)


@computes(int8.Convolution)
def convolution(layer, x):
    kernel = layer.weights.shape[1:3]
    found = functional.unfold(x - layer.input_zero, kernel, layer.dilation, layer.padding,
                              layer.stride)
    made = _products(layer, layer.weights.transpose(0, 3, 1, 2), found)
    rows, columns, neurons = layer.made((*x.shape[2:], x.shape[1]))
    return made.reshape(len(x), neurons, rows, columns)


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
        total = total + requantize((value - zero).long() << layer.SHIFT, *factor)
    made = requantize(total, *factors[2]) + layer.zero
    return made.clamp(layer.low, layer.high).float()


@computes(int8.Reshape)
def reshape(layer, x):
    x = _flat(x).reshape(len(x), *layer.shape)
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def exponential(x):
    """Return e to the power of float32 numbers, see :mod:`sw.int8.floating`."""
    x = x.clamp(-floating.REACH, floating.REACH)
    n = torch.floor(_times(x, floating.LOG2E) + 0.5)
    rest = x - _times(n, floating.LN2_HIGH)
    rest = rest - _times(n, floating.LN2_LOW)
    made = torch.full_like(x, floating.COEFFICIENTS[0])
    for coefficient in floating.COEFFICIENTS[1:]:
        made = made * rest
        made = made + torch.tensor(coefficient)
    return made * ((n.int() + 127) << 23).view(torch.float32)  # 2**n


def _times(x, factor):
    return x * torch.tensor(factor)


def _sigmoid(x):
    return 1 / (1 + exponential(-x))


def _tangent(x):
    return 1 - 2 / (exponential(x + x) + 1)


@computes(floating.Lstm)
def lstm(layer, x):
    x = _times(x - layer.input_zero, layer.input_scale)
    weights, recurrent, bias = (torch.from_numpy(getattr(layer, name).copy())
                                for name in layer.arrays)
    hidden = cell = torch.zeros(len(x), layer.units)
    made = []
    for step in x.unbind(1):
        gates = bias.expand(len(x), -1)
        for column, value in zip((*weights.T, *recurrent.T), (*step.T, *hidden.T), strict=True):
            gates = gates + value[:, None] * column
        enter, forget, change, leave = gates.chunk(4, 1)
        cell = _sigmoid(forget) * cell + _sigmoid(enter) * _tangent(change)
        hidden = _sigmoid(leave) * _tangent(cell)
        made.append(hidden)
    steps = torch.stack(made, 1) * (1 / torch.tensor(layer.scale))
    return (torch.floor(steps + 0.5) + layer.zero).clamp(int8.LOW, int8.HIGH)


@computes(floating.LastStep)
def last_step(layer, x):
    return x[:, -1]
