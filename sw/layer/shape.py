"""Shape of the values between two layers: a vector or a feature map."""

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Shape:
    """A vector of n values, or a feature map of height × width × channels.

    A flat vector holds a feature map position by position in raster order, the channels of a
    position together. A layer that takes a vector also takes a feature map, in this order.

    Attributes
    ----------
    extents : tuple of int
        ``(n,)`` or ``(height, width, channels)``.
    bits : int
        Bits of a value.
    signed : bool
        Whether the values are signed integers, as scores are.
    """

    extents: tuple
    bits: int = 1
    signed: bool = False

    def __str__(self):
        return " x ".join(map(str, self.extents))

    @property
    def is_map(self):
        """Whether it is a feature map."""
        return len(self.extents) > 1

    @property
    def size(self):
        """Number of values."""
        return prod(self.extents)

    @property
    def width(self):
        """Number of bits."""
        return self.size * self.bits

    def fits(self, other):
        """Whether a layer that takes ``other`` can follow a layer that gives this shape."""
        return ((self.size, self.bits) == (other.size, other.bits)
                and (self.extents == other.extents or 1 in (len(self.extents),
                                                            len(other.extents))))
