"""Finds out how a table is written: separator, header line, decimal comma, gaps at line ends."""

import csv
import re
from dataclasses import dataclass, field
from itertools import islice

from .header import is_header
from .text import Text


SAMPLE = 100  # rows that show how a table is written
GREATEST = 1e300  # greatest number, so that differences of two numbers are finite
COMMENTS = ("#", "%")
SPACES = "spaces"
SEPARATORS = ("\t", ";", "|", ",", SPACES)  # ties: a table with semicolons may have other commas
_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


@dataclass(eq=False)
class Layout:
    """How a table is written.

    Attributes
    ----------
    text : Text
        The table's text.
    separator : str
        One of :data:`SEPARATORS`.
    decimal : bool
        Whether numbers have a decimal comma.
    names : tuple of str or None
        Cells of the header line; None if the table has none.
    width : int
        Number of columns.
    skip : int
        Rows before the first row of values: 1 if there is a header line.
    cut : bool
        Whether every line ends in a separator.
    sample : list of list of str
        First rows of values, cells stripped.
    arff : bool
        Whether the file is in Weka's form, ARFF.
    notes : list of str
        Sentences on what was guessed.
    """

    text: Text
    separator: str = ","
    decimal: bool = False
    names: tuple | None = None
    width: int = 0
    skip: int = 0
    cut: bool = False
    sample: list = field(default_factory=list)
    arff: bool = False
    notes: list = field(default_factory=list)

    def rows(self):
        """Yield line number and cells of each row of values; cells may have blanks around."""
        for line, cells in islice(_rows(self), self.skip, None):
            if self.cut and len(cells) == self.width + 1 and not cells[-1].strip():
                del cells[-1]
            if len(cells) != self.width:
                raise ValueError(f"{self.text.path} must have {self.width} columns in every line: "
                                 f"line {line} has {len(cells)} (complete or remove the line)")
            yield line, cells

    def column(self, place):
        """Return the name of a column for people."""
        return (self.names or {place: ""})[place] or f"column {place + 1}"

    def number(self, cell):
        """Return the number in a cell; ``1_000``, which Python knows, is not a number here."""
        if "_" in cell:
            raise ValueError(cell)
        if self.decimal:
            cell = cell.replace(",", ".")
        return float(cell)

    def is_number(self, cell):
        try:
            self.number(cell)
        except ValueError:
            return False
        return True


def layout_of(text, known=(), *, words=True):
    """Return the layout of a text.

    ``known`` are names that mark a header line: columns of the training table. ``words`` says
    whether a row of words above rows of words may be one.
    """
    found = Layout(text, notes=list(text.notes))
    lines = list(islice(_data_lines(found), SAMPLE))
    if not found.arff:
        found.separator = _separator([line for _, line in lines])
    rows = [[cell.strip() for cell in cells] for _, cells in islice(_rows(found), SAMPLE)]
    if not rows:
        return found
    widths = [len(row) for row in rows]
    usual = max(widths, key=widths.count)
    rows = [row for row in rows if len(row) == usual or not row[0].startswith(COMMENTS)]
    body = [row for row in rows[1:] if len(row) == usual] or rows[:1]
    found.cut = usual > 1 and not any(row[-1] for row in body) \
        and (len(rows[0]) < usual or not rows[0][-1])
    found.width = len(body[0]) - found.cut
    found.decimal = _has_decimal_comma(found, body)
    _find_header(found, rows, known, words)
    found.sample = [row[:found.width] for row in rows[found.skip:]]
    return found


def _find_header(found, rows, known, words):
    first = rows[0]
    while len(first) > found.width and not first[-1]:
        first = first[:-1]
    if found.arff:
        if len(found.names or ()) != found.width:
            raise ValueError(f"{found.text.path} must have one @attribute a column before @data: "
                             f"{len(found.names or ())}, not {found.width}")
        return
    if len(rows) > 1 and len(first) == found.width - 1 and is_header(found, first, [
            row[1:] for row in rows[1:]], known, words):
        first = ["", *first]  # R leaves out the header of its row names
    elif len(first) != found.width or not is_header(found, first, rows[1:], known, words):
        first = None
    if first is not None:
        found.names, found.skip = _unique(first), 1
        return
    comment = _comment_header(found)
    if comment:
        found.names = _unique(comment)
        found.notes.append("the column names come from a comment line above the numbers")


def _unique(names):
    """Return names with the place behind those that come twice."""
    return tuple(f"{name} (column {place + 1})" if name and names.count(name) > 1 else name
                 for place, name in enumerate(names))


