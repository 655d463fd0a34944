"""Label select: the first of the highest scores."""

from math import ceil

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..count.popcount import Delays
from ..plan.area import CARRY, Resources, cells
from ..stream.credit import CreditQueue, queue_resources, queue_size
from ..stream.handshake import Queued
from ..stream.heldslot import HeldSlot
from ..stream.stage import Stage


__all__ = ["LabelSelect", "answer_layout", "select", "select_depth"]


def answer_layout(classes, score_bits):
    """Return the layout of an answer: the label lowest, then the scores, the first class first."""
    return data.StructLayout({
        "label": range(classes),
        "scores": data.ArrayLayout(signed(score_bits), classes),
    })


def select(delays, candidates, *, compared=False):
    """Choose the best of some scores, in a tree with a register after each level.

    Parameters
    ----------
    delays : Delays
        Makes the registers.
    candidates : list of (score, index, present)
        In the order in which ties are won. ``present`` is whether there is such a candidate, None
        if there always is. All present candidates come before the absent ones.
    compared : bool
        Whether a register also stands between comparison and choice.

    Returns
    -------
    (score, index, depth)
        Score and index of the winner, ``depth`` cycles later (:func:`select_depth`).
    """
    def late(candidate, cycles):
        return tuple(value if value is None or isinstance(value, Const)
                     else delays.delay(value, cycles) for value in candidate)

    depth = 0
    while len(candidates) > 1 or not depth:
        winners = []
        for left, right in zip(candidates[::2], candidates[1::2], strict=False):
            wins = _moved(right[0]) > _moved(left[0])
            if right[2] is not None:
                wins &= right[2]
            if compared:
                wins, left, right = delays.register(wins), late(left, 1), late(right, 1)
            winners.append((Mux(wins, right[0], left[0]), Mux(wins, right[1], left[1]), left[2]))
        winners += [late(odd, int(compared)) for odd in candidates[len(winners) * 2:]]
        candidates = [late(winner, 1) for winner in winners]
        depth += 1 + compared
    (score, index, _), = candidates
    return score, index, depth


def _moved(score):
    """Return a signed score plus half the range, unsigned, so that one carry chain compares two."""
    return Cat(score[:-1], ~score[-1])


def select_depth(candidates, *, compared=False):
    """Return the cycles that :func:`select` takes for a number of candidates."""
    return max(1, (candidates - 1).bit_length()) * (1 + compared)


class Handshake(Queued):
    """Handshake of a label select."""

    def __init__(self, select):
        super().__init__(select.queue_depth, select.latency)
        self.words = select.words
        self.index = 0

    def ready(self, o_ready):
        return self.index > 0 or self.credits > 0

    def tick(self, i_transfer, o_transfer):
        self.credits -= i_transfer and self.index == 0
        self.move(i_transfer and self.index == self.words - 1, o_transfer)
        self.index = (self.index + i_transfer) % self.words


