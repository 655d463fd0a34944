# amaranth: UnusedElaboratable=no
"""boards.part: a bare device gets a bitstream that answers over its pins; wrong ones are named."""

import json
import re
from fractions import Fraction

import numpy as np
import pytest

from boards import build
from boards.board import Board
from boards.part import PACKAGES, Part, create
from boards.shell import clock_plan
from boards.toolchain import pins, tools
from boards.toolchain.flow import Job
from hw.plan.device import DEVICES
from sim.virtual import VirtualBoard, compile_board
from sw.command import MHZ
from sw.golden import Model
from sw.line.client import Client
from sw.line.serialport import SerialPort
from sw.network import load
from tests.networks import random_images

from .test_build import save


ICE40 = {"--device": "iCE40UP5K", "--package": "SG48", "--clock-pin": "35", "--clock-mhz": "12",
         "--rx-pin": "6", "--tx-pin": "9", "--leds": "!41,39"}
ECP5 = {"--device": "lfe5u-25f", "--package": "cabga256", "--clock-pin": "p6", "--clock-mhz": "25",
        "--rx-pin": "T2", "--tx-pin": "R2"}
BOTH = pytest.mark.parametrize("options", [ICE40, ECP5], ids=["ice40", "ecp5"])


def words(options, **others):
    """Return options as words of a command line; ``others`` replaces some, None leaves one out."""
    given = {**options, **{f"--{name.replace('_', '-')}": text for name, text in others.items()}}
    return [word for option, text in given.items() if text is not None for word in (option, text)]


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    path = tmp_path_factory.mktemp("part") / "small.net.npz"
    save(path, (64, 16, 4), (8, 8))
    return path


@pytest.fixture
def made(network, tmp_path, monkeypatch):
    """Return a function that gives the board and the design of a build that stops at synthesis."""
    def make(options, **others):
        seen = []

        def stop(job, design, steps):
            seen.append((job, design))
            raise ValueError("stopped")

        monkeypatch.setattr(build, "build", stop)
        with pytest.raises(ValueError, match=r"^stopped$"):
            build.main([*words(options, **others), str(network), "--output", str(tmp_path),
                        "--images-per-second", "1000"])
        return seen[0]
    return make


def test_a_bitstream_of_a_bare_part_is_built(network, tmp_path):
    build.main([*words(ICE40), str(network), "--output", str(tmp_path), "--quiet",
                "--images-per-second", "1000"])
    folder = tmp_path / "ice40up5k-sg48"
    report = json.loads((folder / "report.json").read_text())
    assert (folder / report["bitstream"]).stat().st_size > 50_000
    assert report["clock"]["megahertz"] == 24
    constraints = (folder / "work" / "top.pcf").read_text()
    for port, pin in (("clk_0__io", 35), ("uart_0__rx__io", 6), ("uart_0__tx__io", 9),
                      ("led_0__io", 41), ("led_1__io", 39)):
        assert f"set_io {port} {pin}\n" in constraints
    assert report["provenance"]["command"].startswith(
        "python -m boards.build --device iCE40UP5K --package SG48 --clock-pin 35 --clock-mhz 12 "
        "--rx-pin 6 --tx-pin 9 --leds '!41,39' ")


@BOTH
def test_a_virtual_bare_part_classifies(made, network, tmp_path, options):
    _, top = made(options, baud="1000000")
    images = random_images(np.random.default_rng(1), 12, load(network))
    with (VirtualBoard(compile_board(top), top.divisor, tmp_path / "port") as board,
          SerialPort(board.port, 1_000_000) as port):
        labels, scores = Client(port).classify(images)
    assert labels.tolist() == Model(load(network)).labels(images).tolist()
    assert scores.tolist() == Model(load(network)).scores(images).tolist()


@BOTH
def test_a_part_is_a_board(options):
    part = Part(*(options[f"--{name}"] for name in ("device", "package", "clock-pin")),
                Fraction(options["--clock-mhz"]), options["--rx-pin"], options["--tx-pin"])
    board = create(part)
    assert isinstance(board, Board)
    assert board.name == f"{options['--device']}-{options['--package']}".lower()
    assert board.oscillator == int(options["--clock-mhz"]) * MHZ
    assert clock_plan(board, Fraction(board.megahertz) * MHZ)[1] == board.megahertz * MHZ


