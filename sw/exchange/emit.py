"""Makes layers of what a quantizer or a pool does to a signal."""

from dataclasses import replace
from math import prod

import numpy as np

from ..layer.conv2d import Conv2d
from ..layer.dense import Dense
from ..layer.encoder import Encoder
from ..layer.integer import IntegerConv2d, IntegerDense
from ..layer.lookup import Lookup
from ..layer.pool2d import Pool2d
from ..layer.spacetodepth import SpaceToDepth
from . import arrange
from .root import Bits, Pixels
from .signal import TABLE, Signal, Step, least
from .sums import Sums, Totals, fold, ties
from .tensor import ELEMENTS


LEVELS = 15  # most thresholds of an activation, of 4 bits
MOST = 2**29  # most values of pixels that an encoder is found from


def encoder(node, signal, code, level, most, name):
    """Make an encoder of quantized pixels; return the signal of its bits, the layers, and ties."""
    root = signal.root
    reached, falling, index = _reached(node, signal, code, most)
    thresholds = np.where(falling[:, None], reached[:, ::-1], 2**root.bits - reached)[index]
    _check_changes(node, thresholds, 2**root.bits)
    kept, meant = _distinct(thresholds, 2**root.bits)
    thresholds = thresholds[:, kept]
    meaning = Step(lambda fired, down: np.where(
        down, np.float32(most) - meant[fired.astype(np.int64)], meant[fired.astype(np.int64)]),
        (least(falling[index]),))
    pixels = root.whole.units
    if root.origin is None:
        unread = np.ones(pixels, bool)
        unread[signal.source.ravel()] = False
        thresholds[unread] = 2**root.bits
        bits, source, steps = Bits(pixels, len(kept), None), signal.source, (meaning, level)
    else:
        if len(kept) > 1:
            raise ValueError(f"{node} must quantize each pixel once, or to two values: several "
                             f"quantizers of {len(kept) + 1} values read a pixel")
        places, levels = _ranked(root.origin, thresholds[:, 0], pixels)
        own, thresholds = thresholds[:, 0], np.full((pixels, levels), 2**root.bits)
        thresholds.reshape(-1)[places] = own
        bits, source = Bits(pixels * levels, 1, None), places[signal.source]
        steps = tuple(Step(step.function, tuple(_placed(each, places, bits.units)
                                                for each in step.constants))
                      for step in (meaning, level))
    return Signal(bits, source, steps), [Encoder("encoder", thresholds, root.bits)], 0


def _reached(node, signal, code, most):
    """Return how many pixels reach each code, for units that stand for all.

    Returns
    -------
    ndarray of int64, shape (units, most)
        Number of pixels, from the least or from the greatest on, whose code is at least 1, ...
    ndarray of bool, shape (units,)
        Units whose code falls where the pixel rises.
    ndarray of int64
        Index of every unit of the root in these.
    """
    first, index = signal.grouped(code)
    if len(first) << signal.root.bits > MOST:
        raise ValueError(f"{node} must not scale each of {len(first):,} inputs of "
                         f"{signal.root.bits} bits in a way of its own")
    numbers, falling = np.zeros((len(first), most), np.int64), np.zeros(len(first), bool)
    step = max(1, TABLE >> signal.root.bits)
    for start in range(0, len(first), step):
        some = first[start:start + step]
        with np.errstate(all="ignore"):
            codes = code(signal.table(some), some)
        if not np.isfinite(codes).all():
            raise ValueError(f"{node} must give numbers: some pixels become NaN")
        changes = np.diff(codes, axis=1)
        down = (changes < 0).any(axis=1)
        if ((changes > 0).any(axis=1) & down).any():
            raise ValueError(f"{node} must rise or fall with a pixel: it does both")
        falling[start:start + step] = down
        for level in range(most):
            numbers[start:start + step, level] = (codes > level).sum(axis=1)
    return numbers, falling, index


def _ranked(origin, thresholds, pixels):
    """Return the bit of each threshold, the levels of a pixel rising, and the number of levels."""
    order = np.lexsort((np.arange(len(origin)), thresholds, origin))
    counts = np.bincount(origin, minlength=pixels)
    starts = np.cumsum(counts) - counts
    places = np.empty(len(origin), np.int64)
    levels = int(counts.max())
    places[order] = origin[order] * levels + np.arange(len(origin)) - starts[origin[order]]
    return places, levels


