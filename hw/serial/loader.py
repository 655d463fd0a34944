"""Takes new weights at run time: checks what they are for, counts them, and checks their CRC."""

from amaranth import *
from amaranth.lib import crc, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from sw.line.load import HEADER, KEY, MAGIC


__all__ = ["WeightLoader"]

WEIGHTS_AT = len(MAGIC) + KEY  # octets of the header before its two lengths
CRC_OCTETS = 4


class State(enum.Enum):
    """What comes next: nothing, made up words, or a part of the load."""

    IDLE = 0
    FILL = 1
    HEADER = 2
    WEIGHTS = 3
    TEXT = 4
    CRC = 5
    JUDGE = 6


class WeightLoader(wiring.Component):
    """Takes the octets of a load (:mod:`sw.line.load`) and passes the words of weights on.

    A load with another header is refused before any word has been passed, so that the weights that
    were there stay in force. From the first word on the weights are not ``whole``, until a load has
    come with all its octets and the right CRC. A load may begin at any time. Where the one before
    was cut off among its words, the loader makes up the missing words first, one a cycle, because
    the accelerator counts them. Then ``active`` rises. An octet is taken in every cycle while
    ``active``, but in the cycle behind the last one.

    Parameters
    ----------
    key : bytes
        Key of the shape, 8 octets.
    words : int
        Words of weights of a load.
    text : int
        Most octets of the text.
    preset : bool
        Whether the weights are whole at the start. Then a reset does not change ``whole``, because
        it does not change the weights.

    Members
    -------
    begin : In(1)
        A load begins.
    octets : In(stream.Signature(8))
        Its octets.
    active : Out(1)
        Octets are taken.
    filling : Out(1)
        Words are made up; octets wait.
    whole : Out(1)
        The weights are whole.
    refused : Out(1)
        The last load was refused.
    weights : Out(stream.Signature(16))
        Words of weights, which must be taken at once.
    text, text_valid, text_index : Out
        An octet of the text, and its place.
    text_octets : Out(16)
        Octets of the text.
    """

    def __init__(self, *, key, words, text, preset):
        self.key = key
        self.words = words
        self.text_limit = text
        self.preset = preset
        super().__init__({
            "begin": In(1), "octets": In(stream.Signature(8)),
            "active": Out(1), "filling": Out(1), "whole": Out(1), "refused": Out(1),
            "weights": Out(stream.Signature(16)),
            "text": Out(8), "text_valid": Out(1), "text_index": Out(16), "text_octets": Out(16),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.crc = check = crc.catalog.CRC32_ISO_HDLC(data_width=8).create()
        whole = Signal(init=self.preset, reset_less=self.preset)
        m.d.comb += self.whole.eq(whole)

        taken, octet = Signal(), self.octets.payload
        state = Signal(State)
        index = Signal(16)
        m.d.comb += self.octets.ready.eq(self.active & (state != State.JUDGE))
        m.d.comb += taken.eq(self.octets.valid & self.octets.ready)
        m.d.comb += [check.data.eq(octet), check.valid.eq(taken), check.start.eq(~self.active)]

        # A word of weights is made of two octets, and counted.
        low, odd, word = Signal(8), Signal(), Signal(range(self.words))
        last_word = Signal()
        m.d.comb += last_word.eq(word == self.words - 1)
        with m.If(self.weights.valid):
            m.d.sync += word.eq(Mux(last_word, 0, word + 1))
            m.d.sync += whole.eq(0)

        m.d.comb += [self.text.eq(octet), self.text_index.eq(index)]
        m.d.comb += self.filling.eq(state == State.FILL)
        m.d.comb += self.active.eq((state != State.IDLE) & (state != State.FILL))
        with m.Switch(state):
            with m.Case(State.FILL):
                m.d.comb += self.weights.valid.eq(word != 0)
                with m.If(word == 0):
                    m.d.sync += state.eq(State.HEADER)
            with m.Case(State.HEADER), m.If(taken):
                self._header(m, state, index, octet)
            with m.Case(State.WEIGHTS):
                m.d.comb += self.weights.payload.eq(Cat(low, octet))
                m.d.comb += self.weights.valid.eq(taken & odd)
                with m.If(taken):
                    m.d.sync += [low.eq(octet), odd.eq(~odd)]
                    with m.If(odd & last_word):
                        m.d.sync += state.eq(State.TEXT)
            with m.Case(State.TEXT):
                m.d.comb += self.text_valid.eq(taken)
                with m.If(taken):
                    m.d.sync += index.eq(index + 1)
                    with m.If(index == self.text_octets - 1):
                        m.d.sync += [index.eq(0), state.eq(State.CRC)]
            with m.Case(State.CRC), m.If(taken):
                m.d.sync += index.eq(index + 1)
                with m.If(index == CRC_OCTETS - 1):
                    m.d.sync += state.eq(State.JUDGE)
            with m.Case(State.JUDGE):
                m.d.sync += [whole.eq(check.match_detected), self.refused.eq(~check.match_detected),
                             state.eq(State.IDLE)]
        with m.If(self.begin):
            m.d.sync += [index.eq(0), odd.eq(0), self.refused.eq(0), state.eq(State.FILL)]
        return m

    def _header(self, m, state, index, octet):
        """Compare an octet of the header; go on to the weights, or refuse the load."""
        lengths = (2 * self.words).to_bytes(4, "little")
        expected = Array([Const(value, 8) for value in MAGIC + self.key + lengths])
        right = Signal()
        m.d.comb += right.eq(octet == expected[index])
        for place in range(2):
            with m.If(index == WEIGHTS_AT + 4 + place):
                m.d.comb += right.eq(1)
                m.d.sync += self.text_octets.word_select(place, 8).eq(octet)
        with m.If(index == HEADER - 2):
            m.d.comb += right.eq((octet == 0) & (self.text_octets != 0)
                                 & (self.text_octets <= self.text_limit))
        with m.If(index == HEADER - 1):
            m.d.comb += right.eq(octet == 0)
        m.d.sync += index.eq(index + 1)
        with m.If(~right):
            m.d.sync += [self.refused.eq(1), state.eq(State.IDLE)]
        with m.Elif(index == HEADER - 1):
            m.d.sync += [index.eq(0), state.eq(State.WEIGHTS)]
