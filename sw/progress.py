"""Progress of long work: a bar on a terminal, a line every five seconds elsewhere, or events."""

import sys
import time
from math import isfinite

from tqdm import tqdm

from . import events
from .command import is_quiet


EVERY = 5.0  # seconds between two lines
EVENT_EVERY = 0.25  # seconds between two events
MEGA = 1e6


def progress(items=None, *, total=None, what, unit, initial=0, scale=1, delay=0.0, show=True):
    """Return a bar, lines, events or nothing, with one interface: that of :class:`Quiet`.

    Parameters
    ----------
    items : iterable, optional
        What an iteration over the result gives, one step each.
    total : int, optional
        Steps in all; by default the length of ``items``.
    what : str
        The work: ``"training sfc"``.
    unit : str
        What is counted, in the plural: ``"images"``. ``"bytes"`` are shown as MB.
    initial : int
        Steps done before.
    scale : int
        Things that one step counts for.
    delay : float
        Seconds before anything is shown.
    show : bool
        Whether to show anything.
    """
    if total is None and hasattr(items, "__len__"):
        total = len(items)
    if not show or is_quiet():
        return Quiet(items, total, initial)
    if events.active():
        return Events(items, total, initial, what=what, unit=unit, scale=scale)
    if sys.stderr.isatty():
        octets = unit == "bytes"
        return Bar(items, total=total, initial=initial, desc=what, delay=delay, smoothing=0.1,
                   unit="B" if octets else f" {unit}", unit_scale=True if octets else scale)
    return Lines(items, total, initial, what=what, unit=unit, scale=scale, delay=delay)


class Quiet:
    """Progress that nobody sees.

    Attributes
    ----------
    n, total : int
        Steps done, and steps in all (or None), which may change on the way.
    """

    def __init__(self, items, total, initial):
        self.items = items
        self.total = total
        self.n = initial

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __iter__(self):
        with self:
            for item in self.items:
                yield item
                self.update()

    def update(self, steps=1):
        """Count steps."""
        self.n += steps

    def note(self, **values):
        """Show numbers beside the progress: ``note(loss="0.123")``."""

    def write(self, text):
        """Print a line of results without disturbing the progress."""
        print(text, flush=True)

    def close(self):
        """End the progress."""


class Bar(tqdm):
    """A bar on a terminal."""

    def note(self, **values):
        self.set_postfix(values)

    def write(self, text):
        tqdm.write(text)


class Lines(Quiet):
    """A line on stderr at most every five seconds, and one at the end."""

    def __init__(self, items, total, initial, *, what, unit, scale, delay):
        super().__init__(items, total, initial)
        self.what = what
        self.unit = unit
        self.scale = scale
        self.delay = delay
        self.initial = initial
        self.noted = {}
        self.start = time.monotonic()
        self.shown = self.start + max(0, delay - EVERY)
        self.closed = False

    def update(self, steps=1):
        super().update(steps)
        self._due()

    def note(self, **values):
        self.noted = values
        self._due()

    def close(self):
        if not self.closed and time.monotonic() - self.start >= self.delay:
            self._show(f"{_clock(time.monotonic() - self.start)} in all")
        self.closed = True

    def _due(self):
        now = time.monotonic()
        if now - self.shown < EVERY:
            return
        done = self.n - self.initial
        if self.total is not None and done:
            self._show(f"{_clock((now - self.start) / done * (self.total - self.n))} left")
        else:
            self._show(f"{_clock(now - self.start)} so far")
        self.shown = now

    def _show(self, clock):
        notes = "".join(f", {name} {value}" for name, value in self.noted.items())
        print(f"{self.what}: {self._counted()}, {clock}{notes}", file=sys.stderr, flush=True)

    def _counted(self):
        counts = [self.n] if self.total is None else [self.n, self.total]
        if self.unit == "bytes":
            return f"{' of '.join(f'{count / MEGA:.1f}' for count in counts)} MB"
        return f"{' of '.join(f'{count * self.scale:,}' for count in counts)} {self.unit}"


class Events(Quiet):
    """Events on standard output: at the beginning, at most four counts a second, and at the end.

    A note alone is written if there was no event for a quarter of a second. The count that follows
    is written all the same, so that figures stand beside the count that they belong to.
    """

    def __init__(self, items, total, initial, *, what, unit, scale):
        super().__init__(items, total, initial)
        self.what = what
        self.unit = unit
        self.scale = scale
        self.initial = initial
        self.figures = {}
        self.closed = False
        self.start = self.counted = time.monotonic()
        self._emit()

    def update(self, steps=1):
        super().update(steps)
        if time.monotonic() - self.counted >= EVENT_EVERY:
            self.counted = time.monotonic()
            self._emit()

    def note(self, **values):
        self.figures = {name: _number(value) for name, value in values.items()}
        if time.monotonic() - self.shown >= EVENT_EVERY:
            self._emit()

    def close(self):
        if not self.closed:
            self._emit()
        self.closed = True

    def _emit(self):
        self.shown = time.monotonic()
        seconds, done = self.shown - self.start, self.n - self.initial
        share = left = total = None
        if self.total is not None:
            total = self.total * self.scale
            share = round(self.n / self.total, 4) if self.total else 1.0
            left = round(seconds / done * (self.total - self.n), 1) if done else None
        events.emit("progress", step=self.what, done=self.n * self.scale, total=total,
                    unit=self.unit, share=share, seconds=round(seconds, 1), left=left,
                    figures=self.figures or None)


def _number(value):
    """Return the number that a note shows, ``"97.50 %"`` as 97.5; any other note as it is."""
    try:
        number = float(str(value).removesuffix("%"))
    except ValueError:
        return value
    return number if isfinite(number) else str(value)  # JSON has no NaN


def _clock(seconds):
    """Return a time as hours, minutes and seconds: ``0:41``."""
    minutes, seconds = divmod(round(max(0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
