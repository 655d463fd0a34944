"""Outputs of a layer for one image, as a picture."""

import numpy as np


ACROSS = 28  # outputs in a row where they fill rows of this length, as pixels of digits do


def outputs_picture(layer, values):
    """Return bits as grey levels: the channels of a map beside each other, a vector as a block.

    Parameters
    ----------
    layer : sw.layer.kind.Layer
        The layer.
    values : ndarray of uint8, shape (outputs,)
        Its outputs.

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
    """
    light = (values > 0).astype(np.uint8) * 255
    if layer.gives.is_map:
        rows, columns, channels = layer.gives.extents
        across = max(1, round(channels**0.5))
        maps = light.reshape(rows, columns, channels).transpose(2, 0, 1)
        maps = np.concatenate([maps, np.zeros((-channels % across, rows, columns), np.uint8)])
        return maps.reshape(-1, across, rows, columns).swapaxes(1, 2).reshape(-1, across * columns)
    across = ACROSS if light.size % ACROSS == 0 else max(1, round(light.size**0.5))
    return np.pad(light, (0, -light.size % across)).reshape(-1, across)
