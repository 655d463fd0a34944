"""sw.progress: a bar on a terminal, lines elsewhere, events for programs, nothing if quiet."""

import json
import os
import pty
import re
import subprocess
import sys
import termios
from contextlib import contextmanager
from pathlib import Path

import pytest

from sw import events
from sw import progress as module
from sw.progress import progress


class Clock:
    """Time that passes when told."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)

    def steps(self, bar, count, seconds):
        for _ in range(count):
            self.now += seconds
            bar.update()


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.delenv("THRESHER_QUIET", raising=False)
    return Clock(monkeypatch)


def lines(capsys):
    out, err = capsys.readouterr()
    assert out == ""
    assert "\r" not in err
    return err.splitlines()


def test_a_line_comes_every_five_seconds_and_at_the_end(capsys, clock):
    with progress(total=60, what="training sfc", unit="epochs") as bar:
        bar.note(loss="0.123", validation="97.50 %")
        clock.steps(bar, 12, 1)
        assert lines(capsys) == [
            "training sfc: 5 of 60 epochs, 0:55 left, loss 0.123, validation 97.50 %",
            "training sfc: 10 of 60 epochs, 0:50 left, loss 0.123, validation 97.50 %"]
        clock.steps(bar, 48, 0.01)
    assert lines(capsys) == [
        "training sfc: 60 of 60 epochs, 0:12 in all, loss 0.123, validation 97.50 %"]


def test_slow_steps_are_shown_by_their_notes(capsys, clock):
    with progress(total=3, initial=1, what="training sfc", unit="epochs") as bar:
        for loss in ("2", "1"):
            clock.now += 3
            bar.note(loss=loss)
        clock.steps(bar, 1, 4000)
        assert lines(capsys) == ["training sfc: 1 of 3 epochs, 0:06 so far, loss 1",
                                 "training sfc: 2 of 3 epochs, 1:06:46 left, loss 1"]


def test_an_iteration_counts_its_items(capsys, clock):
    seen = []
    for item in progress([500, 600], what="comparing", unit="images", scale=500):
        seen.append(item)
        clock.now += 6
    assert seen == [500, 600]
    assert lines(capsys) == ["comparing: 500 of 1,000 images, 0:06 left",
                             "comparing: 1,000 of 1,000 images, 0:00 left",
                             "comparing: 1,000 of 1,000 images, 0:12 in all"]


def test_work_without_a_known_end_is_counted(capsys, clock):
    bar = progress(iter([]), what="reading a.csv", unit="lines")
    clock.steps(bar, 6, 1)
    assert lines(capsys) == ["reading a.csv: 5 lines, 0:05 so far"]


def test_bytes_are_shown_as_megabytes(capsys, clock):
    with progress(total=9_912_422, what="a.gz", unit="bytes") as bar:
        clock.now += 6
        bar.update(5_000_000)
    assert lines(capsys) == ["a.gz: 5.0 of 9.9 MB, 0:06 left", "a.gz: 5.0 of 9.9 MB, 0:06 in all"]


def test_short_work_with_a_delay_says_nothing(capsys, clock):
    with progress(total=10, what="reading", unit="lines", delay=2) as bar:
        clock.steps(bar, 10, 0.1)
    assert lines(capsys) == []


@pytest.mark.parametrize("variable", ["0", "1"])
def test_nothing_is_shown_if_quiet(capsys, clock, monkeypatch, variable):
    monkeypatch.setenv("THRESHER_QUIET", variable)
    with progress(total=10, what="reading", unit="lines", show=variable == "1") as bar:
        clock.steps(bar, 10, 7)
        bar.note(a=1)
        bar.total = 12
    assert (bar.n, bar.total, lines(capsys)) == (10, 12, [])


def test_results_are_lines_of_their_own(capsys, clock):
    with progress(total=1, what="proving", unit="proofs", delay=1) as bar:
        bar.write("fifo proven")
    assert capsys.readouterr() == ("fifo proven\n", "")


def test_a_terminal_gets_a_bar():
    code = ("from sw.progress import progress\n"
            "with progress(total=2, what='training sfc', unit='epochs') as bar:\n"
            "    bar.note(loss='0.1'); bar.update(2); bar.write('done')\n")
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    env = {key: value for key, value in os.environ.items() if key != "THRESHER_QUIET"}
    subprocess.run([sys.executable, "-c", code], stdout=slave, stderr=slave, env=env, timeout=60,
                   check=True)
    shown = os.read(master, 10_000)
    os.close(slave)
    os.close(master)
    assert b"training sfc: 100%" in shown
    assert b"loss=0.1" in shown


@contextmanager
def written(capsys):
    """Let standard output hold events in a block; give the list that has them afterwards."""
    before, found = sys.stdout, []
    try:
        events.start()
        yield found
    finally:
        sys.stdout = before
    found += map(json.loads, capsys.readouterr().out.splitlines())


def test_events_come_four_times_a_second_with_figures(clock, capsys):
    with written(capsys) as found, progress(total=60, what="training sfc", unit="epochs") as bar:
        for epoch in range(3):
            clock.now += 0.125
            bar.note(loss=f"0.{epoch}", validation="97.50 %", state="cold")
            bar.update()
    head = {"event": "progress", "step": "training sfc", "total": 60, "unit": "epochs"}
    figures = {"validation": 97.5, "state": "cold"}
    assert found == [
        {**head, "done": 0, "share": 0.0, "seconds": 0.0},
        {**head, "done": 1, "share": 0.0167, "seconds": 0.2, "left": 14.8,
         "figures": {"loss": 0.1, **figures}},
        {**head, "done": 2, "share": 0.0333, "seconds": 0.2, "left": 7.2,
         "figures": {"loss": 0.1, **figures}},
        {**head, "done": 3, "share": 0.05, "seconds": 0.4, "left": 7.1,
         "figures": {"loss": 0.2, **figures}}]


def test_printed_text_becomes_events_a_line_each(capsys):
    with written(capsys) as found:
        print("wrote a,", end=" ")
        print("b\n猫")
        events.emit("done", step="pack", seconds=None)
    assert found == [{"event": "text", "text": "wrote a, b"}, {"event": "text", "text": "猫"},
                         {"event": "done", "step": "pack"}]


@pytest.mark.parametrize(("arguments", "status", "texts"), [
    (["mnist", "--name"], 0, ["mnist"]),
    (["no-such-file.csv"], 2, []),
    ([], 2, [])])
def test_the_last_event_is_the_end(arguments, status, texts):
    done = subprocess.run([sys.executable, "-m", "sw.data", *arguments, "--progress", "json"],
                          capture_output=True, text=True, check=False, timeout=60)
    *others, last = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, last) == (status, {"event": "end", "status": status})
    assert [event["text"] for event in others if event["event"] == "text"] == texts
    failed = [event["text"] for event in others if event["event"] == "error"]
    assert failed == [line.removeprefix("error: ") for line in done.stderr.splitlines()]


def test_the_page_lists_the_events():
    page = (Path(__file__).parents[2] / "docs" / "progress.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert listed == {"progress", "step", "done", "text", "error", "end"}
