"""boards.toolchain.steps: steps of a build as events."""

import json
import sys

from boards.toolchain import steps as module
from boards.toolchain.steps import Steps
from sw import events


def test_steps_are_events_with_time_left_from_the_second_build_on(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(sys, "stdout", events.Events(sys.stdout))
    steps = Steps()
    steps.earlier = {"route": 8.0}
    steps.keep({"synthesize": 5.0})
    with steps.step("route", "nextpnr.log"):
        now[0] += 2
        steps.tick("iteration 1")
        now[0] += 0.1
        steps.tick("too soon")
    out, err = capsys.readouterr()
    assert err == ""
    assert [json.loads(line) for line in out.splitlines()] == [
        {"event": "done", "step": "synthesize", "seconds": 5.0, "kept": True},
        {"event": "step", "step": "route", "log": "nextpnr.log"},
        {"event": "progress", "step": "route", "seconds": 2.0, "text": "iteration 1",
         "share": 0.25, "left": 6.0},
        {"event": "done", "step": "route", "seconds": 2.1}]


def test_a_first_build_goes_by_what_is_usual(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(sys, "stdout", events.Events(sys.stdout))
    steps = Steps()
    steps.usual = {"route": 8.0}
    with steps.step("route"):
        now[0] += 6
        steps.tick()
    assert '"share": 0.75, "left": 2.0' in capsys.readouterr().out


def test_people_are_told_what_is_usual(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    steps = Steps(sys.stdout)
    steps.usual = {"route": 8.0}
    with steps.step("route"):
        now[0] += 6
        steps.tick("iteration 1")
    assert "route 6 s (usually some 8 s)  iteration 1\n" in capsys.readouterr().out
