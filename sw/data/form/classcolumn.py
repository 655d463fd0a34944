"""Chooses the class column of a table, and says why."""

import re
from dataclasses import dataclass

from .header import CLASS_NAMES, MISSING


CLASSES_LIMIT = 256  # most different values of a column that is guessed to hold classes
WEAK = ("y", "outcome", "category", "targets", "variety")  # headers of other columns, too
_INTEGER = re.compile(r"-?[0-9]{1,18}(\.0*)?")


@dataclass(eq=False)
class Survey:
    """Facts about the columns of a whole table.

    Attributes
    ----------
    count : int
        Rows.
    values : dict of int to set or None
        Different cells of some columns by place; None if they are more than the limit.
    """

    count: int
    values: dict


def survey(layout, label=None):
    """Read a table once; return its survey."""
    ends = {0, 1, layout.width - 2, layout.width - 1}
    watched = {place for place in ends if 0 <= place < layout.width} | set(words_in(layout)[:64])
    watched |= {place for place, _ in _named(layout)}
    values = {place: set() for place in sorted(watched)}
    count, open_places = 0, list(values)
    for _, cells in layout.rows():
        count += 1
        for place in open_places:
            values[place].add(cells[place].strip())
        if count % 256 == 0:
            open_places = [place for place in open_places if len(values[place]) <= CLASSES_LIMIT]
    return Survey(count, {place: None if len(cells) > CLASSES_LIMIT else cells
                          for place, cells in values.items()})


def find(layout, column, option):
    """Return the place of a column that a user names, by name or number from 1."""
    names = layout.names or ()
    for known in (names, [name.lower() for name in names]):
        wanted = column if known is names else column.lower()
        if list(known).count(wanted) == 1:
            return list(known).index(wanted)
    if column.isascii() and column.isdigit() and 1 <= int(column) <= layout.width:
        return int(column) - 1
    listed = f" ({listed_names(names)})" if names else ""
    raise ValueError(f"{option} must name a column of {layout.text.path}, or give its number in "
                     f"1..{layout.width}: {column}{listed}")


def listed_names(names, most=12):
    """Return the first names of many, separated by commas."""
    names = [name or f"column {place + 1}" for place, name in enumerate(names)]
    return ", ".join(names[:most]) + (f", … {len(names) - most} more" if len(names) > most else "")


def option_name(layout, place):
    """Return how a user names a column in an option: by its name if that is plain."""
    name = layout.names[place] if layout.names else ""
    plain = name and not re.search(r"[,\s'\"$`\\]|^\d+$|^-", name)
    return name if plain else str(place + 1)


def choose(layout, found, dropped=()):
    """Return the place of the class column, and the reason as a clause.

    The strongest header of :data:`CLASS_NAMES` wins; then the only column of words; then the last
    or first column of few different integers.
    """
    named = [(place, strength) for place, strength in _named(layout) if place not in dropped
             and (layout.names[place].lower() not in WEAK or _words(found, place)
                  or _few_integers(found, place))]
    if named:
        return min(named, key=lambda entry: entry[1])[0], "as its header says"
    text = [place for place in words_in(layout) if place not in dropped]
    worded = [place for place in text if _words(found, place)]
    if len(worded) == 1:
        return worded[0], "the only one of words"
    if len(worded) > 1:
        names = " and ".join(repr(layout.column(place)) for place in worded[:6])
        raise ValueError(f"{layout.text.path} must say which column holds the classes: {names} "
                         f"hold words (--label {option_name(layout, worded[0])} chooses the first)")
    ends = [place for place in dict.fromkeys((layout.width - 1, 0))
            if place not in dropped and _few_integers(found, place)]
    if ends:
        place = min(ends, key=lambda place: _unlike_a_class(layout, found, place))
        where = "last" if place else "first"
        return place, f"the {where}, with {len(found.values[place])} different integers"
    raise ValueError(f"{layout.text.path} must have a class column: no header says 'label' or "
                     f"'class', and neither the last nor the first of its {layout.width} columns "
                     f"holds a few different integers (--label COLUMN chooses one"
                     f"{': ' + listed_names(layout.names) if layout.names else ''})")


def said(layout, chosen, reason):
    """Return the sentence on a class column that was guessed."""
    name = layout.names[chosen] if layout.names else ""
    return (f"class column is {f'{name!r}, ' if name else ''}column {chosen + 1} of "
            f"{layout.width}, {reason} (--label changes it)")


def is_integer(cell):
    """Return whether a class is a number that int64 holds; a longer number counts as a name."""
    return _INTEGER.fullmatch(cell) is not None


def _named(layout):
    """Return place and rank of each column with the header of a class column."""
    return [(place, CLASS_NAMES.index(name.lower())) for place, name in
            enumerate(layout.names or ()) if name.lower() in CLASS_NAMES]


def words_in(layout):
    """Return the places of columns that hold words in the first rows."""
    return [place for place in range(layout.width)
            if any(not layout.is_number(row[place]) and row[place].lower() not in MISSING
                   for row in layout.sample if place < len(row))]


def _words(found, place):
    """Return whether a column holds words that come again, as classes do."""
    cells = found.values.get(place)
    if cells is None or all(map(is_integer, cells)):
        return False
    return any(re.search(r"[^\W\d]", cell) for cell in cells) \
        and (found.count < 10 or 2 * len(cells) <= found.count)


def _few_integers(found, place):
    cells = found.values.get(place)
    return cells is not None and 2 <= len(cells) and all(map(is_integer, cells)) \
        and 2 * len(cells) <= found.count


def _unlike_a_class(layout, found, place):
    """Return a key that is less for columns that look more like classes.

    The last column of a picture's pixels looks like the column beside it; classes do not.
    """
    values = sorted({int(float(cell)) for cell in found.values[place]})
    beside = found.values.get(1 if place == 0 else layout.width - 2)
    alike = False
    if beside and layout.width > 3 and all(map(is_integer, beside)):
        others = [int(float(cell)) for cell in beside]
        alike = min(others) <= values[0] and values[-1] <= max(others)
    gaps = values[-1] - values[0] + 1 != len(values) or values[0] not in (0, 1)
    return alike, gaps, len(values), place == 0
