"""The serial line: one start bit, eight data bits lowest first, one stop bit."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from .framing import RECEIVED


__all__ = ["Receiver", "Transmitter", "divide"]


# The receiver samples the stop bit 9.5 bits after the start bit's edge. By then the clock errors of
# both ends and the sampling step of one cycle must be less than half a bit in sum, which is 5 % of
# this time. With 2 % at this end, as much is left for the other end.
TOLERANCE = 0.02


def divide(clock_hz, baud):
    """Return the cycles of one bit, nearest to ``clock_hz / baud``."""
    if not 0 < baud <= clock_hz / 4:
        raise ValueError(f"Baud rate must be in 1..{clock_hz // 4} (a quarter of the clock): "
                         f"{baud} at {clock_hz / 1e6:g} MHz")
    divisor = round(clock_hz / baud)
    error = clock_hz / divisor / baud - 1
    if abs(error) > TOLERANCE:
        raise ValueError(f"Baud rate must be a whole fraction of the clock to 2 %: {baud} from "
                         f"{clock_hz / 1e6:g} MHz is off by {100 * error:+.1f} % "
                         f"(nearest: {clock_hz // divisor})")
    return divisor


class Receiver(wiring.Component):
    """Turns the serial line into octets.

    Each bit is sampled once, in its middle. An octet comes out in the middle of its stop bit, 3
    cycles late because of the synchronizer and a register. An octet is marked as an error if its
    stop bit is low (noise, a break, a wrong baud rate), or if the octet before it was not taken in
    time. After a low stop bit the line must be high before the next start bit counts.

    Parameters
    ----------
    divisor : int
        Cycles of one bit, at least 4.

    Members
    -------
    rx : In(1)
        The line, high when idle, not synchronous.
    o : Out(stream.Signature(RECEIVED))
        Octets.
    """

    def __init__(self, *, divisor):
        if divisor < 4:
            raise ValueError(f"Divisor must be at least 4: {divisor}")
        self.divisor = divisor
        super().__init__({
            "rx": In(1, init=1),
            "o": Out(stream.Signature(RECEIVED)),
        })

    def elaborate(self, platform):
        m = Module()

        line = Signal(init=1)
        m.submodules.synchronizer = FFSynchronizer(self.rx, line, init=1)

        # The first sample is half a bit after the edge; then each bit has one.
        timer = Signal(range(self.divisor))
        sample = timer == 0
        m.d.sync += timer.eq(Mux(sample, self.divisor - 1, timer - 1))

        # A mark moves down the register. When it is at the bottom, eight data bits are above it.
        shift = Signal(9)

        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)

        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += timer.eq(self.divisor // 2 - 1)
                with m.If(~line):
                    m.next = "START"
            with m.State("START"):
                m.d.sync += shift.eq(1 << 8)
                with m.If(sample):
                    m.next = "IDLE"  # a glitch
                    with m.If(~line):
                        m.next = "DATA"
            with m.State("DATA"):
                with m.If(sample):
                    m.d.sync += shift.eq(Cat(shift[1:], line))
                    with m.If(shift[0]):
                        m.d.sync += self.o.p.data.eq(shift[1:])
                        m.d.sync += self.o.p.error.eq(~line | self.o.valid & ~self.o.ready)
                        m.d.sync += self.o.valid.eq(1)
                        m.next = "STOP"
            with m.State("STOP"):
                with m.If(line):
                    m.next = "IDLE"

        return m


class Transmitter(wiring.Component):
    """Turns octets into the serial line, without a gap while octets are waiting.

    The start bit begins one cycle after an octet is taken; one octet takes ``10 * divisor`` cycles.

    Parameters
    ----------
    divisor : int
        Cycles of one bit.

    Members
    -------
    i : In(stream.Signature(8))
        Octets.
    tx : Out(1)
        The line, high when idle.
    """

    def __init__(self, *, divisor):
        self.divisor = divisor
        super().__init__({
            "i": In(stream.Signature(8)),
            "tx": Out(1, init=1),
        })

    def elaborate(self, platform):
        m = Module()

        # The bits to send, lowest first. The stop bit is 1 and the register's highest bit, so the
        # register is 0 only when the stop bit is on the line.
        shift = Signal(9)
        timer = Signal(range(self.divisor))
        sent = timer == 0

        m.d.comb += self.i.ready.eq(sent & (shift == 0))
        with m.If(~sent):
            m.d.sync += timer.eq(timer - 1)
        with m.Elif(shift != 0):
            m.d.sync += timer.eq(self.divisor - 1)
            m.d.sync += self.tx.eq(shift[0])
            m.d.sync += shift.eq(shift[1:])
        with m.Elif(self.i.valid):
            m.d.sync += timer.eq(self.divisor - 1)
            m.d.sync += self.tx.eq(0)
            m.d.sync += shift.eq(Cat(self.i.payload, 1))

        return m