def _placed(column, places, units):
    """Return constants of units as constants of their bits."""
    if len(column) == 1:
        return column
    made = np.zeros(units, column.dtype)
    made[places] = column
    return made


def _check_changes(node, thresholds, never):
    """Check that some bit of a first layer depends on the image."""
    if ((thresholds <= 0) | (thresholds >= never)).all():
        raise ValueError(f"{node} must give something that depends on the image: it is constant "
                         f"for all pixels (is the graph's input in another range? see --pixels, "
                         f"--mean and --std)")


def _distinct(thresholds, never):
    """Return levels that matter, and what numbers of them mean.

    A level is left out if all units always reach it, if none ever does, or if it is the level
    before for all units: codes that no unit ever has need no level.

    Parameters
    ----------
    thresholds : ndarray of integers, shape (units, levels)
        Thresholds of the codes 1, 2, ..., rising along a row. 0 is always reached.
    never : ndarray of integers, shape (units, 1), or int
        Threshold that is never reached.

    Returns
    -------
    ndarray of integers, shape (kept,)
        The levels to keep, at least one.
    ndarray of float32, shape (kept + 1,)
        The code where 0, 1, ... of the kept levels are reached.
    """
    start = int((thresholds <= 0).all(axis=0).sum())
    end = thresholds.shape[1] - int((thresholds >= never).all(axis=0).sum())
    if start >= end:  # one code for all: its level above or below tells nothing, but stays
        start = min(start, thresholds.shape[1] - 1)
        return np.array([start]), np.array([start, start + 1], np.float32)
    differ = (np.diff(thresholds[:, start:end], axis=1) != 0).any(axis=0)
    kept = start + np.array([0, *(1 + np.flatnonzero(differ))])
    return kept, np.array([start, *kept[1:], end], np.float32)


def layer_of_sums(node, signal, code, level, most, name):
    """Make the layer of quantized sums; return the signal of its bits, the layers, and ties.

    A tie is a threshold that another rounding would put elsewhere: see
    :func:`sw.exchange.sums.ties`.
    """
    sums = signal.root
    if isinstance(sums, Totals):
        raise ValueError(f"{node} must not quantize sums over a map: they can be scores only")
    if most > LEVELS:
        raise ValueError(f"{node} must give at most {LEVELS + 1} values: it gives {most + 1} "
                         f"(quantize activations to 1 to 4 bits)")
    if sums.weights.size * most > ELEMENTS:
        raise ValueError(f"{node} must make at most {ELEMENTS:,} weights, once for each of {most} "
                         f"thresholds: {sums.weights.size * most:,}")
    try:
        numbers, falling, every = fold(signal, code, most)
        moved = ties(signal, code, most, numbers)
    except ValueError as error:
        raise ValueError(f"{node}: {error}") from None
    weights = np.where(_column(falling, sums.weights), -sums.weights, sums.weights)
    never = sums.counts[:, None]
    thresholds = np.where(falling[:, None], never - numbers, numbers)
    if sums.pixel_bits:
        _check_changes(node, thresholds, never)
    kept, meant = _distinct(thresholds, never)
    thresholds = thresholds[:, kept]
    if sums.pixel_bits:
        high = sums.low + sums.counts - 1
        thresholds = thresholds + np.where(falling, -high, sums.low)[:, None]
    made = _layer(sums, np.repeat(weights, len(kept), axis=0), thresholds.ravel(), name)
    layers = [made]
    map_ = sums.map
    if sums.pool:
        rows, columns, _ = _unpooled(sums)
        layers.append(Pool2d(f"{made.name}_pool", np.repeat(every, len(kept)).astype(np.uint8),
                             rows, columns, sums.pool))
    positions = prod(map_[:2]) if map_ else 1
    bits = Bits(positions * sums.units, len(kept), map_)
    meaning = Step(lambda fired: meant[fired.astype(np.int64)], ())
    spread = replace(level, constants=tuple(np.tile(each, positions) if len(each) > 1 else each
                                            for each in level.constants))
    return Signal(bits, signal.source, (meaning, spread)), layers, moved


