"""Datasets of NumPy arrays: one ``.npz`` file, or several ``.npy`` and ``.npz`` files."""

import zipfile
from pathlib import Path

import numpy as np

from ...store.files import naming, read_array, read_arrays
from ..raw import Raw
from . import labels
from .part import TEST, TRAIN, assigned, join, part_of


LIMIT = 2**31  # octets of a dataset's arrays, unpacked
EXAMPLES, LABELS, NAMES = "examples", "labels", "names"
_WORDS = {"x": EXAMPLES, "images": EXAMPLES, "image": EXAMPLES, "imgs": EXAMPLES, "img": EXAMPLES,
          "data": EXAMPLES, "features": EXAMPLES, "inputs": EXAMPLES, "samples": EXAMPLES,
          "examples": EXAMPLES, "pixels": EXAMPLES, "pictures": EXAMPLES,
          "y": LABELS, "labels": LABELS, "label": LABELS, "lbls": LABELS, "target": LABELS,
          "targets": LABELS, "classes": LABELS, "class": LABELS, "truth": LABELS,
          "names": NAMES}


def matches(path):
    """Return whether a path is an ``.npy`` or ``.npz`` file, or a folder of such files."""
    if path.is_dir():
        return bool(_files(path))
    with open(path, "rb") as file:
        head = file.read(6)
    return head == b"\x93NUMPY" or (head[:4] == b"PK\x03\x04" and _is_npz(path))


def read(path, options):
    """Read a dataset of arrays, whose roles are known by their names."""
    arrays = _gathered(path)
    raw = Raw(path, "NumPy arrays", None)
    placed, names = placed_by_name(path, arrays, raw.guessed)
    fill(raw, path, placed)
    if names is not None:
        raw.class_names = tuple(str(entry) for entry in names.ravel())
    return raw


def examples(path, notes):
    """Return the part of a file of examples that may have labels, to classify it."""
    arrays = _gathered(path, others=False)
    if len(arrays) == 1:
        (name, array), = arrays.items()
        return labels.part(path, (name, ""), array, None, notes)
    raw = read(path, None)
    notes.extend(raw.guessed)
    return raw.test or raw.train


def fill(raw, path, placed):
    """Set both parts of a dataset from ``(name, array)`` of each part and role."""
    found = {}
    for part, roles in placed.items():
        if LABELS not in roles and TRAIN in placed and part != TRAIN:
            raw.guessed.append(f"{roles[EXAMPLES][0]!r} has no labels and is not used")
            continue
        for role in (EXAMPLES, LABELS):
            if role not in roles:
                have = ", ".join(name for roles in placed.values() for name, _ in roles.values())
                raise ValueError(f"{path} must have {role} of its {part} part, such as "
                                 f"{'x' if role == EXAMPLES else 'y'}_{part}: it has {have}")
        (name, array), (label_name, classes) = roles[EXAMPLES], roles[LABELS]
        part_of_arrays = labels.part(path, (name, label_name), array, classes, raw.guessed)
        found[part] = [(name, part_of_arrays)]
    train, test = assigned(found, raw.guessed)
    _check_alike(path, train + test)
    raw.train = join([part for _, part in train])
    if test:
        raw.test, raw.test_from = join([part for _, part in test]), test[0][0]


def placed_by_name(path, arrays, notes):
    """Return ``(name, array)`` by part and role, and the array of the classes' names or None."""
    if "indptr" in arrays:
        raise ValueError(f"{path} must hold plain arrays, not a sparse matrix of SciPy (save "
                         f"x.toarray())")
    placed, rest, names = {}, {}, None
    for name, array in arrays.items():
        part, words = part_of(name)
        role = next((_WORDS[word] for word in reversed(words) if word in _WORDS), None)
        if role == NAMES:
            names = array if "feature" not in words else names
        elif role is None:
            rest[name] = array
        else:
            placed.setdefault(part, {}).setdefault(role, (name, array))
    if None in placed:
        unnamed = placed.pop(None)
        if TRAIN not in placed:
            placed[TRAIN] = unnamed
        elif LABELS in unnamed and EXAMPLES not in unnamed:
            names = unnamed[LABELS][1]  # 'labels' beside 'train_labels' names the classes
    _complete(placed, rest, notes)
    if not any(EXAMPLES in roles for roles in placed.values()):
        raise ValueError(f"{path} must have arrays such as x_train, y_train, x_test and y_test: it "
                         f"has {', '.join(arrays) or 'none'}")
    placed = {part: roles for part, roles in placed.items() if EXAMPLES in roles or part == TRAIN}
    return placed, names


