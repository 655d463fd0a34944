"""Runs a command line: a user's mistake ends in one line and exit code 2, without traceback."""

import argparse
import errno
import os
import sys
from fractions import Fraction


# Ways out for errors of the operating system, whose own messages name a file but no way out.
WAYS_OUT = {
    errno.ENOENT: "check the path",
    errno.EISDIR: "give a file, not a folder",
    errno.ENOTDIR: "a part of the path is a file",
    errno.EEXIST: "a part of the path is a file",
    errno.EACCES: "check its permissions, or choose another place",
    errno.EPERM: "check its permissions, or choose another place",
    errno.EROFS: "choose another place: this one cannot be written",
    errno.ENOSPC: "free some space, or choose another place",
    errno.EDQUOT: "free some space, or choose another place",
    errno.EFBIG: "choose a place where files may be as large",
}

MHZ = 1_000_000
LONGEST = 1000  # characters of a message, because a damaged file may hold an endless name


def run(main, *argv):
    """Call ``main(*argv)`` and exit with the status that it returns.

    ``ValueError`` and ``OSError`` mean bad input: the process prints one line on stderr and exits
    with 2. After Ctrl-C it exits with 130, as shells expect.
    """
    try:
        status = main(*argv)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output went away, as in "... | head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    except (ValueError, OSError) as error:
        print(f"error: {explain(error)}", file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        status = 130
    sys.exit(status)


def explain(error):
    """Return an error as one line that a terminal can show, even if it quotes a damaged file."""
    text = " ".join(_message(error).split())
    text = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"
                   for letter in text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def _message(error):
    """Return an error's message; an error of the operating system gets the file and a way out."""
    if not isinstance(error, OSError) or error.errno not in WAYS_OUT or error.filename is None:
        return str(error)
    name = error.filename2 or error.filename  # a renaming has two: blame the target
    return f"{name}: {error.strerror} ({WAYS_OUT[error.errno]})"


def hertz(text):
    """Read a frequency in MHz from a command line; return it in Hz, exactly."""
    try:
        value = Fraction(text) * MHZ
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"must be a number of MHz: {text!r}") from None
    if not 0 < value < 10_000 * MHZ:
        raise argparse.ArgumentTypeError(f"must be above 0 MHz and below 10 GHz: {text}")
    return value
