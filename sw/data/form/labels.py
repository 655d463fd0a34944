"""Brings arrays of examples and labels into the form of a part, and says what it did."""

import numpy as np

from ..raw import Part


def part(path, names, examples, labels, notes):
    """Return the part of two arrays.

    Parameters
    ----------
    path : path-like
        Where they come from, for messages.
    names : tuple of str
        Names of both arrays.
    examples, labels : ndarray
        Numbers; numbers or text. ``labels`` may be None.
    notes : list of str
        Takes sentences on what was guessed.
    """
    classes = None if labels is None else _classes(path, names[1], labels, notes)
    count = None if classes is None else len(classes)
    examples = _examples(path, names[0], examples, count, notes)
    if count is not None and len(examples) != count:
        raise ValueError(f"{path} must have one label for each of the {len(examples)} examples of "
                         f"{names[0]!r}: {names[1]!r} has {count}")
    return Part(examples, classes)


def _examples(path, name, array, count, notes):
    if array.dtype.kind not in "buif":
        raise ValueError(f"{path} must have numbers in {name!r}: {array.dtype} of shape "
                         f"{array.shape}")
    if array.ndim == 0 or array.size == 0:
        raise ValueError(f"{path} must have examples in {name!r}: its shape is {array.shape}")
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    array = array.astype(array.dtype.newbyteorder("="), "K", copy=False)
    _check_finite(path, name, array)
    if array.ndim == 1:
        array = array[:, None]
    shape = array.shape
    if count is not None and array.shape[0] != count and array.shape[-1] == count:
        array = np.moveaxis(array, -1, 0)
        _note(notes, f"examples of {name!r}, {_by(shape)}, are counted by the last axis, as the "
                     f"labels are")
    return _shaped(path, name, array, notes)


def _shaped(path, name, array, notes):
    """Return examples as rows, or as pictures with the colours last."""
    shape = array.shape
    if array.ndim == 4 and shape[3] not in (1, 3) and shape[1] in (1, 3):
        _note(notes, f"pictures of {name!r}, {_by(shape)}, have their colours first and are turned "
                     f"to colours last")
        return np.moveaxis(array, 1, -1)
    if array.ndim == 4 and shape[3] in (2, 4) and min(shape[1:3]) > 1:
        raise ValueError(f"{path} must have pictures of 1 or 3 colours in {name!r}: {_by(shape)} "
                         f"(leave out transparency: {name}[..., :{shape[3] - 1}])")
    if (array.ndim == 3 and 1 in shape[1:]) or array.ndim > 4 or \
            (array.ndim == 4 and shape[3] not in (1, 3)):
        flat = array.reshape(len(array), -1)
        _note(notes, f"examples of {name!r}, {_by(shape)}, are taken as rows of {flat.shape[1]} "
                     f"numbers")
        return flat
    return array


def _classes(path, name, array, notes):
    if array.ndim == 0:
        raise ValueError(f"{path} must have one label an example in {name!r}: it is one value")
    if array.ndim > 1 and array.size == max(array.shape):
        array = array.reshape(-1)  # (N, 1) and (1, N)
    if array.dtype.kind == "S":
        array = np.array([_decoded(entry) for entry in array.ravel()]).reshape(array.shape)
    if array.ndim == 2 and array.dtype.kind in "buif":
        array = _from_one_hot(path, name, array, notes)
    if array.ndim != 1:
        raise ValueError(f"{path} must have labels of shape (N,), (N, 1) or one-hot (N, classes) "
                         f"in {name!r}: {array.dtype} of shape {array.shape}")
    if array.dtype.kind == "U":
        return array
    if array.dtype.kind == "f" and np.isfinite(array).all() and (array == np.floor(array)).all() \
            and (np.abs(array) < 2**53).all():
        return array.astype(np.int64)
    if (array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max) \
            or array.dtype.kind not in "bui":
        raise ValueError(f"{path} must have labels of integers or text in {name!r}: {array.dtype} "
                         f"such as {array.ravel()[:1].tolist()}")
    return array.astype(np.int64)


def _from_one_hot(path, name, array, notes):
    if not (((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all()):
        raise ValueError(f"{path} must have labels of one number an example, or one-hot rows with "
                         f"one 1 each, in {name!r}: shape {array.shape}")
    _note(notes, f"labels {name!r} are one-hot: the class is the place of the 1 among "
                 f"{array.shape[1]}")
    return array.argmax(axis=1)


def _check_finite(path, name, array):
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        wrong = np.argwhere(~np.isfinite(array))
        place = tuple(wrong[0].tolist())
        raise ValueError(f"{path} must hold numbers that are finite in {name!r}: {array[place]} at "
                         f"{list(place)}, {len(wrong)} such in all (fill in or remove these "
                         f"examples)")


def _decoded(entry):
    try:
        return entry.decode("utf-8")
    except UnicodeDecodeError:
        return entry.decode("latin-1")


def _by(shape):
    return " x ".join(map(str, shape))


def _note(notes, sentence):
    if sentence not in notes:
        notes.append(sentence)
