"""Golden model of first layers of integers: sums of pixels and of their opposites."""

import numpy as np

from ..layer.integer import IntegerConv2d, IntegerDense
from .model import GOLDEN


@GOLDEN.register(IntegerDense)
def multiply(layer):
    """Return a function from pixels, shape (inputs, n), to bits, shape (neurons, n)."""
    dtype = _sum_type(layer, np.int32)
    weights = layer.weights.astype(dtype)

    def compute(pixels):
        sums = np.einsum("ji,in->jn", weights, pixels.astype(dtype))  # @ of integers is slow
        return (sums >= layer.thresholds[:, None]).view(np.uint8)

    return compute


@GOLDEN.register(IntegerConv2d)
def convolve_integers(layer):
    """Return a function from pixels, shape (inputs, n), to bits, shape (outputs, n).

    The pixels at a place of the kernel are added at all positions and images at once.
    """
    height, width, channels = layer.takes.extents
    rows, columns = layer.positions
    edge, stride = layer.padding, layer.stride
    dtype = _sum_type(layer, np.int16)
    thresholds = layer.thresholds.tolist()
    kernels = [[(int(kernel[place]), *place) for place in map(tuple, np.argwhere(kernel))]
               for kernel in layer.weights]

    def compute(pixels):
        n = pixels.shape[1]
        padded = np.full((channels, height + 2 * edge, width + 2 * edge, n), layer.pad_value, dtype)
        inside = padded[:, edge:edge + height, edge:edge + width]
        inside[:] = pixels.reshape(height, width, channels, n).transpose(2, 0, 1, 3)
        outputs = np.empty((rows, columns, layer.made, n), np.uint8)
        for neuron, (kernel, threshold) in enumerate(zip(kernels, thresholds, strict=True)):
            sums = np.zeros((rows, columns, n), dtype)
            for weight, row, column, channel in kernel:
                seen = padded[channel, row:row + stride * rows:stride,
                              column:column + stride * columns:stride][:rows, :columns]
                if weight > 0:
                    sums += seen
                else:
                    sums -= seen
            outputs[:, :, neuron] = sums >= threshold
        return outputs.reshape(layer.outputs, n)

    return compute


def _sum_type(layer, least):
    """Return the narrowest type from ``least`` on that holds every sum of a layer and pixel."""
    low, high = layer.bounds
    pixels = 2**layer.input_bits - 1
    return np.result_type(least, np.min_scalar_type(-1 - max(pixels, int(high.max()),
                                                             -int(low.min()))))
