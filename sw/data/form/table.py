"""Reads tables of numbers and words with a class column: CSV and its family."""

import re
from pathlib import Path

import numpy as np

from ...layer.check import INPUTS_LIMIT
from ...row import WORDS_LIMIT
from ..options import share
from ..raw import Part, Raw
from . import categories, classcolumn, tablefile
from .classcolumn import listed_names, option_name
from .columns import by_name, classes_of, read_columns
from .layout import layout_of
from .part import TEST, part_of
from .tablefile import matches
from .text import Text, is_text


__all__ = ["matches", "pixels", "read"]

FEW = 10  # rows from which a column of different integers is told


def read(path, options):
    """Read a table and, if there is one, its test part in another file."""
    file = tablefile.table_in(path) if path.is_dir() else path
    train = _training(file, options)
    raw = Raw(path, _form(train.layout), None, header=train.layout.names is not None,
              width=train.layout.width, guessed=list(train.layout.notes))
    raw.label = train.layout.column(train.chosen)
    if options.label is None:
        raw.guessed.append(classcolumn.said(train.layout, train.chosen, train.reason))
    _drop_numbers_of_rows(train, raw)
    _warn_of_numbers_of_rows(train, raw)
    _say_words(train, raw)
    test = _test(file, train, options, raw)
    labels, test_labels = classes_of(train.cells, None if test is None else test.cells)
    raw.columns, raw.places = train.names, tuple(train.places)
    tables = [(table.values, table.words) for table in (train, test) if table is not None]
    raw.categories, values = categories.together(tables)
    raw.train = Part(values[0], labels)
    if test is not None:
        raw.test, raw.test_from = Part(values[1], test_labels), Path(test.layout.text.path).name
    validation = tablefile.validation_beside(file)
    if validation is not None and validation.name != raw.test_from and options.test is None:
        raw.guessed.append(f"{validation.name} is not used (--test {validation} makes it the test "
                           f"part)")
    return raw


def _form(layout):
    kinds = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", "spaces": "spaces"}
    return "ARFF table" if layout.arff else f"table separated by {kinds[layout.separator]}"


def _training(file, options):
    layout = layout_of(Text.read(file))
    if not 2 <= layout.width <= INPUTS_LIMIT + 1:
        raise ValueError(f"{file} must have rows of at least one value and a class: "
                         f"{len(layout.sample)} rows, {layout.width} columns")
    dropped = {classcolumn.find(layout, column, "--drop") for column in options.drop}
    found = classcolumn.survey(layout)
    if not found.count:
        raise ValueError(f"{file} must have rows of numbers: it has a header line alone")
    if options.label is None:
        chosen, reason = classcolumn.choose(layout, found, dropped)
    else:
        chosen, reason = classcolumn.find(layout, options.label, "--label"), ""
    if chosen in dropped:
        raise ValueError(f"--drop must not name the class column of {file}: "
                         f"{layout.column(chosen)} (--label chooses another)")
    places = [place for place in range(layout.width) if place not in {chosen, *dropped}]
    if not places:
        raise ValueError(f"{file} must keep at least one column besides the class: "
                         f"{layout.width} columns, {len(dropped)} dropped")
    told = {classcolumn.find(layout, column, "--categories") for column in options.categories}
    if not told <= set(places):
        raise ValueError(f"--categories must name columns of {file} that are inputs: "
                         f"{layout.column(min(told - set(places)))!r} is the class or dropped")
    worded = categories.worded(layout, places, told)
    table = read_columns(layout, places, chosen, found.count, worded=worded, most=WORDS_LIMIT)
    table.reason = reason
    return table


def _drop_numbers_of_rows(table, raw):
    """Leave out a column without a name that counts upward, as pandas writes."""
    for column, place in enumerate(list(table.places)):
        name = table.layout.names[place] if table.layout.names else "named"
        if re.fullmatch(r"(unnamed: ?\d+)?", name, re.IGNORECASE) \
                and table.words[column] is None and len(table.places) > 1 \
                and _counts(table.values[:, column]):
            table.values = np.delete(table.values, column, axis=1)
            table.places.remove(place)
            del table.words[column]
            raw.guessed.append(f"column {place + 1} is left out: it has no name and counts the "
                               f"rows (a name in the header line keeps it)")
            return


