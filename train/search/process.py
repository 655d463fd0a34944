"""Commands that a worker starts: with a log, and ended with the worker."""

import signal
import subprocess
import sys
from pathlib import Path


# Starts Python anew with SIGINT at its parent's end: a killed worker leaves no training at work.
FOLLOW = ("import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 2); "
          "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])")
PYTHON = (sys.executable, "-c", FOLLOW)  # in front of the arguments of Python


def run(command, log, stopped):
    """Run a command until it ends, or interrupt it once ``stopped()``; return its status."""
    with open(log, "w", encoding="utf-8") as out, subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True) as process:
        while process.poll() is None:
            if stopped():
                process.send_signal(signal.SIGINT)
                process.wait()
                break
            try:
                process.wait(0.5)
            except subprocess.TimeoutExpired:
                continue
    return process.returncode


def last_line(log, status):
    """Return the last line of a log, where a command says why it failed."""
    lines = Path(log).read_text(encoding="utf-8").strip().splitlines()
    return lines[-1] if lines else f"status {status}"
