"""Sums of a layer that is not yet made, and the fold of what follows them into thresholds."""

from dataclasses import dataclass, replace

import numpy as np

from .root import Root
from .signal import TABLE, Signal


EXACT = 2**24  # integers up to this are exact in float32
ROUNDING = 2.0**-22  # of the greatest sum: as far as additions in float32 move a sum, about


@dataclass(frozen=True)
class Window:
    """Geometry of a convolution, in the words of :class:`sw.layer.conv2d.Conv2d`."""

    height: int
    width: int
    stride: int
    padding: int
    pad: int


@dataclass(frozen=True, eq=False)
class Sums(Root):
    """Sums of weighted bits or pixels: a value is ``scale * (shift + sum)``.

    Attributes
    ----------
    weights : ndarray of int8, shape (neurons, inputs) or (neurons, rows, columns, channels)
        -1, 0, +1.
    shift, scale : ndarray of float64, shape (neurons,)
        Value of the sum 0 in units of a sum, and value of a unit. The value is rounded to float32
        once.
    map : tuple of int or None
        Rows, columns and neurons of the map that the sums are.
    window : Window or None
        Geometry, where the layer is a convolution.
    pixel_bits : int
        Width of the pixels, 0 where the sums are of bits as -1 and +1.
    pool : int
        Side of the squares of which only the greatest value stays; 0 for none.
    before : int
        Number of steps before the pool.
    """

    weights: np.ndarray
    shift: np.ndarray
    scale: np.ndarray
    map: tuple | None
    window: Window | None = None
    pixel_bits: int = 0
    pool: int = 0
    before: int = 0

    words = "the sums"

    @property
    def units(self):
        return len(self.weights)

    def unit(self, places):
        return places % self.units

    @property
    def rows(self):
        return self.weights.reshape(len(self.weights), -1)

    @property
    def low(self):
        """Least sum of each neuron, int64."""
        if not self.pixel_bits:
            return -self.fan_in
        return -(2**self.pixel_bits - 1) * (self.rows < 0).sum(axis=1, dtype=np.int64)

    @property
    def fan_in(self):
        return np.count_nonzero(self.rows, axis=1).astype(np.int64)

    @property
    def unit_step(self):
        """Distance of two sums: bits as -1 and +1 change a sum by 2."""
        return 1 if self.pixel_bits else 2

    @property
    def counts(self):
        """Number of possible sums of each neuron."""
        return 1 + self.fan_in * (2**self.pixel_bits - 1 if self.pixel_bits else 1)

    def base(self, units, dtype=np.float32):
        sums = self.low[units, None] + self.unit_step * np.arange(int(self.counts[units].max()))
        return (self.scale[units, None] * (self.shift[units, None] + sums)).astype(dtype)


@dataclass(frozen=True, eq=False)
class Totals(Sums):
    """Sums of bits, the same weights at every position of a map, summed over the positions.

    Attributes
    ----------
    positions : int
        Number of positions.
    """

    positions: int = 1

    @property
    def low(self):
        return -self.positions * self.fan_in

    @property
    def counts(self):
        return 1 + self.positions * self.fan_in


def fold(signal, code, most, dtype=np.float32):
    """Return what a quantizer makes of sums, as thresholds.

    Every operator of the graph is evaluated in its own arithmetic at every sum that a neuron can
    have. No inequality is solved.

    Parameters
    ----------
    signal : sw.exchange.signal.Signal
        Of the root :class:`Sums`.
    code : sw.exchange.signal.Step
        The quantizer's code of a value.
    most : int
        Greatest code.
    dtype : type
        Type of the arithmetic; the graph's is float32.

    Returns
    -------
    ndarray of int64, shape (neurons, most)
        Number of possible sums, from the least, below each code 1..most; for falling neurons
        number of possible sums, from the least, that reach the code.
    ndarray of bool, shape (neurons,)
        Neurons whose code falls where the sum rises.
    ndarray of bool, shape (neurons,)
        Neurons of a pool that are the AND of their square, because what follows it falls.
    """
    sums = signal.root
    counts = sums.counts
    if counts.max() > EXACT:
        raise ValueError(f"the values must be sums below 2**24, as far as float32 has all "
                         f"integers: they reach {counts.max():,}")
    numbers = np.zeros((sums.units, most), np.int64)
    falling, every = np.zeros(sums.units, bool), np.zeros(sums.units, bool)
    step = max(1, TABLE // int(counts.max()))
    for start in range(0, sums.units, step):
        units = np.arange(start, min(start + step, sums.units))
        values = signal.table(units, dtype)
        with np.errstate(all="ignore"):
            codes = code(values, units)
        if not np.isfinite(codes).all():
            raise ValueError("the values must be numbers: some are NaN")
        possible = np.arange(codes.shape[1]) < counts[units, None]
        down = _direction(codes, possible)
        falling[units] = down
        for level in range(1, most + 1):
            reached = (codes >= level) & possible
            numbers[units, level - 1] = np.where(down, reached.sum(axis=1),
                                                 (possible & ~reached).sum(axis=1))
        if sums.pool:
            head = Signal(sums, signal.source, signal.steps[:sums.before])
            first = np.broadcast_to(head.table(units), codes.shape)
            every[units] = _direction(first, possible) ^ down
    return numbers, falling, every


def ties(signal, code, most, numbers):
    """Return how many thresholds rounding moves: float64's, or that of each addition of a sum.

    Sums of a scale that is a power of two are exact in every runtime.
    """
    moved = fold(signal, code, most, np.float64)[0] != numbers
    sums = signal.root
    rounded = np.abs(np.frexp(sums.scale)[0]) != 0.5
    if rounded.any():
        nudge = ROUNDING * rounded * (sums.unit_step * sums.counts + np.abs(sums.shift))
        for shift in (sums.shift - nudge, sums.shift + nudge):
            nearby = replace(signal, root=replace(sums, shift=shift))
            moved |= fold(nearby, code, most)[0] != numbers
    return int(moved.sum())


def _direction(values, possible):
    """Return which rows fall; raise ValueError where one both rises and falls."""
    both = possible[:, 1:]
    rises = ((values[:, 1:] > values[:, :-1]) & both).any(axis=1)
    falls = ((values[:, 1:] < values[:, :-1]) & both).any(axis=1)
    if (rises & falls).any():
        raise ValueError("the values must rise or fall with the sum: those of channel "
                         f"{int(np.argmax(rises & falls))} do both")
    return falls