def _layer(sums, weights, thresholds, name):
    """Return the layer of sums, of any of the four kinds."""
    window = sums.window
    if window is None:
        if sums.pixel_bits:
            return IntegerDense(name("fc"), weights, thresholds, sums.pixel_bits)
        return Dense(name("fc"), weights, thresholds)
    geometry = window.height, window.width, window.stride, window.padding, window.pad
    if sums.pixel_bits:
        return IntegerConv2d(name("conv"), weights, thresholds, *geometry, sums.pixel_bits)
    return Conv2d(name("conv"), weights, thresholds, *geometry)


def _unpooled(sums):
    window = sums.window
    kernel = sums.weights.shape[1:3]
    return (*((side + 2 * window.padding - extent) // window.stride + 1 for side, extent
              in zip((window.height, window.width), kernel, strict=True)), sums.units)


def _column(values, like):
    return values.reshape(-1, *[1] * (like.ndim - 1))


def pooled(node, signal, size, map_, name):
    """Return the greatest values of squares of a map, and the layers made for it."""
    rows, columns, channels = map_
    small = rows // size, columns // size, channels
    root = signal.root
    if isinstance(root, Pixels):
        raise ValueError(f"{node} must take sums or bits: it takes pixels (pool the dataset)")
    if isinstance(root, Sums):
        if root.pool or root.window is None:
            raise ValueError(f"{node} must be the only pool of a convolution")
        made = replace(root, map=small, pool=size, before=len(signal.steps))
        return Signal(made, arrange.places(small), signal.steps), []
    first, index = signal.grouped()
    tables = signal.table(first)
    steps = np.diff(tables, axis=1)
    falling = (steps < 0).any(axis=1)
    if ((steps > 0).any(axis=1) & falling).any():
        raise ValueError(f"{node} must take values that rise or fall with their bits")
    every = falling[index].reshape(-1, channels)
    if (every != every[0]).any():
        raise ValueError(f"{node} must take values that mean the same at all positions of a "
                         f"channel")
    layer = Pool2d(name("pool"), np.repeat(every[0], root.most).astype(np.uint8), rows, columns,
                   size)
    bits = Bits(prod(small), root.most, small)
    steps = tuple(replace(step, constants=tuple(
        _of_positions(node, each, map_, small) for each in step.constants))
        for step in signal.steps)
    return Signal(bits, arrange.places(small), steps), [layer]


def _of_positions(node, column, map_, small):
    """Return constants of the places of a map for those of a smaller one."""
    if len(column) == 1:
        return column
    rows = column.reshape(-1, map_[2])
    if (rows != rows[0]).any():
        raise ValueError(f"{node} must take values that mean the same at all positions of a "
                         f"channel")
    return np.tile(rows[0], small[0] * small[1])


def tables(node, signal, width, name):
    """Make a look-up layer of values that numbers of bits chose; return its signal and the layer.

    Parameters
    ----------
    node : sw.exchange.graph.Node
        For messages.
    signal : sw.exchange.signal.Signal
        Of the root :class:`sw.exchange.signal.Addresses`.
    width : int
        Bits of the layer before.
    name : callable
        Gives a free name.
    """
    root = signal.root
    values = signal.table(np.arange(root.units))
    found = np.unique(values)
    if len(found) > 2 or not np.isfinite(found).all():
        raise ValueError(f"{node} must choose from tables of two values: there are {len(found)}")
    layer = Lookup(name("lookup"), root.wires, (values == found[-1]).astype(np.uint8), width)
    levels = np.array([found[0], found[-1]])
    meaning = Step(lambda fired: levels[fired.astype(np.int64)], ())
    return Signal(Bits(root.units, 1, None), root.unit(signal.source), (meaning,)), layer


def space_to_depth(node, signal, block, map_, name):
    """Return squares of positions as channels of one position, and the layer made for it."""
    root, (rows, columns, channels) = signal.root, map_
    if not isinstance(root, Bits):
        raise ValueError(f"{node} must take bits: it takes {root.words} (quantize the input to 1 "
                         f"to 4 bits in front of it)")
    layer = SpaceToDepth(name("depth"), rows, columns, channels * root.most, block)
    small = rows // block, columns // block, channels * block**2
    # A position's bits stay together only where a channel has one bit, or all mean the same.
    if any(len(each) > 1 for step in signal.steps for each in step.constants):
        raise ValueError(f"{node} must take values that mean the same in all channels")
    return Signal(Bits(prod(small), root.most, small), arrange.places(small), signal.steps), [layer]


MAKERS = {Pixels: encoder, Sums: layer_of_sums, Totals: layer_of_sums}
