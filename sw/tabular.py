"""Tables of numbers with a class column (CSV) as datasets of unsigned bytes."""

import csv
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from .network import INPUTS_LIMIT


LIMIT = 2**28  # bytes of a file
CLASS_NAMES = ("label", "class", "target", "y")  # headers that mark the class column


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of a CSV file.

    Attributes
    ----------
    path : Path
        Where it comes from, for messages.
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

    The class is the column with the header ``label``, ``class``, ``target`` or ``y``; else the
    only column that holds text; else the last column if it holds 2 to 256 different integers,
    else the first.

    Parameters
    ----------
    path : path-like
        The file.
    like : Table or None
        Table whose columns it must have (the training part of the same dataset).
    """
    path = Path(path)
    rows = _rows(path)
    width = len(rows[0])
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise ValueError(f"{path} must have {width} columns in every line: line {number} has "
                             f"{len(row)}")
    header = len(rows) > 1 and not any(_is_number(cell) for cell in rows[0]) \
        and any(_is_number(cell) for cell in rows[1])
    names = [cell.strip() for cell in rows[0]] if header else \
        [f"column {index + 1}" for index in range(width)]
    rows = rows[header:]
    chosen = _class_column(path, names if header else (), rows)
    cells = [row.pop(chosen).strip() for row in rows]
    del names[chosen]
    if like is not None and (len(names) != len(like.columns)
                             or (header and tuple(names) != like.columns)):
        raise ValueError(f"{path} must have the columns of {like.path}: {len(names)} features, "
                         f"not {len(like.columns)}, or other names")
    return Table(path, tuple(names), _values(path, names, rows, 1 + header), _classes(cells))


def to_bytes(train, *others):
    """Bring tables to unsigned bytes, by the training part's range.

    A column of integers in 0..255 stays as it is; any other is scaled so that the training part's
    least and greatest value become 0 and 255.

    Returns
    -------
    list of ndarray of uint8, shape (rows, features)
        One a table.
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
    if path.stat().st_size > LIMIT:
        raise ValueError(f"{path} must be at most {LIMIT >> 20} MiB (use .npz for larger sets)")
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max(",;\t", key=first.count)
            rows = [row for row in csv.reader(file, delimiter=delimiter, strict=True) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} must be a CSV file in UTF-8: {error}") from None
    if not rows or not 2 <= len(rows[0]) <= INPUTS_LIMIT:
        raise ValueError(f"{path} must have rows of at least one feature and a class: "
                         f"{len(rows)} rows, {len(rows[0]) if rows else 0} columns")
    return rows


def _class_column(path, names, rows):
    marked = [index for index, name in enumerate(names) if name.lower() in CLASS_NAMES]
    if len(marked) == 1:
        return marked[0]
    text = [index for index in range(len(rows[0]))
            if not all(_is_number(row[index]) for row in islice(rows, 100))]
    if len(text) == 1:
        return text[0]
    for index in (len(rows[0]) - 1, 0):
        cells = {row[index].strip() for row in rows}
        if 2 <= len(cells) <= 256 and all(cell.lstrip("-").isdecimal() for cell in cells):
            return index
    raise ValueError(f"{path} must have a class column: neither the last nor the first holds 2 to "
                     f"256 different integers (name it 'label' in a header line)")


def _values(path, names, rows, first):
    values = np.empty((len(rows), len(names)))
    for number, row in enumerate(rows):
        try:
            values[number] = row
        except ValueError:
            wrong = next(index for index, cell in enumerate(row) if not _is_number(cell))
            raise ValueError(f"{path} must hold numbers outside the class column: line "
                             f"{number + first}, {names[wrong]!r} is {row[wrong]!r}") from None
    if not np.isfinite(values).all():
        number, wrong = (int(index[0]) for index in np.nonzero(~np.isfinite(values)))
        raise ValueError(f"{path} must hold finite numbers: line {number + first}, "
                         f"{names[wrong]!r} is {values[number, wrong]}")
    return values


def _classes(cells):
    if all(cell.lstrip("-").isdecimal() for cell in cells):
        return np.array([int(cell) for cell in cells], dtype=np.int64)
    return np.array(cells)


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True
