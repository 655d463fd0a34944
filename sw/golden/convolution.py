"""Golden model of convolutions of bits, which count in each window as dense layers do.

There are two ways to count, with equal results. Each layer takes the faster one.
"""

import numpy as np

from ..bits import pack, unpack
from ..layer.conv2d import Conv2d
from . import sliced
from .model import GOLDEN
from .popcount import weight_words, words_disagreeing


# Measured costs, in the time that counting by synapse takes for one synapse at one position: of the
# calls of NumPy for a synapse, and of counting by word for one word of a kernel at one position.
CALL = 115
WORD = 32

BATCH = 1024  # images at once, for many of which a call of NumPy takes as long as its work


@GOLDEN.register(Conv2d)
def convolve(layer):
    """Return a function from bits of a map, shape (inputs, n), to bits, shape (outputs, n)."""
    words = weight_words(layer.weights).size
    by_synapse = layer.synapses * (CALL + layer.vectors)
    return (_by_synapse if by_synapse <= WORD * words * layer.vectors else _by_word)(layer)


def _by_synapse(layer):
    """Count synapse by synapse: a term of a synapse is its input at all positions and images."""
    rows, columns = layer.positions
    kernels = [[(int(kernel[place] < 0), *place) for place in map(tuple, np.argwhere(kernel))]
               for kernel in layer.weights]

    def compute(bits):
        both = _both(layer, pack(bits))
        outputs = np.empty((rows, columns, layer.made, both.shape[-1]), np.uint64)
        for neuron, (kernel, threshold) in enumerate(zip(kernels, layer.thresholds.tolist(),
                                                         strict=True)):
            planes = sliced.count(
                both[inverted, channel, _span(row, rows, layer), _span(column, columns, layer)]
                for inverted, row, column, channel in kernel)
            shape = rows, columns, both.shape[-1]
            outputs[:, :, neuron] = sliced.reached(planes, threshold, shape)
        return unpack(outputs.reshape(layer.outputs, -1), bits.shape[1])

    compute.batch = BATCH
    return compute


def _both(layer, words):
    """Return a padded map and its inverse: uint64 (2, channels, rows, columns, words)."""
    rows, columns, channels = layer.takes.extents
    edge = layer.padding
    both = np.empty((2, channels, rows + 2 * edge, columns + 2 * edge, words.shape[1]), np.uint64)
    both[0] = layer.pad_bit * (2**64 - 1)  # each bit of a word is the pad bit
    inside = both[0, :, edge:edge + rows, edge:edge + columns]
    inside[:] = words.reshape(rows, columns, channels, -1).transpose(2, 0, 1, 3)
    np.invert(both[0], out=both[1])
    return both


def _span(start, count, layer):
    """Return the rows, or columns, of a padded map at which a kernel's row ``start`` lies."""
    return slice(start, start + layer.stride * (count - 1) + 1, layer.stride)


def _by_word(layer):
    """Count 64 inputs of a window at a time, for one row of positions after the other.

    A row of a kernel sees its columns and channels side by side, as they lie in the map.
    """
    rows, columns = layer.positions
    positive, synapse = weight_words(layer.weights > 0), weight_words(layer.weights != 0)
    if layer.weights.all():
        synapse = None
    room = (layer.fan_in - layer.thresholds).astype(np.int32)[:, None]
    reach = layer.kernel[0]

    def compute(bits):
        n = bits.shape[1]
        seen = [_row_words(layer, bits, row) for row in range(-layer.padding,
                                                              layer.height + layer.padding)]
        outputs = np.empty((rows, columns, layer.made, n), np.uint8)
        for y in range(rows):
            window = np.concatenate(seen[y * layer.stride:y * layer.stride + reach])
            disagreeing = words_disagreeing(positive, synapse, window)
            fires = (disagreeing <= room).view(np.uint8)
            outputs[y] = fires.reshape(layer.made, columns, n).transpose(1, 0, 2)
        return outputs.reshape(layer.outputs, n)

    return compute


def _row_words(layer, bits, row):
    """Return what a kernel's row sees of a row of the map: uint64 (words, positions * images)."""
    n, edge, channels = bits.shape[1], layer.padding, layer.channels
    line = np.full((n, (layer.width + 2 * edge) * channels), layer.pad_bit, np.uint8)
    if 0 <= row < layer.height:
        step = layer.width * channels
        line[:, edge * channels:edge * channels + step] = bits[row * step:(row + 1) * step].T
    views = np.lib.stride_tricks.sliding_window_view(line, layer.kernel[1] * channels, axis=1)
    words = pack(views[:, ::layer.stride * channels])  # (images, positions, words)
    return np.ascontiguousarray(words.transpose(2, 1, 0)).reshape(words.shape[2], -1)
