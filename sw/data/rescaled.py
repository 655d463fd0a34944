"""Reads tables for networks without a stored conversion, which scale some columns by name."""

import re

import numpy as np

from ..conversion import TOP, Row
from .form import classcolumn
from .form.classcolumn import listed_names
from .form.layout import layout_of
from .form.newrows import match
from .form.text import Text


def rescaled(path, conversion, inputs, label=None, drop=()):
    """Return what :func:`sw.data.form.newrows.match` does, with numbers scaled to 0..255.

    Parameters
    ----------
    path : path-like
        Table, with the header line that the training's had.
    conversion : sw.conversion.Row
        Conversion with ``scaled`` columns.
    inputs : int
        Numbers of a row.
    label : str or None
        Class column, by name or number from 1.
    drop : sequence of str
        Columns to leave out, by name or number from 1.
    """
    ranges = {name: bounds for name, *bounds in conversion.scaled}
    layout = layout_of(Text.read(path), tuple(ranges))
    dropped = {classcolumn.find(layout, column, "--drop") for column in drop}
    places = [place for place in range(layout.width) if place not in dropped]
    classed = len(places) == inputs + 1
    if classed:
        chosen = classcolumn.find(layout, label, "--label") if label is not None \
            else classcolumn.choose(layout, classcolumn.survey(layout), dropped)[0]
        places.remove(chosen)
        label = str(chosen + 1)
    if layout.names is None:
        columns = _numbered(path, places, ranges, classed)
        values, truth, names, notes = match(path, Row(), inputs, label, drop)
    else:
        columns = [layout.names[place] for place in places]
        values, truth, names, notes = match(path, Row(columns=columns), inputs, label)
    if lacking := [name for name in ranges if name not in columns]:
        raise ValueError(f"{path} must have the columns of the training: it lacks "
                         f"{listed_names(lacking)}")
    low, high = np.array([ranges.get(name, (0.0, float(TOP))) for name in columns]).T
    return (values - low) / np.where(high > low, high - low, 1) * TOP, truth, names, notes


def _numbered(path, places, ranges, classed):
    """Return names of columns without header line: ``column 1`` and so on, as in the training.

    The class column counted there. Where it is missing now, its place must not matter.
    """
    numbers = [re.fullmatch(r"column (\d+)", name) for name in ranges]
    if not all(numbers):
        raise ValueError(f"{path} must have a header line, because the network scales columns by "
                         f"their names ({listed_names(list(ranges))})")
    if not classed:  # the class column may have been anywhere
        if len(ranges) < len(places):
            raise ValueError(f"{path} must have the class column, because the network scales "
                             f"columns by their numbers ({listed_names(list(ranges))})")
        return sorted(ranges, key=lambda name: int(name.split()[1]))
    return [f"column {place + 1}" for place in places]


def refuse(name, conversion):
    """Refuse examples without columns for a network that needs their names or words."""
    if words := getattr(conversion, "categories", ()) and conversion.worded():
        raise ValueError(f"{name} must be a table, because the network takes words of its columns "
                         f"({listed_names(words)})")
    if getattr(conversion, "scaled", ()):
        columns = listed_names([name for name, *_ in conversion.scaled])
        raise ValueError(f"{name} must be a table with names of columns, because the network "
                         f"scales columns by their names ({columns})")