def _warn_of_numbers_of_rows(table, raw):
    rows = len(table.values)
    if rows < FEW:
        return
    spans = table.values.max(axis=0) - table.values.min(axis=0) + 1
    for column in np.flatnonzero(spans >= rows):
        values = table.values[:, column]
        if table.words[column] or (values != np.floor(values)).any() \
                or len(np.unique(values)) < rows:
            continue
        what = "counts upward" if _counts(values) else "has another integer in every row"
        place = table.places[column]
        name = table.layout.names[place] if table.layout.names else ""
        raw.warnings.append(f"column {repr(name) if name else place + 1} {what}: if it numbers the "
                            f"rows, leave it out with --drop {option_name(table.layout, place)}")


def _say_words(table, raw):
    """Say which columns hold words; warn of one that names the rows."""
    worded = [place for place, words in zip(table.places, table.words, strict=True) if words]
    if not worded:
        return
    names = [option_name(table.layout, place) for place in worded]
    count = sum(len(words) for words in table.words if words)
    raw.guessed.append(f"{'column' if len(worded) == 1 else 'columns'} {listed_names(names)} "
                       f"{'holds' if len(worded) == 1 else 'hold'} words: each of {count} "
                       f"different ones becomes an input (--drop {','.join(names)}: none does)")
    for place, words in zip(table.places, table.words, strict=True):
        if words and len(words) == len(table.values) >= FEW:
            raw.warnings.append(f"column {table.layout.column(place)!r} has another word in every "
                                f"row: if it names the rows, leave it out with --drop "
                                f"{option_name(table.layout, place)}")


def _counts(values):
    return len(values) > 1 and bool((np.diff(values) == 1).all())


def _test(file, train, options, raw):
    """Return the table of the test part, or None."""
    given = options.test if options.test is not None and share(options.test) is None else None
    if options.test is not None and given is None:
        return None
    path = tablefile.beside(file) if given is None else Path(given)
    if path is None:
        return None
    if path.is_dir():
        files = tablefile.tables_in(path)
        tests = [entry for entry in files if part_of(entry.name)[0] == TEST]
        path = (tests or files or [path])[0]
    if not path.is_file() or not is_text(path):
        raise ValueError(f"Test part of a table must be a table, too: {path}")
    layout = layout_of(Text.read(path), train.names, words=train.layout.names is not None)
    places, chosen, extra = _like(layout, train)
    if chosen is None and given is None:
        raw.guessed.append(f"{path.name} has no class column and is not used (--test FILE gives "
                           f"another test part)")
        return None
    if chosen is None:
        raise ValueError(f"{path} must have the class column "
                         f"{train.layout.column(train.chosen)!r}, as {file} has")
    if extra:
        raw.guessed.append(f"columns of {path.name} that {file.name} lacks are not used: "
                           f"{listed_names(extra)}")
    worded = {place for place, words in zip(places, train.words, strict=True) if words}
    return read_columns(layout, places, chosen, worded=worded)


def _like(layout, train):
    """Return places of the training columns and the class in another file, and other names."""
    path, first = layout.text.path, train.layout.text.path
    if layout.names and train.layout.names:
        places = by_name(layout, train.names, path, first)
        wanted = train.layout.names[train.chosen].lower()
        lower = [name.lower() for name in layout.names]
        chosen = lower.index(wanted) if wanted in lower else None
        known = {name.lower() for name in train.layout.names}
        return places, chosen, [name for name in layout.names if name.lower() not in known]
    if layout.width == train.layout.width:
        return list(train.places), train.chosen, []
    if layout.width == train.layout.width - 1:
        return [place - (place > train.chosen) for place in train.places], None, []
    raise ValueError(f"{path} must have the {train.layout.width} columns of {first}: it has "
                     f"{layout.width} (--test FILE or SHARE gives another test part, such as "
                     f"--test 0.2)")


def pixels(columns, values):
    """Return whether a table's columns are the pixels of pictures.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns.
    values : ndarray, shape (rows, columns)
        Their numbers.
    """
    if len(columns) < 64 or values.min() < 0 or values.max() > 255 \
            or (values != np.floor(values)).any():
        return False
    if all(re.fullmatch(r"(pixel|pix|px|p|attr)?[ _.-]?\d+|\d+x\d+", name, re.IGNORECASE)
           for name in columns):
        return True
    sides = {int((len(columns) // colours)**0.5) for colours in (1, 3)}
    square = any(side * side * colours == len(columns) for side in sides for colours in (1, 3))
    return square and all(re.fullmatch(r"column \d+", name) for name in columns)
