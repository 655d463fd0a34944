"""Datasets in MATLAB files up to version 7, as SVHN has them."""

import struct
import warnings
import zlib
from math import prod

import numpy as np
from scipy import io

from ..raw import Raw
from .arrays import EXAMPLES, LABELS, LIMIT, fill, placed_by_name
from .part import part_of


MARK = b"MATLAB 5.0 MAT-file"
_SIZES = {"double": 8, "single": 4, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4,
          "uint32": 4, "int64": 8, "uint64": 8, "logical": 1, "char": 4}


def matches(path):
    """Return whether a path is a MATLAB file, or a folder that holds some."""
    if path.is_dir():
        return bool(_files(path))
    with open(path, "rb") as file:
        return file.read(len(MARK)) == MARK


def read(path, options):
    """Read a file, and the file of the other part beside it."""
    folder = path if path.is_dir() else path.parent
    raw = Raw(path, "MATLAB arrays", None)
    files = {}
    for file in _files(folder):
        part, rest = part_of(file.stem)
        if part is None and "extra" in rest and path.is_dir():
            raw.guessed.append(f"{file.name} is not used, as usual with SVHN")
            continue
        files.setdefault((part, tuple(rest)), file)
    if not path.is_dir():
        part, rest = part_of(path.stem)
        files = {place: file for place, file in files.items() if place[1] == tuple(rest)
                 and None not in (part, place[0])}
        files[part, tuple(rest)] = path
    if len({rest for _, rest in files}) > 1:
        names = sorted(file.name for file in files.values())
        raise ValueError(f"{path} must hold one set of MATLAB files: it holds {', '.join(names)} "
                         f"(give one of them as the dataset: {folder / names[0]})")
    placed = {}
    for (part, _), file in sorted(files.items(), key=lambda entry: str(entry[0])):
        found, _ = placed_by_name(file, _arrays(file), raw.guessed)
        if part is not None:
            only = next(iter(found.values()))
            found = {part: {role: (f"{file.name}: {name}", array)
                            for role, (name, array) in only.items()}}
        placed.update(found)
    _ten_is_zero(path, placed, raw)
    fill(raw, path, placed)
    return raw


def _files(folder):
    return sorted(file for file in folder.iterdir() if file.suffix.lower() == ".mat"
                  and not file.name.startswith(".") and file.is_file() and matches(file))


def _arrays(path):
    left = LIMIT
    names = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what cannot be read is refused below
            for name, shape, kind in io.whosmat(path):
                if kind not in _SIZES:
                    continue
                left -= prod(map(int, shape), start=_SIZES[kind])
                names.append(name)
                if left < 0:
                    raise ValueError(f"its arrays take more than {LIMIT >> 20} MiB, {name!r} "
                                     f"among them")
            found = io.loadmat(path, variable_names=names)
        return {name: np.asarray(found[name]) for name in names if name in found}
    except (ValueError, TypeError, KeyError, IndexError, OSError, EOFError, OverflowError,
            MemoryError, NotImplementedError, AttributeError, zlib.error, struct.error,
            io.matlab.MatReadError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
    raise ValueError(f"{path} must be an intact MATLAB file of arrays: {reason} (save it again "
                     f"with save -v7)")


def _ten_is_zero(path, placed, raw):
    """Turn label 10 to 0 in SVHN, whose pictures have 32 x 32 pixels in three colours."""
    if not all(EXAMPLES in roles and LABELS in roles for roles in placed.values()):
        return
    values = {int(value) for roles in placed.values() if roles[LABELS][1].dtype.kind in "uif"
              for value in np.unique(roles[LABELS][1])}
    if values != set(range(1, 11)) or any(roles[EXAMPLES][1].shape[:3] != (32, 32, 3)
                                          for roles in placed.values()):
        return
    for roles in placed.values():
        name, labels = roles[LABELS]
        roles[LABELS] = name, np.where(labels == 10, 0, labels)
    raw.guessed.append("label 10 means the digit 0, as in SVHN")
