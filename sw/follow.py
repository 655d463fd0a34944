"""Follows the events of commands in a file while it is written; docs/progress.md lists them."""

import json
from contextlib import suppress


TEXTS = 400  # lines kept of what commands print
TAKEN = 1 << 22  # octets of events read at once


class Followed:
    """State of commands by their events.

    Parameters
    ----------
    path : path-like
        File of the events, which may not exist yet.
    """

    def __init__(self, path):
        self.path = path
        self._read, self._rest = 0, b""
        self._steps, self._curve, self._texts = {}, [], []
        self._command, self._error, self._last = 0, None, None

    def state(self):
        """Take in the events that have come since the last time, and return the state.

        Returns
        -------
        dict
            For JSON: ``steps``, those begun so far, in order, each with the fields of its latest
            event and ``ended``; ``now``, the one of the latest event; ``curve``, epoch, loss and
            validation accuracy of each epoch; ``texts``, the latest printed lines; ``error``; and
            ``command``, the index of the command.
        """
        with suppress(FileNotFoundError), open(self.path, "rb") as file:
            file.seek(self._read)
            while octets := file.read(TAKEN):
                self._read += len(octets)
                *lines, self._rest = (self._rest + octets).split(b"\n")
                for line in lines:
                    with suppress(ValueError, AttributeError, KeyError, TypeError):
                        self._take(json.loads(line))
        return {"command": self._command, "steps": list(self._steps.values()), "now": self._last,
                "curve": self._curve, "texts": self._texts, "error": self._error}

    def _take(self, event):
        kind = event.get("event")
        if kind == "command":
            self._command = event["index"]
        elif kind == "text":
            self._texts = [*self._texts, event["text"]][-TEXTS:]
        elif kind == "error":
            self._error = event["text"]
        elif kind in ("step", "progress", "done"):
            step = self._steps.setdefault(event["step"], {"step": event["step"]})
            step.update({name: event.get(name) for name in ("share", "left", "seconds", "done",
                                                            "total", "unit", "text")})
            step["ended"] = kind == "done" or event.get("share") == 1
            self._last = step
            figures = event.get("figures", {})
            if "validation" in figures and event["done"] > (
                    self._curve[-1][0] if self._curve else 0):
                self._curve.append([event["done"], figures.get("loss"), figures["validation"]])
