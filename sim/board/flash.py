"""An SPI flash for simulations: it sleeps until it is woken, then can be read."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from hw.serial.flash import FLASH_OFFSET, READ, SPI, WAKE


__all__ = ["Flash", "WithFlash"]

ERASED = 0xff


class Flash(wiring.Component):
    """A flash whose clock is sampled by the design's, so that it may be half as fast.

    It knows two commands, each after ``cs`` rose: release from power-down, which takes effect
    ``wake_cycles`` after ``cs`` fell again, and read. Erased octets surround the contents.

    Parameters
    ----------
    contents : bytes
        What lies at ``offset``.
    offset : int
        Octets before it.
    wake_cycles : int
        Cycles that it takes to wake.
    stuck : int or None
        Level that its output is shorted to: a fault.

    Members
    -------
    spi : In(SPI)
        The flash's pins.
    """

    def __init__(self, contents, *, offset=FLASH_OFFSET, wake_cycles=1, stuck=None):
        self.contents = bytes(contents)
        self.offset = offset
        self.wake_cycles = wake_cycles
        self.stuck = stuck
        super().__init__({"spi": In(SPI)})

    def elaborate(self, platform):
        m = Module()
        spi = self.spi
        before = Signal()
        rising, falling = Signal(), Signal()
        m.d.sync += before.eq(spi.clk)
        m.d.comb += [rising.eq(spi.clk & ~before), falling.eq(~spi.clk & before)]

        # The command and its address: the last 32 bits that came in, until there are as many.
        command, bits = Signal(32), Signal(range(33))
        with m.If(~spi.cs):
            m.d.sync += bits.eq(0)
        with m.Elif(rising & (bits != 32)):
            m.d.sync += [command.eq(Cat(spi.copi, command)), bits.eq(bits + 1)]

        timer, woken = Signal(range(self.wake_cycles + 1)), Signal()
        with m.If(~spi.cs & (bits == 8) & (command[:8] == WAKE)):
            m.d.sync += woken.eq(1)
        with m.If(woken & (timer != self.wake_cycles)):
            m.d.sync += timer.eq(timer + 1)

        m.submodules.octets = octets = memory.Memory(
            shape=8, depth=max(1, len(self.contents)), init=self.contents)
        port = octets.read_port(domain="comb")
        address, place = Signal(24), Signal(3)
        at = Signal(25)
        octet = Signal(8)
        m.d.comb += at.eq(address - self.offset)
        m.d.comb += port.addr.eq(at)
        m.d.comb += octet.eq(Mux(at < len(self.contents), port.data, ERASED))
        reading = Signal()
        m.d.comb += reading.eq((bits == 32) & (command[24:] == READ)
                               & (timer == self.wake_cycles))
        with m.If(~reading):
            m.d.sync += [address.eq(Cat(spi.copi, command)), place.eq(7), spi.cipo.eq(1)]
        with m.Elif(falling):
            m.d.sync += [spi.cipo.eq(octet.bit_select(place, 1)), place.eq(place - 1)]
            with m.If(place == 0):
                m.d.sync += address.eq(address + 1)
        if self.stuck is not None:
            m.d.sync += spi.cipo.eq(self.stuck)
        return m


class WithFlash(wiring.Component):
    """A :class:`boards.top.Top` and the flash beside it: what is left are the other pins.

    Members
    -------
    rx, tx, leds
        Those of the top.
    """

    def __init__(self, top, contents, **options):
        self.top = top
        self.flash = Flash(contents, **options)
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1), "leds": Out(8)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.top = top = self.top
        m.submodules.flash = flash = self.flash
        wiring.connect(m, top.flash, flash.spi)
        m.d.comb += [top.rx.eq(self.rx), self.tx.eq(top.tx), self.leds.eq(top.leds)]
        return m
