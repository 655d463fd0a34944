# amaranth: UnusedElaboratable=no
"""Hardware of first layers of integers: adders of pixels, scheduled on lanes or wired."""

from sw.layer.integer import IntegerConv2d, IntegerDense

from ..lower import LOWER, Lowering
from ..stage.integermvtu import IntegerMVTU, integer_mvtu_resources
from ..wired.integer import IntegerLayer, integer_latency, integer_resources
from .conv2d import LowerConv2d
from .weighted import LowerWeighted


class LowerIntegerDense(LowerWeighted):
    """Hardware of a dense layer of integers."""

    def wired(self, layer, mode):
        return IntegerLayer(layer, mode)

    def wired_latency(self, layer, mode):
        return integer_latency(layer, mode)

    def wired_resources(self, layer, mode, family, seen):
        return integer_resources(layer, mode, family, seen)

    def scheduled(self, layer, mode):
        return IntegerMVTU(layer, pe=mode.pe, simd=mode.simd, rom=mode.rom)

    def scheduled_resources(self, layer, mode, family):
        return integer_mvtu_resources(layer, mode.pe, mode.simd, mode.rom, family)

    def fits_wired(self, layer, device):
        # An adder has a LUT for each of its bits, so a larger layer cannot fit.
        return layer.synapses * layer.input_bits < device.lut4


class LowerIntegerConv2d(LowerConv2d):
    """Hardware of a convolution of integers.

    A word of weights serves one position, because a first layer has few weights: memory ports do
    not bound it, and adders of pixels take more LUTs than what a shared word would save.
    """

    def most_positions(self, layer):
        return 1

    def row_lanes(self, layer, interval):
        return []

    def check_rows(self, layer, mode):
        Lowering.check_rows(self, layer, mode)


LOWER.register(IntegerDense)(LowerIntegerDense())
LOWER.register(IntegerConv2d)(LowerIntegerConv2d())
