"""Signals: tensors that depend on the image, each value a function of an integer.

A signal's values are numbered places of a *root*: pixels of the image, bits that the last layer
made, or sums that a layer not yet made computes. The value at a place is a function of the root's
integer there: a pixel, a number of bits that are 1, or a sum. Operators that treat values on their
own extend the function; operators that move values change the places only.
"""

from dataclasses import dataclass, replace
from math import prod

import numpy as np

from .root import Pixels, Root


TABLE = 2**22  # most numbers of a table of values at once
SPREAD = 2**20  # most values that constants make of an image's pixels


def least(column):
    """Return constants of all units as one, if they are equal."""
    return column[:1] if (column == column[0]).all() else column


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

    @property
    def places(self):
        """Pixel or bit of each value, in the shape of the tensor."""
        return self.root.places(self.source)

    def then(self, node, function, constants):
        """Return the signal with a function of each value and of constants that extend to it."""
        ready = self.ready(node, constants)
        return replace(ready, steps=(*ready.steps, ready.step(node, function, constants)))

    def ready(self, node, constants):
        """Return the signal in a form to whose places constants can be given.

        A pixel that a tensor has several times, or that constants make several of, gets several
        places.
        """
        for value in constants:
            more = value.ndim - len(self.shape)  # extents that the tensor does not have
            if more > 0 or (more == 0 and value.shape[0] != 1):
                raise ValueError(f"{node} must have constants that leave the first extent to the "
                                 f"images: shape {value.shape} beside {self.shape}")
        sizes = [value.shape for value in constants if value.size > 1]
        if not (self.root.wide and sizes):
            return self
        try:
            shape = np.broadcast_shapes(self.shape, *sizes)
        except ValueError:
            return self  # the step says it
        if prod(shape) > SPREAD:
            raise ValueError(f"{node} must give at most {SPREAD:,} values of an image: "
                             f"{prod(shape):,}")
        source = np.broadcast_to(self.source, shape)
        if shape == self.shape and len(np.unique(source)) == source.size:
            return self
        flat = source.ravel()
        steps = tuple(Step(step.function, tuple(each[flat] if len(each) > 1 else each
                                                for each in step.constants))
                      for step in self.steps)
        root = Pixels(flat.size, self.root.bits, self.root.places(flat), self.root.whole)
        return Signal(root, np.arange(flat.size).reshape(shape), steps)

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
        return least(column)

    def table(self, units, dtype=np.float32):
        """Return the values of some units at all integers, shape (units, integers)."""
        values = self.root.base(units, dtype)
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
