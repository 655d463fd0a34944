# amaranth: UnusedElaboratable=no
"""Hardware of convolutions: a window in front of wired neurons."""

from sw.layer.conv2d import Conv2d

from ..lower import LOWER
from ..plan.schedule import Wired
from ..stage.geometry import Geometry
from ..wired.conv2d import WiredConv2d, wired_conv2d_resources
from .streamed import LowerStreamed


class LowerConv2d(LowerStreamed):
    """Hardware of a convolution of bits."""

    def vector(self, layer):
        return layer.dense

    def words(self, layer, mode, width):
        if isinstance(mode, Wired):
            return layer.channels, layer.made
        return super().words(layer, mode, width)

    def interval(self, layer, mode, width):
        if isinstance(mode, Wired):
            return Geometry.of(layer).interval
        return super().interval(layer, mode, width)

    def streamed(self, layer, mode, width):
        return WiredConv2d(layer, mode)

    def streamed_resources(self, layer, mode, width, family):
        return wired_conv2d_resources(layer, mode, family)

    def fastest(self, layer):
        return Geometry.of(layer).interval



LOWER.register(Conv2d)(LowerConv2d())
