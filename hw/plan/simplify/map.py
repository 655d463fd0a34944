"""Simplification of layers over feature maps: nothing is known of their outputs, nothing is cut."""

import numpy as np

from sw.layer.conv2d import Conv2d
from sw.layer.pool2d import Pool2d
from sw.layer.scores2d import Scores2d
from sw.layer.spacetodepth import SpaceToDepth

from .reduction import REDUCE, Reduction


class ReduceConv2d(Reduction):
    """Neurons that see a map through windows."""

    def looks_at(self, layer, seen):
        # A neuron that always or never fires reads nothing.
        wavers = (layer.thresholds > 0) & (layer.thresholds <= layer.fan_in)
        seen = seen.reshape(*layer.positions, -1) & wavers
        (rows, columns), stride = layer.positions, layer.stride
        around = np.zeros((layer.height + 2 * layer.padding, layer.width + 2 * layer.padding,
                           layer.channels), bool)
        for row in range(layer.kernel[0]):
            for column in range(layer.kernel[1]):
                reads = layer.weights[:, row, column] != 0
                around[row:row + stride * rows:stride,
                       column:column + stride * columns:stride] |= seen @ reads
        inside = slice(layer.padding, layer.padding + layer.height)
        across = slice(layer.padding, layer.padding + layer.width)
        return around[inside, across].ravel()


class ReducePool2d(Reduction):
    """Squares of a map, some of whose rows and columns may be left out."""

    def looks_at(self, layer, seen):
        (rows, columns), size = layer.positions, layer.size
        read = np.zeros(layer.takes.extents, bool)
        read[:rows * size, :columns * size] = seen.reshape(rows, columns, -1).repeat(
            size, axis=0).repeat(size, axis=1)
        return read.ravel()


class ReduceSpaceToDepth(Reduction):
    """Positions in another order."""

    def looks_at(self, layer, seen):
        rows, columns = layer.positions
        squares = seen.reshape(rows, columns, layer.block, layer.block, layer.channels)
        return squares.swapaxes(1, 2).ravel()


class ReduceScores2d(Reduction):
    """Classes that every position counts for."""

    def looks_at(self, layer, seen):
        return np.tile(layer.weights[seen].any(axis=0), layer.vectors)


REDUCE.register(Conv2d)(ReduceConv2d())
REDUCE.register(Pool2d)(ReducePool2d())
REDUCE.register(SpaceToDepth)(ReduceSpaceToDepth())
REDUCE.register(Scores2d)(ReduceScores2d())
