"""Columns of words: which they are, their words as numbers, words that a network does not know."""

from collections import Counter
from pathlib import Path

import numpy as np

from ...layer.check import LABEL_LIMIT
from ..images import suffixes
from .classcolumn import option_name
from .header import MISSING


LISTED = 5  # unknown words that are named


def worded(layout, places, said=()):
    """Return those of ``places`` whose columns hold words.

    Parameters
    ----------
    layout : Layout
        How the table is written.
    places : list of int
        Columns to look at.
    said : collection of int
        Columns that hold words because the user says so.

    Returns
    -------
    list of int
        Columns that the user named, and those of which more than half of the cells in the first
        rows are words. Gaps do not count.
    """
    found = []
    for place in places:
        cells = [row[place] for row in layout.sample if place < len(row)]
        filled = [cell for cell in cells if cell.lower() not in MISSING]
        words = [cell for cell in filled if not layout.is_number(cell)]
        if place in said or 2 * len(words) > len(filled):
            _refuse_pictures(layout, place, words)
            found.append(place)
    return found


def _refuse_pictures(layout, place, words):
    picture = next((word for word in words if Path(word).suffix.lower() in suffixes()), None)
    if picture is not None:
        raise ValueError(f"{layout.text.path} must be given with its pictures: column "
                         f"{layout.column(place)!r} names files such as {picture!r} (give the "
                         f"folder of the pictures and this table as the dataset)")


class Words:
    """Words of a column, which get numbers in the order in which they come.

    Parameters
    ----------
    layout : Layout
        How the table is written.
    place : int
        Column in the file.
    most : int or None
        Different words at most.
    """

    def __init__(self, layout, place, most=None):
        self.layout = layout
        self.place = place
        self.most = most
        self.codes = {}

    def number(self, line, cell):
        """Return the number of a word as a cell of a table of numbers."""
        word = cell.strip()
        code = self.codes.get(word)
        if code is None:
            code = self._added(line, word)
        return str(code)

    def _added(self, line, word):
        if len(word) > LABEL_LIMIT:
            raise ValueError(f"{self.layout.text.path} must have words of at most {LABEL_LIMIT} "
                             f"characters: line {line}, {self.layout.column(self.place)!r} has "
                             f"{len(word)} (--drop {option_name(self.layout, self.place)} leaves "
                             f"the column out)")
        if self.most is not None and len(self.codes) >= self.most:
            raise ValueError(f"{self.layout.text.path} must have at most {self.most} different "
                             f"words in a column: {self.layout.column(self.place)!r} has more in "
                             f"line {line} (--drop {option_name(self.layout, self.place)} leaves "
                             f"it out)")
        self.codes[word] = len(self.codes)
        return self.codes[word]

    def sorted(self, column):
        """Return the words in their order, and the column's numbers by this order."""
        words = sorted(self.codes)
        places = {word: place for place, word in enumerate(words)}
        order = np.array([places[word] for word in self.codes], dtype=np.float64)
        return tuple(words), order[column.astype(np.int64)]


def together(parts):
    """Return the words of each column of several tables, and each table's numbers by these words.

    Parameters
    ----------
    parts : list of (ndarray, tuple)
        Numbers, shape (rows, columns), and words by column, None for a column of numbers.
    """
    if not any(any(words) for _, words in parts):
        return (), [values for values, _ in parts]
    columns = zip(*(words for _, words in parts), strict=True)
    union = tuple(tuple(sorted(set().union(*words))) if words[0] else None for words in columns)
    return union, [renumbered(values, words, union)[0] for values, words in parts]


def occurring(words, values):
    """Return the words of each column that occur in some rows; empty if no column has words."""
    return tuple(None if known is None else
                 tuple(known[code] for code in np.unique(values[:, place]).astype(np.int64))
                 for place, known in enumerate(words))


def renumbered(values, words, wanted):
    """Return a table's numbers with those of other words, -1 for a word that these lack.

    Parameters
    ----------
    values : ndarray of float64, shape (rows, columns)
        Numbers. In a column of words, places of the words.
    words, wanted : tuple of (tuple of str or None)
        Words by column, now and afterwards.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
    list of Counter
        Rows of each word that is unknown, by column.
    """
    values, unknown = values.copy(), []
    for place, (known, other) in enumerate(zip(words, wanted, strict=True)):
        missing = Counter()
        if known:
            places = {word: code for code, word in enumerate(other)}
            codes = values[:, place].astype(np.int64)
            values[:, place] = np.array([places.get(word, -1) for word in known], float)[codes]
            counts = np.bincount(codes, minlength=len(known))
            missing.update({word: int(count) for word, count in zip(known, counts, strict=True)
                            if count and word not in places})
        unknown.append(missing)
    return values, unknown


def known_words(path, conversion, values, words):
    """Return a table's numbers by the words of a network's conversion, and sentences on others.

    Parameters
    ----------
    path : path-like
        Table, for messages.
    conversion : sw.conversion.Row
        Conversion of the network.
    values : ndarray of float64, shape (rows, columns)
        Numbers, in the order of the conversion's columns.
    words : tuple of (tuple of str or None)
        Words of these columns; empty if none has words.
    """
    wanted = conversion.categories or (None,) * values.shape[1]
    words = words or (None,) * values.shape[1]
    for place, (known, other) in enumerate(zip(words, wanted, strict=True)):
        if bool(known) != bool(other):
            rule = "words" if other else "numbers"
            raise ValueError(f"{path} must hold {rule} in {conversion.column(place)!r}, as the "
                             f"table of the training did")
    values, unknown = renumbered(values, words, wanted)
    return values, [_said(conversion.column(place), words)
                    for place, words in enumerate(unknown) if words]


def _said(column, words):
    count = sum(words.values())
    shown = ", ".join(f"{word!r} ({rows:,})" for word, rows in words.most_common(LISTED))
    more = f" and {len(words) - LISTED} more" if len(words) > LISTED else ""
    rows = "1 row has a word" if count == 1 else f"{count:,} rows have words"
    return (f"{rows} in {column!r} that no training row has: {shown}{more}; all inputs of this "
            f"column are 0 there")
