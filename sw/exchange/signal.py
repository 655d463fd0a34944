"""Signals: tensors that depend on the image, each value a function of an integer.

A signal's values are numbered places of a *root*: pixels of the image, bits that the last layer
made, or sums that a layer not yet made computes. The value at a place is a function of the root's
integer there: a pixel, a number of bits that are 1, or a sum. Operators that treat values on their
own extend the function; operators that move values change the places only.
"""

from dataclasses import dataclass, replace

import numpy as np


TABLE = 2**22  # most numbers of a table of values at once


@dataclass(frozen=True, eq=False)
class Step:
    """A function of values and of constants, one a unit of the root or one for all.

    Attributes
    ----------
    function : callable
        Takes values, shape (units, integers), and constants of shape (units, 1) or (1, 1).
    constants : tuple of ndarray
        Of shape (units,) or (1,).
    """

    function: object
    constants: tuple

    def __call__(self, values, units):
        return self.function(values, *(each[units][:, None] if len(each) > 1 else each[:, None]
                                       for each in self.constants))


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

    def unit(self, places):
        """Return the unit of each place."""
        return places

    def base(self, units):
        """Return the values before all steps: float32, shape (units, integers) or (1, integers)."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Pixels(Root):
    """Integers of the image, in the order of the network's inputs."""

    units: int
    bits: int = 8

    words = "the input"
    wide = True

    def base(self, units):
        return np.arange(2**self.bits, dtype=np.float32)[None]


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

    def base(self, units):
        return np.arange(self.most + 1, dtype=np.float32)[None]


@dataclass(frozen=True, eq=False)
class Signal:
    """A live tensor.

    Attributes
    ----------
    root : Root
        Where its values come from.
    source : ndarray of integers
        Place of each value, in the shape of the tensor for one image.
    steps : tuple of Step
        What is done to the root's values, in order.
    """

    root: Root
    source: np.ndarray
    steps: tuple = ()

    @property
    def shape(self):
        return self.source.shape

    def moved(self, source):
        """Return the signal whose values come from other places."""
        return replace(self, source=source)

    def then(self, node, function, constants):
        """Return the signal with a function of each value and of constants that extend to it."""
        return replace(self, steps=(*self.steps, self.step(node, function, constants)))

    def step(self, node, function, constants):
        """Return a step of constants that extend to the tensor's shape."""
        return Step(function, tuple(self.column(node, value) for value in constants))

    def column(self, node, value):
        """Return a constant as one number a unit, or one for all."""
        if value.size == 1:
            return value.reshape(1)
        try:
            full = np.broadcast_to(value, self.shape)
        except ValueError:
            raise ValueError(f"{node} must have constants that extend to its tensor: shape "
                             f"{value.shape}, not {self.shape}") from None
        units = self.root.unit(self.source).ravel()
        column = np.zeros(self.root.units, value.dtype)
        column[units] = full.ravel()
        same = column[units] == full.ravel()
        if not (same | (full.ravel() != full.ravel())).all():
            raise ValueError(f"{node} must have the same constant at all positions of a channel")
        return column

    def table(self, units):
        """Return the values of some units at all integers: float32, shape (units, integers)."""
        values = self.root.base(units)
        with np.errstate(all="ignore"):
            for step in self.steps:
                values = step(values, units)
        return np.broadcast_to(values, (len(units), values.shape[1]))

    def grouped(self, *more):
        """Return units that stand for all, and the index in them of every unit.

        Units with equal constants have equal functions. ``more`` are further steps. The root's
        base must be the same for all units.
        """
        columns = [each for step in (*self.steps, *more) for each in step.constants
                   if len(each) > 1]
        if not columns:
            return np.zeros(1, np.int64), np.zeros(self.root.units, np.int64)
        rows = np.stack([each.astype(np.float64) for each in columns], axis=1)
        _, first, index = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        return first, index.ravel()


@dataclass(frozen=True, eq=False)
class Padded:
    """A map with a border, which only a convolution can take.

    Attributes
    ----------
    signal : Signal
        The map.
    amounts : list of tuple of int
        Rows above and below, columns on the left and on the right.
    value : float
        Value of the border.
    """

    signal: Signal
    amounts: list
    value: float
