"""The benchmark as a picture: accuracy against area and speed, beside published figures."""

import csv

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sw import picture

from .labels import place
from .row import parts


MARKERS = {"LUT4": "s", "LUT6": "x"}
TICKS = (75, 80, 85, 90, 95, 97, 98, 98.5, 99, 99.25, 99.5)  # percent
PEERS = "tab:gray"
# Families of networks, by a part that only they have. A network with none of these parts is a
# threshold network.
FAMILIES = {"tables": ("look-up networks", "tab:blue"),
            "synapses": ("threshold networks", "tab:red")}


def read_peers(path):
    """Read published figures on MNIST.

    Parameters
    ----------
    path : path-like
        CSV with the columns ``system``, ``accuracy`` in percent, ``images_per_second`` (or
        nothing), ``luts``, ``kind`` (``LUT4`` or ``LUT6``), ``mark``, ``note``.

    Returns
    -------
    list of dict
        Numbers as numbers, or None.
    """
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    missing = {"system", "accuracy", "images_per_second", "luts", "kind"} - {
        *(reader.fieldnames or ())}
    if missing:
        raise ValueError(f"{path} must have the columns of published figures: no "
                         f"{', '.join(sorted(missing))}")
    for number, row in enumerate(rows, 2):
        if row.get("kind") not in MARKERS:
            raise ValueError(f"Kind of LUT in {path}, line {number}, must be one of "
                             f"{', '.join(MARKERS)}: {row.get('kind')!r}")
        for column, most in (("accuracy", 100), ("images_per_second", 1e15), ("luts", 1e15)):
            row[column] = _number(row.get(column), f"{column} in {path}, line {number},", most)
        if row["accuracy"] is None or row["luts"] is None:
            raise ValueError(f"Line {number} of {path} must have an accuracy and LUTs")
    return rows


def _number(text, what, most):
    """Return the number in a cell, None for none."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 < value <= most:
        raise ValueError(f"{what.capitalize()} must be a number above 0, at most {most:g}: "
                         f"{text!r}")
    return value


def family(row):
    """Return the family of a row's network: its name and its colour."""
    has = parts(row)
    return next((named for noun, named in FAMILIES.items() if noun in has),
                FAMILIES["synapses"])


def points(rows, peers):
    """Return what is drawn: name, accuracy, LUTs, images/s or None, kind, colour; by LUTs."""
    found = [(row["preset"], row["accuracy"], row["lut4"], row["images_per_second"], "LUT4",
              family(row)[1]) for row in rows if row["dataset"] == "mnist"]
    found += [(peer["system"], peer["accuracy"], peer["luts"], peer["images_per_second"],
               peer["kind"], PEERS) for peer in peers]
    return sorted(found, key=lambda point: point[2])


def draw(path, rows, peers):
    """Draw the rows on MNIST beside published figures.

    Parameters
    ----------
    path : path-like
        Picture to write.
    rows : list of dict
        Rows of the benchmark.
    peers : list of dict
        As from :func:`read_peers`.
    """
    figure = Figure(figsize=(14, 6), layout="constrained")
    area, speed = figure.subplots(1, 2)
    named = {area: [], speed: []}
    for name, accuracy, luts, rate, kind, colour in points(rows, peers):
        _point(area, luts, 100 - accuracy, MARKERS[kind], colour)
        named[area].append((luts, 100 - accuracy, name, colour))
        if rate:
            _point(speed, 100 - accuracy, rate, MARKERS[kind], colour)
            named[speed].append((100 - accuracy, rate, name, colour))

    # Wrong answers on a logarithmic axis, labelled as accuracy: from 99 to 99.5 % is as far as
    # from 80 to 90 %.
    ticks = [100 - percent for percent in TICKS]
    area.set(xscale="log", xlabel="LUTs, as each source counts them", ylabel="MNIST accuracy, %",
             title="Accuracy against area")
    area.set_yscale("log")
    area.set_yticks(ticks, TICKS)
    area.invert_yaxis()
    speed.set(yscale="log", xlabel="MNIST accuracy, %", ylabel="images/s",
              title="Speed against accuracy")
    speed.set_xscale("log")
    speed.set_xticks(ticks, TICKS)
    speed.invert_xaxis()
    shown = {family(row) for row in rows if row["dataset"] == "mnist"}
    legend = area.legend(handles=[
        *(Line2D([], [], color=colour, marker="s", linestyle="",
                 label=f"Thresher, {name}, LUT4, all counted")
          for name, colour in FAMILIES.values() if (name, colour) in shown),
        *(Line2D([], [], color=PEERS, marker=marker, linestyle="", label=f"published, {kind}")
          for kind, marker in MARKERS.items())], loc="lower left", fontsize=9)
    for axes in (area, speed):
        axes.minorticks_off()
        axes.margins(0.12)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.draw_without_rendering()  # names need the places of all else
    for axes, taken in ((area, [legend]), (speed, [])):
        place(axes, named[axes], taken)
    picture.save(figure, path, dpi=110, metadata={"Software": None})


def _point(axes, x, y, marker, colour):
    axes.plot([x], [y], marker=marker, color=colour, linestyle="")
