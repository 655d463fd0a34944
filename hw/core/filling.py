"""Texts around a core: files with words between @, which are filled in."""

import re
from pathlib import Path


__all__ = ["filled"]

TEMPLATES = Path(__file__).with_name("template")


def filled(name, words):
    """Return the text of a template with a value for each of its words, in one pass."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    return re.sub(r"@(\w+)@", lambda found: str(words[found[1]]), text)
