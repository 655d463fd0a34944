"""Convolutions in tables and pictures: windows, kernels, popcounts and sums."""

import numpy as np

from .. import golden
from ..layer.conv2d import Conv2d
from ..layer.integer import IntegerConv2d, IntegerDense
from .show import SHOWN, Row, Show


class ShowConv2d(Show):
    """Neurons with a kernel, whose outputs are feature maps."""

    def row(self, layer):
        width = (int(layer.fan_in.max()) + 1).bit_length()
        constant = int(((layer.thresholds == 0) | (layer.thresholds > layer.fan_in)).sum())
        return Row(layer.fan_in, constant, layer.synapses + layer.made * width)

    def detail(self, layer, inputs, index):
        neuron, place, window = _window(layer, inputs, index, layer.pad_bit)
        popcount = int(golden.popcounts(layer.dense, window[None])[0, neuron])
        return (f" ({place}: popcount {popcount} of {layer.fan_in[neuron]}, threshold "
                f"{layer.thresholds[neuron]})")

    def words(self, layer):
        return _windows(layer, f"bit {layer.pad_bit}")

    def kernels(self, layer):
        return layer.weights.astype(np.float32)

    def firing(self, layer):
        return layer.thresholds / (layer.fan_in + 1)


class ShowIntegers(Show):
    """Neurons with a threshold on a sum of integers."""

    unit = "neuron"

    def row(self, layer):
        low, high = layer.bounds
        width = int((high - low).max() + 1).bit_length()
        constant = int(((layer.thresholds == low) | (layer.thresholds > high)).sum())
        return Row(layer.fan_in, constant, layer.synapses + len(low) * width)

    def detail(self, layer, inputs, index):
        return _sum(layer, inputs, index)

    def tiles(self, layer):
        return layer.weights.astype(np.float32)

    def firing(self, layer):
        low, high = layer.bounds
        return (layer.thresholds - low) / (high + 1 - low)


class ShowIntegerConv2d(ShowIntegers):
    """Neurons with a kernel of integers."""

    unit = "output"

    def detail(self, layer, inputs, index):
        neuron, place, window = _window(layer, inputs, index, layer.pad_value)
        return f" ({place}:{_sum(layer, window, neuron).removeprefix(' (')}"

    def words(self, layer):
        return _windows(layer, f"value {layer.pad_value}")

    def tiles(self, layer):
        return None

    def kernels(self, layer):
        return layer.weights.astype(np.float32)


def _sum(layer, inputs, neuron):
    """Return the sum of a neuron, as the detail of its output."""
    total = int(layer.rows[neuron].astype(np.int64) @ inputs.astype(np.int64))
    return f" (sum {total}, threshold {layer.thresholds[neuron]})"


def _window(layer, inputs, index, padded):
    """Return the neuron and the place of an output of a feature map, and the window it sees."""
    y, x, neuron = np.unravel_index(index, layer.gives.extents)
    edge, (rows, columns) = layer.padding, layer.kernel
    image = np.pad(inputs.reshape(layer.takes.extents), ((edge, edge), (edge, edge), (0, 0)),
                   constant_values=padded)
    top, left = y * layer.stride, x * layer.stride
    window = image[top:top + rows, left:left + columns].ravel()
    return neuron, f"neuron {neuron} at row {y}, column {x}", window


def _windows(layer, padded):
    """Return a layer's windows in words."""
    kernel, made, taken = (" x ".join(map(str, extents)) for extents in (
        layer.kernel, layer.gives.extents, layer.takes.extents))
    edge = f"padding {layer.padding} by {padded}" if layer.padding else "no padding"
    return f"{taken} to {made}, windows of {kernel}, stride {layer.stride}, {edge}"


SHOWN.register(Conv2d)(ShowConv2d())
SHOWN.register(IntegerDense)(ShowIntegers())
SHOWN.register(IntegerConv2d)(ShowIntegerConv2d())
