"""Events of a command as JSON on standard output, a line each: ``--progress json``."""

import io
import json
import sys


class Events(io.TextIOBase):
    """Standard output that holds events only: a line of printed text becomes an event, too.

    Parameters
    ----------
    stream : file
        Standard output as it was.
    """

    def __init__(self, stream):
        self.stream = stream
        self._line = ""

    def write(self, text):
        *whole, self._line = (self._line + text).split("\n")
        for line in whole:
            self.emit("text", text=line)
        return len(text)

    def emit(self, event, **fields):
        """Write an event; fields that are None are left out."""
        known = {name: value for name, value in fields.items() if value is not None}
        self.stream.write(json.dumps({"event": event, **known}, ensure_ascii=False) + "\n")
        self.stream.flush()

    def flush(self):
        self.stream.flush()

    def fileno(self):
        return self.stream.fileno()

    def isatty(self):
        return False


def start():
    """Let standard output hold events from now on."""
    if not active():
        sys.stdout = Events(sys.stdout)


def active():
    """Whether standard output holds events."""
    return isinstance(sys.stdout, Events)


def emit(event, **fields):
    """Write an event if standard output holds events. docs/progress.md lists all of them.

    Parameters
    ----------
    event : str
        Name of the event: ``"progress"``.
    **fields
        What is known of it, for JSON; None leaves a field out.
    """
    if active():
        sys.stdout.emit(event, **fields)
