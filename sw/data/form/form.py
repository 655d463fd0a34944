"""Reads a dataset of any form, which is known by its content."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ...store import magic
from ..options import NONE, share
from . import archive, arrays, cifar, folder, idx, mat, sounds, table
from .part import join
from .pictures import is_hidden


# In this order: a folder with several kinds is the first. Text is a table if it is nothing else.
FORMS = (idx, cifar, mat, arrays, folder, sounds, archive, table)
DEPTH = 3  # folders above a dataset that are looked through: MNIST/raw of torchvision
FOLDERS = 100  # folders of one folder that are looked into


def read(path, options=NONE):
    """Read a dataset.

    Parameters
    ----------
    path : path-like
        File or folder.
    options : Options
        What its user says of it. ``label``, ``drop`` and ``test``, if it is a path, count here.

    Returns
    -------
    Raw
    """
    path = Path(path)
    form, inner = form_of(path)
    given = options.test if options.test is not None and share(options.test) is None else None
    if given is not None and not Path(given).exists():
        raise ValueError(f"Test part must be a file or folder that exists, or a share such as 0.2 "
                         f"or 20%: {given}")
    labelled = options.label is not None and form not in (folder, sounds)
    if form is not table and (options.drop or labelled):
        option = "--drop" if options.drop else "--label"
        raise ValueError(f"{option} must be given for a table alone: {path} is none")
    if given is None or form is table:
        return replace(form.read(inner, options), path=path)
    raw = replace(form.read(inner, replace(options, test=None)), path=path)
    other = read(given, replace(options, test=None))
    raw.test = other.train if other.test is None else other.test
    raw.test_from = str(given) if other.test is None else f"{other.test_from} of {given}"
    raw.guessed += [note for note in other.guessed if note not in raw.guessed]
    raw.warnings += [note for note in other.warnings if note not in raw.warnings]
    raw.ignored += other.ignored
    raw.hidden += other.hidden
    _check_alike(raw, given)
    return raw


def form_of(path):
    """Return the module of a dataset's form, and its path: the given one, or a folder in it.

    A path that is no dataset is refused by what its content is.
    """
    if not path.exists():
        raise ValueError(f"Dataset must be a file or folder that exists: {path}")
    found = _found(path)
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"{path} must hold one dataset: it holds "
                         f"{', '.join(str(inner.relative_to(path)) for _, inner in found[:8])} "
                         f"(give one of them: {found[0][1]})")
    if path.is_dir():
        raise ValueError(_no_dataset(path))
    found = magic.name(path)
    if found is None and not path.stat().st_size:
        raise ValueError(f"{path} must be a dataset: it is empty")
    if found is None:
        raise ValueError(f"{path} must be a table, arrays, IDX or MATLAB file: its content is of "
                         f"no form that is known (save it as CSV or .npz)")
    raise ValueError(f"{path} must be a table, arrays, IDX or MATLAB file: it is {found[0]} "
                     f"({found[1]})")


def _found(path, depth=DEPTH):
    """Return form and path of the datasets in a path; folders are looked into if need be."""
    form = next((form for form in FORMS if form.matches(path)), None)
    if form is not None:
        return [(form, path)]
    if not path.is_dir() or not depth:
        return []
    folders = sorted(entry for entry in path.iterdir() if entry.is_dir()
                     and not is_hidden(entry.name))
    return [found for inner in folders[:FOLDERS] for found in _found(inner, depth - 1)]


def everything(raw):
    """Return all examples of a dataset as one part."""
    return raw.train if raw.test is None else join([raw.train, raw.test])


def _no_dataset(path):
    """Return the message for a folder without a dataset, by what it holds."""
    files = sorted(file for file in path.rglob("*") if file.is_file()
                   and not any(is_hidden(name) for name in file.relative_to(path).parts))
    for file in files[:100]:
        found = magic.name(file)
        if found is not None:
            return (f"{path} must hold pictures, tables or arrays: {file.relative_to(path)} is "
                    f"{found[0]} ({found[1]})")
    what = "it is empty" if not files else f"it holds {', '.join(f.name for f in files[:5])}"
    return (f"{path} must hold pictures in one subfolder a class, as in {path}/cat/1.png, or "
            f"tables, arrays, IDX or MATLAB files: {what}")


def _check_alike(raw, given):
    """Refuse a test part that cannot belong to the training part."""
    train, test = raw.train.examples, raw.test.examples
    if {raw.train.labels.dtype.kind == "U", raw.test.labels.dtype.kind == "U"} == {False, True}:
        for part in (raw.train, raw.test):
            part.labels = part.labels.astype(str)
    arrays_both = [isinstance(examples, np.ndarray) for examples in (train, test)]
    if all(arrays_both) and train.shape[1:] != test.shape[1:] \
            and (train.ndim == 2 or test.ndim == 2) \
            and np.prod(train.shape[1:]) != np.prod(test.shape[1:]):
        raise ValueError(f"{given} must have examples like {raw.path}: "
                         f"{' x '.join(map(str, test.shape[1:]))}, not "
                         f"{' x '.join(map(str, train.shape[1:]))}")
