"""Writes the encoder: pixels minus thresholds, then the sign, a channel for each level."""

import numpy as np

from ...layer.encoder import Encoder
from .sheet import WRITERS


@WRITERS.register(Encoder)
def write_encoder(layer, sheet):
    """Write pixels, shape (images, ..., 1, ...), minus thresholds with levels at the 1."""
    levels, thresholds = layer.levels, layer.thresholds
    if sheet.map:
        rows, columns, channels = sheet.map
        thresholds = thresholds.reshape(*sheet.map, levels).transpose(2, 3, 0, 1)
        axis, extents = 1, [0, channels * levels, rows, columns]
        sheet.map = rows, columns, channels * levels
    else:
        axis, extents = 1, [0, -1]
    thresholds = _least(thresholds, axis)
    if levels == 1:
        sheet.fire(thresholds.squeeze(axis))
        return
    sheet.node("Unsqueeze", sheet.constant(np.array([2]), "axes"))
    sheet.fire(thresholds)
    sheet.node("Reshape", sheet.constant(np.array(extents), "extents"))


def _least(values, kept):
    """Return values with extents of 1 where they are all equal, but for one axis."""
    for axis in range(values.ndim):
        first = values.take([0], axis=axis)
        if axis != kept and (values == first).all():
            values = first
    return values
