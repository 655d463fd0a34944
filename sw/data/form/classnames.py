"""Reads names of numbered classes: one a line, number and name, or EMNIST's character codes."""

import re
from pathlib import Path

from ...store.files import naming


LIMIT = 2**22  # octets of a file of names


def class_names(path, values):
    """Return the name of each class.

    Parameters
    ----------
    path : path-like
        Lines ``number,name`` or ``number name``; or one name a line, in the order of the sorted
        classes; or EMNIST's mapping, lines ``number code [code]``.
    values : sequence
        Classes in their order, numbers or text.

    Returns
    -------
    dict
        Name of each class by its value.
    """
    values = [getattr(value, "item", lambda value=value: value)() for value in values]
    if mapping := ascii_names(path):
        if set(mapping) >= set(values):
            return {value: mapping[value] for value in values}
    lines = _lines(path)
    pairs = _pairs(lines, {str(value): value for value in values})
    if pairs is not None:
        if missing := [value for value in values if value not in pairs]:
            raise ValueError(f"{path} must name every class: {_listed(missing)} is missing (add a "
                             f"line '{missing[0]},name')")
        names = {value: pairs[value] for value in values}
    else:
        if len(lines) != len(values):
            raise ValueError(f"{path} must have one name for each of the {len(values)} classes "
                             f"({_listed(values)}): {len(lines)} lines (or lines such as "
                             f"'{values[0]},name')")
        names = dict(zip(values, lines, strict=True))
    twice = [name for name in names.values() if list(names.values()).count(name) > 1]
    if twice:
        raise ValueError(f"{path} must give each class its own name: {twice[0]!r} comes twice")
    return names


def ascii_names(path):
    """Return EMNIST's names, characters by class; None if a file is no such mapping."""
    rows = [re.findall(r"\S+", line) for line in _lines(path)]
    if not rows or not all(len(row) in (2, 3) and all(cell.isascii() and cell.isdigit()
                                                      for cell in row) for row in rows):
        return None
    codes = [[int(cell) for cell in row[1:]] for row in rows]
    if not all(33 <= code < 0x3000 for row in codes for code in row):
        return None
    return {int(row[0]): "/".join(map(chr, code)) for row, code in zip(rows, codes, strict=True)}


def _lines(path):
    path = Path(path)
    with naming(path):
        if path.stat().st_size > LIMIT:
            raise ValueError(f"{path} must be at most {LIMIT >> 20} MiB to hold names of classes")
        octets = path.read_bytes()
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = octets.decode("utf-16", errors="replace")
    else:
        try:
            text = octets.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = octets.decode("latin-1")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _pairs(lines, known):
    """Return names by class if all lines, but perhaps a header, begin with a known class."""
    found = {}
    for place, line in enumerate(lines):
        pair = re.fullmatch(r"\s*([^,;\t]+?)\s*[,;\t:=]\s*(.+)", line) \
            or re.fullmatch(r"(\S+)\s+(.+)", line)
        if pair is None:
            return None
        number, name = pair[1].strip('"'), pair[2].strip().strip('"')
        if number in known:
            found[known[number]] = name
        elif place and not re.fullmatch(r"-?\d+", number):
            return None
    return found or None


def _listed(values):
    return ", ".join(map(str, values[:10])) + (", …" if len(values) > 10 else "")