def _comment_header(found):
    """Return the names in the last comment line before the numbers, as NumPy writes them."""
    last = None
    for line in found.text.lines():
        if line.strip() and not line.lstrip().startswith(COMMENTS):
            break
        last = line.lstrip(" #%") if line.strip() else last
    if last is None:
        return None
    cells = [cell.strip() for cell in _split(last, found.separator)]
    if len(cells) == found.width > 1 and not any(map(found.is_number, cells)):
        return cells
    return None


def _has_decimal_comma(found, rows):
    """Return whether numbers have a decimal comma; refuse what may be thousands as well."""
    cells = [cell for row in rows for cell in row]
    commas = [cell for cell in cells if _COMMA.fullmatch(cell)]
    if not commas or found.arff:
        return False
    path = found.text.path
    point = next((cell for cell in cells if _POINT.fullmatch(cell)), None)
    if point is not None:
        raise ValueError(f"{path} must write numbers in one way: {commas[0]!r} and {point!r} "
                         f"(without thousands separators, with one decimal mark)")
    if all(map(_THOUSANDS.fullmatch, commas)):
        for column in zip(*[row for row in rows if len(row) == len(rows[0])], strict=True):
            whole = next((cell for cell in column if re.fullmatch(r"-?[0-9]+", cell)), None)
            if whole is not None and any(map(_COMMA.fullmatch, column)):
                raise ValueError(f"{path} must write numbers without thousands separators: "
                                 f"{commas[0]!r} and {whole!r} stand in one column (with a decimal "
                                 f"point, if it is no thousands separator)")
    found.notes.append(f"numbers such as {commas[0]!r} have a decimal comma")
    return True


def _separator(lines):
    """Return the separator that gives most lines an equal number of cells, mostly numbers."""
    best, chosen = (0.0, 0.0), ","
    for separator in SEPARATORS:
        rows = [_split(line, separator) for line in lines]
        widths = [len(row) for row in rows]
        usual = max(set(widths), key=widths.count, default=0)
        if usual < 2:
            continue
        cells = [cell.strip().replace(",", ".", 1) for row in rows[1:] or rows for cell in row]
        numbers = sum(re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", cell) is not None
                      for cell in cells)
        score = (widths.count(usual) / len(widths), numbers / len(cells))
        if score > best:
            best, chosen = score, separator
    return chosen


def _split(line, separator):
    if separator == SPACES:
        separator, line = " ", " ".join(line.split())
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _data_lines(found):
    """Yield number and text of the lines that hold rows, and set what ARFF says on the way."""
    first, names = True, []
    for number, line in enumerate(found.text.lines(), 1):
        start = line.lstrip()
        if not start or (start.startswith(COMMENTS) and (first or _is_comment(found, line))):
            continue
        if first and start.lower().startswith("@relation"):
            found.arff = True
            continue
        if found.arff and first:
            if start.lower().startswith("@attribute"):
                name = re.match(r"@attribute\s+('[^']*'|\"[^\"]*\"|\S+)", start, re.IGNORECASE)
                names.append(name[1].strip("'\"") if name else "")
                continue
            if start.lower().startswith("@data"):
                found.names, first = _unique(names), False
                continue
        if found.arff and start.startswith("{"):
            raise ValueError(f"{found.text.path} must be an ARFF file that is not sparse: line "
                             f"{number} begins with {{ (save it as CSV)")
        if first and re.fullmatch(r"\"?sep=(.)\"?", start.strip()):
            continue
        first = False
        yield number, line


def _is_comment(found, line):
    """Return whether a line below the first is a comment: it has not the table's columns."""
    return found.width > 0 and len(_split(line, found.separator)) != found.width + found.cut


def _rows(found):
    """Yield line number and cells of the rows of a text, its header too, without empty lines."""
    last, spaces = 0, found.separator == SPACES

    def texts():
        nonlocal last
        for number, line in _data_lines(found):
            last = number
            yield " ".join(line.split()) if spaces else line + "\n"

    quote = "'" if found.arff else '"'
    separator = " " if spaces else found.separator
    try:
        for cells in csv.reader(texts(), delimiter=separator, quotechar=quote, strict=True,
                                skipinitialspace=True):
            if any(map(str.strip, cells)):
                yield last, cells
    except csv.Error as error:
        raise ValueError(f"{found.text.path} must be a table of separated cells: line {last}: "
                         f"{error}") from None
