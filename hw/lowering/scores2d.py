# amaranth: UnusedElaboratable=no
"""Hardware of scores of feature maps, summed: a position a cycle, or lanes."""

from sw.layer.scores2d import Scores2d

from ..lower import LOWER
from ..plan.schedule import Scheduled, Wired
from ..stage.scoresums import PositionScores, ScoreSums, score_sums_resources
from ..stream.width import Conversion, WidthConverter, conversion_resources
from ..wired.scores2d import WiredScores2d, wired_scores2d_resources
from .streamed import LowerStreamed


class LowerScores2d(LowerStreamed):
    """Hardware of scores that are summed over positions, which come as whole words."""

    def vector(self, layer):
        return layer.position

    def words(self, layer, mode, width):
        return layer.position.inputs, mode.gives(layer)

    def streamed(self, layer, mode, width):
        return WiredScores2d(layer, mode)

    def streamed_resources(self, layer, mode, width, family):
        return wired_scores2d_resources(layer, mode, family)

    def stages(self, layer, mode, width):
        if isinstance(mode, Wired):
            return super().stages(layer, mode, width)
        conversion, stages = _conversion(layer, mode), {}
        if not conversion.is_wire:
            stages[f"position_{layer.name}"] = WidthConverter(
                bits=conversion.bits, i_width=conversion.i_width, o_width=conversion.o_width)
        lanes = PositionScores(layer.position, pe=mode.pe, simd=mode.simd, rom=mode.rom)
        return stages | {f"lanes_{layer.name}": lanes, layer.name: ScoreSums(layer, pe=mode.pe)}

    def scheduled_resources(self, layer, mode, family):
        lanes = LOWER.of(layer.position).scheduled_resources(layer.position, mode, family)
        return (conversion_resources(_conversion(layer, mode), family) + lanes
                + score_sums_resources(layer, mode.pe, family))

    def most_positions(self, layer):
        return 1

    def stored_bits(self, layer):
        return LOWER.of(layer.position).stored_bits(layer.position)

    def candidates(self, layer, interval, wired, device):
        if interval < self.fastest(layer):
            return []
        modes = LOWER.of(layer.position).candidates(layer.position, interval // layer.vectors,
                                                    wired, device)
        return [wired, *(mode for mode in modes if isinstance(mode, Scheduled))]

    def fastest(self, layer):
        return layer.vectors

    def slowest(self, layer):
        return layer.vectors * layer.position.inputs * layer.outputs


def _conversion(layer, mode):
    """Return the conversion of each position into the words of the lanes."""
    return Conversion(layer.position.inputs, layer.position.inputs, mode.simd)


LOWER.register(Scores2d)(LowerScores2d())
