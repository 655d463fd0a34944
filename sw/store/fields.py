"""Arrays of a file as Python values; an array of another type is refused, never rounded."""

import numpy as np

from .files import parse_json


def integer(arrays, name):
    """Return the one integer of an array."""
    number, = _checked(arrays, name, "iu", "one integer", count=1)
    return int(number)


def integers(arrays, name):
    """Return the integers of an array, a tuple of int."""
    return tuple(map(int, _checked(arrays, name, "iu", "integers")))


def real(arrays, name):
    """Return the one number of an array, as float."""
    number, = _checked(arrays, name, "iuf", "one number", count=1)
    return float(number)


def text(arrays, name):
    """Return the one string of an array."""
    string, = _checked(arrays, name, "U", "one string", count=1)
    return str(string)


def texts(arrays, name):
    """Return the strings of an array, a tuple of str."""
    return tuple(map(str, _checked(arrays, name, "U", "strings")))


def content(arrays, name):
    """Return the dict that the JSON text in an array describes."""
    value = parse_json(text(arrays, name), f"Field {name!r}")
    if not isinstance(value, dict):
        raise ValueError(f"Field {name!r} must be a JSON object: {type(value).__name__}")
    return value


def of_type(arrays, name, dtype):
    """Raise ValueError unless an array is of a type: files are not converted."""
    array = arrays[name]
    if array.dtype != np.dtype(dtype):
        raise ValueError(f"Field {name!r} must be {dtype}: {array.dtype} of shape {array.shape}")


def plain(value, name):
    """Return a value with NumPy's numbers and arrays replaced by what JSON can hold.

    Raises
    ------
    ValueError
        If JSON cannot hold the value. The message names the place of the value in it.
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(part, f"{name}[{key!r}]") for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part, f"{name}[{place}]") for place, part in enumerate(value)]
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError(f"{name[:1].upper()}{name[1:]} must be something that JSON can hold: "
                     f"{type(value).__name__} (give its text: str(…))")


def _checked(arrays, name, kinds, what, count=None):
    array = arrays[name]
    if array.dtype.kind not in kinds or (count is not None and array.size != count):
        raise ValueError(f"Field {name!r} must be {what}: {array.dtype} of shape {array.shape}")
    return array.ravel()
