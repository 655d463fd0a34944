"""Base of the hardware of layers that take a feature map position by position."""

from ..lower import Lowering
from ..plan.schedule import Wired


__all__ = ["LowerStreamed"]


class LowerStreamed(Lowering):
    """Hardware of a layer that is a stage of its own, whether it is wired or scheduled."""

    streams = True

    def streamed(self, layer, mode, width):
        """Return the stage of a wired layer; ``width`` are the bits of the words that come."""
        raise self._refusal(layer, "be wired")

    def streamed_resources(self, layer, mode, width, family):
        """Return the estimated resources of :meth:`streamed`."""
        raise self._refusal(layer, "be wired")

    def stages(self, layer, mode, width):
        if isinstance(mode, Wired):
            return {layer.name: self.streamed(layer, mode, width)}
        return super().stages(layer, mode, width)

    def stage_resources(self, layer, mode, width, family):
        if isinstance(mode, Wired):
            return self.streamed_resources(layer, mode, width, family)
        return super().stage_resources(layer, mode, width, family)

    def candidates(self, layer, interval, wired, device):
        return [wired] if interval >= self.fastest(layer) else []

    def slowest(self, layer):
        return self.fastest(layer)