class LabelSelect(Stage):
    """Collects the scores of an image and finds the first maximum.

    An image comes in ``ceil(classes / pe)`` words of ``pe`` scores. Throughput is one word per
    cycle. Latency, from the last word of an image to its answer, is ``ceil(log2(pe)) + 1`` cycles,
    at least 2, and 1 or 2 cycles of the queue (:attr:`latency`).

    Parameters
    ----------
    classes : int
        Number of scores of an image.
    score_bits : int
        Width of a signed score.
    pe : int
        Scores in a word, the first one lowest. Unused scores of an image's last word may have any
        value.
    queued : bool
        Whether the next image's scores may come before the answer is taken. Otherwise there is no
        queue, which would hold all scores once more.

    Members
    -------
    i : In(stream.Signature(ArrayLayout(signed(score_bits), pe)))
        Scores.
    o : Out(stream.Signature(answer_layout(classes, score_bits)))
        Label and scores.
    """

    def __init__(self, classes, score_bits, *, pe=1, queued=True):
        if not 1 <= pe <= classes:
            raise ValueError(f"PE of a label select must be in 1..{classes}, its classes: {pe}")
        self.classes = classes
        self.score_bits = score_bits
        self.pe = pe
        self.queued = queued
        self.words = ceil(classes / pe)
        self.depth = select_depth(pe)
        self.push_delay = self.depth + 1  # from an image's last word
        self.queue_depth, queue_latency = (
            queue_size(self.words - 1 + self.push_delay, self.words) if queued
            else (1, HeldSlot.latency))
        self.latency = self.push_delay + queue_latency
        super().__init__({
            "i": In(stream.Signature(data.ArrayLayout(signed(score_bits), pe))),
            "o": Out(stream.Signature(answer_layout(classes, score_bits))),
        })

    def handshake(self):
        return Handshake(self)

    def resources(self, name, family, left):
        width = self.classes * self.score_bits
        nodes = self.pe - 1
        lut4 = (nodes + 1) * (CARRY[family] + 1) * self.score_bits + 30
        ff = width + nodes * 2 * self.score_bits + self.score_bits + 16
        answer = width + (self.classes - 1).bit_length()
        if self.queued:
            return {name: cells(family, lut4, ff)
                    + queue_resources(family, self.queue_depth, answer)}
        # Scores wait for the label and are written as they come: no LUT lies before them.
        alone = width + self.score_bits + self.pe * self.score_bits * select_depth(self.pe)
        ff = alone + nodes * (self.score_bits + nodes.bit_length()) + 18
        return {name: Resources(lut4 + self.words + (alone if family == "ice40" else 0), ff)}

    def elaborate(self, platform):
        m = Module()
        answers = self.o.payload.shape()
        m.submodules.queue = queue = (CreditQueue(answers, depth=self.queue_depth) if self.queued
                                      else HeldSlot(answers))
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        delays, control = Delays(m, "wait"), Delays(m, "control", reset_less=False)

        # Input: the first word of an image reserves a slot for the answer.
        index = Signal(range(self.words))
        first, last, transfer = Signal(), Signal(), Signal()
        m.d.comb += first.eq(index == 0)
        m.d.comb += last.eq(index == self.words - 1)
        m.d.comb += self.i.ready.eq(~first | queue.free)
        m.d.comb += transfer.eq(self.i.valid & self.i.ready)
        m.d.comb += queue.reserve.eq(transfer & first)
        with m.If(transfer):
            m.d.sync += index.eq(Mux(last, 0, index + 1))

        # Within a word: the best of its scores.
        in_last_word = self.classes - (self.words - 1) * self.pe
        candidates = [(self.i.payload[place], Const(place, range(self.pe)),
                       None if place < in_last_word else ~last) for place in range(self.pe)]
        score, place, depth = select(delays, candidates)
        scores = [delays.delay(self.i.payload[lane], depth) for lane in range(self.pe)]
        transfer, last = (control.delay(value, depth) for value in (transfer, last))
        first, index = (delays.delay(value, depth) for value in (first, index))

        # Across words: the best so far stays unless a later score is higher.
        answer = Signal(answers, reset_less=True)
        best = Signal(signed(self.score_bits), reset_less=True)
        base = Signal(range(self.classes + self.pe), reset_less=True)
        base_here = Mux(first, 0, base)
        with m.If(transfer):
            m.d.sync += base.eq(base_here + self.pe)
            with m.If(first | (score > best)):
                m.d.sync += best.eq(score)
                m.d.sync += answer.label.eq(base_here + place)
        for word in range(self.words):
            with m.If((index == word) if self.queued else transfer & (index == word)):
                for lane in range(min(self.pe, self.classes - word * self.pe)):
                    m.d.sync += answer.scores[word * self.pe + lane].eq(scores[lane])
        m.d.comb += queue.push.eq(control.register(transfer & last))
        m.d.comb += queue.payload.eq(answer)
        return m
