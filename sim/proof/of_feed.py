"""Proofs of what feeds an accelerator and what answers: octets to words, results to octets."""

from amaranth import Array, Cat, Const, Elaboratable, Module, Mux, Signal, Value
from amaranth.hdl import Assert
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.serial.answer import ResultOctets, TextOctets
from hw.serial.wordfeed import WordFeed
from hw.stage.labelselect import answer_layout

from .contract import Consumer, Contract, at_most
from .harness import Fault, Proof


__all__ = ["PROOFS"]

CONTRACT = ("Nothing is lost, doubled or changed, whatever the pauses and the back-pressure, and "
            "everything comes out in bounded time")
CLASSES, SCORE_BITS, SCORE_BYTES = 2, 4, 2
TEXT = b"abc"


class Text(Elaboratable):
    """The text, octet by octet, again and again."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut = dut = TextOctets(TEXT)
        consumer = Consumer(m, dut.o)
        index = Signal(range(len(TEXT)))
        with m.If(consumer.taken):
            m.d.sync += index.eq(Mux(index == len(TEXT) - 1, 0, index + 1))
        m.d.comb += Assert(~dut.o.valid | (dut.o.p.data == Array(TEXT)[index]),
                           "an octet is not the text's")
        m.d.comb += Assert(~dut.o.valid | (dut.o.p.last == (index == len(TEXT) - 1)),
                           "last is not with the last octet")
        at_most(m, 2, ~dut.o.valid, dut.o.valid, "no octet comes")
        return m


def results():
    def expected(words):
        label, flat = words[0][:1], words[0][1:]
        octets = [Cat(label, Const(0, 8))[:8]]
        for index in range(CLASSES):
            score = flat.word_select(index, SCORE_BITS).as_signed()
            wide = Cat(score, score[-1].replicate(8 * SCORE_BYTES - SCORE_BITS))
            octets += [wide[place:place + 8] for place in range(0, 8 * SCORE_BYTES, 8)]
        return [Cat(octet, index == len(octets) - 1) for index, octet in enumerate(octets)]

    dut = ResultOctets(answer_layout(CLASSES, SCORE_BITS), score_bytes=SCORE_BYTES)
    octets = 1 + CLASSES * SCORE_BYTES
    return Contract(Taken(dut), expected, o_words=octets, wait=4, busy=3 * octets + 2, inside=2)


class Taken(wiring.Component):
    """A component that takes its input last, behind a register that takes it first."""

    def __init__(self, inner):
        self.inner = inner
        super().__init__({"i": In(inner.i.signature.flip()), "o": Out(inner.o.signature)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = inner = self.inner
        wiring.connect(m, inner.o, wiring.flipped(self.o))
        full, held = Signal(), Signal.like(Value.cast(self.i.payload))
        m.d.comb += [Value.cast(inner.i.payload).eq(held), inner.i.valid.eq(full),
                     self.i.ready.eq(~full)]
        with m.If(full):
            m.d.sync += full.eq(~inner.i.ready)
        with m.Elif(self.i.valid):
            m.d.sync += [full.eq(1), held.eq(Value.cast(self.i.payload))]
        return m


def feed(bits=10, width=3):
    def expected(words):
        flat = Cat(*words)[:bits]
        return [Cat(flat[place:place + width], Const(0, width))[:width]
                for place in range(0, bits, width)]

    dut = WordFeed(bits=bits, rom=[1, 2], rom_width=width, width=width)
    return Contract(dut, expected, i_words=2, o_words=-(-bits // width), wait=2, busy=4, inside=3)


PROOFS = [
    Proof("text", "The text comes out octet by octet, again and again, each held until taken",
          f"{len(TEXT)} octets", Text, Fault("hw.serial.answer.TextOctets.elaborate",
                                             "m.d.sync += [fetched.eq(0), self.o.valid.eq(0)]",
                                             "m.d.sync += self.o.valid.eq(0)"),
          ("TextOctets",)),
    Proof("results", CONTRACT + ": the label, then the scores, sign-extended, lowest octet first",
          f"{CLASSES} scores of {SCORE_BITS} bits, {SCORE_BYTES} octets each", results,
          Fault("hw.serial.answer.ResultOctets.elaborate", "score.as_unsigned()",
                "Cat(score[:4], Const(0, 12))"), ("ResultOctets",),
          method="bmc", depth=38, enough="two results and the begin of a third"),
    Proof("word-feed", CONTRACT + ": octets of requests in words, while no benchmark runs",
          "10 bits in words of 3", feed,
          Fault("hw.serial.wordfeed.WordFeed.elaborate", "widen.o.ready.eq(beats.i.ready)",
                "widen.o.ready.eq(1)"), ("WordFeed",)),
]
