"""Space to depth in C: each square of positions is copied, as a window is."""

from ...layer.spacetodepth import SpaceToDepth
from ..part import CODE, Code, Part
from ..windows import Geometry


class SpaceToDepthCode(Code):
    """Windows that lie side by side."""

    def image(self, layer, options):
        return self.part(layer, "1")

    def slices(self, layer, read):
        return self.part(layer, "sizeof(lane)")

    def part(self, layer, value):
        block = layer.block
        numbers = (layer.height, layer.width, block, block, block, 0, layer.positions[1])
        shape = Geometry(f"table_{layer.name}_geometry", numbers, f"{layer.channels} * {value}")
        made = layer.channels * block**2
        return Part(f"for (size_t at = 0; at < {layer.vectors}; at++) {{{{\n"
                    f"    view(&{shape.name}, at, {{x}}, 0, {{y}} + {made} * at);\n"
                    f"}}}}", ("geometry", "view"), (shape,))


CODE.register(SpaceToDepth)(SpaceToDepthCode())
