"""Golden model of layers that take a feature map apart: pools, space to depth, scores of a map."""

import numpy as np

from ..layer.pool2d import Pool2d
from ..layer.scores2d import Scores2d
from ..layer.spacetodepth import SpaceToDepth
from .model import GOLDEN
from .popcount import score


@GOLDEN.register(Pool2d)
def pool(layer):
    """Return a function from bits of a map, shape (inputs, n), to bits, shape (outputs, n)."""
    rows, columns = layer.positions
    size = layer.size
    all_of = layer.all_of.astype(bool)[:, None]

    def compute(bits):
        whole = bits.reshape(layer.height, layer.width, layer.channels, -1)
        whole = whole[:rows * size, :columns * size]
        squares = whole.reshape(rows, size, columns, size, layer.channels, -1)
        pooled = np.where(all_of, squares.min(axis=(1, 3)), squares.max(axis=(1, 3)))
        return pooled.reshape(layer.outputs, -1)

    return compute


@GOLDEN.register(SpaceToDepth)
def rearrange(layer):
    """Return a function from bits of a map, shape (inputs, n), to the same bits in new order."""
    rows, columns = layer.positions

    def compute(bits):
        squares = bits.reshape(rows, layer.block, columns, layer.block, layer.channels, -1)
        return squares.transpose(0, 2, 1, 3, 4, 5).reshape(layer.outputs, -1)

    return compute


@GOLDEN.register(Scores2d)
def score_positions(layer):
    """Return a function from bits of a map, shape (inputs, n), to scores, shape (classes, n)."""
    of_position = score(layer.position)

    def compute(bits):
        scores = np.tile(layer.bias[:, None], bits.shape[1])
        for position in bits.reshape(layer.vectors, layer.weights.shape[1], -1):
            scores += of_position(position)
        return scores

    return compute
