"""Weights of a layer: what a graph multiplies becomes -1, 0 and +1, an offset and a scale."""

from dataclasses import dataclass

import numpy as np

from .tensor import short


CLOSE = 2e-6  # relative: values that float32 rounded are on a grid within this


@dataclass(frozen=True, eq=False)
class Grid:
    """Values as ``low + step * integer``, one a place or one for all.

    Attributes
    ----------
    low, step : ndarray of float64, shape (places,)
        Value of the integer 0, and distance of two integers.
    most : int
        Greatest integer.
    """

    low: np.ndarray
    step: np.ndarray
    most: int


@dataclass(frozen=True)
class Even:
    """Values of a tensor as ``step * (zero + integer)``, the same step for all.

    A step that is no power of two makes float32 round the values. Sums of them are those of
    ``zero + integer``, which are exact, times the step.

    Attributes
    ----------
    zero, step : float
        Value of the integer 0 in steps, and distance of two integers.
    """

    zero: float
    step: float

    @classmethod
    def of(cls, low, step):
        """Return the form of a grid, None where float32 has its values or places differ."""
        if len(np.unique(low)) > 1 or len(np.unique(step)) > 1 or not step.flat[0] \
                or abs(np.frexp(step.flat[0])[0]) == 0.5:
            return None
        return cls(float(low.flat[0] / step.flat[0]), float(step.flat[0]))

    def units(self, x):
        """Return values in steps, float64, or float32 where that is exact."""
        units = self.zero + np.rint(x.astype(np.float64) / self.step - self.zero)
        return units.astype(np.float32) if 2 * self.zero == round(2 * self.zero) else units


def halves(values, tolerance):
    """Return values that are multiples of 1/2 where rounding moved them a little."""
    near = np.rint(2 * values) / 2
    return np.where(np.abs(values - near) <= tolerance, near, values)


def _settled(low, step, reach):
    """Return the value of the integer 0, a multiple of half a step where float32 rounded one."""
    each = np.where(step == 0, 1, step)
    return np.where(step == 0, low, each * halves(low / each, CLOSE * reach / np.abs(each)))


def grid_of_bits(node, signal):
    """Return the :class:`Grid` of the values that bits stand for; an integer counts bits."""
    first, index = signal.grouped()
    tables = signal.table(first).astype(np.float64)
    most = signal.root.most
    low, step = tables[:, 0], (tables[:, -1] - tables[:, 0]) / most
    ideal = low[:, None] + step[:, None] * np.arange(most + 1)
    reach = np.abs(tables).max(axis=1, initial=0, keepdims=True)
    if not (np.abs(tables - ideal) <= CLOSE * reach).all():
        raise ValueError(f"{node} must take values at equal distances: they are "
                         f"{', '.join(f'{each:g}' for each in tables[0])}")
    return Grid(_settled(low, step, reach[:, 0])[index], step[index], most)


def grid_of_pixels(node, signal):
    """Return the :class:`Grid` of pixels' values, and the pixels that are its ends.

    Returns
    -------
    Grid
        Of one element: it is the same for all pixels.
    tuple of float
        Pixels that become 0 and the greatest input, as :class:`sw.conversion.Picture` means it.
    """
    first, _ = signal.grouped()
    tables = signal.table(first).astype(np.float64)
    if (tables != tables[0]).any():
        raise ValueError(f"{node} must take pixels that are all scaled in one way: channels differ "
                         f"(give the first layer inputs quantized to 4 bits or less, or one mean "
                         f"and deviation for all channels)")
    table = tables[0]
    if not np.isfinite(table).all() or table[0] == table[-1]:
        raise ValueError(f"{node} must take pixels that differ: they are scaled to "
                         f"{table[0]:g}..{table[-1]:g}")
    top, reach = len(table) - 1, np.abs(table).max()
    step = (table[-1] - table[0]) / top
    pixels = np.arange(top + 1)
    if (np.abs(table - (table[0] + step * pixels)) <= CLOSE * reach).all():
        return _pixels(table[0], step, reach, top), (0.0, float(top))
    found = np.unique(table)
    codes = np.rint((table - found[0]) / np.diff(found).min())
    step = (found[-1] - found[0]) / codes.max()
    if (np.abs(table - (found[0] + step * codes)) > CLOSE * reach).any() \
            or codes.max() > top or (np.diff(codes) < 0).any():
        raise ValueError(f"{node} must take pixels of few bits at equal distances, rising: they "
                         f"have {len(found)} values")
    return _pixels(found[0], step, reach, top), _range(node, codes, top)


