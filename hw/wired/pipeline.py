# amaranth: UnusedElaboratable=no
"""A pipeline of wired layers, with label select behind the last layer: one vector per cycle."""

from itertools import zip_longest

import numpy as np
from amaranth import *
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..count.popcount import Delays
from ..lower import LOWER
from ..plan.area import CARRY, cells
from ..plan.simplify.reduction import REDUCE
from ..stage.labelselect import answer_layout, select, select_depth
from ..stage.voteselect import select_first, select_first_resources
from ..stream.credit import CreditQueue, queue_resources, queue_size
from ..stream.handshake import Queued
from ..stream.stage import PipelineTap, Stage
from .votes import constant_bits, lowest_compared_bit


__all__ = ["WiredPipeline", "is_compared", "pipeline_depth", "wired_ends"]


def pipeline_depth(layers, modes):
    """Return the cycles between the input of a wired pipeline and its queue."""
    depth = sum(LOWER.of(layer).wired_latency(layer, mode)
                for layer, mode in zip(layers, modes, strict=True))
    last = layers[-1]
    if last.gives_scores:
        depth += select_depth(last.outputs, compared=is_compared(modes))
    return depth


def is_compared(modes):
    """Return whether label select has a register behind its comparisons, for a fast clock."""
    return modes[-1].levels == 1


def skipped_bits(last, modes):
    """Return how many of the lowest bits of a score are not stored: 1 if it is constant."""
    return int(modes[-1].adders == "columns" and last.gives.bits > 1)


def wired_ends(layers, modes, queue_depth, family):
    """Return the estimated resources around a pipeline's layers: label select, queues."""
    last = layers[-1]
    if not last.gives_scores:
        return queue_resources(family, queue_depth, last.gives.width)
    bits = last.gives.bits
    nodes = last.outputs - 1
    compared = is_compared(modes)
    if modes[-1].adders == "columns":
        compared_bits = bits - lowest_compared_bit(last)
        stored = last.outputs * (bits - skipped_bits(last, modes))
        return (select_first_resources(last.outputs, compared_bits, compared, family)
                + queue_resources(family, queue_depth, nodes.bit_length())
                + queue_resources(family, queue_depth, stored))
    chooser = cells(family, nodes * ((CARRY[family] + 1) * bits + 4),
                    nodes * (bits + 4) * (1 + 2 * compared))
    return (chooser + queue_resources(family, queue_depth, nodes.bit_length())
            + queue_resources(family, queue_depth, last.gives.width))


class Handshake(Queued):
    """Handshake of a wired pipeline."""

    def __init__(self, pipeline):
        super().__init__(pipeline.queue_depth, pipeline.latency)

    def ready(self, o_ready):
        return self.credits > 0

    def tick(self, i_transfer, o_transfer):
        self.credits -= i_transfer
        self.move(i_transfer, o_transfer)


