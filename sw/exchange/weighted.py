"""Sums of a walk: what a graph multiplies by constant weights, as sums of a layer to be made."""

from math import prod

import numpy as np

from ..layer.lookup import WIRES_LIMIT
from ..layer.window import KERNEL_LIMIT
from . import arrange
from .root import Addresses, Bits, Means, Pixels
from .signal import Signal
from .sums import Sums, Totals, Window
from .tensor import ELEMENTS
from .weigh import CLOSE, Even, grid_of_bits, grid_of_pixels, halves, ternary


NOISE = 1e-7  # of a shift, in units of a sum: float64 rounds less
PAD_LIMIT = (KERNEL_LIMIT - 1) // 2
MAP_LIMIT = 2**24  # most values of a map that a convolution gives


def dense(walk, node, signal, weights):
    """Return the sums of a matrix of weights, (neurons, inputs)."""
    if isinstance(signal.root, Means):
        return _of_means(walk, node, signal, weights)
    if signal.source.size != signal.shape[-1] or weights.shape[1] != signal.shape[-1] \
            or not weights.size:
        raise ValueError(f"{node} must multiply a row of values by as many weights: shape "
                         f"{signal.shape}, weights {weights.T.shape}")
    weights = weights.astype(np.float64)
    grid, most, bits = _grid(walk, node, signal)
    low, step = (np.broadcast_to(each, signal.root.units)[signal.source.ravel()]
                 for each in (grid.low, grid.step))
    walk.grids[node] = Even.of(low, step)
    half = 0 if bits else most / 2
    signs, scale = ternary(node, weights * step * (1 if bits else 0.5))
    shift = halves(weights @ (low + step * half) / scale, NOISE)
    _bounded(node, len(weights) * signal.root.whole.units * (1 if bits else most))
    ours = np.zeros((len(weights), signal.root.whole.units), np.int32)
    np.add.at(ours, (slice(None), signal.places.ravel()), signs)
    if np.abs(ours).max() > 1:
        raise ValueError(f"{node} must take each value once: some are there several times")
    ours = np.repeat(ours, 1 if bits else most, axis=1).astype(np.int8)
    sums = Sums(ours, shift, scale, None, pixel_bits=bits)
    return _sums(walk, sums, np.arange(len(weights))[None].reshape(
        *signal.shape[:-1], -1))


def conv(walk, node, signal, kernel, form, value):
    """Return the sums of a kernel, (neurons, rows, columns, channels), over windows.

    ``form`` has strides and pads; ``value`` is that of the padding.
    """
    map_ = arrange.map_of(signal.places)
    if map_ is None or prod(map_) != signal.root.whole.units:
        raise ValueError(f"{node} must take a whole map in its order: shape {signal.shape} is "
                         f"none (a flat input of several channels must be a map in the graph's "
                         f"input)")
    if len(set(form.strides)) > 1:
        raise ValueError(f"{node} must have one stride for rows and columns: {form.strides}")
    kernel, pad = _grown(node, kernel, form.pads)
    grid, most, bits = _grid(walk, node, signal)
    low, step = (_of_channels(node, each, map_) for each in (grid.low, grid.step))
    walk.grids[node] = Even.of(low, step)
    _bounded(node, kernel.size * (1 if bits else most))
    kernel = kernel.astype(np.float64)
    signs, scale = ternary(node, kernel * step * (1 if bits else 0.5))
    offset = (kernel * (low + step * (0 if bits else most / 2))).sum(axis=(1, 2, 3))
    shift = halves(offset / scale, NOISE)
    signs = np.repeat(signs, 1 if bits else most, axis=3)
    around = _padding(node, low, step, most, bits, value) if pad else 0
    window = Window(*map_[:2], form.strides[0], pad, around)
    rows, columns = ((side + 2 * pad - extent) // window.stride + 1
                     for side, extent in zip(map_[:2], kernel.shape[1:3], strict=True))
    made = rows, columns, len(kernel)
    if prod(made) > MAP_LIMIT:
        raise ValueError(f"{node} must give a map of at most {MAP_LIMIT:,} values: "
                         f"{' x '.join(map(str, made))}")
    if not pad and kernel.shape[1:3] == map_[:2]:
        window, signs = None, signs.reshape(len(signs), -1)
    sums = Sums(signs, shift, scale, made, window, bits)
    return _sums(walk, sums, arrange.places(made))


def means(walk, node, signal, divisor):
    """Return the sums of a map's positions, divided by a number; None means their mean."""
    map_ = arrange.map_of(signal.source)
    if map_ is None or isinstance(signal.root, Pixels):
        raise ValueError(f"{node} must take a whole map of bits or sums: shape {signal.shape}")
    walk.only(node, signal)
    positions = map_[0] * map_[1]
    divisor = divisor or positions
    source = np.arange(map_[2]).reshape(1, -1, 1, 1)
    sums = signal.root
    if isinstance(sums, Bits):
        walk.tip = Means(map_[2], signal, map_, divisor)
        return Signal(walk.tip, source)
    if signal.steps or sums.pool or sums.weights.shape[1:3] != (1, 1) or sums.pixel_bits \
            or (sums.window and (sums.window.stride, sums.window.padding) != (1, 0)):
        raise ValueError(f"{node} must take the sums of a 1 x 1 convolution of bits, as they are")
    walk.grids[node] = Even.of(sums.scale * (sums.shift - np.floor(sums.shift)), sums.scale)
    return _sums(walk, Totals(sums.rows, sums.shift * positions, sums.scale / divisor, map_,
                              positions=positions), source)


