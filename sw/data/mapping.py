"""Reads files that give the classes of one dataset the names of another's."""

import csv
from pathlib import Path


LIMIT = 2**20  # octets of a file


def mapping(path):
    """Read lines ``THEIRS,OURS``; an empty OURS leaves a class out.

    Separators are commas, semicolons or tabs. Empty lines, and lines that begin with ``#``, count
    for nothing.

    Returns
    -------
    dict of str to str
        Name of the network's class, or ``""``, by the name of the dataset's.
    """
    path = Path(path)
    if path.stat().st_size > LIMIT:
        raise ValueError(f"{path} must be at most {LIMIT >> 20} MiB of lines THEIRS,OURS")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} must be lines THEIRS,OURS in UTF-8") from None
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    separator = max(",;\t", key=lambda mark: sum(mark in line for line in lines))
    found = {}
    for number, cells in enumerate(csv.reader(lines, delimiter=separator), 1):
        if len(cells) != 2 or not cells[0].strip():
            raise ValueError(f"{path} must have two names a line, THEIRS{separator}OURS: line "
                             f"{number} is {lines[number - 1]!r}")
        theirs, ours = (cell.strip() for cell in cells)
        if found.setdefault(theirs, ours) != ours:
            raise ValueError(f"{path} must name each class once: {theirs!r} is twice")
    return found
