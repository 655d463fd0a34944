# amaranth: UnusedElaboratable=no
"""Hardware of the encoder: beat by beat, or all pixels at once."""

from sw.layer.encoder import Encoder

from ..lower import LOWER, Lowering
from ..plan.area import cells
from ..stage.encoder import PixelEncoder, ThermometerEncoder


class LowerEncoder(Lowering):
    """Hardware of an encoder: beat by beat, or all pixels at once in front of wired layers."""

    has_mode = False

    def beats(self, layer, pixels):
        return ThermometerEncoder(layer, pixels=pixels)

    def wired(self, layer, mode):
        return PixelEncoder(layer)

    def wired_latency(self, layer, mode):
        return PixelEncoder.latency

    def wired_resources(self, layer, mode, family, seen):
        return cells(family, layer.outputs * layer.pixel_bits / 2, layer.outputs)

    def width(self, layer, pixels):
        return pixels * layer.levels


LOWER.register(Encoder)(LowerEncoder())
