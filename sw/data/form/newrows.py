"""Reads rows to classify, from a file or a stream, in the order of a network's inputs."""

from itertools import pairwise

from . import classcolumn
from .categories import known_words
from .classcolumn import listed_names, option_name
from .columns import by_name, classes_of, read_columns
from .header import CLASS_NAMES, MISSING
from .layout import layout_of
from .text import Text


def match(source, conversion, inputs=None, label=None, drop=()):
    """Read rows for a network: its columns by name, by place, or in their order.

    Parameters
    ----------
    source : path-like or open stream
        Table, with or without header line and class column.
    conversion : sw.conversion.Row or sw.conversion.Picture
        Conversion of the network.
    inputs : int or None
        Values of a row; None for those of the conversion.
    label : str or None
        Class column, by name or number from 1; None: guessed.
    drop : sequence of str
        Columns that are neither inputs nor classes, by name or number from 1.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
        Numbers as they stand in the file; of columns of words, places among the conversion's.
    ndarray of int64 or str, shape (rows,), or None
        Class of each row; None if the table has no class column.
    list of str
        Name of each row for messages: its line in the file.
    list of str
        Sentences on what was guessed or not used.
    """
    columns = getattr(conversion, "columns", ())
    categories = getattr(conversion, "categories", ())
    expected = getattr(conversion, "inputs", None) or len(categories) or inputs or len(columns) \
        or len(conversion.places)
    layout = layout_of(Text.read(source), columns, words=bool(columns))
    if not layout.width:
        raise ValueError(f"{layout.text.path} must have rows of {expected} numbers: it has none")
    notes = list(layout.notes)
    told = None if label is None else classcolumn.find(layout, label, "--label")
    dropped = {classcolumn.find(layout, column, "--drop") for column in drop}
    places, chosen = _places(layout, conversion, expected, (told, dropped), notes)
    worded = {place for place, words in zip(places, categories, strict=False) if words}
    table = read_columns(layout, places, chosen, worded=worded, fixed=True)
    if not len(table.values):
        raise ValueError(f"{layout.text.path} must have rows of {expected} numbers: it has a "
                         f"header line alone")
    values = table.values
    if categories:
        values, unknown = known_words(layout.text.path, conversion, values, tuple(table.words))
        notes += unknown
    truth, = classes_of(table.cells)
    return values, truth, [f"line {line}" for line in table.lines], notes


def _places(layout, conversion, expected, said, notes):
    """Return the places of the inputs, and the place of the class column or None.

    ``said`` are the place of the class column or None, and the places of columns to leave out.
    """
    path, columns = layout.text.path, getattr(conversion, "columns", ())
    told, dropped = said
    if columns and layout.names:
        places = by_name(layout, columns, path, "the network's training")
        chosen = _class_beside(layout, places) if told is None else told
        _say_unused(layout, places, chosen, notes)
        return places, chosen
    given = getattr(conversion, "places", ())
    if given and layout.width == conversion.width:
        beside = [place for place in range(layout.width) if place not in given]
        chosen = _class_beside(layout, given) if told is None else told
        if chosen is None and len(beside) == 1:
            chosen = beside[0]
        return list(given), chosen
    kept = [place for place in range(layout.width) if place not in dropped]
    if len(kept) == expected and told is None:
        return kept, None
    if len(kept) == expected + 1:
        number = _numbering(layout, kept) if told is None else None
        if number is not None:
            notes.append(f"{layout.column(number)!r} numbers the rows and is not used (--label "
                         f"{option_name(layout, number)}: it is the class)")
            return [place for place in kept if place != number], None
        if told is None:
            told, reason = classcolumn.choose(layout, classcolumn.survey(layout), dropped)
            notes.append(classcolumn.said(layout, told, reason))
        return [place for place in kept if place != told], told
    names = f" ({listed_names(columns)})" if columns else ""
    raise ValueError(f"{path} must have rows of the {expected} numbers that the network takes"
                     f"{names}, with or without a class: it has {layout.width} columns"
                     + (" (a header line with these names finds them)" if columns else ""))


def _numbering(layout, kept):
    """Return the only column that numbers the rows, where none has the header of a class."""
    if any(layout.names and layout.names[place].lower() in CLASS_NAMES for place in kept) \
            or classcolumn.words_in(layout) or len(layout.sample) < 3:
        return None
    found = [place for place in kept if _counts([row[place] for row in layout.sample], layout)]
    return found[0] if len(found) == 1 else None


def _counts(cells, layout):
    return all(map(layout.is_number, cells)) and all(
        layout.number(below) == layout.number(above) + 1 for above, below in pairwise(cells))


def _class_beside(layout, places):
    """Return the class column among the columns that are no inputs, or None."""
    beside = [place for place in range(layout.width) if place not in places]
    named = sorted((CLASS_NAMES.index(layout.names[place].lower()), place) for place in beside
                   if layout.names and layout.names[place].lower() in CLASS_NAMES)
    if named:
        return named[0][1]
    words = [place for place in beside if any(
        not layout.is_number(row[place]) and row[place].lower() not in MISSING
        for row in layout.sample if place < len(row))]
    return words[0] if len(words) == 1 else None


def _say_unused(layout, places, chosen, notes):
    unused = [layout.column(place) for place in range(layout.width)
              if place not in places and place != chosen]
    if unused:
        notes.append(f"columns that the network does not take: {listed_names(unused)}")
