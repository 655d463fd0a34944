"""Tests of toolchain.flow: tools that run once, results that are refused."""

import io

import pytest

from boards.toolchain import flow
from boards.toolchain.steps import Steps
from boards.toolchain.stuck import Stuck


def test_a_tool_runs_again_if_it_failed_or_its_key_is_another(tmp_path):
    steps, tool = Steps(io.StringIO()), flow.tools.Tool("sh", ("sh", "-c"), "1", "native")

    def ran(key, script):
        done = flow.Done(steps, flow.Ledger(tmp_path / "steps.json"))
        before = (tmp_path / "count").stat().st_size if (tmp_path / "count").exists() else 0
        done.run("pack", key, tool, [f"echo >> count; {script}"], directory=tmp_path, log="log")
        return (tmp_path / "count").stat().st_size - before

    assert [ran("a", "exit 0"), ran("a", "exit 0"), ran("b", "exit 0")] == [1, 0, 1]
    with pytest.raises(ValueError, match=r"^sh must succeed"):
        ran("c", "exit 1")
    assert [ran("c", "exit 0"), ran("b", "exit 0")] == [1, 1]


def test_a_tool_that_is_given_up_is_ended_and_not_started_again(tmp_path):
    tool = flow.tools.Tool("sh", ("sh", "-c"), "1", "native")
    stream = io.StringIO()

    def ended():
        done = flow.Done(Steps(stream), flow.Ledger(tmp_path / "steps.json"))
        script = "echo tmgfail=1; echo tmgfail=1; sleep 60; touch end"
        return done.run("place", "key", tool, [script], directory=tmp_path, log="log",
                        watch=Stuck(1))

    assert [ended(), ended()] == [False, False]
    assert not (tmp_path / "end").exists()
    words = [line.split()[:2] for line in stream.getvalue().splitlines()]
    assert words == [["place", "..."], ["place", "took"], ["place", "kept:"]]


@pytest.mark.parametrize(("report", "frequency", "reached"), [
    ({"clk": {"achieved": 50.5, "constraint": 50}}, 50e6, 50.5e6),
    ({"a": {"achieved": 90, "constraint": 25}, "b": {"achieved": 60, "constraint": 60}}, 60e6,
     60e6)])
def test_reached_clock_is_the_slowest(report, frequency, reached):
    assert flow.check_timing({"fmax": report}, frequency) == reached


def test_a_design_without_clock_has_lost_its_logic():
    with pytest.raises(ValueError, match=r"^Design must have a clock: nextpnr reports none \(it "
                       r"lost all its logic: are the weights there\?\)$"):
        flow.check_timing({"fmax": {}}, 1e6)
