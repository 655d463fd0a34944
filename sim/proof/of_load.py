"""Proofs of weights at run time: what the loader believes, and what the writer writes."""

from types import SimpleNamespace
from unittest.mock import patch

from amaranth import Array, Cat, Const, Elaboratable, Fragment, Module, Mux, Signal
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.serial.loader import WeightLoader
from hw.stage.loaded import WeightWriter

from .contract import at_most
from .harness import Fault, Proof


__all__ = ["PROOFS"]

MAGIC, KEY = b"T", b"\x51"  # shorter than they are, so that a load is
HEADER = 10
WORDS, TEXT = 3, 2
WEIGHTS_END = HEADER + 2 * WORDS


class AnyCheck(wiring.Component):
    """A CRC that matches or not, after any octets: its own is a component of Amaranth's."""

    def __init__(self):
        super().__init__({"start": In(1), "data": In(8), "valid": In(1), "crc": Out(32),
                          "match_detected": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.match_detected.eq(AnySeq(1))
        return m


class Load(Elaboratable):
    """The loader beside a host that sends anything at any time, and a count of what went on."""

    def elaborate(self, platform):
        m = Module()
        checks = []

        def make(**_):
            checks.append(AnyCheck())
            return SimpleNamespace(create=lambda: checks[-1])

        dut = WeightLoader(key=KEY, words=WORDS, text=TEXT, preset=True)
        fake = SimpleNamespace(catalog=SimpleNamespace(CRC32_ISO_HDLC=make))
        with patch.multiple("hw.serial.loader", crc=fake, MAGIC=MAGIC, HEADER=HEADER,
                            WEIGHTS_AT=len(MAGIC + KEY)):
            m.submodules.dut = Fragment.get(dut, platform)
        check, = checks
        for value in (dut.begin, dut.octets.valid, dut.octets.payload):
            m.d.comb += value.eq(AnySeq(len(value)))
        taken = Signal()
        m.d.comb += taken.eq(dut.octets.valid & dut.octets.ready)

        # Octets of this load so far, whether its header is right so far, and how long its text is.
        count, right, text = Signal(range(WEIGHTS_END + TEXT + 6)), Signal(init=0), Signal(2)
        running = Signal()
        lengths = (2 * WORDS).to_bytes(4, "little")
        header = Array([Const(octet, 8) for octet in
                        (*MAGIC, *KEY, *lengths, *[0] * 4)])
        fits = Signal()
        m.d.comb += fits.eq(dut.octets.payload == header[count])
        with m.If(count == HEADER - 4):
            m.d.comb += fits.eq((dut.octets.payload >= 1) & (dut.octets.payload <= TEXT))
        end = Signal.like(count)
        m.d.comb += end.eq(WEIGHTS_END + 4 + text)
        with m.If(dut.begin):
            m.d.sync += [count.eq(0), right.eq(1), running.eq(1)]
        with m.Elif(taken):
            m.d.sync += count.eq(count + 1)
            with m.If(count < HEADER):
                m.d.sync += right.eq(right & fits)
            with m.If(count == HEADER - 4):
                m.d.sync += text.eq(dut.octets.payload)
        over = running & right & (count == end)
        with m.If(over | running & ~right):
            m.d.sync += running.eq(dut.begin)

        # Words: two octets each, in order, counted, and only behind the right header.
        word, low, passed = Signal(range(WORDS)), Signal(8), Signal()
        with m.If(dut.weights.valid):
            m.d.sync += word.eq(Mux(word == WORDS - 1, 0, word + 1))
        with m.If(taken):
            m.d.sync += low.eq(dut.octets.payload)
        in_weights = (count >= HEADER) & (count < WEIGHTS_END) & right & running
        due = taken & in_weights & ((count - HEADER)[0])
        m.d.comb += passed.eq(dut.weights.valid & dut.active)
        m.d.comb += Assert(~dut.active | (dut.weights.valid == due),
                           "a word is left out, or one comes that did not come in")
        m.d.comb += Assert(~passed | (dut.weights.payload == Cat(low, dut.octets.payload)),
                           "a word is not what came in")
        m.d.comb += Assert(~passed | ((count - HEADER)[1:3] == word),
                           "a word has another place than the accelerator counts")
        m.d.comb += Assert(~dut.weights.valid | dut.active | dut.filling,
                           "a word comes while there is no load")

        # The weights are whole if and only if nothing was written since they were.
        was, wrote, judged, matched = Signal(init=1), Signal(), Signal(), Signal()
        begun = Signal()
        m.d.sync += [was.eq(dut.whole), wrote.eq(dut.weights.valid),
                     judged.eq(over), begun.eq(dut.begin), matched.eq(check.match_detected)]
        m.d.comb += Assert(~(was & ~dut.whole) | wrote | judged & ~matched,
                           "whole weights are given up for nothing")
        m.d.comb += Assert(~(dut.whole & ~was) | judged & matched,
                           "weights are believed that did not come whole, or with a wrong CRC")
        m.d.comb += Assert(~wrote | ~dut.whole, "weights are whole while some are written")
        m.d.comb += Assert(~dut.whole | (word == 0) | judged, "half of the weights are whole")
        m.d.comb += Assert(~judged | (dut.whole == matched) & (begun | (dut.refused == ~matched)),
                           "a load ends, and its CRC is not what decides")
        m.d.comb += Assert(~(running & ~right & ~taken & (count > HEADER)),
                           "a load of another shape goes on")

        # Octets are taken; missing words are made up at once.
        m.d.comb += Assert(~dut.active | dut.octets.ready | over, "an octet is refused")
        at_most(m, WORDS + 1, dut.filling & ~dut.begin, ~dut.filling,
                "making up words does not end")
        m.d.comb += Assert(~dut.text_valid | taken & right & (count >= WEIGHTS_END)
                           & (count < WEIGHTS_END + text)
                           & (dut.text_index == count - WEIGHTS_END)
                           & (dut.text == dut.octets.payload), "an octet of the text is wrong")
        return m


STEPS, WIDTH, PASSES, CONSTANTS = 3, 20, 2, 5


class Write(Elaboratable):
    """The writer beside a source of words at any time; one bit is followed."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut = dut = WeightWriter(steps=STEPS, width=WIDTH, passes=PASSES,
                                              constant_width=CONSTANTS)
        m.d.comb += [dut.i.valid.eq(AnySeq(1)), dut.i.payload.eq(AnySeq(16))]
        words = STEPS * 2 + PASSES
        place = Signal(range(words))
        before = Signal(16)
        with m.If(dut.i.valid):
            m.d.sync += [place.eq(Mux(place == words - 1, 0, place + 1)),
                         before.eq(dut.i.payload)]
        m.d.comb += Assert(dut.i.ready, "a word is refused")
        m.d.comb += Assert(dut.last == (place == words - 1), "the last word is another one")
        step, constants, row = Signal(WIDTH), Signal(CONSTANTS), Signal(range(STEPS))
        of_step, of_pass = Signal(), Signal()
        in_steps = place < 2 * STEPS
        m.d.sync += [of_step.eq(dut.i.valid & in_steps & place[0]),
                     of_pass.eq(dut.i.valid & ~in_steps), step.eq(Cat(before, dut.i.payload)),
                     constants.eq(dut.i.payload),
                     row.eq(Mux(in_steps, place[1:], place - 2 * STEPS))]
        m.d.comb += Assert((dut.step_en == of_step) & (dut.pass_en == of_pass),
                           "a row is left out, or written too often")
        m.d.comb += Assert(~(of_step | of_pass) | (dut.row == row), "another row is written")
        m.d.comb += Assert(~of_step | (dut.step == step), "a step is not what came")
        m.d.comb += Assert(~of_pass | (dut.constants == constants), "a constant is not what came")
        return m


PROOFS = [
    Proof("loader", "Whatever comes, weights are whole only if all octets of a load came behind "
          "the right header and its CRC is right, and from the first word on they are not; a load "
          "of another shape changes nothing; words come out once, in order and in whole loads, "
          "also where a load is cut off", f"{WORDS} words, texts of up to {TEXT} octets", Load,
          Fault("hw.serial.loader.WeightLoader.elaborate", "whole.eq(0)", "whole.eq(whole)"),
          ("WeightLoader",), depth=40),
    Proof("weight-writer", "Each step and each pass is written once, to its row, with the bits "
          "that came", f"{STEPS} steps of {WIDTH} bits, {PASSES} passes of {CONSTANTS} bits", Write,
          Fault("hw.stage.loaded.WeightWriter.elaborate", "row.eq(Mux(last_row, 0, row + 1))",
                "row.eq(row + 1)"),
          ("WeightWriter",), short=True),
]
