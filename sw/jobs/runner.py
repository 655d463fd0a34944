"""Runs the commands of a job one after the other: ``python -m sw.jobs.runner FOLDER``.

The runner outlives who started it. It holds a lock on the job's file as long as it
lives, and leaves the exit status behind, so others find the job again.
"""

import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

from ..store.files import write_text


def main(folder):
    """Run the commands in ``job.json`` of a folder until one fails."""
    folder = Path(folder)
    with (open(folder / "job.json", "rb") as held, open(folder / "events", "ab") as events,
          open(folder / "errors", "ab") as errors):
        fcntl.flock(held, fcntl.LOCK_EX)
        job = json.load(held)
        write_text(folder / "pid", str(os.getpid()))
        for number in (signal.SIGINT, signal.SIGTERM):  # the group's commands end; we say how
            signal.signal(number, lambda *_: None)
        status = 0
        for index, command in enumerate(job["commands"]):
            events.write(json.dumps({"event": "command", "index": index}).encode() + b"\n")
            events.flush()
            if (folder / "stop").exists():
                status = 130
                break
            status = subprocess.run([sys.executable, *command[1:]], stdin=subprocess.DEVNULL,
                                    stdout=events, stderr=errors, check=False).returncode
            if status:
                break
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        write_text(folder / "end.json", json.dumps(
            {"status": status, "cpu_seconds": round(used.ru_utime + used.ru_stime, 1)}))
    return status


if __name__ == "__main__":
    main(sys.argv[1])
