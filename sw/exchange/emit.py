"""Makes layers of what a quantizer or a pool does to a signal."""

from dataclasses import replace
from math import prod

import numpy as np

from ..layer.conv2d import Conv2d
from ..layer.dense import Dense
from ..layer.encoder import Encoder
from ..layer.integer import IntegerConv2d, IntegerDense
from ..layer.pool2d import Pool2d
from . import arrange
from .signal import Bits, Pixels, Signal, Step
from .sums import Sums, fold


LEVELS = 15  # most thresholds of an activation, of 4 bits


def encoder(node, signal, code, level, most, name):
    """Make an encoder of quantized pixels; return the signal of its bits, and the layers."""
    root = signal.root
    first, index = signal.grouped(code)
    with np.errstate(all="ignore"):
        codes = code(signal.table(first), first)
    if not np.isfinite(codes).all():
        raise ValueError(f"{node} must give numbers: some pixels become NaN")
    steps = np.diff(codes, axis=1)
    falling = (steps < 0).any(axis=1)
    if ((steps > 0).any(axis=1) & falling).any():
        raise ValueError(f"{node} must rise or fall with a pixel: it does both")
    levels = np.arange(1, most + 1)
    reached = (codes[:, :, None] >= levels).sum(axis=1)
    below = codes.shape[1] - reached
    thresholds = np.where(falling[:, None], reached[:, ::-1], below)[index]
    kept, meant = _distinct(thresholds)
    places = np.unique(signal.source)
    unread = np.ones(root.units, bool)
    unread[places] = False
    thresholds[unread] = 2**root.bits
    made = Encoder("encoder", thresholds[:, kept], root.bits)
    bits = Bits(root.units, len(kept), None)
    meaning = Step(lambda fired, down: np.where(
        down, np.float32(most) - meant[fired.astype(np.int64)], meant[fired.astype(np.int64)]),
        (falling[index],))
    return Signal(bits, signal.source, (meaning, level)), [made]


def _distinct(thresholds):
    """Return levels that differ from the level before, and what numbers of them mean.

    Parameters
    ----------
    thresholds : ndarray of integers, shape (units, levels)
        Thresholds of the codes 1, 2, ...

    Returns
    -------
    ndarray of integers, shape (kept,)
        The levels to keep. Codes that no unit ever has alone need no level.
    ndarray of float32, shape (kept + 1,)
        The code where 0, 1, ... of the kept levels are reached.
    """
    levels = thresholds.shape[1]
    differ = (np.diff(thresholds, axis=1) != 0).any(axis=0)
    kept = np.array([0, *(1 + np.flatnonzero(differ))])
    return kept, np.array([0, *kept[1:], levels], np.float32)


def layer_of_sums(node, signal, code, level, most, name):
    """Make the layer of quantized sums; return the signal of its bits, and the layers."""
    sums = signal.root
    if most > LEVELS:
        raise ValueError(f"{node} must give at most {LEVELS + 1} values: it gives {most + 1} "
                         f"(quantize activations to 1 to 4 bits)")
    try:
        numbers, falling, every = fold(signal, code, most)
    except ValueError as error:
        raise ValueError(f"{node}: {error}") from None
    kept, meant = _distinct(numbers)
    numbers = numbers[:, kept]
    weights = np.where(_column(falling, sums.weights), -sums.weights, sums.weights)
    most_sums = sums.counts[:, None]
    thresholds = np.where(falling[:, None], most_sums - numbers, numbers)
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
    return Signal(bits, signal.source, (meaning, spread)), layers


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


MAKERS = {Pixels: encoder, Sums: layer_of_sums}