def _of_means(walk, node, signal, weights):
    """Return the sums of a matrix of weights, (classes, channels), over the positions of a map."""
    root = signal.root
    channels = signal.source.ravel()
    if signal.steps or len(channels) != root.units or weights.shape[1] != root.units \
            or not weights.size:
        raise ValueError(f"{node} must multiply the mean of each channel, as it is, by as many "
                         f"weights: shape {signal.shape}, weights {weights.T.shape}")
    walk.only(node, signal)
    grid = grid_of_bits(node, root.signal)
    low, step = (_of_channels(node, each, root.map) for each in (grid.low, grid.step))
    kernel = np.zeros(weights.shape)
    kernel[:, channels] = weights
    positions = root.map[0] * root.map[1]
    walk.grids[node] = Even.of(low * (positions / root.divisor), step / root.divisor)
    signs, scale = ternary(node, kernel * step / (2 * root.divisor))
    offset = kernel @ (low + step * grid.most / 2) * (positions / root.divisor)
    shift = halves(offset / scale, NOISE)
    return _sums(walk, Totals(np.repeat(signs, grid.most, axis=1), shift, scale, root.map,
                              positions=positions),
                 np.arange(len(weights)).reshape(*signal.shape[:-1], -1))


def address(walk, node, signal, weights):
    """Return numbers that bits form: each row of a tensor, times powers of two."""
    walk.only(node, signal)
    if not isinstance(signal.root, Bits) or signal.root.most > 1 or signal.source.ndim != 3 \
            or len(weights) != signal.shape[-1] or len(weights) > WIRES_LIMIT:
        raise ValueError(f"{node} must multiply one row of values, or up to {WIRES_LIMIT} bits of "
                         f"each of many rows: shape {signal.shape}, weights {weights.shape}")
    wires = signal.source[0]
    grid = grid_of_bits(node, signal)
    low, step = (np.broadcast_to(each, signal.root.units)[wires] for each in (grid.low, grid.step))
    weights = weights.astype(np.float64)[:, 0]
    if (step * weights != 2.0 ** np.arange(len(weights))).any():
        raise ValueError(f"{node} must multiply bits by powers of two, the least first")
    walk.tip = Addresses(wires, low @ weights)
    return Signal(walk.tip, np.arange(len(wires)).reshape(1, -1, 1))


def _sums(walk, sums, source):
    walk.tip = sums
    return Signal(sums, source)


def _grid(walk, node, signal):
    """Return the grid of a signal's values, its greatest integer, and the bits of a pixel."""
    walk.only(node, signal)
    if isinstance(signal.root, Bits):
        grid = grid_of_bits(node, signal)
        return grid, grid.most, 0
    if isinstance(signal.root, Pixels):
        grid, walk.range = grid_of_pixels(node, signal)
        return grid, grid.most, signal.root.bits
    raise ValueError(f"{node} must take quantized values: sums reach it (put a quantizer of 1 "
                     f"to 4 bits in front of it)")


def _of_channels(node, values, map_):
    """Return values of places, or one for all, as one a channel."""
    if len(values) == 1:
        return np.repeat(values, map_[2])
    rows = values.reshape(-1, map_[2])
    if (rows != rows[0]).any():
        raise ValueError(f"{node} must take values that mean the same at all positions of a "
                         f"channel")
    return rows[0]


def _padding(node, low, step, most, bits, value):
    """Return the integer that stands for the value of the padding: a bit, or a pixel."""
    for found in range(2**bits) if bits else (0, most):
        if (np.abs(low + step * found - value) <= CLOSE * np.abs(step).max()).all():
            return found if bits else int(found > 0)
    ends = ", ".join(sorted({f"{each:g}" for each in (*low, *(low + step * most))})[:4])
    raise ValueError(f"{node} must pad by a value that its inputs can have: it pads by "
                     f"{value:g}, they have {ends} (±1 has no 0: pad by -1 or +1 with a Pad "
                     f"node, or use inputs of 0 and 1)")


def _bounded(node, count):
    if count > ELEMENTS:
        raise ValueError(f"{node} must have at most {ELEMENTS:,} weights, one for each bit: "
                         f"{count:,}")


def _grown(node, kernel, pads):
    """Return a kernel and one padding for all sides that do what a kernel and four pads do.

    Where a side is padded less, the kernel grows by weights of 0.
    """
    most = max(max(each) for each in pads)
    if most > PAD_LIMIT:
        raise ValueError(f"{node} must pad by at most {PAD_LIMIT} rows and columns: {pads}")
    more = [(most - less, most - behind) for less, behind in pads]
    return np.pad(kernel, ((0, 0), *more, (0, 0))), most
