"""Checks of a layer's fields, and arrays that nobody can change afterwards."""

import re

import numpy as np


# Far above the sizes that any supported device can hold. The limits bound the memory that a damaged
# file can ask for.
INPUTS_LIMIT = 2**20
NEURONS_LIMIT = 2**16
LEVELS_LIMIT = 256

LABEL_LIMIT = 200  # characters of a class name

# Format characters that words of some scripts need, though str.isprintable refuses them.
JOINERS = str.maketrans("", "", "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}")

# Names of parts of the hardware that are not layers. A layer of such a name would clash.
TAKEN = r"(scores_)?queue|label_select|(to|wired)_.*"


def freeze(layer, *names):
    """Replace arrays of a frozen dataclass by arrays that nobody can write to.

    The caller's own arrays stay writable. A later write to them does not reach the layer.

    Parameters
    ----------
    layer : dataclass
        The owner of the arrays, checked already.
    *names : str
        Fields that hold the arrays.
    """
    for name in names:
        object.__setattr__(layer, name, frozen(getattr(layer, name)))


def frozen(array):
    """Return an array of equal content whose memory nobody can write to.

    The memory of the result is a ``bytes`` object, so ``setflags(write=True)`` fails too. A flag
    is not enough, because a view that was made before the flag was set stays writable.

    Parameters
    ----------
    array : ndarray
        Numbers. A frozen array is returned unchanged.

    Returns
    -------
    ndarray
        Read-only, of the same dtype and shape.
    """
    base = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, bytes):
        return array
    return np.ndarray(array.shape, array.dtype, array.tobytes())


def is_printable(text, limit):
    """Whether a text has 1 to ``limit`` characters, all of which a terminal can show."""
    shown = text.translate(JOINERS)
    return bool(shown) and len(text) <= limit and shown.isprintable()


def check_name(name):
    if not (isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name)):
        raise ValueError(f"Name of a layer must be up to 32 lower-case letters, digits and _, "
                         f"beginning with a letter: {name!r}")
    if re.fullmatch(TAKEN, name):
        raise ValueError(f"Name of a layer must not be that of a part around layers: {name!r}")


def check_array(layer, array):
    """Check dimensions, size and range of an array of a layer; store the array in its dtype.

    A list, or an array of another numeric type, is converted if that is exact.
    """
    value, dimensions = _numeric(getattr(layer, array.name)), len(array.extents)
    if value is None or value.ndim != dimensions:
        have = ("no numbers" if value is None else f"{value.dtype} of shape {value.shape}")
        raise ValueError(f"{array.title} of layer {layer.name!r} must be {array.dtype} with "
                         f"{dimensions} dimension{'s' if dimensions > 1 else ''}: {have}")
    if value.size == 0:
        raise ValueError(f"{array.title} of layer {layer.name!r} must not be empty: shape "
                         f"{value.shape}")
    if max(value.shape) > INPUTS_LIMIT:
        raise ValueError(f"{array.title} of layer {layer.name!r} must have at most "
                         f"{INPUTS_LIMIT} rows and columns: shape {value.shape}")
    if value.dtype != array.dtype:
        value = _converted(layer, array, value)
    object.__setattr__(layer, array.name, value)
    if array.low is not None:
        check_range(layer, array.name, array.low, array.high)


def _numeric(value):
    """Return a value as an array of numbers, or None if it holds anything else."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):  # rows of different lengths; what only its owner can convert
        return None
    return array if array.dtype.kind in "biuf" else None


def _converted(layer, array, value):
    """Return an array in the dtype of a layer's array; refuse what would be cut or rounded.

    Of thresholds, which integers are compared with, a fraction is rounded up:
    ``x >= 127.5`` is ``x >= 128`` for every integer ``x``.
    """
    title = f"{array.title} of layer {layer.name!r}"
    if value.dtype.kind == "f":
        if not np.isfinite(value).all():
            raise ValueError(f"{title} must be finite: NaN or infinity is among them")
        value = value.astype(np.float64)  # so that the limits are exact, too
        whole = np.ceil(value)
        if not array.compared and (whole != value).any():
            first = value[whole != value][0]
            raise ValueError(f"{title} must be integers: {first} (round them yourself: nothing is "
                             f"cut here)")
        value = whole
    limits = np.iinfo(array.dtype)
    low = limits.min if array.low is None else array.low
    high = limits.max if array.high is None else array.high
    if value.min() < low or value.max() > high:
        raise ValueError(f"{title} must be in {low}..{high}: {value.min()}..{value.max()}")
    return value.astype(array.dtype)


def check_range(layer, name, low, high):
    """Check that all values of an array of a layer are in ``low..high``."""
    array = getattr(layer, name)
    if array.min() < low or array.max() > high:
        raise ValueError(f"{name.capitalize()} of layer {layer.name!r} must be in {low}..{high}: "
                         f"{array.min()}..{array.max()}")


def check_extents(layer, array, known):
    """Check an array's extents against the known ones of the same name; add the new ones."""
    for extent, length in zip(array.extents, getattr(layer, array.name).shape, strict=True):
        if extent == "neuron" and length > NEURONS_LIMIT:
            raise ValueError(f"Layer {layer.name!r} must have at most {NEURONS_LIMIT} neurons: "
                             f"{length}")
        if known.setdefault(extent, length) != length:
            raise ValueError(f"{array.title} of layer {layer.name!r} must be one per {extent}: "
                             f"{length}, not {known[extent]}")


def check_number(layer, array):
    """Check that a number of a layer is an integer in its range; store it as int."""
    value = getattr(layer, array.name)
    if np.ndim(value) or value not in range(array.low, array.high + 1):
        raise ValueError(f"{array.title} of layer {layer.name!r} must be in "
                         f"{array.low}..{array.high}: {value}")
    object.__setattr__(layer, array.name, int(value))
