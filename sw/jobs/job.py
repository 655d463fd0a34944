"""Jobs: commands that run as processes of their own, found again, stopped, and what they say."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from shlex import join

from ..follow import Followed
from ..store.files import read_json, write_text
from ..store.lock import hold


STARTING = 20.0  # s that a runner may take before it holds its lock
ERRORS = 4000  # characters of standard error that are shown


class Job:
    """A job in a folder: ``job.json``, ``events``, ``errors``, ``end.json`` once it has ended."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.id = self.folder.name
        self.about = read_json(self.folder / "job.json")
        self.kind = self.about["kind"]
        self._lock = threading.Lock()
        self._events = Followed(self.folder / "events")

    @property
    def state(self):
        """One of ``running``, ``done``, ``failed``, ``stopped`` and ``lost``."""
        with suppress(OSError, ValueError):
            status = read_json(self.folder / "end.json")["status"]
            stopped = status in (130, -signal.SIGINT, -signal.SIGTERM) \
                or (self.folder / "stop").exists()
            return "stopped" if stopped else "failed" if status else "done"
        return "running" if self._alive() else "lost"

    def _alive(self):
        """Whether the runner lives: it holds a lock, or was started a moment ago."""
        held = hold(self.folder / "job.json")
        if held is None:
            return True
        os.close(held)
        started = (self.folder / "pid").exists()
        return not started and time.time() - self.about["created"] < STARTING

    def stop(self):
        """Ask all processes of the job to end, as Ctrl-C does."""
        if self.state == "running":
            write_text(self.folder / "stop", "")
            self.kill(signal.SIGINT)

    def kill(self, number=signal.SIGKILL):
        """Send a signal to all processes of the job."""
        with suppress(OSError, ValueError):
            os.killpg(int((self.folder / "pid").read_text(encoding="utf-8")), number)

    def summary(self):
        """Return what the page shows of the job, a dict for JSON."""
        state = self.state  # before the events: none of an ended job is missed
        errors = ""
        with self._lock:
            followed = self._events.state()
        if state in ("failed", "lost"):
            with suppress(FileNotFoundError):
                errors = (self.folder / "errors").read_text("utf-8", "replace")[-ERRORS:]
        return {"id": self.id, "kind": self.kind, "run": self.about["run"], "state": state,
                "commands": shown(self.about["commands"]), "errors": errors, **followed}


def shown(commands):
    """Return commands as a person would type them."""
    return [join([part for part in command if part not in ("--progress", "json")])
            for command in commands]


class Jobs:
    """The jobs of a project, a folder each in a folder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._known = {}

    def all(self):
        """Return all jobs, the first one first."""
        for path in sorted(self.folder.glob("*/job.json")):
            if path.parent.name not in self._known:
                self._known[path.parent.name] = Job(path.parent)
        return list(self._known.values())

    def find(self, name):
        """Return a job by its name; raise KeyError if there is none."""
        return {job.id: job for job in self.all()}[name]

    def last(self, kind, run=None):
        """Return the latest job of a kind, or None."""
        return next((job for job in reversed(self.all())
                     if job.kind == kind and run in (None, job.about["run"])), None)

    def start(self, kind, run, commands, network=None):
        """Start commands as a job; raise ValueError if such a job of the run is running.

        ``network`` is the identity of the network that the commands work on.
        """
        before = self.last(kind, run)
        if before and before.state == "running":
            raise ValueError(f"Job {kind!r} of {run} must be one at a time: it is running (wait "
                             f"for it, or stop it)")
        folder = self.folder / f"{len(self.all()) + 1:04}-{kind}"
        write_text(folder / "job.json", json.dumps(
            {"kind": kind, "run": run, "commands": commands, "network": network,
             "created": time.time()}) + "\n")
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        subprocess.Popen([sys.executable, "-m", f"{__package__}.runner", str(folder)],
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, start_new_session=True,
                         env={**os.environ, "PATH": path})
        return self.find(folder.name)
