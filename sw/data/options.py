"""Options of every command that takes ``--dataset``: what a dataset's files mean."""

import argparse
import re
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """Options of a user about a dataset. None, or an empty tuple, leaves an option to a guess.

    Attributes
    ----------
    label : str or None
        Class column of a table: its name, or its number from 1.
    drop : tuple of str
        Columns of a table to leave out, by name or number from 1.
    categories : tuple of str
        Columns of a table whose cells are words, even if they are numbers.
    group : tuple of str
        Classes that become one, ``THEIRS=OURS`` each; ``*=OURS`` are all others.
    classes : str or None
        File with names of numbered classes.
    test : str or None
        File or folder of the test part, or its share: ``"0.2"``, ``"20%"``.
    hold_out : str or None
        Speaker whose recordings are the test part.
    size : tuple of int or str or None
        Rows and columns of the network's input, or ``"flat"``: numbers without places.
    fit : str or None
        One of :data:`sw.conversion.FITS`.
    invert, transpose : bool or None
        As in :class:`sw.conversion.Picture`.
    colours : int or None
        1: grey, 3: red, green and blue.
    range : tuple of float or None
        Least and greatest value of the numbers in the files.
    map : str or None
        File that gives classes of a dataset the names of a network's classes.
    """

    label: str | None = None
    drop: tuple = ()
    categories: tuple = ()
    group: tuple = ()
    classes: str | None = None
    test: str | None = None
    hold_out: str | None = None
    size: tuple | str | None = None
    fit: str | None = None
    invert: bool | None = None
    transpose: bool | None = None
    colours: int | None = None
    range: tuple | None = None
    map: str | None = None

    def to_json(self):
        """Return the options that are given, as a dict for JSON."""
        return {name: list(value) if isinstance(value, tuple) else value
                for name, value in vars(self).items() if value not in (None, ())}

    @classmethod
    def from_json(cls, content):
        """Return the options of a dict that :meth:`to_json` made."""
        known = {field.name for field in fields(cls)}
        if not isinstance(content, dict) or not set(content) <= known:
            raise ValueError(f"Options of a dataset must be some of {', '.join(sorted(known))}: "
                             f"{content!r}")
        return cls(**{name: tuple(value) if isinstance(value, list) else value
                      for name, value in content.items()})


NONE = Options()


def add_arguments(parser, *, mapped=True, without=()):
    """Add the options to a parser of a command line.

    ``mapped`` adds ``--map``, for commands that have a network already. ``without`` has names of
    options that make no sense for a command.
    """
    group = parser.add_argument_group("what the dataset's files mean (default: guessed and said)")

    def add(flag, **settings):
        if flag.removeprefix("--") not in without:
            group.add_argument(flag, **settings)

    add("--label", metavar="COLUMN", help="class column of a table: name, or number from 1")
    add("--drop", metavar="COLUMN,…", type=_names, default=(), help="columns to leave out")
    add("--categories", metavar="COLUMN,…", type=_names, default=(),
        help="columns whose cells are words, even if they are numbers: each is an input of 0 or 1")
    add("--group", metavar="THEIRS=OURS", action="append", default=[],
        help="give a class another name, so that several become one; *=OURS: all others")
    add("--classes", metavar="FILE", help="names of numbered classes, one a line")
    add("--test", metavar="FILE|FOLDER|SHARE", help="test part, or a share such as 0.2 or 20%%")
    add("--hold-out", metavar="SPEAKER", help="all recordings of a speaker are the test part; "
        "'each': the training trains a network for each speaker")
    add("--size", metavar="HxW", type=_size,
        help="rows x columns of the network's input; flat: numbers without places")
    fit = group.add_mutually_exclusive_group()
    for name, what in (("as-is", "take pictures as they are"),
                       ("drawing", "cut the drawing out and centre it, as MNIST's digits"),
                       ("photo", "take the middle of each picture")):
        fit.add_argument(f"--{name}", dest="fit", action="store_const", const=name, help=what)
    add("--invert", action=argparse.BooleanOptionalAction, default=None,
        help="light becomes dark (--no-invert: never, not even behind --drawing)")
    add("--transpose", action=argparse.BooleanOptionalAction, default=None,
        help="rows and columns change places")
    colours = group.add_mutually_exclusive_group()
    colours.add_argument("--grey", dest="colours", action="store_const", const=1,
                         help="colours become grey")
    colours.add_argument("--colour", dest="colours", action="store_const", const=3,
                         help="keep red, green and blue")
    add("--range", metavar="LOW,HIGH", type=_range,
        help="least and greatest value of the numbers in the files")
    if mapped:
        add("--map", metavar="FILE", help="lines THEIRS,OURS: classes of another dataset by the "
            "network's names; an empty OURS leaves a class out")


def from_arguments(args):
    """Return the options among parsed arguments."""
    given = {field.name: getattr(args, field.name, field.default) for field in fields(Options)}
    return Options(**{name: tuple(value) if isinstance(value, list) else value
                      for name, value in given.items()})


def share(text):
    """Return the share of a test part that is given as a number, or None if it is a path."""
    if text is None or Path(text).exists():
        return None
    found = re.fullmatch(r"(0?\.\d+|\d+(?:\.\d+)?%)", text)
    if not found:
        return None
    value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    if not 0 < value < 1:
        raise ValueError(f"Share of the test part must be above 0 and below 1: {text}")
    return value


def _names(text):
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _size(text):
    if text == "flat":
        return text
    found = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text)
    if not found or 0 in (size := tuple(map(int, found.groups()))):
        raise argparse.ArgumentTypeError(f"must be ROWSxCOLUMNS, such as 28x28, or flat: {text!r}")
    return size


def _range(text):
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        low, high = 0.0, 0.0
    if not low < high:
        raise argparse.ArgumentTypeError(f"must be two numbers LOW,HIGH: {text!r}")
    return low, high
