"""The encoder in pictures: its map shows the image once for every level."""

from math import prod

import numpy as np

from ..layer.encoder import Encoder
from .show import SHOWN, Show


class ShowEncoder(Show):
    """The bits of an encoder."""

    unit = "bit"

    def spread(self, layer, shades):
        return shades.reshape(*shades.shape[:-1], -1, layer.levels).mean(axis=-1)

    def map_shape(self, layer, input_shape):
        if len(input_shape) == 1:
            return super().map_shape(layer, input_shape)
        return input_shape[0], prod(input_shape[1:]) * layer.levels

    def arrange(self, layer, values, shape, input_shape):
        if len(input_shape) == 1:
            return super().arrange(layer, values, shape, input_shape)
        # The images of the levels lie side by side, level 0 first.
        return np.concatenate([values[level::layer.levels].reshape(shape[0], -1)
                               for level in range(layer.levels)], axis=1)


SHOWN.register(Encoder)(ShowEncoder())
