"""Everything between a board's pins and the design: clock, serial port, LEDs."""

from amaranth import *
from amaranth.lib import io

from hw.plan.pll import solve

from .clock import Clock


class Shell(Elaboratable):
    """A design on a board.

    Parameters
    ----------
    board : Board
        The board.
    design : wiring.Component
        What runs on it: ports ``rx`` In(1), ``tx`` Out(1), ``leds`` Out(8) and, if it reads the
        flash, ``flash`` Out(:data:`hw.serial.flash.SPI`); domain ``sync``.
    frequency : int or Fraction
        Clock to ask for, in Hz; ``frequency`` holds the one that the PLL makes.
    """

    def __init__(self, board, design, frequency):
        self.board = board
        self.design = design
        self.pll, self.frequency = clock_plan(board, frequency)

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = ClockDomain(reset_less=self.board.family == "ecp5")
        m.submodules.clock = Clock(self.pll, self.frequency)
        # Synthesis names a cell after the net it drives. A net between the design and a pin has the
        # name that sorts last: "top", so that the design's logic counts as the design's.
        m.submodules.top = design = self.design

        serial = platform.request("uart", dir="-")
        m.submodules.pin_rx = rx = io.Buffer("i", serial.rx)
        m.submodules.pin_tx = tx = io.Buffer("o", serial.tx)
        m.d.comb += [design.rx.eq(rx.i), tx.o.eq(design.tx)]

        if hasattr(design, "flash"):
            self._flash(m, platform.request("spi_flash_1x", dir="-"))
        for index, port in enumerate(_ports(platform, self.board.leds)):
            m.submodules[f"pin_led{index}"] = led = io.Buffer("o", port)
            m.d.comb += led.o.eq(design.leds[index])
        for index, port in enumerate(_ports(platform, self.board.high)):
            m.submodules[f"pin_high{index}"] = high = io.Buffer("o", port)
            m.d.comb += high.o.eq(1)
        return m

    def _flash(self, m, pins):
        """Connect the flash; its other pins, which the platform inverts, are held high."""
        for name in ("cs", "clk", "copi", "cipo", "wp", "hold"):
            if not hasattr(pins, name):
                continue
            direction = "i" if name == "cipo" else "o"
            m.submodules[f"pin_{name}"] = pin = io.Buffer(direction, getattr(pins, name))
            if name == "cipo":
                m.d.comb += self.design.flash.cipo.eq(pin.i)
            else:
                m.d.comb += pin.o.eq(getattr(self.design.flash, name, 0))


def clock_plan(board, frequency):
    """Return what the board's PLL needs and makes.

    Parameters
    ----------
    board : Board
        The board.
    frequency : int or Fraction
        Wanted frequency in Hz.

    Returns
    -------
    tuple of (None, Ecp5Pll or Ice40Pll) and Fraction
        Settings, and the frequency that they give, in Hz.
    """
    pll = solve(board.family, board.oscillator, frequency)
    return pll, frequency if pll is None else pll.output


def _ports(platform, names):
    """Yield the port of each name such as ``"led 0"`` or ``"rgb_led 0 r"``."""
    requested = {}
    for name in names:
        resource, number, *member = name.split()
        key = resource, int(number)
        if key not in requested:
            requested[key] = platform.request(*key, dir="-")
        yield getattr(requested[key], member[0]) if member else requested[key]
