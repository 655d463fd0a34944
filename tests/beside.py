"""Another process beside a test, which shares a folder with it."""

import subprocess
import sys
from pathlib import Path

from sim.model.verilator import RUNTIME


ROOT = Path(__file__).parent.parent


def start(code, *arguments):
    """Start Python code in another process; return the process when it waits or has ended.

    A process waits as :func:`sw.store.lock.alone` lets it wait, which says so on its stderr.
    """
    process = subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.endswith(": waiting for another run\n"):
            break
    return process


def end(process):
    """Return what a process wrote to its stdout, when it has ended without an error."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


def share_runtime(output):
    """Let simulations that write into a folder use the compiled library of all others."""
    RUNTIME.mkdir(parents=True, exist_ok=True)
    (output / "sim").mkdir()
    (output / "sim" / "runtime").symlink_to(RUNTIME.resolve())
