"""Arrays of a file as Python values; an array of another type is refused, never rounded."""

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


def _checked(arrays, name, kinds, what, count=None):
    array = arrays[name]
    if array.dtype.kind not in kinds or (count is not None and array.size != count):
        raise ValueError(f"Field {name!r} must be {what}: {array.dtype} of shape {array.shape}")
    return array.ravel()
