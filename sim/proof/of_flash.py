"""Proof of the flash loader: what it tells the flash, which words come out, what it believes."""

from types import SimpleNamespace
from unittest.mock import patch

from amaranth import Cat, Const, Elaboratable, Fragment, Module, Mux, Signal
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.serial.flash import ATTEMPTS, FLASH_OFFSET, MAGIC, READ, WAKE, FlashLoader
from sw.line.protocol import ErrorCode

from .contract import Consumer, at_most
from .harness import Fault, Proof


__all__ = ["PROOFS"]

HEADER = MAGIC + b"ok"  # octets, of 44
WORDS = 1
COMMAND = bytes([READ]) + FLASH_OFFSET.to_bytes(3, "big")
BEGIN = 32                         # bits of a read before the header,
FIRST = BEGIN + 8 * len(HEADER)    # before the first word
END = FIRST + 16 * WORDS           # and in all
QUIET = 16                         # cycles at most without a pulse of the flash's clock


class AnyCRC(wiring.Component):
    """A serial CRC with any value between two octets: its own is proven apart."""

    def __init__(self):
        super().__init__({
            "start": In(1), "valid": In(1), "octet": In(8), "out": In(1), "busy": Out(1),
            "crc": Out(32), "match": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        left = Signal(range(9))
        m.d.comb += self.busy.eq(left != 0)
        with m.If(self.valid | self.out):
            m.d.sync += left.eq(8)
        with m.Elif(self.busy):
            m.d.sync += [left.eq(left - 1), self.crc.eq(AnySeq(32))]
        return m


def reverse(octets):
    """Bits in the order in which they travel, the first one lowest: a number."""
    return sum((octet >> 7 - bit & 1) << 8 * place + bit
               for place, octet in enumerate(octets) for bit in range(8))


class Load(Elaboratable):
    """The loader beside a flash that says anything, and what goes over its wires."""

    def elaborate(self, platform):
        m = Module()
        crcs = []

        def make():
            crcs.append(AnyCRC())
            return crcs[-1]

        dut = FlashLoader(SimpleNamespace(header=HEADER, words=(0,) * WORDS, crc=0),
                          clock_hz=20_000)
        with patch("hw.serial.flash.SerialCRC", make):
            m.submodules.dut = Fragment.get(dut, platform)
        self.crc, = crcs
        bits, came, right = self._watch_wires(m, dut)
        taken = self._watch_words(m, dut, bits, came, right)
        self._watch_status(m, dut, bits, right, taken)
        return m

    def _watch_wires(self, m, dut):
        """Bits of a transfer so far, the last of them, and whether its header is right so far."""
        spi = dut.spi
        bits, came, woken = Signal(range(END + 1)), Signal(16), Signal()
        selected, header, right = Signal(), Signal(), Signal(init=1)
        m.d.comb += spi.cipo.eq(AnySeq(1))
        m.d.sync += selected.eq(spi.cs)
        with m.If(spi.clk):  # a bit a pulse, of one cycle
            m.d.sync += [bits.eq(bits + 1), came.eq(Cat(spi.cipo, came))]
        with m.Elif(~spi.cs):
            m.d.sync += [bits.eq(0), right.eq(1)]
            with m.If(selected):
                m.d.sync += woken.eq(~woken)
        m.d.comb += header.eq(Const(reverse(HEADER), 8 * len(HEADER))
                              .bit_select((bits - BEGIN)[:8], 1))
        with m.If(spi.clk & (bits >= BEGIN) & (bits < FIRST) & (spi.cipo != header)):
            m.d.sync += right.eq(0)
        said = Mux(woken, Const(reverse(COMMAND), 32).bit_select(bits, 1),
                   Const(reverse(bytes([WAKE])), 8).bit_select(bits, 1))
        m.d.comb += Assert(~spi.clk | spi.cs, "the clock runs while the flash is not selected")
        m.d.comb += Assert(~spi.clk | (bits >= Mux(woken, BEGIN, 8)) | (spi.copi == said),
                           "the flash is told what it must not be")
        m.d.comb += Assert(~spi.clk | (bits < Mux(woken, END, 8)), "a transfer is too long")
        m.d.comb += Assert(spi.cs | ~selected | woken | (bits == 8), "the flash is not woken")
        return bits, came, right

    def _watch_words(self, m, dut, bits, came, right):
        """Words that are taken."""
        consumer = Consumer(m, dut.o)
        taken = Signal(range(WORDS + 1))
        here = Signal()
        m.d.comb += here.eq(dut.spi.cs & right & (bits == FIRST + 16 + 16 * taken))
        with m.If(consumer.taken):
            m.d.sync += taken.eq(taken + 1)
        with m.Elif(~dut.spi.cs):
            m.d.sync += taken.eq(0)
        m.d.comb += Assert(~dut.o.valid | (here & (taken != WORDS)),
                           "a word comes out that did not come in behind the right header")
        m.d.comb += Assert(~dut.o.valid | (dut.o.payload == Cat(came[8:], came[:8])),
                           "a word is not what the flash said")
        m.d.comb += Assert(dut.spi.cs | (taken == 0) | (taken == WORDS),
                           "some words come out and others do not")
        m.d.comb += Assert(~dut.spi.clk | (bits < FIRST + 16 + 16 * taken), "a word is left out")

        # What the CRC is of: the octets of words, each once.
        octet = Signal()
        m.d.sync += octet.eq(dut.spi.clk & (bits >= FIRST) & (bits[:3] == 7))
        m.d.comb += Assert(self.crc.valid == octet, "an octet is left out of the CRC, or too many")
        m.d.comb += Assert(~octet | (self.crc.octet == came[:8]), "the CRC is of another octet")
        return taken

    def _watch_status(self, m, dut, bits, right, taken):
        """When it is over, and how."""
        selected, reads, ended = Signal(), Signal(), Signal()
        tried, before = Signal(range(ATTEMPTS + 1)), Signal.like(dut.status, init=ErrorCode.LOADING)
        matched, reason = Signal(), Signal.like(dut.status)
        m.d.sync += [selected.eq(dut.spi.cs), before.eq(dut.status)]
        m.d.sync += matched.eq((self.crc.crc == 0) & ~self.crc.busy)
        with m.If(selected & ~dut.spi.cs):
            m.d.sync += reads.eq(~reads)
        m.d.comb += ended.eq(reads & selected & ~dut.spi.cs)
        with m.If(ended):
            m.d.sync += tried.eq(tried + 1)
        with m.If(right):
            m.d.comb += reason.eq(Mux(matched, 0, ErrorCode.DAMAGED_WEIGHTS))
        with m.Else():
            m.d.comb += reason.eq(Mux(bits <= BEGIN + 8 * len(MAGIC), ErrorCode.NO_WEIGHTS,
                                      ErrorCode.OTHER_WEIGHTS))
        m.d.comb += Assert(~ended | ~right | (taken == WORDS), "a read ends early")
        last = ended & ((tried == ATTEMPTS - 1) | (reason == 0))
        m.d.comb += Assert(dut.status == Mux(last, reason, before),
                           "weights are believed that are wrong, or not believed that are right, "
                           "or the reason is not why")
        loads = Signal()
        m.d.comb += loads.eq(dut.status == ErrorCode.LOADING)
        m.d.comb += Assert(loads | ~dut.spi.cs, "the flash is read again when all is over")
        at_most(m, QUIET, loads & ~dut.spi.clk & (~dut.o.valid | dut.o.ready), dut.spi.clk,
                "the load stands still")


PROOFS = [
    Proof("flash", "The loader wakes the flash and reads at the right place, at most three times; "
          "a word comes out only behind the right header, unchanged, held until taken, and all do "
          "or none; the CRC is asked about these octets; status says in the cycle behind a read "
          "that all is right exactly if it is, and after the third why not; it never stands still",
          f"header of {len(HEADER)} octets, {WORDS} word, a flash that says anything, a CRC that "
          "says anything: SerialCRC is proven apart", Load,
          Fault("hw.serial.flash.FlashLoader.elaborate",
                "transfer.start(m, 16, FLASH_OFFSET & 0xffff)", "transfer.start(m, 16)"),
          ("FlashLoader",), depth=80),
]
