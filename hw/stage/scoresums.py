"""Sums of scores over the positions of a feature map, and the lanes that give the scores."""

from itertools import pairwise
from math import ceil

from amaranth import *
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..plan.area import CARRY, Resources
from ..stream.handshake import Buffer
from ..stream.stage import Stage, StreamTap
from .mvtu import MVTU


__all__ = ["PositionScores", "ScoreSums", "score_sums_resources"]


class PositionScores(MVTU):
    """The scores of each position, an MVTU. They are summed before they are a layer's outputs."""

    def taps(self, path):
        return []


class Handshake(Buffer):
    """Handshake of sums of scores."""

    def __init__(self, sums):
        super().__init__()
        self.words, self.last = sums.layer.vectors * sums.words, sums.words
        self.index = 0

    def tick(self, i_transfer, o_transfer):
        super().tick(i_transfer and self.index >= self.words - self.last, o_transfer)
        self.index = (self.index + i_transfer) % self.words


class ScoreSums(Stage):
    """Scores of a map: the sums of the scores of its positions.

    The sums go round in shift registers, a word of ``pe`` classes a transfer. The bias comes with
    the first position, and the words of the last position go out.

    Latency from a word of the last position to its sums is 1 cycle. Throughput is one word per
    cycle.

    Parameters
    ----------
    layer : :class:`sw.layer.scores2d.Scores2d`
        Extents of the map, biases.
    pe : int
        Scores in a word. Those behind the last class have no meaning.

    Members
    -------
    i : In(stream.Signature(ArrayLayout(signed(position.score_bits), pe)))
        Scores of each position, in ``ceil(classes / pe)`` words, the first class lowest.
    o : Out(stream.Signature(ArrayLayout(signed(score_bits), pe)))
        The scores of the map.
    """

    latency = 1

    def __init__(self, layer, *, pe):
        if not 1 <= pe <= layer.outputs:
            raise ValueError(f"PE of layer {layer.name!r} must be in 1..{layer.outputs}, its "
                             f"classes: {pe}")
        self.layer = layer
        self.pe = pe
        self.words = ceil(layer.outputs / pe)
        super().__init__({
            "i": In(stream.Signature(data.ArrayLayout(signed(layer.position.score_bits), pe))),
            "o": Out(stream.Signature(data.ArrayLayout(signed(layer.score_bits), pe))),
        })

    def handshake(self):
        return Handshake(self)

    def resources(self, name, family, left):
        return {name: score_sums_resources(self.layer, self.pe, family)}

    def taps(self, path):
        return [StreamTap(self.layer.name, path, "o", self.words,
                          self.pe * self.layer.score_bits)]

    def elaborate(self, platform):
        m = Module()
        transfer = Signal()
        m.d.comb += self.i.ready.eq(~self.o.valid | self.o.ready)
        m.d.comb += transfer.eq(self.i.valid & self.i.ready)

        # Where a word is in its map.
        word, position = Signal(range(self.words)), Signal(range(self.layer.vectors))
        first, last = Signal(), Signal()
        m.d.comb += [first.eq(position == 0), last.eq(position == self.layer.vectors - 1)]
        with m.If(transfer):
            m.d.sync += word.eq(word + 1)
            with m.If(word == self.words - 1):
                m.d.sync += word.eq(0)
                m.d.sync += position.eq(Mux(last, 0, position + 1))

        # Sum: the oldest word of each ring is that of the same class.
        sums = []
        for place in range(self.pe):
            ring = [Signal(signed(self.layer.score_bits), name=f"sum_{place}_{age}",
                           reset_less=True) for age in range(self.words)]
            start = Mux(first, self._bias(m, word, place), ring[-1])
            with m.If(transfer):
                m.d.sync += ring[0].eq(start + self.i.payload[place])
                m.d.sync += [older.eq(newer) for newer, older in pairwise(ring)]
            sums.append(ring[0])

        # Output: the newest word, which stays until it is taken.
        with m.If(self.i.ready):
            m.d.sync += self.o.valid.eq(transfer & last)
        m.d.comb += Value.cast(self.o.payload).eq(Cat(sums))
        return m

    def _bias(self, m, word, place):
        """Return the bias of a place of a word."""
        shape = signed(self.layer.score_bits)
        biases = [int(bias) for bias in self.layer.bias[place::self.pe]]
        if len(set(biases)) == 1:
            return Const(biases[0], shape)
        value = Signal(shape, name=f"bias_{place}")
        with m.Switch(word):
            for number, bias in enumerate(biases):
                with m.Case(number):
                    m.d.comb += value.eq(bias)
        return value


def score_sums_resources(layer, pe, family):
    """Return the estimated resources of :class:`ScoreSums`."""
    words, sums = ceil(layer.outputs / pe), pe * layer.score_bits
    counters = (words - 1).bit_length() + (layer.vectors - 1).bit_length()
    alone = (words - 1) * sums if family == "ice40" else 0  # flip-flops that no LUT lies before
    return Resources((CARRY[family] + 1) * sums + counters + 8 + alone,
                     words * sums + counters + 1)
