"""Identifiers in C for the names of networks, and texts as C literals."""

import re


LONGEST = 40  # C99 distinguishes 63 characters; the longest ending takes 15


def identifier(name):
    """Return the beginning of a network's identifiers in C.

    Characters that C has not become ``_``. A name that does not begin with a letter, or is longer
    than C compilers must distinguish, is changed, too.
    """
    text = re.sub(r"[^A-Za-z0-9_]", "_", name)
    if not re.match(r"[A-Za-z]", text):
        text = f"net_{text}"
    return text[:LONGEST]


def literal(text):
    """Return a text as a C string of its UTF-8 octets; other than plain characters as escapes."""
    plain = set(range(0x20, 0x7F)) - set(b'"\\?')
    return '"' + "".join(chr(octet) if octet in plain else f"\\{octet:03o}"
                         for octet in text.encode()) + '"'
