"""The serial line: one start bit, eight data bits lowest first, one stop bit."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from .framing import RECEIVED


__all__ = ["Receiver", "Transmitter", "divide"]


# The receiver samples the stop bit 9.5 bits after the edge that it measures from. Both ends' errors
# and its own sampling step must stay below half a bit in sum: 2 % leaves the other end as much.
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
    """Serial line to octets.

    Each bit is sampled once, in its middle. An octet appears half a bit before its stop bit ends
    (3 cycles later: synchronizer and register). An octet whose stop bit is low (noise, a break, a
    wrong baud rate), or that came before the one in front of it was taken, is marked as an error.
    After a low stop bit the line must be high before the next start bit counts.

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

        # Sample in the middle of each bit: half a bit after the edge, then every bit.
        timer = Signal(range(self.divisor))
        sample = timer == 0
        m.d.sync += timer.eq(Mux(sample, self.divisor - 1, timer - 1))

        # The start bit walks down the register: when it leaves, eight data bits are in.
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
    """Octets to serial line, without a gap while octets are waiting.

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

        # The bits to send, lowest first, ended by the stop bit: it is the register's highest one,
        # so the register is empty when nothing but the stop bit is left.
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
