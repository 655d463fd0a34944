"""Tells files of examples by their content, and reads arrays and IDX files."""

import gzip
import re
import shutil
import sys
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..store import magic
from ..store.files import naming, read_array, read_arrays
from . import idx, wav
from .form import cifar, form, labels, mat
from .form.arrays import EXAMPLES, LABELS, placed_by_name
from .form.part import TEST, TRAIN, VALIDATION
from .images import suffixes
from .options import Options


HEAD = 1024  # octets of a file that tell its form
FORMS = {"a NumPy array (.npy)": "npy", "a NumPy archive (.npz)": "npz",  # as magic calls them
         "a recording (WAV)": "sound"}


def form_of(path):
    """Return the form of a file: picture, sound, table, npy, npz, idx, or dataset for others.

    Content counts before the name's ending.

    Raises
    ------
    ValueError
        If the file is of a foreign format.
    """
    path = Path(path)
    try:
        with naming(path), idx.opened(path) as file:
            head = file.read(HEAD)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} must be an intact gzip file: {error} (download it again)"
                         ) from None
    if not head:
        raise ValueError(f"{path} must hold examples: it is empty")
    if idx.is_idx(path):
        return "idx"
    if mat.matches(path) or cifar.matches(path):
        return "dataset"
    foreign = magic.name(path)
    if foreign and foreign[0] in FORMS:
        return FORMS[foreign[0]]
    if path.suffix.lower() == wav.SUFFIX:  # of a damaged file, too
        return "sound"
    if foreign and foreign[0] == "a gzip file" and _is_text(head):
        return "table"
    if foreign and not foreign[0].startswith("a picture"):
        raise ValueError(f"{path} must be a picture, a recording, a table or arrays: it is "
                         f"{foreign[0]} ({foreign[1]})")
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
        text = str(error).replace(str(path), name).replace(path.name, "data")
        raise ValueError(text) from None


def npy(path, notes):
    """Return the array of a file, and None for its labels."""
    return _numbers(path, read_array(path)), None


def npz(path, notes):
    """Return the array of a file that is to be classified, and its labels or None.

    Of several parts the test part counts.
    """
    arrays = read_arrays(path, "arrays")
    if len(arrays) == 1:
        return _numbers(path, next(iter(arrays.values()))), None
    placed, class_names = placed_by_name(path, arrays, notes)
    part = next(part for part in (TEST, VALIDATION, TRAIN, *placed)
                if EXAMPLES in placed.get(part, ()))
    roles = placed[part]
    name, examples = roles[EXAMPLES]
    if len(placed) > 1:
        notes.append(f"{path}: {name!r} is classified")
    if LABELS not in roles:
        return _numbers(path, examples), None
    label_name, classes = roles[LABELS]
    found = labels.part(path, (name, label_name), examples, classes, notes)
    if class_names is None or found.labels.dtype.kind != "i" \
            or not 0 <= found.labels.min() <= found.labels.max() < class_names.size:
        return found.examples, found.labels
    return found.examples, class_names.ravel().astype(str)[found.labels]


def idx_file(path, notes):
    """Return the examples of an IDX file, and the labels beside or None."""
    array = idx.read(path)
    beside = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    if beside == path or not beside.exists():
        return array, None
    classes = idx.read(beside, (1,))
    if len(classes) != len(array):
        notes.append(f"{beside} is not of {path.name}: it has {len(classes)} labels")
        return array, None
    notes.append(f"the classes are those of {beside}")
    return array, classes


def dataset(path, notes):
    """Return the examples and labels of a file of another form: its test part, if there is one."""
    raw = form.read(path, Options())
    notes.extend(raw.guessed)
    part = raw.test or raw.train
    if raw.class_names is None or part.labels is None:
        return part.examples, part.labels
    return part.examples, np.array(raw.class_names)[part.labels]


def _numbers(path, array):
    if array.dtype.kind not in "buif" or array.ndim == 0 or array.size == 0:
        raise ValueError(f"{path} must be an array of numbers: type {array.dtype.name}, shape "
                         f"{array.shape}")
    return array


ARRAYS = {"npy": npy, "npz": npz, "idx": idx_file, "dataset": dataset}
