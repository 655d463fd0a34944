"""Reads tables of numbers with a class column (CSV) as datasets of unsigned bytes."""

import csv
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from ..layer.check import INPUTS_LIMIT
from ..progress import progress


LIMIT = 2**28  # bytes of a file
SAMPLE = 100  # rows that show whether there is a header, and which columns hold text
LINE_LIMIT = 2**25  # characters of a line: 32 for each of the most columns there may be
LABEL_LIMIT = 64  # characters of a class, see sw.network.check_labels
GREATEST = 1e300  # greatest number, so that differences of two numbers are finite
CLASS_NAMES = ("label", "class", "target", "y")  # headers that mark the class column


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of a CSV file.

    Attributes
    ----------
    path : Path
        File of the table, for messages.
    columns : tuple of str
        Name of each feature; ``column 1`` and so on if there is no header.
    values : ndarray of float64, shape (rows, features)
        Features.
    classes : ndarray of str or int64, shape (rows,)
        Class of each row as it stands in the file.
    """

    path: Path
    columns: tuple
    values: np.ndarray
    classes: np.ndarray


def read(path, like=None):
    """Read a CSV file: comma, semicolon or tab, with or without a header line.

    The class column has the header ``label``, ``class``, ``target`` or ``y``. Else it is the only
    column that holds text; else the last column if it holds 2 to 256 different integers; else the
    first.

    Parameters
    ----------
    path : path-like
        The file.
    like : Table or None
        Table whose columns the file must have: the training part of the same dataset.
    """
    path = Path(path)
    sample, count, ends = _survey(path)
    width = len(sample[0])
    header = len(sample) > 1 and not any(_is_number(cell) for cell in sample[0]) \
        and any(_is_number(cell) for cell in sample[1])
    names = [cell.strip() for cell in sample[0]] if header else \
        [f"column {index + 1}" for index in range(width)]
    chosen = _class_column(path, names if header else (), sample[header:],
                           {place: cells[header:] for place, cells in ends.items()})
    del names[chosen]
    if like is not None and (len(names) != len(like.columns)
                             or (header and tuple(names) != like.columns)):
        raise ValueError(f"{path} must have the columns of {like.path}: {len(names)} features, "
                         f"not {len(like.columns)}, or other names")
    rows = islice(_rows(path), header, None)
    values, cells = _values(path, names, rows, count - header, chosen, 1 + header)
    return Table(path, tuple(names), values, _classes(cells))


def to_bytes(train, *others):
    """Convert tables to unsigned bytes, by the range of the training part.

    A column of integers in 0..255 stays as it is. Any other column is scaled so that the training
    part's least and greatest value become 0 and 255.

    Returns
    -------
    list of ndarray of uint8, shape (rows, features)
        One array a table.
    dict
        ``low`` and ``high`` of every scaled column by name; empty if none was scaled.
    """
    parts = [table.values for table in (train, *others)]
    plain = np.ones(train.values.shape[1], dtype=bool)
    for values in parts:
        plain &= ((values == np.floor(values)) & (values >= 0) & (values <= 255)).all(axis=0)
    low = np.where(plain, 0, train.values.min(axis=0))
    high = np.where(plain, 255, train.values.max(axis=0))
    span = np.where(high > low, high - low, 1)
    octets = [np.clip(np.rint((values - low) / span * 255), 0, 255).astype(np.uint8)
              for values in parts]
    return octets, {train.columns[index]: {"low": float(low[index]), "high": float(high[index])}
                    for index in np.flatnonzero(~plain)}


def _rows(path):
    """Yield the rows of a CSV file as lists of str, without empty lines."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            first = file.readline(LINE_LIMIT)
            file.seek(0)
            delimiter = max(",;\t", key=first.count)
            lines = _lines(path, file)
            yield from filter(None, csv.reader(lines, delimiter=delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} must be a CSV file in UTF-8: {error}") from None


def _lines(path, file):
    """Yield the lines of a file; refuse an endless line, which would fill the memory."""
    while line := file.readline(LINE_LIMIT):
        if len(line) == LINE_LIMIT and not line.endswith("\n"):
            raise ValueError(f"{path} must have lines of less than {LINE_LIMIT >> 20} million "
                             f"characters")
        yield line


def _survey(path):
    """Return the first rows, the number of rows, and the cells of the first and last column."""
    if path.stat().st_size > LIMIT:
        raise ValueError(f"{path} must be at most {LIMIT >> 20} MiB (use .npz for larger sets)")
    sample, first, last = [], [], []
    for row in _rows(path):
        if len(sample) < SAMPLE:
            sample.append(row)
        if len(row) != len(sample[0]):
            raise ValueError(f"{path} must have {len(sample[0])} columns in every line: line "
                             f"{len(first) + 1} has {len(row)}")
        first.append(row[0].strip())
        last.append(row[-1].strip())
    width = len(sample[0]) if sample else 0
    if not 2 <= width <= INPUTS_LIMIT:
        raise ValueError(f"{path} must have rows of at least one feature and a class: "
                         f"{len(first)} rows, {width} columns")
    return sample, len(first), {0: first, width - 1: last}


def _class_column(path, names, sample, ends):
    """Return the index of the class column; ``ends`` are the cells of last and first column."""
    marked = [index for index, name in enumerate(names) if name.lower() in CLASS_NAMES]
    if len(marked) == 1:
        return marked[0]
    text = [index for index in range(len(sample[0]))
            if not all(_is_number(row[index]) for row in sample)]
    if len(text) == 1:
        return text[0]
    for index in sorted(ends, reverse=True):
        cells = set(ends[index])
        if 2 <= len(cells) <= 256 and all(map(_is_integer, cells)):
            return index
    raise ValueError(f"{path} must have a class column: neither the last nor the first holds 2 to "
                     f"256 different integers (name it 'label' in a header line)")


def _values(path, names, rows, count, chosen, first):
    """Return the features as float64 and the cells of the class column."""
    values, classes = np.empty((count, len(names))), []
    rows = progress(rows, total=count, what=f"reading {path}", unit="lines", delay=2)
    for number, row in enumerate(rows):
        classes.append(row.pop(chosen).strip())
        if len(classes[-1]) > LABEL_LIMIT:
            raise ValueError(f"{path} must have classes of at most {LABEL_LIMIT} characters: line "
                             f"{number + first} has {len(classes[-1])}")
        try:
            values[number] = [*map(_number, row)]
        except ValueError:
            wrong = next(index for index, cell in enumerate(row) if not _is_number(cell))
            raise ValueError(f"{path} must hold numbers outside the class column: line "
                             f"{number + first}, {names[wrong]!r} is {row[wrong]!r}") from None
        fine = np.abs(values[number]) <= GREATEST
        if not fine.all():
            wrong = int(np.argmin(fine))
            raise ValueError(f"{path} must hold numbers in ±{GREATEST:g}: line {number + first}, "
                             f"{names[wrong]!r} is {values[number, wrong]}")
    return values, classes


def _classes(cells):
    if all(map(_is_integer, cells)):
        return np.array([int(cell) for cell in cells], dtype=np.int64)
    return np.array(cells)


def _is_integer(cell):
    """Return whether a class is a number that int64 holds; a longer number counts as a name."""
    return re.fullmatch(r"-?[0-9]{1,18}", cell) is not None


def _number(cell):
    """Return the number in a cell; ``1_000``, which Python knows, is not a number here."""
    if "_" in cell:
        raise ValueError(cell)
    return float(cell)


def _is_number(cell):
    try:
        _number(cell)
    except ValueError:
        return False
    return True
