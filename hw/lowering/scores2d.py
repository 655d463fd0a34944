# amaranth: UnusedElaboratable=no
"""Hardware of scores of feature maps: a position a cycle, summed."""

from sw.layer.scores2d import Scores2d

from ..lower import LOWER
from ..plan.schedule import Wired
from ..wired.scores2d import WiredScores2d, wired_scores2d_resources
from .streamed import LowerStreamed


class LowerScores2d(LowerStreamed):
    """Hardware of scores that are summed over positions."""

    def vector(self, layer):
        return layer.position

    def words(self, layer, mode, width):
        if isinstance(mode, Wired):
            return layer.position.inputs, layer.outputs
        return super().words(layer, mode, width)

    def streamed(self, layer, mode, width):
        return WiredScores2d(layer, mode)

    def streamed_resources(self, layer, mode, width, family):
        return wired_scores2d_resources(layer, mode, family)

    def fastest(self, layer):
        return layer.vectors


LOWER.register(Scores2d)(LowerScores2d())
