"""sw.jobs: jobs go on without who started them, are found again, stopped, and lost aloud."""

import json
import os
import signal
import time

import pytest

from sw.jobs.job import Jobs


SLOW = ["python", "-u", "-c", "import time\nprint('{\"event\": \"text\", \"text\": \"begun\"}')\n"
                              "time.sleep(60)"]


def until(condition, seconds=60):
    """Wait for a condition; return its value."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def code(text):
    return ["python", "-c", text]


def say(**event):
    return f"print({json.dumps(json.dumps(event))})"


def test_events_become_steps_curves_and_texts(tmp_path):
    jobs = Jobs(tmp_path)
    job = jobs.start("train", "run1", [
        code("\n".join([
            say(event="text", text="hello"), "print('no event')",
            say(event="progress", step="training", done=0, total=2, share=0.0),
            say(event="progress", step="training", done=1, total=2, share=0.5, left=3.0,
                figures={"loss": 0.5, "validation": 90.0}),
            say(event="done", step="pack", seconds=2.0)])), code("print()")])
    summary = until(lambda: job.summary() if job.state == "done" else None)
    assert summary["texts"] == ["hello"]
    assert summary["curve"] == [[1, 0.5, 90.0]]
    assert [(step["step"], step["ended"], step["seconds"]) for step in summary["steps"]] == [
        ("training", False, None), ("pack", True, 2.0)]
    assert (summary["command"], summary["run"]) == (1, "run1")


def test_a_failure_keeps_its_reason_and_skips_what_follows(tmp_path):
    job = Jobs(tmp_path).start("build", "run1", [
        code(f"import sys\n{say(event='error', text='Schedule must fit')}\n"
             "print('error: Schedule must fit', file=sys.stderr)\nsys.exit(2)"),
        code(say(event="text", text="never"))])
    summary = until(lambda: job.summary() if job.state == "failed" else None)
    assert (summary["error"], summary["errors"]) == ("Schedule must fit",
                                                     "error: Schedule must fit\n")
    assert summary["texts"] == []


def test_a_job_is_found_again_and_stopped(tmp_path):
    Jobs(tmp_path).start("virtual", "run1", [SLOW])
    again = Jobs(tmp_path).last("virtual", "run1")  # as a new server would
    until(lambda: again.summary()["texts"] == ["begun"])
    assert again.state == "running"
    with pytest.raises(ValueError, match=r"^Job 'virtual' of run1 must be one at a time: "):
        Jobs(tmp_path).start("virtual", "run1", [SLOW])
    again.stop()
    until(lambda: again.state == "stopped")


def test_a_job_that_was_killed_is_lost(tmp_path):
    job = Jobs(tmp_path).start("build", "run1", [SLOW])
    until(lambda: job.summary()["texts"])
    os.killpg(int((job.folder / "pid").read_text()), signal.SIGKILL)
    until(lambda: job.state == "lost")
    assert Jobs(tmp_path).start("build", "run1", [code("")]).id == "0002-build"
