"""Texts around the code of a network: files with words between @, which are filled in."""

import re
from pathlib import Path


TEMPLATES = Path(__file__).parent / "template"


def filled(name, words):
    """Return the text of a template with a value for each of its words, in one pass."""
    return fill((TEMPLATES / name).read_text(encoding="utf-8"), words)


def fill(text, words):
    """Return a text with a value for each of its words, in one pass."""
    return re.sub(r"@([A-Z0-9_]+)@", lambda found: str(words[found[1]]), text)


def indented(text, count=4):
    """Return lines indented by a number of spaces."""
    return "\n".join(" " * count + line if line else line for line in text.splitlines())
