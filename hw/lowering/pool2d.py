# amaranth: UnusedElaboratable=no
"""Hardware of pools: wired only, which is an OR or an AND and a row of memory."""

from sw.layer.pool2d import Pool2d

from ..lower import LOWER
from ..stage.pool import Pool, pool_resources
from .streamed import LowerStreamed


class LowerPool2d(LowerStreamed):
    """Hardware of a pool."""

    def words(self, layer, mode, width):
        return layer.channels, layer.channels

    def interval(self, layer, mode, width):
        return self.fastest(layer)

    def streamed(self, layer, mode, width):
        return Pool(layer)

    def streamed_resources(self, layer, mode, width, family):
        return pool_resources(layer, family)

    def fastest(self, layer):
        return layer.height * layer.width


LOWER.register(Pool2d)(LowerPool2d())
