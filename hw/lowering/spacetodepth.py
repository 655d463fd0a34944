# amaranth: UnusedElaboratable=no
"""Hardware of space to depth: wired only, which is memory."""

from sw.layer.spacetodepth import SpaceToDepth

from ..lower import LOWER
from ..stage.spacetodepth import Regroup, Squares, squares_resources
from .streamed import LowerStreamed


class LowerSpaceToDepth(LowerStreamed):
    """Hardware of a layer that collects squares. Its words are as wide as the words that come."""

    def words(self, layer, mode, width):
        return Regroup(layer, width).width, layer.gives.extents[-1]

    def interval(self, layer, mode, width):
        return Regroup(layer, width).interval

    def streamed(self, layer, mode, width):
        return Squares(layer, width)

    def streamed_resources(self, layer, mode, width, family):
        return squares_resources(layer, width, family)

    def fastest(self, layer):
        return Regroup(layer, layer.takes.width).interval


LOWER.register(SpaceToDepth)(LowerSpaceToDepth())
