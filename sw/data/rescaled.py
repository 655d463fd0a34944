"""Reads tables for networks without a stored conversion, which scale some columns by name."""

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
        Table with a header line.
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
    if layout.names is None:
        raise ValueError(f"{path} must have a header line, because the network scales columns by "
                         f"their names ({listed_names(list(ranges))})")
    dropped = {classcolumn.find(layout, column, "--drop") for column in drop}
    columns = [name for place, name in enumerate(layout.names) if place not in dropped]
    if len(columns) == inputs + 1:
        place = classcolumn.find(layout, label, "--label") if label is not None \
            else classcolumn.choose(layout, classcolumn.survey(layout), dropped)[0]
        label = layout.names[place]
        columns.remove(label)
    if lacking := [name for name in ranges if name not in columns]:
        raise ValueError(f"{path} must have the columns of the training: it lacks "
                         f"{listed_names(lacking)}")
    values, truth, names, notes = match(path, Row(columns=columns), inputs, label)
    low, high = np.array([ranges.get(name, (0.0, float(TOP))) for name in columns]).T
    return (values - low) / np.where(high > low, high - low, 1) * TOP, truth, names, notes


def refuse(name, conversion):
    """Refuse examples without column names for a network that scales columns by name."""
    if getattr(conversion, "scaled", ()):
        columns = listed_names([name for name, *_ in conversion.scaled])
        raise ValueError(f"{name} must be a table with a header line, because the network scales "
                         f"columns by their names ({columns})")
