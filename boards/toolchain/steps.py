"""Long steps of a build: what runs, for how long, where its log is; ended when interrupted."""

import ctypes
import errno
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import cycle

from sw import events
from sw.command import is_quiet
from sw.progress import EVENT_EVERY, EVERY


SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PR_SET_PDEATHSIG = 1  # of prctl(2): the signal to get when the parent ends
_LIBRARY = ctypes.CDLL(None)
POLL = 0.1  # seconds between two looks at a running program
LONGEST = 100  # characters of a line of a log, in a line of progress


class Steps:
    """Announces steps and measures them.

    On a terminal a running step shows a spinner, its time and the log's last line. Otherwise each
    step is one line when it begins, one every five seconds, and one when it ends. With ``--progress
    json`` these are events.

    Parameters
    ----------
    stream : file
        Where progress goes.

    Attributes
    ----------
    seconds : dict of str to float
        Wall time of each finished step, in order.
    earlier : dict of str to float
        Wall time of steps in an earlier build, to compare with.
    usual : dict of str to float
        Likely wall time of steps that no earlier build has.
    """

    def __init__(self, stream=None):
        self.stream = sys.stderr if stream is None else stream
        self.quiet = is_quiet()
        self.events = events.active() and not self.quiet
        self.live = not self.quiet and not self.events and self.stream.isatty()
        self.seconds = {}
        self.earlier, self.usual = {}, {}
        self._spinner = cycle(SPINNER)
        self._name = None
        self._shown = 0.0

    @contextmanager
    def step(self, name, log=None):
        """Time the block as one step; :meth:`next` inside it begins another."""
        self._begin(name, log)
        try:
            yield
        except BaseException:
            self._clear()
            self._name = None
            raise
        self._end()

    def next(self, name, log=None):
        """End the running step and begin another."""
        self._end()
        self._begin(name, log)

    def keep(self, seconds):
        """Take over steps that were done before, with the seconds they took."""
        for name, took in seconds.items():
            self.seconds[name] = took
            self._emit("done", step=name, seconds=took, kept=True)
            self._write(f"{name} kept: it took {took:.1f} s\n")

    def tick(self, text=""):
        """Show that the running step is alive."""
        now = time.monotonic()
        every = POLL if self.live else EVENT_EVERY if self.events else EVERY
        if self._name is None or now - self._shown < every:
            return
        self._shown = now
        last = self.earlier.get(self._name)
        likely = last or self.usual.get(self._name)
        if self.events:
            seconds = now - self._start
            self._emit("progress", step=self._name, seconds=round(seconds, 1), text=text,
                       share=round(min(0.99, seconds / likely), 4) if likely else None,
                       left=round(max(0.0, likely - seconds), 1) if likely else None)
            return
        guess = f" ({duration(last)} last time)" if last else \
            f" (usually some {duration(likely)})" if likely else ""
        line = f"{self._name} {duration(now - self._start)}{guess}  {text}"
        if self.live:
            width = os.get_terminal_size(self.stream.fileno()).columns - 1
            self._write("\r\033[K" + f"{next(self._spinner)} {line}"[:width])
        else:
            self._write(f"{line[:LONGEST].rstrip()}\n")

    def run(self, tool, arguments, *, directory, log, phases=(), watch=None):
        """Run a program of the toolchain to its end.

        Parameters
        ----------
        tool : Tool
            The program.
        arguments : list of str
            Its arguments; paths are relative to ``directory``.
        directory : Path
            Where it runs.
        log : str
            Name of the file in ``directory`` for all it prints.
        phases : tuple of (str, str)
            Pattern of a line in the log, name of the step that begins with it.
        watch : callable, optional
            Is given each line of the log once it is whole; the program is ended when it returns
            True.

        Returns
        -------
        bool
            Whether the program came to its end.

        Raises
        ------
        ValueError
            If the program fails: the message has its first error and the log's name.
        """
        path = directory / log
        waiting = list(phases)
        with open(path, "wb") as output, open(path, encoding="utf-8", errors="replace") as lines:
            process = subprocess.Popen([*tool.command, *arguments], cwd=directory, stdout=output,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                       start_new_session=True, preexec_fn=_end_with_us)
            try:
                last = rest = ""
                while True:
                    status = process.poll()
                    *whole, rest = (rest + lines.read()).split("\n")
                    for line in map(str.strip, whole):
                        last = line or last
                        if waiting and re.match(waiting[0][0], line):
                            self.next(waiting.pop(0)[1], path)
                        if watch and watch(line):
                            return False
                    self.tick(last)
                    if status is not None:
                        break
                    time.sleep(POLL)
            finally:
                _stop(process)
        if status:
            if os.statvfs(directory).f_bavail == 0:  # then the log may not say so
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(directory))
            raise ValueError(f"{tool.name} must succeed: {_first_error(path, status)} "
                             f"(log: {path})")
        return True

    def _begin(self, name, log):
        self._name, self._start, self._log = name, time.monotonic(), log
        self._shown = 0 if self.live else self._start
        self._emit("step", step=name, log=str(log) if log else None)
        if not self.live:
            self._write(f"{name} ..." + (f" (log: {log})" if log else "") + "\n")

    def _end(self):
        seconds = time.monotonic() - self._start
        self.seconds[self._name] = round(seconds, 2)
        self._emit("done", step=self._name, seconds=round(seconds, 2))
        self._clear()
        where = f"  (log: {self._log})" if self._log and self.live else ""
        self._write(f"{self._name} took {seconds:.1f} s{where}\n")

    def _clear(self):
        if self.live:
            self._write("\r\033[K")

    def _emit(self, event, **fields):
        if self.events:
            events.emit(event, **fields)

    def _write(self, text):
        if not (self.quiet or self.events):
            self.stream.write(text)
            self.stream.flush()


def duration(seconds):
    """Return a number of seconds as text: ``"35 s"``, ``"12 min 5 s"``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@contextmanager
def stopping_on_terminate():
    """Turn SIGTERM into KeyboardInterrupt, so that ``kill`` cleans up as Ctrl-C does."""
    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end_with_us():
    """In a program just started: end when we end, even by SIGKILL (where the kernel is Linux).

    Else it would go on, and write over what the next build makes.
    """
    if hasattr(_LIBRARY, "prctl"):
        _LIBRARY.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _stop(process):
    """End a program that we started, and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _first_error(path, status):
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("ERROR:") or "error:" in line.lower():
            return line.removeprefix("ERROR:").strip()
    return f"it ended with status {status}"
