"""Pooling of bits: the OR or the AND of the bits of a square."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .kind import Array, Layer, kind
from .shape import Shape
from .window import SIDE_LIMIT


@kind
@dataclass(frozen=True, eq=False)
class Pool2d(Layer):
    """Largest or smallest bit of each square of a feature map, channel by channel.

    The squares lie side by side. A row or column that is too short for a whole square is left out.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    all_of : ndarray of uint8, shape (channels,)
        0 for a channel that is 1 where any bit of the square is 1 (OR, the largest), 1 for one that
        is 1 where all are (AND, the smallest): that is what the largest sum becomes where BatchNorm
        behind the pool has a negative gamma. Read-only.
    height, width : int
        Rows and columns of the feature map that the layer takes.
    size : int
        Rows and columns of a square.
    """

    kind = "pool2d"
    arrays = (
        Array("all_of", "uint8", ("channel",), "0: OR of a square's bits; 1: AND", 0, 1),
        Array("height", "int32", (), "rows of the feature map", 1, SIDE_LIMIT),
        Array("width", "int32", (), "columns of the feature map", 1, SIDE_LIMIT),
        Array("size", "int32", (), "rows and columns of a square, 2 to 7", 2, 7),
    )

    name: str
    all_of: np.ndarray
    height: int
    width: int
    size: int = 2

    def check(self):
        if self.size > min(self.height, self.width):
            raise ValueError(f"Size of layer {self.name!r} must be at most that of its feature "
                             f"map, {self.height} x {self.width}: {self.size}")

    @property
    def channels(self):
        return len(self.all_of)

    @property
    def positions(self):
        """Rows and columns of the map that the layer gives, two int."""
        return self.height // self.size, self.width // self.size

    @property
    def vectors(self):
        rows, columns = self.positions
        return rows * columns

    @cached_property
    def takes(self):
        return Shape((self.height, self.width, self.channels))

    @cached_property
    def gives(self):
        return Shape((*self.positions, self.channels))
