# amaranth: UnusedElaboratable=no
"""Wired layers in a row, and label select behind the last: one vector per cycle."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..count.popcount import Delays
from ..stage.encoder import PixelEncoder
from ..stage.labelselect import answer_layout, select, select_depth
from ..stream.credit import CreditQueue, queue_size
from .layer import WiredLayer, layer_latency


__all__ = ["WiredPipeline", "is_compared", "pipeline_depth"]


def pipeline_depth(layers, parts):
    """Cycles between the input of a wired pipeline and its queue."""
    depth = sum(layer_latency(layer, part) for layer, part in zip(layers, parts, strict=True))
    last = layers[-1]
    if last.kind == "scores":
        depth += select_depth(last.outputs, compared=is_compared(parts))
    return depth


def is_compared(parts):
    """Whether label select has a register behind its comparisons, as stages of one adder have."""
    return parts[-1].levels == 1


class WiredPipeline(wiring.Component):
    """Wired layers in a row: one free-running pipeline with a queue at its end.

    No signal stops the pipeline: a shift register says which of its vectors are valid, and a
    vector enters only when the queue has a slot for what it becomes.

    Latency is :attr:`latency` cycles from a vector to its result; throughput is one vector per
    cycle.

    Parameters
    ----------
    layers : list of :class:`sw.network.Dense` or :class:`sw.network.Scores`
        The layers in order. If the last one is the scores, the label is selected as well.
    parts : list of :class:`hw.plan.schedule.Wired`
        How each is built.
    encoder : :class:`sw.network.Encoder`, optional
        Thresholds of a network's pixels, if these come in, all in a cycle.

    Members
    -------
    i : In(stream.Signature(inputs)) or In(stream.Signature(pixels * pixel_bits))
        Input bits, or pixels.
    o : Out(stream.Signature(neurons)) or Out(stream.Signature(answer_layout(...)))
        Activations of the last layer, or label and scores.
    """

    def __init__(self, layers, parts, encoder=None):
        self.layers = list(layers)
        self.parts = list(parts)
        self.encoder = encoder and PixelEncoder(encoder)
        last = self.layers[-1]
        self.stages = {layer.name: WiredLayer(layer, part)
                       for layer, part in zip(self.layers, self.parts, strict=True)}
        self.depth = pipeline_depth(self.layers, self.parts) + (
            self.encoder.latency if encoder else 0)
        self.result = (answer_layout(last.outputs, last.score_bits) if last.kind == "scores"
                       else last.outputs)
        self.queue_depth, queue_latency = queue_size(self.depth, 1)
        self.latency = self.depth + queue_latency
        super().__init__({
            "i": In(stream.Signature(len(self.encoder.x) if encoder else self.layers[0].inputs)),
            "o": Out(stream.Signature(self.result)),
        })

    def elaborate(self, platform):
        m = Module()
        scored = self.layers[-1].kind == "scores"
        m.submodules.queue = queue = CreditQueue(
            self.result.members["label"] if scored else self.result, depth=self.queue_depth)
        delays, control = Delays(m, "wait"), Delays(m, "valid", reset_less=False)

        # Input: a vector that has a slot in the queue.
        transfer = Signal()
        m.d.comb += self.i.ready.eq(queue.free)
        m.d.comb += transfer.eq(self.i.valid & queue.free)
        m.d.comb += queue.reserve.eq(transfer)
        value = self.i.payload
        if self.encoder:
            m.submodules[self.encoder.encoder.name] = self.encoder
            m.d.comb += self.encoder.x.eq(value)
            value = self.encoder.y

        # Layers, each one cycle or more behind the one before.
        for name, stage in self.stages.items():
            m.submodules[name] = stage
            m.d.comb += stage.x.eq(value)
            value = stage.y

        # Output.
        if scored:
            value = self._label(m, delays, control, transfer, value)
        m.d.comb += queue.push.eq(control.delay(transfer, self.depth))
        m.d.comb += queue.payload.eq(value)
        m.d.comb += [self.o.valid.eq(queue.o.valid), queue.o.ready.eq(self.o.ready)]
        answer = Value.cast(self.o.payload)
        m.d.comb += answer[:len(queue.payload)].eq(queue.o.payload)
        return m

    def _label(self, m, delays, control, transfer, scores):
        """Return the label of ``scores``, which wait for it in a queue of their own.

        That one has the other's slots, and a vector's scores are in it before its label is there.
        """
        last = self.layers[-1]
        m.submodules.scores_queue = queue = CreditQueue(self.result.members["scores"],
                                                  depth=self.queue_depth)
        candidates = [(scores.word_select(index, last.score_bits).as_signed(),
                       Const(index, range(last.outputs)), None) for index in range(last.outputs)]
        _, label, depth = select(delays, candidates, compared=is_compared(self.parts))
        m.d.comb += queue.reserve.eq(transfer)
        m.d.comb += queue.push.eq(control.delay(transfer, self.depth - depth))
        m.d.comb += queue.payload.eq(scores)
        m.d.comb += queue.o.ready.eq(self.o.valid & self.o.ready)
        m.d.comb += self.o.p.scores.eq(queue.o.payload)
        return label
