"""Tests of toolchain.steps: what is shown, what is measured, what is left after a failure."""

import io
import os
import signal
import sys
import threading
import time

import pytest

from boards.toolchain import steps as steps_module
from boards.toolchain.steps import Steps, duration, stopping_on_terminate
from boards.toolchain.tools import Tool


PYTHON = Tool("python", (sys.executable, "-u", "-c"), "3", "native")


def run(steps, script, directory, **others):
    steps.run(PYTHON, [script], directory=directory, log="python.log", **others)


def test_a_step_is_announced_measured_and_its_log_named(tmp_path):
    stream = io.StringIO()
    steps = Steps(stream)
    with steps.step("synthesize", tmp_path / "python.log"):
        run(steps, "print('hello')", tmp_path)
    first, second = stream.getvalue().splitlines()
    assert first == f"synthesize ... (log: {tmp_path / 'python.log'})"
    assert second.startswith("synthesize took ")
    assert (tmp_path / "python.log").read_text() == "hello\n"
    assert steps.seconds["synthesize"] > 0


def test_a_long_step_is_a_line_now_and_then_without_a_terminal(tmp_path, monkeypatch):
    monkeypatch.setattr("boards.toolchain.steps.EVERY", 0.3)
    stream = io.StringIO()
    steps = Steps(stream)
    with steps.step("place"):
        run(steps, "import time; print('at 1'); time.sleep(0.9)", tmp_path)
    begin, *between, end = stream.getvalue().splitlines()
    assert (begin, end.startswith("place took ")) == ("place ...", True)
    assert 1 <= len(between) <= 3
    assert set(between) <= {"place 0 s  at 1", "place 1 s  at 1"}


def test_quiet_steps_say_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("THRESHER_QUIET", "1")
    stream = io.StringIO()
    with Steps(stream).step("place"):
        run(Steps(stream), "print('at 1')", tmp_path)
    assert stream.getvalue() == ""


def test_a_line_of_the_log_begins_the_next_step(tmp_path):
    steps = Steps(io.StringIO())
    with steps.step("place"):
        run(steps, "import time; print('Info: Placed'); time.sleep(0.5); print('Info: Routing..')",
            tmp_path, phases=((r"Info: Routing", "route"),))
    assert list(steps.seconds) == ["place", "route"]
    assert steps.seconds["place"] > 0.4


def test_a_watch_is_given_whole_lines_once(tmp_path):
    """A program writes its log in blocks: a number cut in two would look like a smaller one."""
    seen = []
    run(Steps(io.StringIO()), "import time; print('wires=12', end=''); time.sleep(0.5); "
        "print('34'); print(); time.sleep(0.5); print('  wires=9'); print('end', end='')",
        tmp_path, watch=lambda line: seen.append(line))
    assert seen == ["wires=1234", "", "wires=9"]


@pytest.mark.parametrize(("script", "why"), [
    ("print('Info: x'); print('ERROR: no room'); exit(1)", "no room"),
    ("print('top.il:3: error: broken'); exit(1)", "top.il:3: error: broken"),
    ("exit(3)", "it ended with status 3")])
def test_a_failing_program_is_one_line_with_its_log(tmp_path, script, why):
    steps = Steps(io.StringIO())
    with pytest.raises(ValueError, match=r"^python must succeed: ") as caught, steps.step("place"):
        run(steps, script, tmp_path)
    assert str(caught.value) == f"python must succeed: {why} (log: {tmp_path / 'python.log'})"
    assert steps.seconds == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_program_too(tmp_path, number):
    script = ("import os, time; open('pid.part', 'w').write(str(os.getpid())); "
              "os.rename('pid.part', 'pid'); time.sleep(60)")
    path = tmp_path / "pid"

    def interrupt():
        while not path.exists():
            time.sleep(0.05)
        os.kill(os.getpid(), number)

    threading.Thread(target=interrupt, daemon=True).start()
    steps = Steps(io.StringIO())
    with pytest.raises(KeyboardInterrupt), stopping_on_terminate(), steps.step("route"):
        run(steps, script, tmp_path)
    with pytest.raises(ProcessLookupError):
        os.kill(int(path.read_text()), 0)


def test_a_terminal_gets_a_spinner_with_the_logs_last_line(tmp_path, monkeypatch):
    stream = io.StringIO()
    stream.isatty = lambda: True
    stream.fileno = lambda: 1
    monkeypatch.setattr(os, "get_terminal_size", lambda number: os.terminal_size((40, 24)))
    steps = Steps(stream)
    with steps.step("route", tmp_path / "python.log"):
        run(steps, "import time; print('Info: iteration 7'); time.sleep(0.4)", tmp_path)
    shown = stream.getvalue().split("\r\033[K")
    assert any("route 0 s  Info: iteration 7" in line for line in shown)
    assert all(len(line) < 40 for line in shown[:-1])
    assert f"(log: {tmp_path / 'python.log'})" in shown[-1]


def test_a_pipe_gets_a_line_of_progress_now_and_then(tmp_path, monkeypatch):
    """A place that takes 45 minutes used to be silent."""
    monkeypatch.setattr(steps_module, "EVERY", 0.2)
    stream = io.StringIO()
    steps = Steps(stream)
    steps.earlier = {"place": 2700.4}
    with steps.step("place", tmp_path / "python.log"):
        run(steps, "import time; print('Info: iteration 7'); time.sleep(1)", tmp_path)
    between = stream.getvalue().splitlines()[1:-1]
    assert 2 <= len(between) <= 5
    assert set(between) <= {"place 0 s (45 min 0 s last time)  Info: iteration 7",
                            "place 1 s (45 min 0 s last time)  Info: iteration 7",
                            "place 0 s (45 min 0 s last time)"}


@pytest.mark.parametrize(("seconds", "text"), [
    (0.4, "0 s"), (59.6, "1 min 0 s"), (59.4, "59 s"), (3725, "62 min 5 s")])
def test_durations_are_in_minutes_and_seconds(seconds, text):
    assert duration(seconds) == text
