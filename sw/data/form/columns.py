"""Reads columns of a table as numbers or words, and one as classes; names gaps by line."""

from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np

from ...layer.check import LABEL_LIMIT
from ...progress import progress
from .categories import Words
from .classcolumn import is_integer, listed_names, option_name
from .header import MISSING
from .layout import GREATEST


@dataclass(eq=False)
class Table:
    """Columns of a table that are inputs, and its classes.

    Attributes
    ----------
    layout : Layout
        How the file is written.
    places : list of int
        Places of the columns of ``values``.
    chosen : int or None
        Place of the class column.
    values : ndarray of float64, shape (rows, columns)
        The numbers; of a column of words, places among ``words``.
    words : list of (tuple of str or None)
        Words of each column of ``values``, sorted; None for a column of numbers.
    cells : list of str or None
        Class of each row.
    lines : ndarray of int64, shape (rows,)
        Line number of each row in the file.
    reason : str
        Why the class column was chosen, as a clause.
    """

    layout: object
    places: list
    chosen: int | None
    values: np.ndarray
    cells: list | None
    lines: np.ndarray
    reason: str = ""
    words: list = field(default_factory=list)

    @property
    def names(self):
        return tuple(self.layout.column(place) for place in self.places)


def read_columns(layout, places, chosen=None, count=None, *, worded=(), most=None, fixed=False):
    """Read the numbers and words of some columns and the classes of one.

    Parameters
    ----------
    layout : Layout
        How the table is written.
    places : list of int
        Columns to read.
    chosen : int or None
        Class column.
    count : int or None
        Rows, if they are known.
    worded : collection of int
        Those of ``places`` that hold words.
    most : int or None
        Different words of a column at most.
    fixed : bool
        Whether a network decides which columns are numbers.
    """
    if count is None:
        count = sum(1 for _ in layout.rows())
    values, lines = np.empty((count, len(places))), np.empty(count, dtype=np.int64)
    picked = itemgetter(*places) if len(places) > 1 else lambda cells: (cells[places[0]],)
    words = [(column, Words(layout, place, most)) for column, place in enumerate(places)
             if place in worded]
    table = Table(layout, places, chosen, values, None if chosen is None else [], lines)
    gaps = _Gaps(table)
    rows = progress(layout.rows(), total=count, what=f"reading {layout.text.path}", unit="lines",
                    delay=2)
    for number, (line, cells) in enumerate(rows):
        lines[number] = line
        if chosen is not None:
            table.cells.append(_class_cell(layout, line, cells[chosen].strip()))
        row = list(picked(cells))
        for column, known in words:
            row[column] = known.number(line, row[column])
        try:
            if "_" in "".join(row):
                raise ValueError
            values[number] = [*map(layout.number if layout.decimal else float, row)]
        except ValueError:
            values[number] = _with_gaps(table, line, row, fixed)
        if np.isnan(values[number]).any():
            gaps.add(line, row, values[number])
    gaps.refuse()
    table.words = [None] * len(places)
    for column, known in words:
        table.words[column], values[:, column] = known.sorted(values[:, column])
    _check_greatest(table)
    return table


class _Gaps:
    """Cells of a table that hold no number, for one message at the end."""

    def __init__(self, table):
        self.table, self.first, self.rows, self.columns = table, None, 0, set()

    def add(self, line, row, values):
        wrong = np.flatnonzero(np.isnan(values))
        self.rows += 1
        self.columns.update(wrong.tolist())
        self.first = self.first or (line, int(wrong[0]), row[wrong[0]].strip())

    def refuse(self):
        if self.first is None:
            return
        layout, (line, wrong, cell) = self.table.layout, self.first
        columns = [option_name(layout, self.table.places[place]) for place in sorted(self.columns)]
        way = "fill in or remove these rows"
        if len(columns) < min(8, len(self.table.places)):
            way += f", or leave columns out: --drop {','.join(columns)}"
        raise ValueError(f"{layout.text.path} must have a number in every cell: line {line}, "
                         f"{layout.column(self.table.places[wrong])!r} is {cell!r}; rows with "
                         f"gaps: {self.rows} ({way})")


def _with_gaps(table, line, row, fixed):
    """Return the numbers of a row, NaN where nothing is known; refuse words."""
    values = []
    for place, cell in zip(table.places, map(str.strip, row), strict=True):
        try:
            values.append(np.nan if cell.lower() in MISSING else table.layout.number(cell))
        except ValueError:
            name = option_name(table.layout, place)
            way = "write a number" if fixed else (f"--categories {name} makes an input of each "
                f"word, --drop {name} leaves the column out, or write numbers for words")
            raise ValueError(f"{table.layout.text.path} must hold numbers in columns of numbers: "
                             f"line {line}, {table.layout.column(place)!r} is {cell!r} "
                             f"({way})") from None
    return values


def _check_greatest(table):
    fine = np.abs(table.values) <= GREATEST
    if not fine.all():
        row, column = np.argwhere(~fine)[0]
        raise ValueError(f"{table.layout.text.path} must hold numbers in ±{GREATEST:g}: line "
                         f"{table.lines[row]}, {table.names[column]!r} is "
                         f"{table.values[row, column]}")


def _class_cell(layout, line, cell):
    if cell in ("", "?"):
        raise ValueError(f"{layout.text.path} must have a class in every line: line {line} has "
                         f"{cell!r} (remove the line)")
    if len(cell) > LABEL_LIMIT:
        raise ValueError(f"{layout.text.path} must have classes of at most {LABEL_LIMIT} "
                         f"characters: line {line} has {len(cell)}")
    return cell


def classes_of(*parts):
    """Return classes of each part's cells: int64 if all are integers, else text; None of None."""
    known = [cells for cells in parts if cells is not None]
    whole = all(map(is_integer, {cell for cells in known for cell in cells}))
    return [None if cells is None else
            np.array([int(cell.split(".")[0]) for cell in cells], dtype=np.int64) if whole else
            np.array(cells, dtype=str) for cells in parts]


def by_name(layout, names, path, owner):
    """Return the places of columns by name; refuse a table that lacks some."""
    exact = {layout.column(place): place for place in range(layout.width)}
    lower = {name.lower(): place for name, place in exact.items()}
    places = [exact.get(name, lower.get(name.lower())) for name in names]
    missing = [name for name, place in zip(names, places, strict=True) if place is None]
    if missing:
        raise ValueError(f"{path} must have the columns of {owner}: {listed_names(missing)} "
                         f"{'is' if len(missing) == 1 else 'are'} missing (it has "
                         f"{listed_names(layout.names)})")
    return places
