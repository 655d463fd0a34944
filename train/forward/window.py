"""PyTorch's convolutions: padding by a number, products with kernels, pool of sums, BatchNorm."""

from torch.nn import functional

from sw.trained.conv2d import TrainedConv2d
from sw.trained.integer import TrainedIntegerConv2d, TrainedIntegerDense

from ..binarize import bipolar
from .forward import FORWARD
from .weighted import normal, signs


@FORWARD.register(TrainedConv2d)
def forward_conv2d(layer, x):
    """Return -1 or +1 at each position; with a pool also -1 or +1 behind the pool."""
    return _windows(layer, x, 2 * layer.pad_bit - 1)


@FORWARD.register(TrainedIntegerConv2d)
def forward_integer_conv2d(layer, pixels):
    """Return -1 or +1 at each position; with a pool also -1 or +1 behind the pool."""
    return _windows(layer, pixels, layer.pad_value)


@FORWARD.register(TrainedIntegerDense)
def forward_integer_dense(layer, pixels):
    """Return -1 or +1 for each neuron."""
    return bipolar(normal(layer)(functional.linear(pixels.double(), signs(layer).double()).float()))


def _windows(layer, x, padded):
    sums = _sums(layer, x, padded)
    bits = _normalized(layer, sums)
    if not layer.pool:
        return bits
    return bits, _normalized(layer, functional.max_pool2d(sums, layer.pool))


def _sums(layer, x, padded):
    """Return the sum of each window: float32, shape (n, neurons, rows, columns).

    The sums are made in float64, where PyTorch has no algorithm of convolution that rounds, and
    are integers that float32 holds.
    """
    maps = x.double().unflatten(1, (layer.height, layer.width, -1)).permute(0, 3, 1, 2)
    maps = functional.pad(maps, (layer.padding,) * 4, value=padded)
    kernels = signs(layer).double().permute(0, 3, 1, 2)
    return functional.conv2d(maps, kernels, stride=layer.stride).float()


def _normalized(layer, sums):
    """Return the signs of BatchNorm of sums, position by position: shape (n, outputs)."""
    of_position = sums.permute(0, 2, 3, 1)
    return bipolar(normal(layer)(of_position)).flatten(1)
