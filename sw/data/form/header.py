"""Tells whether the first line of a table names its columns."""

from itertools import pairwise


MISSING = {"", "?", "na", "n/a", "nan", "null", "none", "-"}
# Headers that mark the class column, the strongest first.
CLASS_NAMES = ("label", "labels", "class", "classes", "target", "classid", "class_id", "label_id",
               "class_label", "classlabel", "class_name", "species", "diagnosis", "category",
               "targets", "variety", "outcome", "y")


def is_header(found, first, rows, known, words=True):
    """Return whether the first row holds names.

    Parameters
    ----------
    found : Layout
        How the table is written; takes a sentence on a guess.
    first : list of str
        The first row.
    rows : list of list of str
        Rows below.
    known : collection of str
        Names that mark a header line.
    words : bool
        Whether a row of words above rows of words may hold names.
    """
    lower = [cell.lower() for cell in first]
    if known and {name.lower() for name in known} <= set(lower):
        return True
    rows = [row for row in rows if len(row) >= len(first)]
    if not rows:
        return False
    number = found.is_number
    named = [not number(cell) and cell.lower() not in MISSING for cell in first]
    if not any(number(cell) and cell.lower() not in MISSING for cell in first) \
            and any(number(cell) for cell in rows[0]):
        return True
    worded = not any(number(cell) for row in (first, *rows) for cell in row)
    for place, cell in enumerate(lower):
        below = [row[place] for row in rows]
        if named[place] and all(map(number, below)):
            return True
        if cell in CLASS_NAMES and cell not in map(str.lower, below) and _counting(found, first) \
                and not (worded and len(cell) == 1):  # y may be a word
            return True
    if worded:
        return words and _names_words(found, lower, rows)
    counts = lower[not lower[0]:]
    return len(counts) > 2 and any(counts == [str(start + place) for place in range(len(counts))]
                                   for start in (0, 1)) and not lower[0]


def _names_words(found, first, rows):
    """Return whether a row without numbers names columns of words, some of which come again."""
    columns = [[row[place].lower() for row in rows] for place in range(len(first))]
    fresh = all(cell not in below for cell, below in zip(first, columns, strict=True))
    if not fresh or all(len(set(below)) == len(below) for below in columns):
        return False
    found.notes.append("the first line names the columns, because none of its words comes again "
                       "in its column")
    return True


def _counting(found, first):
    """Return whether the numbers among a row's cells count upward, as names of pixels may."""
    numbers = [found.number(cell) for cell in first if found.is_number(cell)]
    return all(above + 1 == below for above, below in pairwise(numbers))
