"""Tests of boards.board: the catalog, and what every board puts around the design."""

from pathlib import Path

import numpy as np
import pytest
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boards.board import FILES, catalog, find
from boards.shell import Shell, clock_plan
from boards.top import Top
from hw.plan.device import DEVICES, find_device
from hw.plan.schedule import Schedule, Scheduled
from sw.command import MHZ
from tests.networks import random_images, random_network


ROOT = Path(__file__).parents[2]
NETWORK = random_network(np.random.default_rng(3), (16, 4, 3))
SCHEDULE = Schedule(4, {"fc0": Scheduled(1, 4), "scores": Scheduled(1, 4)})
BOARDS = list(catalog().values())


class Loopback(wiring.Component):
    """A design that answers what it hears: quicker to elaborate than a network."""

    rx: In(1)
    tx: Out(1)
    leds: Out(8)

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.tx.eq(self.rx)
        m.d.sync += self.leds.eq(self.leds + 1)
        return m


def network_top(board, megahertz):
    """Return the real design, small."""
    _, clock = clock_plan(board, round(megahertz * MHZ))
    return Top(NETWORK, SCHEDULE, clock_hz=round(clock), baud=board.baud, board=board.name,
               images=random_images(np.random.default_rng(4), 2, NETWORK))


def prepared(board, megahertz, top=None):
    """Return the files that the tools would get: the netlist and the constraints, as text."""
    top = top or Loopback()
    plan = board.create_platform().prepare(Shell(board, top, round(megahertz * MHZ)), "top")
    return plan.files["top.il"], plan.files["top.lpf" if board.family == "ecp5" else "top.pcf"]


def pins(board, *ports):
    """Return the pins that a board's platform gives ports of its serial port."""
    platform = board.create_platform()
    serial = platform.request("uart", dir="-")
    return [pin_of(serial, port) for port in ports]


def pin_of(resource, port):
    """Return the pin of a port of a resource."""
    return getattr(resource, port).io.metadata[0].name


def located(board, port, pin):
    """Return the line that puts a port on a pin."""
    return (f'LOCATE COMP "{port}" SITE "{pin}";' if board.family == "ecp5"
            else f"set_io {port} {pin}")


@pytest.mark.parametrize("board", [board for board in BOARDS if board.flash_programmers],
                         ids=lambda board: board.name)
def test_weights_in_spram_come_from_the_flash(board):
    schedule = Schedule(4, {"fc0": Scheduled(1, 4, "spram"), "scores": Scheduled(1, 4)})
    top = Top(NETWORK, schedule, clock_hz=24 * MHZ, baud=board.baud,
              images=random_images(np.random.default_rng(4), 2, NETWORK))
    netlist, constraints = prepared(board, 24, top)
    assert netlist.count("cell \\SB_SPRAM256KA ") == 1
    flash = board.create_platform().request("spi_flash_1x", dir="-")
    for port in ("cs", "clk", "copi", "cipo"):
        assert f"set_io spi_flash_1x_0__{port}__io {pin_of(flash, port)}" in constraints


def test_a_board_that_cannot_write_its_flash_has_no_spram():
    assert find("icebreaker").fpga.sprams == 4
    assert find("icebreaker_bitsy").fpga.sprams == 0
    assert find("ulx3s").fpga == DEVICES["LFE5U-85F"]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_every_board_gets_pins_and_a_constrained_pll(board):
    wanted = 60  # no board's oscillator
    netlist, constraints = prepared(board, wanted, network_top(board, wanted))
    assert "top.accelerator.stages" in netlist
    for port, pin in zip(("rx", "tx"), pins(board, "rx", "tx"), strict=True):
        assert located(board, f"uart_0__{port}__io", pin) in constraints
    leds = [line for line in constraints.splitlines() if "led_" in line
            and ("LOCATE" in line or "set_io" in line)]
    assert len(leds) == len(board.leds)
    pll, frequency = clock_plan(board, wanted * MHZ)
    assert 0.98 * wanted * MHZ < frequency <= wanted * MHZ
    if board.family == "ecp5":
        assert "EHXPLLL" in netlist
        assert "SGSR" in netlist
        assert f'FREQUENCY NET "clock.clock" {float(frequency)} HZ;' in constraints
        assert f"parameter \\CLKFB_DIV {pll.clkfb}" in netlist
    else:
        pad = "SB_PLL40_PAD" if "UP5K" in board.device and board.name not in (
            "upduino_v3", "upduino_v3-osc") else "SB_PLL40_CORE"
        assert pad in netlist
        assert f"set_frequency clock.clock {float(frequency) / MHZ}" in constraints


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_every_board_runs_on_its_oscillator_alone(board):
    oscillator = round(board.create_platform().default_clk_frequency)
    netlist, constraints = prepared(board, oscillator / MHZ)
    assert "PLL" not in netlist
    assert "FREQUENCY" in constraints or "set_frequency" in constraints


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_every_board_says_what_is_true(board):
    assert find_device(board.name) == board.fpga
    assert board.platform.device.replace("UM5G", "U").replace("UM", "U") == (
        board.device.replace("UM5G", "U").replace("UM", "U"))
    assert board.device in DEVICES
    assert len(board.leds) <= 8
    assert all("{file}" in command for command in board.programmers)
    _, clock = clock_plan(board, round(board.megahertz * MHZ))
    assert clock == board.megahertz * MHZ
    assert abs(clock / round(clock / board.baud) / board.baud - 1) < 0.02


def test_the_boards_that_users_expect_are_there():
    for name in ("ulx3s-12f", "ulx3s-25f", "ulx3s-45f", "ulx3s-85f", "icebreaker", "icesugar",
                 "upduino_v3", "ice40_hx8k_b_evn", "orangecrab", "ecpix5-45f", "ecpix5-85f",
                 "versa_ecp5", "colorlight_5a75b"):
        assert find(name)


def test_board_files_are_short():
    for file in FILES:
        assert len((ROOT / "boards" / "catalog" / f"{file}.py").read_text().splitlines()) <= 20


def test_names_are_found_in_the_form_people_type_them():
    assert find("ulx3s") is find("ULX3S_85F") is find(" ulx3s-85f ")
    assert find("orangecrab").name == "orangecrab-25f"
    assert find("ice40-hx8k-b-evn").name == "ice40_hx8k_b_evn"


def test_unknown_boards_are_refused_with_similar_ones():
    with pytest.raises(ValueError, match=r"^Board must be one of those that 'python -m "
                       r"boards\.build --list' shows: 'icebraker' \(similar: icebreaker, "
                       r"icebreaker_bitsy, icesugar\)$"):
        find("icebraker")
    with pytest.raises(ValueError, match=r"^Board must be one of those that 'python -m "
                       r"boards\.build --list' shows: '42'$"):
        find("42")


def test_the_up5ks_pll_takes_its_clock_from_the_pad():
    netlist, _ = prepared(find("icebreaker"), 24)
    assert "connect \\PACKAGEPIN \\clk12_0__io" in netlist


def test_ulx3s_keeps_its_esp32_from_restarting_the_board():
    _, constraints = prepared(find("ulx3s"), 50)
    assert 'LOCATE COMP "esp32_0__gpio0__io" SITE "L2";' in constraints
