"""Scores of a feature map in C: the ones of each channel, times its weights."""

import numpy as np

from ...layer.scores2d import Scores2d
from ..part import CODE, Code, Part, Table


class Scores2dCode(Code):
    """Counts of channels over all positions."""

    def image(self, layer, options):
        # The sum of w (2 x - 1) over positions is 2 w ones - w positions.
        constant = layer.bias - layer.vectors * layer.weights.sum(axis=1, dtype=np.int64)
        tables = (Table(f"table_{layer.name}_weights", "int8_t", layer.weights),
                  Table(f"table_{layer.name}_constant", "int32_t", constant))
        classes, channels = layer.weights.shape
        return Part(f"score_map({{x}}, {layer.vectors}, {channels}, {tables[0].name}, "
                    f"{tables[1].name}, {classes}, {{y}});", ("score_map",), tables)

    def logic(self, layer):
        return None

    def reads(self, layer):
        return np.tile((layer.weights != 0).any(axis=0), layer.vectors)


CODE.register(Scores2d)(Scores2dCode())
