"""Payloads of answers, octet by octet: a text from ROM, and the results of the accelerator."""

from dataclasses import dataclass

from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from .framing import OCTET


__all__ = ["Answer", "ResultOctets", "TextOctets"]


@dataclass(frozen=True)
class Answer:
    """An answer on its way to the framer, octet by octet.

    Attributes
    ----------
    octet : Signal(OCTET)
        The next octet of the answer.
    valid : Signal
        Whether ``octet`` is offered.
    sent : Signal
        Whether ``octet`` is offered and taken in this cycle.
    ready : Signal
        Whether an octet would be taken in this cycle.
    """

    octet: Signal
    valid: Signal
    sent: Signal
    ready: Signal

    def forward(self, m, octets):
        """Send the octets of a stream as the answer's payload."""
        m.d.comb += self.octet.eq(octets.payload)
        m.d.comb += self.valid.eq(octets.valid)
        m.d.comb += octets.ready.eq(self.ready)

    def fail(self, m, code):
        """Send one octet, an error's code, as the answer's payload."""
        m.d.comb += self.octet.data.eq(code)
        m.d.comb += self.octet.last.eq(1)
        m.d.comb += self.valid.eq(1)


class TextOctets(wiring.Component):
    """Sends a text from ROM again and again, one octet every 3 cycles.

    Parameters
    ----------
    text : bytes
        At least 1 octet.

    Members
    -------
    o : Out(stream.Signature(OCTET))
        The text; ``last`` with its last octet.
    """

    def __init__(self, text):
        if not text:
            raise ValueError("Text must have at least 1 octet: it is empty")
        self.text = bytes(text)
        super().__init__({"o": Out(stream.Signature(OCTET))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.rom = rom = memory.Memory(
            shape=8, depth=len(self.text), init=self.text, attrs={"ram_style": "block"})
        read = rom.read_port()

        index = Signal(range(len(self.text)))
        octet = Signal(8, reset_less=True)  # directly behind block RAM, because that is slow
        fetched = Signal()
        m.d.comb += read.addr.eq(index)
        m.d.comb += self.o.p.data.eq(octet)
        m.d.comb += self.o.p.last.eq(index == len(self.text) - 1)
        m.d.sync += [octet.eq(read.data), fetched.eq(1), self.o.valid.eq(fetched)]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += index.eq(Mux(self.o.p.last, 0, index + 1))
            m.d.sync += [fetched.eq(0), self.o.valid.eq(0)]
        return m


class ResultOctets(wiring.Component):
    """Turns results of the accelerator into octets: the label, then the scores.

    A score's lowest octet comes first. A result is taken in the cycle after its last octet.
    Throughput is one octet every 3 cycles, because the choice of a score and the choice of an octet
    in it take a cycle each.

    Parameters
    ----------
    result : data.StructLayout
        ``label``, unsigned, and ``scores``, an array of signed numbers.
    score_bytes : int
        Octets of a score; a narrower score is sign-extended.

    Members
    -------
    i : In(stream.Signature(result))
        Results.
    o : Out(stream.Signature(OCTET))
        Octets; ``last`` with the last octet of each result.
    """

    def __init__(self, result, *, score_bytes):
        scores = result["scores"].shape
        if Shape.cast(scores.elem_shape).width > 8 * score_bytes:
            raise ValueError(f"Octets of a score must hold {Shape.cast(scores.elem_shape).width} "
                             f"bits: {score_bytes}")
        self.result = result
        self.score_bytes = score_bytes
        super().__init__({
            "i": In(stream.Signature(result)),
            "o": Out(stream.Signature(OCTET)),
        })

    def elaborate(self, platform):
        m = Module()
        classes = self.result["scores"].shape.length

        done = Signal()
        in_scores = Signal()
        index = Signal(range(classes))
        part = Signal(range(self.score_bytes))
        score = Signal(signed(8 * self.score_bytes), reset_less=True)
        chosen = Signal(2)  # the score (bit 0) and its octet (bit 1) are those of the counters
        m.d.sync += score.eq(self.i.p.scores[index])
        m.d.sync += self.o.p.data.eq(Mux(in_scores, score.as_unsigned().word_select(part, 8),
                                         self.i.p.label))
        m.d.sync += chosen.eq(Cat(self.i.valid & ~done, chosen))
        m.d.comb += self.o.p.last.eq((index == classes - 1) & (part == self.score_bytes - 1))
        m.d.sync += done.eq(self.o.valid & self.o.ready & self.o.p.last)
        m.d.comb += self.o.valid.eq(chosen[-1])
        m.d.comb += self.i.ready.eq(done)

        with m.If(self.o.valid & self.o.ready):
            m.d.sync += chosen.eq(0)
            m.d.sync += in_scores.eq(~self.o.p.last)
            with m.If(in_scores):
                m.d.sync += part.eq(part + 1)
                with m.If(part == self.score_bytes - 1):
                    m.d.sync += part.eq(0)
                    m.d.sync += index.eq(Mux(self.o.p.last, 0, index + 1))
        return m
