"""Tests of toolchain.flow: tools that run once, routers given up, results that are refused."""

import io
import sys

import pytest

from boards.board import find
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


@pytest.mark.parametrize(("left", "given_up"), [
    ([(5, 0), (4, 0), (3, 0), (2, 0), (1, 0), (0, 0)], False),
    ([(0, 5), (0, 5), (0, 0), (0, 5), (0, 5), (0, 0), (0, 5), (0, 5)], False),  # a way each time
    ([(9, 0), (8, 0), (4, 4), (3, 4), (4, 4), (4, 4)], False),
    ([(9, 0), (4, 4), (4, 4), (0, 9), (0, 10)], True),
    ([(0, 0), (0, 41), (0, 41), (0, 41), (0, 41)], True),
    ([(2, None), (2, None), (2, None), (2, None)], True)])  # without --tmg-ripup
def test_a_router_that_does_not_get_on_is_given_up(left, given_up):
    watch = Stuck(patience=3)
    assert not watch("Info: Running main router loop...")
    seen = [watch(f"Info:     iter=9 wires=3 overused={overused} overuse=70"
                  + ("" if late is None else f" tmgfail={late}") + " archfail=NA")
            for overused, late in left]
    assert seen == [False] * (len(left) - 1) + [given_up]


@pytest.mark.parametrize(("left", "given_up"), [
    ([1000 - number for number in range(21)], True),
    ([1000 - 3 * number for number in range(300)][:250], False),
    ([3000] + [201] * 20, False),
    ([3000] + [201] * 21, True),
    ([3000] + [200] * 199, False),
    ([3000] + [200] * 201, True)])
def test_where_many_wires_are_overused_a_tenth_of_the_patience_is_enough(left, given_up):
    watch = Stuck()
    seen = [watch(f"Info:     iter={number} wires=9000 overused={overused} overuse=70 archfail=NA")
            for number, overused in enumerate(left)]
    assert seen == [False] * (len(left) - 1) + [given_up]


@pytest.mark.parametrize(("log", "tried"), [
    ("Info: overlap: COMB=29.2%, RAM=0.0%", ["place", "place denser"]),
    ("Info: Routing..\nInfo:     iter=9 wires=3 overused=1 overuse=1 archfail=NA",
     ["place", "place again", "place denser"])])
def test_a_placer_that_did_not_end_is_not_tried_with_another_router(tmp_path, log, tried):
    script = ("import sys\nfor _ in range(600 if 'static' in sys.argv else 0):\n"
              f"    print({log!r}, flush=True)\n")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "nextpnr.py").write_text(script)
    for name in ("top.json", "top.pcf"):
        (tmp_path / "work" / name).write_text("")
    job = flow.Job(find("icebreaker"), 30_000_000, "tiny", tmp_path, way="spread")
    tool = flow.tools.Tool("nextpnr", (sys.executable, "nextpnr.py"), "1", "native")
    for _ in range(2):  # the second time the ledger knows what was given up
        steps = Steps(io.StringIO())
        done = flow.Done(steps, flow.Ledger(job.work / "steps.json"))
        _, arguments = flow.place(job, {"nextpnr": []}, done, tool)
        assert "--placer" not in arguments
        assert [name for name in steps.seconds if name.startswith("place")] == tried


def test_a_placer_that_cannot_spread_the_cells_is_given_up():
    falling = [99.0 - number / 10 for number in range(700)]
    watch = Stuck()
    assert not any(watch(f"Info: overlap: COMB={left:.1f}%, RAM=0.0%") for left in falling)
    assert not any(watch("Info: overlap: COMB=29.2%, RAM=0.0%") for _ in range(499))
    assert watch("Info: overlap: COMB=29.2%, RAM=0.0%")


def test_what_place_and_route_cannot_fit_is_said_in_numbers(tmp_path):
    log = tmp_path / "nextpnr.log"
    log.write_text("Info: \t         ICESTORM_LC:    8630/   5280   163%\n"
                   "Info: \t        ICESTORM_RAM:       6/     30    20%\n"
                   "ERROR: Unable to place cell 'x', no BELs remaining\n")
    with pytest.raises(ValueError, match=r"^Design must fit iCE40UP5K: ") as caught:
        flow.refuse_overfull(find("icebreaker"), log)
    assert str(caught.value) == (
        f"Design must fit iCE40UP5K: 8630 of 5280 ICESTORM_LC (choose a slower schedule with "
        f"--images-per-second, a smaller network, or a larger board; log: {log})")


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
