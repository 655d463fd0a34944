"""Pools, space to depth and scores of feature maps in tables and pictures."""

import numpy as np

from ..layer.pool2d import Pool2d
from ..layer.scores2d import Scores2d
from ..layer.spacetodepth import SpaceToDepth
from .show import SHOWN, Row, Show
from .weighted import bias_width


class ShowPool2d(Show):
    """Squares of a feature map."""

    def detail(self, layer, inputs, index):
        y, x, channel = np.unravel_index(index, layer.gives.extents)
        size = layer.size
        ones = int(inputs.reshape(layer.takes.extents)[y * size:(y + 1) * size,
                                                       x * size:(x + 1) * size, channel].sum())
        return (f" (channel {channel} at row {y}, column {x}: {_gate(layer.all_of[channel])} of "
                f"{size * size} bits, {ones} of them 1)")

    def words(self, layer):
        count = int(layer.all_of.sum())
        return (f"{layer.takes} to {layer.gives}, squares of {layer.size} x {layer.size}, OR in "
                f"{layer.channels - count} channels, AND in {count}")


class ShowSpaceToDepth(Show):
    """Squares of positions."""

    unit = "bit"

    def detail(self, layer, inputs, index):
        y, x, place = np.unravel_index(index, layer.gives.extents)
        row, column, channel = np.unravel_index(place, (layer.block, layer.block, layer.channels))
        return (f" (channel {place} at row {y}, column {x}: channel {channel} at row "
                f"{y * layer.block + row}, column {x * layer.block + column})")

    def words(self, layer):
        return f"{layer.takes} to {layer.gives}, squares of {layer.block} x {layer.block}"

    def spread(self, layer, shades):
        if shades.ndim != 4:
            return None
        count, rows, columns, _ = shades.shape
        block = layer.block
        squares = shades.reshape(count, rows, columns, block, block, layer.channels)
        return squares.transpose(0, 1, 3, 2, 4, 5).reshape(count, rows * block, columns * block, -1)


class ShowScores2d(Show):
    """Classes whose score is a sum over positions."""

    unit = "class"

    def row(self, layer):
        return Row(layer.fan_in, bits=layer.synapses + layer.outputs * bias_width(layer.bias))

    def words(self, layer):
        return f"{layer.takes} to {layer.outputs} classes, summed over positions"

    def map_shape(self, layer, input_shape):
        return 1, layer.outputs


def _gate(all_of):
    return "AND" if all_of else "OR"


SHOWN.register(Pool2d)(ShowPool2d())
SHOWN.register(SpaceToDepth)(ShowSpaceToDepth())
SHOWN.register(Scores2d)(ShowScores2d())
