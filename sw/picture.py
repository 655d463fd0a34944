"""Writes matplotlib's figures, whole or not at all, in fonts that have all of their characters."""

import io
import sys
import warnings
from functools import cache
from pathlib import Path

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from .store.files import write_bytes


LONGEST = 24  # characters of a class name in a picture
FALLBACKS = 8  # most fonts that are looked at beside the usual one for a glyph
NOTE = ("note: class names contain characters that no font here has: boxes in the pictures "
        "(install fonts, such as fonts-noto-cjk)")
# What matplotlib says of glyphs, a line each, and of figures that have no room for long texts.
KNOWN = (r"Glyph \d+ .*missing from", r"Matplotlib currently does not support",
         r"constrained_layout not applied")


def save(figure, path, **options):
    """Write a figure as the kind of picture that its name ends with.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The picture.
    path : path-like
        File to write. A failure leaves the old file.
    **options
        For ``savefig``.
    """
    texts = _texts(figure)
    if wanted := {letter for text in texts for letter in text.get_text() if letter > "\x7f"}:
        families = _families(frozenset(wanted))
        for text in texts:
            text.set_fontfamily(families)
    for text in texts:
        if "mathdefault" not in text.get_text():  # matplotlib's own, as 10² on a logarithmic axis
            text.set_parse_math(False)  # a class may be called $
    buffer = io.BytesIO()  # because on a full disk Pillow's error names neither file nor reason
    with warnings.catch_warnings():
        for message in KNOWN:
            warnings.filterwarnings("ignore", message)
        figure.savefig(buffer, format=Path(path).suffix[1:] or "png", **options)
    write_bytes(path, buffer.getbuffer())


def shortened(label):
    """Return a class name as short as a picture has room for."""
    return label if len(label) <= LONGEST else f"{label[:LONGEST - 1]}…"


def _texts(figure):
    """Return all texts of a figure. Labels of ticks exist when they are asked for."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            axis.get_ticklabels()
    return figure.findobj(Text)


@cache
def _families(wanted):
    """Return the usual font and others, which have the characters that the usual one lacks."""
    usual = font_manager.FontProperties().get_family()
    lacking = {ord(letter) for letter in wanted if letter.isprintable() and not letter.isspace()}
    lacking -= _characters(font_manager.findfont(font_manager.FontProperties()))
    found = []
    fonts = [entry for entry in font_manager.fontManager.ttflist if "Last Resort" not in entry.name]
    for entry in sorted(fonts, key=_is_unusual) if lacking else ():
        if more := lacking & _characters(entry.fname):
            found.append(entry.name)
            lacking -= more
        if not lacking or len(found) == FALLBACKS:
            break
    if lacking:
        _note()
    return [*usual, *found]


def _is_unusual(entry):
    return entry.style != "normal" or entry.weight not in (400, "normal", "regular", "book")


@cache
def _characters(file):
    """Return the characters of a font, numbers; none of a font that matplotlib cannot scale."""
    try:
        font = FT2Font(file)
        return frozenset(font.get_charmap()) if font.scalable else frozenset()
    except (OSError, RuntimeError, ValueError):
        return frozenset()


@cache
def _note():
    print(NOTE, file=sys.stderr, flush=True)
