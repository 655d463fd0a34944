"""Tells one example from several in an array, by the shape of a network's input."""

from math import prod

import numpy as np

from ..conversion import Picture


def examples_of(array, conversion, input_shape, name):
    """Return the examples in an array, shape (n, ...).

    Parameters
    ----------
    array : ndarray
        One example, or several along the first axis.
    conversion : sw.conversion.Picture or sw.conversion.Row
        Conversion of the network.
    input_shape : tuple of int
        Shape of an input of the network.
    name : str
        Name of the array for messages.

    Returns
    -------
    ndarray, shape (n, features), (n, rows, columns) or (n, rows, columns, 1 or 3)

    Raises
    ------
    ValueError
        If the array can be neither.
    """
    array = np.asarray(array)
    if isinstance(conversion, Picture):
        found = _pictures(array, conversion)
    else:
        found = _rows(array, prod(input_shape))
    if found is None:
        wanted = " x ".join(map(str, input_shape))
        raise ValueError(f"{name} must hold examples of the network's shape {wanted}, one or "
                         f"several along the first axis: its shape is {array.shape}{_way(array)}")
    return found


def _way(array):
    return " (one picture of another size: shape (1, rows, columns))" if array.ndim == 2 else ""


def _rows(array, inputs):
    if array.ndim == 1:
        return array[:, None] if inputs == 1 else array[None] if len(array) == inputs else None
    if prod(array.shape[1:]) == inputs:
        return array.reshape(len(array), inputs)
    return array.reshape(1, inputs) if array.size == inputs else None


def _pictures(array, conversion):
    size = conversion.size[::-1] if conversion.transpose else conversion.size
    shape = array.shape
    if array.ndim == 1:
        return array[None] if len(array) == conversion.inputs else None
    if array.ndim == 2:
        if shape == size:
            return array[None]
        return array if shape[1] == conversion.inputs else None
    if array.ndim == 3:
        return _of_three(array, size, conversion.colours)
    if array.ndim != 4:
        return None
    last = shape[3] in (1, 3) and not (shape[1] in (1, 3) and shape[2:] == size)
    if not last and shape[1] not in (1, 3):
        return None
    array = array if last else np.moveaxis(array, 1, 3)
    return array[..., 0] if array.shape[3] == 1 else array


def _of_three(array, size, colours):
    """Return pictures of an array (n, rows, columns), (rows, columns, 1 or 3) or (3, ...)."""
    shape = array.shape
    if shape[1:] == size and not (colours == 3 and shape[0] == 3):
        return array
    if shape[0] == 3 and shape[1:] == size:
        return np.moveaxis(array, 0, 2)[None]
    if shape[2] == 1:
        return array[None, ..., 0]
    return array[None] if shape[2] == 3 else array