def _complete(placed, rest, notes):
    """Give roles to arrays whose names say nothing, by their order and shape."""
    rest = {name: array for name, array in rest.items() if array.ndim}
    train = placed.get(TRAIN, {})
    if len(rest) == 4 and not placed:
        first, second, third, fourth = rest.items()
        if len(first[1]) == len(second[1]):
            pairs = ((first, second), (third, fourth))
        else:
            pairs = ((first, third), (second, fourth))
        placed[TRAIN], placed[TEST] = map(_by_shape, pairs)
    elif len(rest) == 2 and not placed:
        placed[TRAIN] = _by_shape(tuple(rest.items()))
    elif len(rest) == 1 and len(train) == 1:
        (role, _), (entry,) = next(iter(train.items())), rest.items()
        placed[TRAIN] = {role: train[role], (LABELS if role == EXAMPLES else EXAMPLES): entry}
    elif len(rest) == 1 and not placed:
        placed[TRAIN] = {EXAMPLES: next(iter(rest.items()))}
        return
    else:
        return
    given = [f"{roles[EXAMPLES][0]!r} and {roles[LABELS][0]!r}" for roles in placed.values()
             if len(roles) == 2]
    notes.append(f"examples and labels are {', then '.join(given)}, by order and shape (names such "
                 f"as x_train and y_train say it)")


def _by_shape(pair):
    first, second = pair
    if first[1].ndim <= 1 < second[1].ndim:
        first, second = second, first
    return {EXAMPLES: first, LABELS: second}


def _check_alike(path, entries):
    first = entries[0]
    for name, part in entries[1:]:
        if part.examples.shape[1:] != first[1].examples.shape[1:]:
            raise ValueError(f"{path} must have examples of one shape: {first[0]!r} has "
                             f"{first[1].examples.shape[1:]}, {name!r} "
                             f"{part.examples.shape[1:]}")
    kinds = {part.labels.dtype.kind == "U" for _, part in entries}
    if len(kinds) > 1:
        raise ValueError(f"{path} must have integers or text as labels of all parts, not both")


def _is_npz(path):
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return path.suffix == ".npz"


def _files(folder):
    return sorted(entry for entry in folder.iterdir() if entry.suffix.lower() in (".npy", ".npz")
                  and not entry.name.startswith(".") and entry.is_file())


def _gathered(path, others=True):
    """Return the arrays of a file, or of the files of one set in a folder, by name."""
    if not path.is_dir():
        arrays = _arrays(path)
        if len(arrays) > 1 or not others:
            return arrays
        rest = _set_of(path)
        files = [path, *(file for file in _files(path.parent) if _set_of(file) == rest
                         and file.name != path.name)]
    else:
        files = _files(path)
        sets = {}
        for file in files:
            sets.setdefault(_set_of(file), []).append(file)
        if len(sets) > 1:
            raise ValueError(f"{path} must hold the arrays of one set: it holds "
                             f"{', '.join(file.name for file in files[:8])} (give the file of the "
                             f"training examples as the dataset: {files[0]})")
    arrays, left = {}, LIMIT
    for file in files:
        found = _arrays(file, left)
        left -= sum(array.nbytes for array in found.values())
        if len(found) == 1:
            found = {file.stem: next(iter(found.values()))}
        arrays.update(found)
    return arrays


def _set_of(file):
    """Return the words of a file's name that tell neither part nor role."""
    return "-".join(word for word in part_of(file.stem)[1] if word not in _WORDS)


def _arrays(path, limit=LIMIT):
    with naming(path), open(path, "rb") as file:
        packed = file.read(2) == b"PK"
    if packed:
        return read_arrays(path, "a dataset", limit)
    return {Path(path).stem: np.asarray(read_array(path, limit))}
