"""Tells files of examples by their content, and reads arrays and IDX files."""

import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..store import magic
from ..store.files import naming, read_arrays
from . import idx
from .images import suffixes


HEAD = 1024  # octets of a file that tell its form

# Arrays of an .npz, the first that is there. Words are compared without case and underscores.
EXAMPLES = ("xtest", "testx", "testimages", "testdata", "x", "images", "data", "examples", "xtrain",
            "trainimages", "arr0")
LABELS = {"xtest": "ytest", "testx": "testy", "testimages": "testlabels", "testdata": "testlabels",
          "x": "y", "images": "labels", "data": "labels", "examples": "labels", "xtrain": "ytrain",
          "trainimages": "trainlabels"}


def form_of(path):
    """Return the form of a file: picture, table, npy, npz or idx.

    Content counts before the name's ending.

    Raises
    ------
    ValueError
        If the file is of a foreign format.
    """
    path = Path(path)
    with naming(path), idx.opened(path) as file:
        try:
            head = file.read(HEAD)
        except EOFError:
            head = b""
    if not head:
        raise ValueError(f"{path} must hold examples: it is empty")
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    if idx.is_idx(path):
        return "idx"
    foreign = magic.name(path)
    if foreign and foreign[0] == "a NumPy archive (.npz)":
        return "npz"
    if foreign and not foreign[0].startswith("a picture"):
        raise ValueError(f"{path} must be a picture, a table or arrays: it is {foreign[0]} "
                         f"({foreign[1]})")
    if foreign or path.suffix.lower() in suffixes() or re.match(rb"P[1-7]\s", head) \
            or not _is_text(head):
        return "picture"
    return "table"


def _is_text(head):
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16
        return True
    return b"\0" not in head and sum(octet < 9 or 13 < octet < 32 for octet in head) == 0


@contextmanager
def pipe():
    """Give a file that has what comes from standard input."""
    with tempfile.NamedTemporaryFile(prefix="thresher-") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield Path(file.name)


@contextmanager
def called(path, name):
    """Give errors in a block the name that the user knows a file by."""
    try:
        yield
    except ValueError as error:
        raise ValueError(str(error).replace(str(path), name)) from None


def npy(path):
    """Return an array, None for its labels, and no note."""
    with naming(path), idx.opened(path) as file:
        try:
            array = np.load(file, allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise ValueError(f"{path} must be an intact .npy array: {error}") from None
    return _numbers(path, array), None, None


def npz(path):
    """Return the array of a file that is to be classified, its labels or None, and a note."""
    arrays = read_arrays(path, "arrays")
    plain = {key.lower().replace("_", ""): key for key in arrays}
    known = next((name for name in EXAMPLES if name in plain), None)
    if known is None and len(arrays) > 1:
        raise ValueError(f"{path} must say which array to classify: call it x_test ("
                         f"{', '.join(sorted(arrays))} are there)")
    key = plain[known] if known else next(iter(arrays))
    labels = plain.get(LABELS.get(known))
    note = f"{path}: array {key!r} is classified" if len(arrays) > 1 + (labels is not None) else ""
    return (_numbers(path, arrays[key]), None if labels is None else arrays[labels].ravel(), note)


def idx_file(path):
    """Return the examples of an IDX file, the labels beside or None, and a note."""
    array = idx.read(path)
    beside = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    if beside == path or not beside.exists():
        return array, None, None
    labels = idx.read(beside, (1,))
    if len(labels) != len(array):
        return array, None, f"{beside} is not of {path.name}: it has {len(labels)} labels"
    return array, labels, f"the classes are those of {beside}"


def _numbers(path, array):
    if array.dtype.kind not in "buif" or array.ndim == 0 or array.size == 0:
        raise ValueError(f"{path} must be an array of numbers: type {array.dtype.name}, shape "
                         f"{array.shape}")
    return array


ARRAYS = {"npy": npy, "npz": npz, "idx": idx_file}
