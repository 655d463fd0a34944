# amaranth: UnusedElaboratable=no
"""Wired scores of a feature map: a position a cycle, summed over all positions."""

from amaranth import *
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out, connect, flipped

from ..count.popcount import Delays
from ..lower import LOWER
from ..plan.area import CARRY, cells
from ..stage.labelselect import select_depth
from ..stream.credit import CreditQueue, queue_resources, queue_size
from ..stream.handshake import Queued
from ..stream.stage import Stage, StreamTap


__all__ = ["WiredScores2d", "wired_scores2d_resources"]


class Handshake(Queued):
    """Handshake of summed scores."""

    def __init__(self, scores):
        super().__init__(scores.queue_depth, scores.latency)
        self.words = scores.layer.vectors
        self.index = 0

    def ready(self, o_ready):
        return self.index > 0 or self.credits > 0

    def tick(self, i_transfer, o_transfer):
        self.credits -= i_transfer and self.index == 0
        self.move(i_transfer and self.index == self.words - 1, o_transfer)
        self.index = (self.index + i_transfer) % self.words


def _queue(layer, latency):
    """Return depth and latency of the queue behind the sums of wired scores of a latency."""
    return queue_size(layer.vectors + latency, layer.vectors)


class WiredScores2d(Stage):
    """Scores of all positions of a map, summed: synapses are logic, a position takes a cycle.

    The interval is ``height * width`` cycles. Latency from the last position of a map to its scores
    is :attr:`latency` cycles: the neurons, the sum and the queue.

    Parameters
    ----------
    layer : :class:`sw.layer.scores2d.Scores2d`
        Weights and biases.
    mode : :class:`hw.plan.schedule.Wired`
        How each class is counted.

    Members
    -------
    i : In(stream.Signature(channels))
        The map position by position, the first channel lowest.
    o : Out(stream.Signature(ArrayLayout(signed(score_bits), classes)))
        The scores of the map.
    """

    def __init__(self, layer, mode):
        self.layer = layer
        self.mode = mode
        self.neurons = LOWER.of(layer.position).wired(layer.position, mode)
        self.queue_depth, queue_latency = _queue(layer, self.neurons.latency)
        self.latency = self.neurons.latency + 1 + queue_latency
        super().__init__({
            "i": In(stream.Signature(layer.position.inputs)),
            "o": Out(stream.Signature(data.ArrayLayout(signed(layer.score_bits),
                                                       layer.outputs))),
        })

    def handshake(self):
        return Handshake(self)

    def resources(self, name, family, left):
        return {name: wired_scores2d_resources(self.layer, self.mode, family)}

    def taps(self, path):
        return [StreamTap(self.layer.name, path, "o", 1, self.layer.gives.width)]

    def elaborate(self, platform):
        m = Module()
        layer = self.layer
        m.submodules.neurons = neurons = self.neurons
        m.submodules.queue = queue = CreditQueue(self.o.payload.shape(), depth=self.queue_depth)
        connect(m, queue.o, flipped(self.o))
        control = Delays(m, "control", reset_less=False)

        # Input: the first position of a map reserves a slot for its scores.
        index = Signal(range(layer.vectors))
        first, last, transfer = Signal(), Signal(), Signal()
        m.d.comb += [first.eq(index == 0), last.eq(index == layer.vectors - 1)]
        m.d.comb += self.i.ready.eq(~first | queue.free)
        m.d.comb += transfer.eq(self.i.valid & self.i.ready)
        m.d.comb += queue.reserve.eq(transfer & first)
        with m.If(transfer):
            m.d.sync += index.eq(Mux(last, 0, index + 1))
        m.d.comb += neurons.x.eq(self.i.payload)
        begins, ends, counts = (Signal(name=name) for name in ("begins", "ends", "counts"))
        m.d.comb += [begins.eq(first), ends.eq(transfer & last), counts.eq(transfer)]
        begins, ends, counts = (control.delay(value, neurons.latency)
                                for value in (begins, ends, counts))

        # Sum: the bias comes with the first position.
        bits, sums = layer.position.gives.bits, []
        for place in range(layer.outputs):
            score = neurons.y.word_select(place, bits).as_signed()
            total = Signal(signed(layer.score_bits), name=f"sum_{place}", reset_less=True)
            with m.If(counts):
                m.d.sync += total.eq(Mux(begins, int(layer.bias[place]), total) + score)
            sums.append(total)
        m.d.comb += queue.push.eq(control.register(ends))
        m.d.comb += Value.cast(queue.payload).eq(Cat(sums))
        return m


def wired_scores2d_resources(layer, mode, family):
    """Return the estimated resources of a :class:`WiredScores2d`."""
    lower = LOWER.of(layer.position)
    depth, _ = _queue(layer, lower.wired_latency(layer.position, mode))
    seen = layer.fan_in >= 0  # all
    sums = layer.outputs * layer.score_bits
    # In label select, all scores wait for the label.
    waiting = select_depth(layer.outputs) * sums
    return (lower.wired_resources(layer.position, mode, family, seen)
            + cells(family, (CARRY[family] + 0.5) * sums + 30, sums + 20 + waiting)
            + queue_resources(family, depth, sums))
