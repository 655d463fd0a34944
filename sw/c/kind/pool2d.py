"""Pooling in C: OR and AND of squares."""

from ...layer.pool2d import Pool2d
from ..part import CODE, Code, Part, Table


class Pool2dCode(Code):
    """A kernel over squares, for octets and for lanes."""

    def image(self, layer, options):
        return self.part(layer, "pool")

    def slices(self, layer, read):
        return self.part(layer, "pool_lanes")

    def part(self, layer, kernel):
        rows, columns = layer.positions
        table = Table(f"table_{layer.name}_all_of", "uint8_t", layer.all_of)
        return Part(f"{kernel}({{x}}, {rows}, {columns}, {layer.width}, {layer.channels}, "
                    f"{layer.size}, {table.name}, {{y}});", (kernel,), (table,))


CODE.register(Pool2d)(Pool2dCode())
