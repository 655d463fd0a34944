"""Tests of toolchain.placing: placers and routers that are given up, devices that are too small."""

import io
import sys

import pytest

from boards.board import find
from boards.toolchain import flow, placing
from boards.toolchain.steps import Steps
from boards.toolchain.stuck import Stuck


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
        _, arguments = placing.place(job, {"nextpnr": []}, done, tool)
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
        placing.refuse_overfull(find("icebreaker"), log)
    assert str(caught.value) == (
        f"Design must fit iCE40UP5K: 8630 of 5280 ICESTORM_LC (choose a slower schedule with "
        f"--images-per-second, a smaller network, or a larger board; log: {log})")
