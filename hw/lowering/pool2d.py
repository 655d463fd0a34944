# amaranth: UnusedElaboratable=no
"""Hardware of pools: wired only, which is an OR or an AND and a row of memory."""

from sw.layer.pool2d import Pool2d

from ..lower import LOWER
from ..stage.partpool import PartPool, part_pool_resources
from ..stage.pool import Pool, pool_resources
from .streamed import LowerStreamed


class LowerPool2d(LowerStreamed):
    """Hardware of a pool. Its words are those that come, if their width divides a position."""

    def words(self, layer, mode, width):
        word = width if layer.channels % width == 0 else layer.channels
        return word, word

    def interval(self, layer, mode, width):
        return self.fastest(layer) * (layer.channels // self.words(layer, mode, width)[0])

    def streamed(self, layer, mode, width):
        word, _ = self.words(layer, mode, width)
        return Pool(layer) if word == layer.channels else PartPool(layer, word)

    def streamed_resources(self, layer, mode, width, family):
        word, _ = self.words(layer, mode, width)
        if word == layer.channels:
            return pool_resources(layer, family)
        return part_pool_resources(layer, word, family)

    def fastest(self, layer):
        return layer.height * layer.width


LOWER.register(Pool2d)(LowerPool2d())
