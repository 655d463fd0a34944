"""Writes layers that only rearrange or pool a map."""

import numpy as np

from ...layer.pool2d import Pool2d
from ...layer.spacetodepth import SpaceToDepth
from .sheet import WRITERS


@WRITERS.register(Pool2d)
def write_pool(layer, sheet):
    """Write the greatest value of a square; channels of an AND have their signs turned."""
    sheet.as_map(layer.takes.extents)
    signs = sheet.constant(np.where(layer.all_of[:, None, None], -1, 1).astype(np.float32),
                           "signs") if layer.all_of.any() else None
    if signs:
        sheet.node("Mul", signs)
    sheet.node("MaxPool", kernel_shape=[layer.size] * 2, strides=[layer.size] * 2)
    if signs:
        sheet.node("Mul", signs)
    sheet.map = layer.gives.extents


@WRITERS.register(SpaceToDepth)
def write_space_to_depth(layer, sheet):
    sheet.as_map(layer.takes.extents)
    sheet.node("SpaceToDepth", blocksize=layer.block)
    sheet.map = layer.gives.extents