def test_an_oscillator_that_the_pll_cannot_take_is_the_clock():
    part = Part("iCE40HX8K", "CT256", "J3", Fraction(8), "B10", "B12")
    assert create(part).megahertz == 8


def test_every_device_has_packages():
    assert set(PACKAGES) == set(DEVICES)


@pytest.mark.parametrize(("options", "others", "message"), [
    (ECP5, {"device": "LFE5U-26F"},
     r"^Device must be one of LFE5U-12F, .*, iCE40LP8K: 'LFE5U-26F'$"),
    (ECP5, {"package": "BGA1"}, r"^Package of LFE5U-25F must be one of CABGA256, CSFBGA285, "
                                r"CABGA381, TQFP144: 'BGA1'$"),
    (ECP5, {"tx_pin": "t2"}, r"^Pin T2 must have one use: it is given for --rx-pin and --tx-pin$"),
    (ECP5, {"rx_pin": "A-1"}, r"^Pin of --rx-pin must be a name in letters and digits: 'A-1'$"),
    (ECP5, {"speed": "9"}, r"^Speed grade must be one of 6, 7, 8: '9'$"),
    (ECP5, {"io_standard": "LVDS"}, r"^IO standard must be one of LVCMOS33, .*: 'LVDS'$"),
    (ICE40, {"speed": "6"}, r"^--speed must be left out with iCE40UP5K: .*: '6'$"),
    (ICE40, {"leds": ",".join(map(str, range(10, 19)))}, r"^LEDs must be at most 8: 9 pins$"),
    (ICE40, {"clock_pin": None, "tx_pin": None},
     r"^A bare part must have --clock-pin, --tx-pin too: only --device, --package, --clock-mhz, "
     r"--rx-pin, --leds given \(or name a board: python -m boards\.build --list\)$"),
    (ICE40, {"board_file": "my.py"}, r"^Board must come from one place: --board-file and --device "
                                     r"are given \(leave one out\)$")])
def test_wrong_parts_are_refused(network, options, others, message):
    with pytest.raises(ValueError, match=message):
        build.main([*words(options, **others), str(network)])


def test_a_board_beside_a_part_is_refused(network):
    with pytest.raises(ValueError, match=r"^BOARD must be left out with --device, which gives a "
                                         r"board of its own: 'ulx3s'$"):
        build.main([*words(ICE40), "ulx3s", str(network)])


@BOTH
def test_a_pin_that_the_package_lacks_is_named_before_synthesis(network, tmp_path, options):
    board = f"{options['--device']}-{options['--package']}".lower()
    device, package = (re.escape(text) for text in (
        {"lfe5u-25f": "LFE5U-25F"}.get(options["--device"], options["--device"]),
        options["--package"].upper()))
    with pytest.raises(ValueError, match=rf"^Pin of uart 0 tx on board {board} must be one of "
                       rf"{device} in package {package}: '99' is none \(check the pins of the "
                       r"package\)$"):
        build.main([*words(options, tx_pin="99"), str(network), "--output", str(tmp_path),
                    "--quiet", "--images-per-second", "1000"])
    assert not (tmp_path / board / "work" / "yosys.log").exists()


def test_a_package_that_nextpnr_does_not_know_is_named(tmp_path):
    board = create(Part("iCE40UP5K", "SG48", "35", Fraction(12), "6", "9"))
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "top.pcf").write_text("set_io clk_0__io 35\n")
    with pytest.raises(ValueError, match=r"^Package of board ice40up5k-sg48 must be one that "
                       r"iCE40UP5K has: 'SG48' \(check the package and the device\)$"):
        pins.check(Job(board, 1, "n", tmp_path),
                   ["--up5k", "--package", "sg49", "--json", "top.json", "--asc", "top.asc",
                    "--pcf", "top.pcf"], tools.find("nextpnr-ice40"))
