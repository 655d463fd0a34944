"""Checks of a layer's fields, and arrays that nobody can change afterwards."""

import re

import numpy as np


# Far above the sizes that any supported device can hold. The limits bound the memory that a damaged
# file can ask for.
INPUTS_LIMIT = 2**20
NEURONS_LIMIT = 2**16
LEVELS_LIMIT = 256

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


def check_name(name):
    if not (isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name)):
        raise ValueError(f"Name of a layer must be up to 32 lower-case letters, digits and _, "
                         f"beginning with a letter: {name!r}")
    if re.fullmatch(TAKEN, name):
        raise ValueError(f"Name of a layer must not be that of a part around layers: {name!r}")


def check_array(layer, array):
    """Check dtype, dimensions, size and range of an array of a layer."""
    value, dimensions = getattr(layer, array.name), len(array.extents)
    if (not isinstance(value, np.ndarray) or value.dtype != array.dtype
            or value.ndim != dimensions):
        have = (f"{value.dtype} of shape {value.shape}" if isinstance(value, np.ndarray)
                else type(value).__name__)
        raise ValueError(f"{array.title} of layer {layer.name!r} must be {array.dtype} with "
                         f"{dimensions} dimension{'s' if dimensions > 1 else ''}: {have}")
    if value.size == 0:
        raise ValueError(f"{array.title} of layer {layer.name!r} must not be empty: shape "
                         f"{value.shape}")
    if max(value.shape) > INPUTS_LIMIT:
        raise ValueError(f"{array.title} of layer {layer.name!r} must have at most "
                         f"{INPUTS_LIMIT} rows and columns: shape {value.shape}")
    if array.low is not None:
        check_range(layer, array.name, array.low, array.high)


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
    """Check that a number of a layer is an integer in its range."""
    value = getattr(layer, array.name)
    if value not in range(array.low, array.high + 1):
        raise ValueError(f"{array.title} of layer {layer.name!r} must be in "
                         f"{array.low}..{array.high}: {value}")
