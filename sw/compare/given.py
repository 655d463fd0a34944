"""Compares golden with scores or labels that come from anybody: CSV, arrays, or a checkpoint."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import golden
from ..data.form.text import Text
from ..store import magic
from ..store.files import naming, read_arrays


SHOWN = 5  # differences that are printed
HEADS = ("label", "labels", "prediction", "predicted", "class", "y_pred", "pred")
KEYS = ("test_scores", "scores", "logits", "predictions", "labels", "y_pred")
MARKS = ",;\t"


@dataclass(eq=False)
class Given:
    """Scores or labels of test images, read from a file.

    Attributes
    ----------
    labels : ndarray of int64, shape (n,)
        Index of each image's class.
    scores : ndarray of int64 or None, shape (n, classes)
        Scores; None if the file has labels alone, or scores that are not integers.
    notes : list of str
        What users should know.
    """

    labels: np.ndarray
    scores: np.ndarray | None
    notes: list

    def first(self, count):
        """Return the same of the first images; None: of all."""
        scores = None if self.scores is None else self.scores[:count]
        return Given(self.labels[:count], scores, self.notes)


def read(path, classes, count):
    """Read scores or labels of test images.

    Parameters
    ----------
    path : path-like
        CSV, with or without a header line; ``.npy``; ``.npz``, a checkpoint too.
    classes : tuple of str
        Names of the network's classes.
    count : int
        Number of test images.

    Returns
    -------
    Given

    Raises
    ------
    ValueError
        If the file does not hold one score a class, or one label, for each test image.
    """
    path = Path(path)
    with naming(path), open(path, "rb") as file:
        head = file.read(6)
    foreign, _ = magic.name(path) or ("", "")
    if foreign and not foreign.startswith(("a NumPy", "a gzip file")):
        raise ValueError(f"{path} must hold scores or labels as CSV, .npy or .npz: it is {foreign} "
                         f"(save them by numpy.save, or as CSV)")
    with naming(path), open(path, "rb") as file:
        if head == b"\x93NUMPY":
            try:
                values = np.load(file, allow_pickle=False)
            except (ValueError, EOFError, OSError) as error:
                raise ValueError(f"{path} must be an intact .npy array: {error}") from None
    if head.startswith(b"PK\x03\x04"):
        values = _chosen(path, read_arrays(path, "arrays"))
    elif head != b"\x93NUMPY":
        values = _table(path, classes, count)
    return _given(path, values, classes, count)


def report(path, given, scores, labels):
    """Print what a comparison of golden's scores with given ones found; return the exit code."""
    for note in given.notes:
        print(note)
    own = golden.labels(scores)
    differ = given.labels != own
    what = "labels"
    if given.scores is not None:
        differ |= (given.scores != scores).any(axis=1)
        what = "labels and scores"
    count, wrong = len(scores), np.flatnonzero(differ)
    if not len(wrong):
        print(f"equal to {path}: {count} of {count} {what}")
        return 0
    print(f"differs from {path}: {(given.labels != own).sum()} labels"
          + (f", scores of {(given.scores != scores).any(axis=1).sum()} images"
             if given.scores is not None else "") + f" of {count}")
    for index in wrong[:SHOWN]:
        print(f"  image {index}: {_said('golden', labels, own, scores, index)}; "
              f"{_said('the file', labels, given.labels, given.scores, index)}")
    if len(wrong) > SHOWN:
        print(f"  and {len(wrong) - SHOWN} more images")
    return 1


def _said(who, classes, labels, scores, index):
    text = f"{who} has {classes[labels[index]]!r}"
    return text if scores is None else f"{text}, {' '.join(map(str, scores[index].tolist()))}"


def _chosen(path, arrays):
    """Return the array of a file that has scores or labels."""
    known = next((key for key in KEYS if key in arrays), None)
    if known is None and len(arrays) != 1:
        raise ValueError(f"{path} must have one array, or one called scores or labels: it has "
                         f"{', '.join(sorted(arrays))}")
    return arrays[known or next(iter(arrays))]