class WiredPipeline(Stage):
    """Wired layers in a row: one free-running pipeline with a queue at its end.

    No signal stops the pipeline. A shift register says which of its vectors are valid. A vector
    enters only when the queue has a slot for its result.

    Latency is :attr:`latency` cycles from a vector to its result; throughput is one vector per
    cycle.

    Parameters
    ----------
    layers : list of :class:`sw.layer.kind.Layer`
        The layers in order. If the last layer gives scores, the pipeline also selects the label.
    modes : list of :class:`hw.plan.schedule.Wired`
        How each layer is built.
    first : :class:`sw.layer.kind.Layer`, optional
        The network's first layer, if all pixels of an image come in one cycle.

    Members
    -------
    i : In(stream.Signature(inputs)) or In(stream.Signature(pixels * pixel_bits))
        Input bits, or pixels.
    o : Out(stream.Signature(neurons)) or Out(stream.Signature(answer_layout(...)))
        Activations of the last layer, or label and scores.
    """

    def __init__(self, layers, modes, first=None):
        self.layers = list(layers)
        self.modes = list(modes)
        self.first = first
        last = self.layers[-1]
        head = {first.name: LOWER.of(first).wired(first, None)} if first else {}
        self.stages = head | {layer.name: LOWER.of(layer).wired(layer, mode) for layer, mode
                              in zip(self.layers, self.modes, strict=True)}
        self.depth = pipeline_depth(self.layers, self.modes) + sum(
            stage.latency for stage in head.values())
        self.result = (answer_layout(last.outputs, last.gives.bits) if last.gives_scores
                       else last.gives.width)
        self.queue_depth, queue_latency = queue_size(self.depth, 1)
        self.latency = self.depth + queue_latency
        super().__init__({
            "i": In(stream.Signature(len(next(iter(self.stages.values())).x))),
            "o": Out(stream.Signature(self.result)),
        })

    def handshake(self):
        return Handshake(self)

    def resources(self, name, family, left):
        found = {}
        if self.first:
            everything = np.ones(self.first.outputs, dtype=bool)
            found[self.first.name] = LOWER.of(self.first).wired_resources(
                self.first, None, family, everything)
        layers = [left.get(layer.name, layer) for layer in self.layers]
        for own, layer, mode, after in zip_longest(self.layers, layers, self.modes, layers[1:]):
            seen = np.ones(layer.outputs, dtype=bool)
            if after:
                seen = REDUCE.of(after).looks_at(after, np.ones(after.outputs, dtype=bool))
            # Plans of votes are of the network's own scores, as they are built.
            found[layer.name] = LOWER.of(layer).wired_resources(
                own if mode.adders == "columns" else layer, mode, family, seen)
        return found | {name: wired_ends(self.layers, self.modes, self.queue_depth, family)}

    def taps(self, path):
        later, layers = 0, []
        widths = {layer.name: layer.gives.width
                  for layer in (*([self.first] if self.first else []), *self.layers)}
        for name, stage in self.stages.items():
            later += stage.latency
            layers.append((name, later, widths[name]))
        return [PipelineTap(path, tuple(layers))]

    def elaborate(self, platform):
        m = Module()
        scored = self.layers[-1].gives_scores
        m.submodules.queue = queue = CreditQueue(
            self.result.members["label"] if scored else self.result, depth=self.queue_depth)
        delays, control = Delays(m, "wait"), Delays(m, "valid", reset_less=False)

        # Input: a vector enters if the queue has a slot.
        transfer = Signal()
        m.d.comb += self.i.ready.eq(queue.free)
        m.d.comb += transfer.eq(self.i.valid & queue.free)
        m.d.comb += queue.reserve.eq(transfer)
        value = self.i.payload

        # Layers: each has a latency of at least one cycle.
        for name, stage in self.stages.items():
            m.submodules[name] = stage
            m.d.comb += stage.x.eq(value)
            value = stage.y

        # Output: a result enters the queue when its vector's bit leaves the shift register.
        if scored:
            value = self._label(m, delays, control, transfer, value, platform)
        m.d.comb += queue.push.eq(control.delay(transfer, self.depth))
        m.d.comb += queue.payload.eq(value)
        m.d.comb += [self.o.valid.eq(queue.o.valid), queue.o.ready.eq(self.o.ready)]
        answer = Value.cast(self.o.payload)
        m.d.comb += answer[:len(queue.payload)].eq(queue.o.payload)
        return m

    def _label(self, m, delays, control, transfer, scores, platform):
        """Return the label of ``scores``. The scores wait for their label in a queue of their own.

        The score queue has as many slots as the label queue. A vector's scores are stored before
        its label is. The lowest bits of votes are constant and do not wait.
        """
        last, mode = self.layers[-1], self.modes[-1]
        bits, compared = last.gives.bits, is_compared(self.modes)
        scores = [scores.word_select(index, bits) for index in range(last.outputs)]
        skipped = skipped_bits(last, self.modes)
        m.submodules.scores_queue = queue = CreditQueue(
            len(scores) * (bits - skipped) if skipped else self.result.members["scores"],
            depth=self.queue_depth)
        if mode.adders == "columns":
            label = select_first(delays, [score[lowest_compared_bit(last):] for score in scores],
                                 platform, compared=compared)
        else:
            candidates = [(score.as_signed(), Const(index, range(last.outputs)), None)
                          for index, score in enumerate(scores)]
            _, label, _ = select(delays, candidates, compared=compared)
        depth = select_depth(last.outputs, compared=compared)
        m.d.comb += queue.reserve.eq(transfer)
        m.d.comb += queue.push.eq(control.delay(transfer, self.depth - depth))
        m.d.comb += queue.payload.eq(Cat(score[skipped:] for score in scores))
        m.d.comb += queue.o.ready.eq(self.o.valid & self.o.ready)
        stored = Value.cast(queue.o.payload)
        if skipped:
            stored = Cat(Cat(Const(bit, 1), stored.word_select(index, bits - skipped))
                         for index, bit in enumerate(constant_bits(last)))
        m.d.comb += self.o.p.scores.eq(stored)
        return label
