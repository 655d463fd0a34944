"""Proof of the text of a board that loads weights: never an octet of a text that is half there."""

from unittest.mock import patch

from amaranth import Array, Const, Elaboratable, Fragment, Module, Mux, Signal
from amaranth.asserts import AnyConst, AnySeq
from amaranth.hdl import Assert, Assume

from hw.serial.loadinglink import LoadedText

from .contract import at_most
from .harness import Fault, Proof


__all__ = ["PROOFS"]

TEXT, DEPTH = b"abc", 4
IDENTITY = range(1, 2)  # octets that are hidden; a board has 32
SETTLED = 3             # cycles behind a change of the text until an octet is of the new one


class Sent(Elaboratable):
    """The sender beside a loader that writes texts at any time, and one octet that is followed.

    The loader is trusted with two things. It swaps a text in when all octets of it are written, and
    it does so while fewer octets of the old text are out than the new one has: on a board one,
    which waits in a relay.
    """

    def elaborate(self, platform):
        m = Module()
        dut = LoadedText(TEXT, depth=DEPTH)
        with patch("hw.serial.loadinglink.IDENTITY", IDENTITY):
            m.submodules.dut = Fragment.get(dut, platform)
        place = Signal(range(DEPTH))
        m.d.comb += [place.eq(AnyConst(len(place))), dut.o.ready.eq(AnySeq(1)),
                     dut.valid.eq(AnySeq(1)), dut.octet.eq(AnySeq(8)),
                     dut.index.eq(AnySeq(len(place))), dut.swap.eq(AnySeq(1)),
                     dut.octets.eq(AnySeq(3)), dut.hidden.eq(AnySeq(1))]

        # The octet at the place, in the text that is sent and in the one that is written.
        now, later = Signal(8), Signal(8)
        swapped, written, length = Signal(), Signal(), Signal(3, init=len(TEXT))
        first = Array(Const(octet, 8) for octet in TEXT.ljust(DEPTH, b"\0"))[place]
        with m.If(dut.valid & (dut.index == place)):
            m.d.sync += [later.eq(dut.octet), written.eq(1)]
        with m.If(dut.swap):
            m.d.sync += [now.eq(later), swapped.eq(1), written.eq(0), length.eq(dut.octets)]
        position, taken = Signal(range(DEPTH)), Signal()
        m.d.comb += taken.eq(dut.o.valid & dut.o.ready)
        with m.If(taken):
            m.d.sync += position.eq(Mux(position == length - 1, 0, position + 1))
        sizes = (dut.octets != 0) & (dut.octets <= DEPTH) & (position + taken < dut.octets)
        m.d.comb += Assume(~dut.swap | sizes & ~dut.valid & (written | (place >= dut.octets)))

        hidden, age = Signal(), Signal(range(SETTLED + 1), init=SETTLED)
        m.d.sync += hidden.eq(dut.hidden)
        changes = dut.swap | (hidden != dut.hidden)
        with m.If(changes):
            m.d.sync += age.eq(0)
        with m.Elif(age != SETTLED):
            m.d.sync += age.eq(age + 1)
        offered, held = Signal(), Signal()
        m.d.sync += held.eq(dut.o.valid & ~dut.o.ready)
        m.d.comb += offered.eq(dut.o.valid & (age == SETTLED) & ~changes)
        here = offered & (position == place)
        masked = dut.hidden & (position >= IDENTITY.start) & (position < IDENTITY.stop)
        octet = Mux(masked, 0, Mux(swapped, now, first))
        m.d.comb += Assert(~here | (dut.o.p.data == octet), "an octet is not that of the text")
        m.d.comb += Assert(~dut.o.valid | (dut.o.p.last == (position == length - 1)),
                           "last is not with the last octet")
        m.d.comb += Assert(~held | dut.o.valid, "an offer is withdrawn")
        at_most(m, 2, ~dut.o.valid, dut.o.valid, "an octet is not offered")
        return m


PROOFS = [
    Proof("loaded-text", "The text that was swapped in last is sent, octet by octet and again and "
          "again, whatever is written of the next one; a hidden identity is zeros; "
          f"{SETTLED} cycles behind a swap no octet of the text before is offered; an offer stays "
          "until taken", f"texts of up to {DEPTH} octets, an identity of one", Sent,
          Fault("hw.serial.loadinglink.LoadedText.elaborate", "Cat(self.index[:bits], ~half)",
                "Cat(self.index[:bits], half)"), ("LoadedText",), short=True),
]
