"""Space to depth: the values of a square of positions become the channels of one position."""

from dataclasses import dataclass
from functools import cached_property

from .check import INPUTS_LIMIT
from .kind import Array, Layer, kind
from .shape import Shape
from .window import SIDE_LIMIT


@kind
@dataclass(frozen=True, eq=False)
class SpaceToDepth(Layer):
    """Squares of positions become positions of more channels, so that there are fewer positions.

    Channel ``(row * block + column) * channels + c`` of an output position is channel ``c`` of
    position (row, column) of its square.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    height, width, channels : int
        Extents of the feature map that the layer takes; ``block`` divides the first two.
    block : int
        Rows and columns of a square.
    """

    kind = "space_to_depth"
    arrays = (
        Array("height", "int32", (), "rows of the feature map", 1, SIDE_LIMIT),
        Array("width", "int32", (), "columns of the feature map", 1, SIDE_LIMIT),
        Array("channels", "int32", (), "values of a position", 1, INPUTS_LIMIT),
        Array("block", "int32", (), "rows and columns of a square, 2 to 4; divides height and "
              "width", 2, 4),
    )

    name: str
    height: int
    width: int
    channels: int
    block: int = 2

    def check(self):
        if self.height % self.block or self.width % self.block:
            raise ValueError(f"Block of layer {self.name!r} must divide height and width of its "
                             f"feature map, {self.height} x {self.width}: {self.block}")

    @property
    def positions(self):
        """Rows and columns of the map that the layer gives, two int."""
        return self.height // self.block, self.width // self.block

    @property
    def vectors(self):
        rows, columns = self.positions
        return rows * columns

    @cached_property
    def takes(self):
        return Shape((self.height, self.width, self.channels))

    @cached_property
    def gives(self):
        return Shape((*self.positions, self.channels * self.block**2))