def _pixels(low, step, reach, top):
    step = np.array([step])
    return Grid(_settled(np.array([low]), step, reach), step, top)


def _range(node, codes, top):
    """Return low and high such that ``rint((p - low) / (high - low) * 255)``, cut, is the code."""
    pixels = np.arange(top + 1, dtype=np.float64)

    def bounds(gain):
        """Return the shifts between which every pixel gets its code."""
        low = np.where(codes > 0, codes - 0.5 - gain * pixels, -np.inf)
        high = np.where(codes < top, codes + 0.5 - gain * pixels, np.inf)
        return low.max(), high.min()

    for shift, gain in (_from_zero(codes, pixels, top), _middle(bounds, top)):
        if gain > 0 and np.subtract(*bounds(gain)) < 0:
            low = -shift / gain + 0.0
            return _plain(low, low + top / gain, codes, pixels, top)
    raise ValueError(f"{node} must take pixels whose quantization is a scale and a cut: it is not")


def _from_zero(codes, pixels, top):
    """Return a shift of 0, and a gain that may give all pixels their codes."""
    at = pixels[1:]
    low = np.where(codes[1:] > 0, (codes[1:] - 0.5) / at, 0)
    high = np.where(codes[1:] < top, (codes[1:] + 0.5) / at, np.inf)
    if codes[0] or low.max() >= high.min():
        return 0.0, 0.0
    return 0.0, (low.max() + high.min()) / 2


def _middle(bounds, top):
    """Return the shift and the gain with the most room for shifts."""
    least, most = 0.0, 2.0 * top
    for _ in range(200):  # the room between the bounds is a concave function of the gain
        left, right = least + (most - least) / 3, most - (most - least) / 3
        room_left, room_right = (np.subtract(*bounds(gain)[::-1]) for gain in (left, right))
        least, most = (left, most) if room_left < room_right else (least, right)
    gain = (least + most) / 2
    return sum(bounds(gain)) / 2, gain


def _plain(low, high, codes, pixels, top):
    """Return a range of few digits that gives the same codes."""
    for digits in range(8):
        some = round(low, digits) + 0.0, round(high, digits)
        if some[0] < some[1] and gives(*some, codes, pixels, top):
            return some
    if not gives(low, high, codes, pixels, top):
        raise ValueError("Pixels must be quantized by a scale and a cut: rounding is in the way")
    return low, high


def gives(low, high, codes, pixels, top):
    """Whether a range gives all pixels their codes."""
    scaled = np.clip(np.rint((pixels - low) / (high - low) * top), 0, top)
    return bool((scaled == codes).all())


def ternary(node, effects):
    """Return effects of inputs on neurons as -1, 0 and +1, and a scale.

    Parameters
    ----------
    node : sw.exchange.graph.Node
        For messages.
    effects : ndarray of float64, shape (neurons, ...)
        Products of weights and distances of values.

    Returns
    -------
    ndarray of int8
        Signs, in the shape of ``effects``.
    ndarray of float64, shape (neurons,)
        Their scale; 1 for a neuron without synapses.
    """
    flat = effects.reshape(len(effects), -1)
    if not np.isfinite(flat).all():
        raise ValueError(f"{node} must have finite weights: NaN or infinity is among them")
    scale = np.abs(flat).max(axis=1)
    scale[scale == 0] = 1
    parts = effects / scale.reshape(-1, *[1] * (effects.ndim - 1))
    signs = np.rint(parts)
    # A small weight beside a large one is no 0: it decides where the large one's input is 0.
    wrong = ((np.abs(parts - signs) > CLOSE) | ((signs == 0) & (effects != 0)))
    if wrong.any():
        worst = int(np.argmax(wrong.reshape(len(flat), -1).any(axis=1)))
        found = np.unique(flat[worst])
        some = short(", ".join(f"{value:g}" for value in found[:6]))
        raise ValueError(f"{node} must have weights of one size, or 0, for each neuron: neuron "
                         f"{worst} has {len(found)} values, {some} (quantize weights to 1 bit, or "
                         f"2 bits narrow)")
    return signs.astype(np.int8), scale
