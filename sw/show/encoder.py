"""Encoder: its map is the image, once a level."""

from math import prod

import numpy as np

from ..layer.encoder import Encoder
from .show import SHOWN, Show


class ShowEncoder(Show):
    """Bits of pixels."""

    unit = "bit"

    def map_shape(self, layer, input_shape):
        if len(input_shape) == 1:
            return super().map_shape(layer, input_shape)
        return input_shape[0], prod(input_shape[1:]) * layer.levels

    def arrange(self, layer, values, shape):
        if shape == super().map_shape(layer, (layer.inputs,)):
            return super().arrange(layer, values, shape)
        # Beside each other: the images of level 0, of level 1, ...
        return np.concatenate([values[level::layer.levels].reshape(shape[0], -1)
                               for level in range(layer.levels)], axis=1)


SHOWN.register(Encoder)(ShowEncoder())
