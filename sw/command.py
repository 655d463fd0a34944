"""Runs a command line: a user's mistake ends in one line and exit code 2, without traceback."""

import argparse
import codecs
import errno
import os
import stat
import sys
from contextlib import suppress
from fractions import Fraction

from . import events


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

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# What a terminal shows that has no Unicode. Other characters become escapes: \u732b.
ASCII = {"×": "x", "±": "+/-", "…": "...", "µ": "u", "μ": "u", "→": "->", "–": "-", "—": "-",
         "≥": ">=", "≤": "<=", "·": "*", "°": " deg", "²": "^2", "“": '"', "”": '"', "„": '"',
         "‘": "'", "’": "'", "\N{REPLACEMENT CHARACTER}": "?"}
QUIET = "THRESHER_QUIET"  # environment variable: its commands, and their children, show no progress

CALLED = []  # name of the command that started the process, for the first parser: "thresher train"

MHZ = 1_000_000
LONGEST = 1000  # characters of a message, because a damaged file may hold an endless name


class Parser(argparse.ArgumentParser):
    """Parser of a command line: says a mistake in one line; has ``--quiet`` and ``--progress``."""

    def __init__(self, *args, **options):
        if CALLED:
            options["prog"] = CALLED.pop()
        super().__init__(*args, **options)
        self.add_argument("--quiet", action=_Quiet, nargs=0, dest=argparse.SUPPRESS,
                          help="show no progress of long work")
        self.add_argument("--progress", action=_Progress, choices=("text", "json"),
                          dest=argparse.SUPPRESS,
                          help="json: write an event a line on standard output, for programs: "
                               "docs/progress.md")

    def error(self, message):
        """Exit with a line that ends with a way out."""
        way = "" if message.endswith(")") else f" ({self.prog} --help says what can be given)"
        text = f"{explain(ValueError(message))}{way}"
        _report_error(text, 2)
        self.exit(2, f"error: {text}\n")


class _Quiet(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        os.environ[QUIET] = "1"


class _Progress(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        if values == "json":
            events.start()


def is_quiet():
    """Whether progress shall not be shown."""
    return os.environ.get(QUIET, "0") not in ("", "0")


def run(main, *argv):
    """Call ``main(*argv)`` and exit with the status that it returns.

    ``ValueError`` and ``OSError`` mean bad input: the process prints one line on stderr and exits
    with 2. After Ctrl-C it exits with 130, as shells expect.
    """
    speak_plainly(sys.stdout, sys.stderr)
    try:
        status = main(*argv)
        events.emit("end", status=int(status or 0))
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output went away, as in "... | head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    except (ValueError, OSError) as error:
        _blame_output(error)
        print(f"error: {explain(error)}", file=sys.stderr)
        status = 2
        _report_error(explain(error), status)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        status = 130
        events.emit("end", status=status)
    sys.exit(status)


def _report_error(text, status):
    """Write the events of a failure; standard output may be what failed."""
    with suppress(OSError):
        events.emit("error", text=text)
        events.emit("end", status=status)


def speak_plainly(*streams):
    """Let text streams replace characters that their encoding does not have."""
    codecs.register_error("thresher.plain", _plain)
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="thresher.plain")


def _plain(error):
    """Return the replacement of characters that cannot be encoded, and where to go on."""
    wrong = error.object[error.start:error.end]
    plain = "".join(ASCII.get(letter, letter) for letter in wrong)
    return plain.encode("ascii", "backslashreplace").decode("ascii"), error.end


def _blame_output(error):
    """Name the standard output, if it goes to a file, in an error of a full disk without a name.

    Errors of all other files have their names, see :func:`sw.store.files.naming`.
    """
    if getattr(error, "errno", None) not in FULL or error.filename is not None:
        return
    try:
        output = sys.stdout.fileno()
    except (AttributeError, OSError):  # there is none, or no file
        return
    if not (os.isatty(output) or stat.S_ISFIFO(os.fstat(output).st_mode)):
        os.dup2(os.open(os.devnull, os.O_WRONLY), output)  # because the exit flushes again
        error.filename = "standard output"


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
