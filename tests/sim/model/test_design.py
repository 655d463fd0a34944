# amaranth: UnusedElaboratable=no
"""sim.model.design: what is simulated is what is built."""

import json
from argparse import ArgumentParser
from fractions import Fraction

import numpy as np
import pytest

from boards.board import catalog, find
from boards.request import Request
from boards.shell import clock_plan
from boards.toolchain import sources
from boards.top import create
from hw import generate
from hw.plan.device import find_target
from hw.plan.schedule import Schedule, Scheduled, read_schedule
from hw.solver import wired_modes
from sim.model import design
from sim.model.design import add_options, given_options, schedule_for, schedule_of
from sw.command import MHZ
from sw.network import save

from ...networks import random_network


NETWORK = random_network(np.random.default_rng(1), [16, 400, 300, 4], [4, 8, 8])
BOARD = find("ulx3s")


def clock_of(megahertz):
    return clock_plan(BOARD, megahertz * MHZ)[1]


# Clocks that the PLL makes so far below the wished one that layers are built another way.
TURNING = [megahertz for megahertz in range(25, 176)
           if wired_modes("ecp5", float(clock_of(megahertz))) != wired_modes(
               "ecp5", megahertz * 1e6)]


def test_some_clocks_of_a_ulx3s_would_give_another_schedule_than_the_wished_ones():
    assert len(TURNING) > 3


@pytest.mark.parametrize("rate", [None, 400_000])
def test_checks_verilog_and_bitstream_have_one_schedule(tmp_path, monkeypatch, rate):
    monkeypatch.setattr(generate, "to_verilog", lambda *_: "")  # takes seconds, decides nothing
    save(tmp_path / "n.net.npz", NETWORK)
    differ = []
    for megahertz in [*TURNING[::4], 60]:
        built = create(Request(BOARD, NETWORK, frequency=megahertz * MHZ, rate=rate,
                               rom_images=1, baud=115_200)).schedule
        checked = schedule_for(NETWORK, frequency=Fraction(megahertz) * MHZ, rate=rate)
        generate.main([str(tmp_path / "n.net.npz"), "--board", "ulx3s", "--freq", str(megahertz),
                       *(["--images-per-second", str(rate)] if rate else [])])
        about = json.loads((tmp_path / "n.hw.json").read_text(encoding="utf-8"))
        generated = read_schedule(json.dumps(about["schedule"]), NETWORK)
        if not built == checked == generated:
            differ.append(megahertz)
    assert differ == []


def test_targets_have_the_clocks_of_the_catalog():
    wrong = [board.name for board in catalog().values()
             if (target := find_target(board.name)) and
             (target.part, target.oscillator, target.megahertz)
             != (board.device, board.oscillator, board.megahertz)]
    assert wrong == []


def test_the_cache_of_verilog_knows_all_that_makes_it():
    """A file in a sub-package counts, of whatever depth and however it is imported."""
    found = sources.reached(*design.MAKERS)
    assert {"hw.accelerator", "hw.stage.mvtu", "hw.wired.layer", "hw.count.tree", "hw.stage",
            "sim.model.preloaded"} <= found


def test_verilog_of_other_code_is_made_again(tmp_path, monkeypatch):
    schedule = Schedule(4, {"fc0": Scheduled(4, 8), "fc1": Scheduled(4, 8),
                            "scores": Scheduled(1, 4)})
    made = []
    monkeypatch.setattr(design, "to_verilog", lambda *_: made.append(0) or "text")
    design.cached_verilog(NETWORK, schedule, tmp_path)
    design.cached_verilog(NETWORK, schedule, tmp_path)
    assert len(made) == 1
    monkeypatch.setattr(design, "digest", lambda *_: "other")
    design.cached_verilog(NETWORK, schedule, tmp_path)
    assert len(made) == 2


PART = ["--device", "iCE40UP5K", "--package", "SG48", "--clock-pin", "35", "--clock-mhz", "12",
        "--rx-pin", "6", "--tx-pin", "9"]


@pytest.mark.parametrize(("words", "again"), [
    ([], ["--board", "ulx3s"]),
    (["--board", "icebreaker", "--freq", "12"], ["--board", "icebreaker", "--freq", "12"]),
    (["--board-file", "my.py"], ["--board-file", "my.py"]),
    (["--board", "mine", "--board-file", "my.py"], ["--board-file", "my.py", "--board", "mine"]),
    (PART, PART), ([*PART, "--images-per-second", "5"], [*PART, "--images-per-second", "5.0"])])
def test_the_options_that_give_the_same_schedule_are_known(words, again):
    parser = ArgumentParser()
    add_options(parser)
    assert given_options(parser.parse_args(words)) == again


def test_a_bare_part_is_a_board_to_schedule_for():
    parser = ArgumentParser()
    add_options(parser)
    schedule = schedule_of(parser.parse_args([*PART, "--images-per-second", "1000"]), NETWORK)
    assert schedule == schedule_for(NETWORK, board="icesugar", rate=1000)
