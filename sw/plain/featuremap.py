"""Plain arithmetic of pools, space to depth, and scores of maps: position by position."""

import numpy as np

from .. import golden
from ..layer.pool2d import Pool2d
from ..layer.scores2d import Scores2d
from ..layer.spacetodepth import SpaceToDepth
from .plain import PLAIN


@PLAIN.register(Pool2d)
def compare_pools(layer, bits):
    """Return golden's bits, and those of counts: OR is a count above 0, AND a full count."""
    rows, columns = layer.positions
    size = layer.size
    maps = bits.reshape(-1, *layer.takes.extents)
    count = np.zeros((len(maps), rows, columns, layer.channels), np.int64)
    for row, column in np.ndindex(size, size):
        count += maps[:, row:rows * size:size, column:columns * size:size]
    pooled = count >= np.where(layer.all_of == 1, size * size, 1)
    return golden.outputs(layer, bits), pooled.reshape(len(maps), -1).astype(np.uint8)


@PLAIN.register(SpaceToDepth)
def compare_places(layer, bits):
    """Return golden's bits, and the same bits fetched channel by channel."""
    block, channels = layer.block, layer.channels
    maps = bits.reshape(-1, *layer.takes.extents)
    moved = np.empty((len(maps), *layer.gives.extents), np.uint8)
    for channel in range(channels * block**2):
        place, own = divmod(channel, channels)
        row, column = divmod(place, block)
        moved[..., channel] = maps[:, row::block, column::block, own]
    return golden.outputs(layer, bits), moved.reshape(len(maps), -1)


@PLAIN.register(Scores2d)
def compare_scores(layer, bits):
    """Return golden's scores, and the sums of ±1 over all positions plus the bias."""
    signs = 2 * bits.reshape(len(bits), layer.vectors, -1).astype(np.int64) - 1
    scores = signs.sum(axis=1) @ layer.weights.T.astype(np.int64) + layer.bias
    return golden.outputs(layer, bits), scores