def _table(path, classes, count):
    """Return the cells of a CSV that hold scores, or labels, as an array of text."""
    text = Text.read(path)
    lines = [line for line in text.lines() if line.strip()]
    if not lines:
        raise ValueError(f"{path} must hold scores or labels: it is empty")
    mark = max(MARKS, key=lines[0].count)
    try:
        rows = [[cell.strip() for cell in row]
                for row in csv.reader(lines, delimiter=mark, strict=True)]
    except csv.Error as error:
        raise ValueError(f"{path} must be CSV: {error}") from None
    width = len(rows[0])
    wrong = next((number for number, row in enumerate(rows, 1) if len(row) != width), None)
    if wrong:
        raise ValueError(f"{path} must have {width} cells in every line: line {wrong} has "
                         f"{len(rows[wrong - 1])}")
    if len(rows) != count + 1:  # no header line
        return np.array(rows)
    return np.array(rows[1:])[:, _columns(path, rows[0], classes)]


def _columns(path, head, classes):
    """Return the places of the columns of scores, or of the one of labels, by a header line."""
    places = {name: place for place, name in enumerate(head)}
    if all(name in places for name in classes):
        return [places[name] for name in classes]
    found = [place for place, name in enumerate(head) if name.lower() in HEADS]
    if found or len(head) == 1:
        return found[:1] or [0]
    missing = [name for name in classes if name not in places]
    raise ValueError(f"{path} must have a column for each class, or one called label: "
                     f"{', '.join(map(repr, missing[:6]))}{', …' if len(missing) > 6 else ''} "
                     f"missing among {', '.join(head[:12])}")


def _given(path, values, classes, count):
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.shape == (count,):
        return _labels(path, values, classes)
    if values.shape != (count, len(classes)):
        raise ValueError(f"{path} must hold {len(classes)} scores or a label for each of the "
                         f"{count} test images: its shape is {values.shape} (choose its dataset "
                         f"with --dataset)")
    scores = _numbers(path, values)
    labels = scores.argmax(axis=1)
    if (scores != np.floor(scores)).any():
        return Given(labels, None, [f"scores of {path} are not integers: the labels of the "
                                    f"greatest ones are compared"])
    return Given(labels, scores.astype(np.int64), [])


def _numbers(path, values):
    if values.dtype.kind == "U":
        try:
            values = values.astype(np.float64)
        except ValueError:
            wrong = next(cell for cell in values.ravel().tolist() if not _is_number(cell))
            raise ValueError(f"{path} must hold numbers as scores: {wrong!r}") from None
    if values.dtype.kind not in "biuf" or not np.isfinite(values).all():
        raise ValueError(f"{path} must hold finite numbers as scores: type {values.dtype.name}")
    return values


def _labels(path, values, classes):
    """Return indices of labels that are names, or numbers of the classes from 0."""
    places = {name: place for place, name in enumerate(classes)}
    texts = [_plain(value) for value in values.tolist()]
    foreign = [text for text in texts if text not in places]
    if not foreign:
        given = Given(np.array([places[text] for text in texts]), None, [])
        if all(map(str.isdigit, classes)) and classes != tuple(map(str, range(len(classes)))):
            given.notes.append(f"labels of {path} are names of classes, not numbers from 0")
        return given
    top = len(classes) - 1
    if not all(text.isascii() and text.isdigit() and int(text) <= top for text in texts):
        text = next((text for text in foreign if not text.isdigit() or int(text) > top), foreign[0])
        raise ValueError(f"{path} must have labels that are classes of the network, or their "
                         f"numbers 0..{top}: {text!r}")
    return Given(np.array([int(text) for text in texts]), None,
                 [f"labels of {path} are numbers of the classes, from 0: 0 is {classes[0]!r}"])


def _plain(value):
    """Return a label as text; 3.0 is '3'."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return str(int(number)) if number.is_integer() else str(value)


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
