"""Roots of signals: the numbers that the values of a tensor are functions of."""

from dataclasses import dataclass

import numpy as np


class Root:
    """Base of what signals come from.

    Attributes
    ----------
    units : int
        Places whose functions may differ.
    words : str
        Name for people.
    wide : bool
        Whether a layer may take the root's integers, of any width, as they are.
    """

    words = "the values"
    wide = False

    @property
    def whole(self):
        """The root that this one is a part of."""
        return self

    def unit(self, places):
        """Return the unit of each place."""
        return places

    def places(self, source):
        """Return the pixels or bits that the root's places are."""
        return source

    def base(self, units, dtype=np.float32):
        """Return the values before all steps: shape (units, integers) or (1, integers)."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Pixels(Root):
    """Integers of the image, in the order of the network's inputs.

    Attributes
    ----------
    units : int
        Places.
    bits : int
        Width of a pixel.
    origin : ndarray of integers or None
        Pixel of each place, where a pixel has several places with constants of their own.
    first : Pixels or None
        The root of all pixels, where ``origin`` is given.
    """

    units: int
    bits: int = 8
    origin: np.ndarray | None = None
    first: object = None

    words = "the input"
    wide = True

    @property
    def whole(self):
        return self.first or self

    def places(self, source):
        return source if self.origin is None else self.origin[source]

    def base(self, units, dtype=np.float32):
        return np.arange(2**self.bits, dtype=dtype)[None]


@dataclass(frozen=True, eq=False)
class Bits(Root):
    """Bits of the last layer: at each place the number of its ``most`` bits that are 1.

    Attributes
    ----------
    units : int
        Places: the layer's outputs are ``units * most``, the bits of a place together.
    most : int
        Bits of a place.
    map : tuple of int or None
        Rows, columns and channels, where the places are a feature map.
    """

    units: int
    most: int
    map: tuple | None

    words = "the activations"

    def base(self, units, dtype=np.float32):
        return np.arange(self.most + 1, dtype=dtype)[None]


@dataclass(frozen=True, eq=False)
class Means(Root):
    """Sums of each channel over the positions of a map of bits, divided by a number.

    Only a product can take them.

    Attributes
    ----------
    units : int
        Channels.
    signal : Signal
        The map.
    map : tuple of int
        Rows, columns and channels.
    divisor : int
        What the sums are divided by.
    """

    units: int
    signal: object
    map: tuple
    divisor: int

    words = "the means of channels"


@dataclass(frozen=True, eq=False)
class Addresses(Root):
    """Numbers that bits form: unit ``n`` is ``offset[n]`` plus the number of its wires' bits.

    Attributes
    ----------
    wires : ndarray of integers, shape (neurons, k)
        Bits of the last layer, the lowest first.
    offset : ndarray of float64, shape (neurons,)
        Value where all bits are 0.
    """

    wires: np.ndarray
    offset: np.ndarray

    words = "the rows of tables"

    @property
    def units(self):
        return len(self.wires)

    def base(self, units, dtype=np.float32):
        rows = np.arange(2**self.wires.shape[1])
        return (self.offset[units, None] + rows).astype(dtype)
