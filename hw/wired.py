# amaranth: UnusedElaboratable=no
"""Wired layers: every synapse is its own logic, weights are constants, one vector per cycle."""

from functools import cache

import numpy as np
from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .labelselect import answer_layout, select
from .popcount import Delays, count_bits, plan_count
from .stream import CreditQueue, queue_size


__all__ = ["WiredLayer", "WiredPipeline", "neuron_plans", "pipeline_depth"]


@cache
def neuron_plans(layer, levels):
    """Plans of a layer's neurons: a tuple of :class:`CountPlan`, or None where one is constant."""
    plans = []
    for neuron, fan_in in enumerate(map(int, layer.fan_in)):
        if layer.kind == "scores":
            plans.append(plan_count(fan_in, levels) if fan_in else None)
        else:
            threshold = int(layer.thresholds[neuron])
            plans.append(plan_count(fan_in, levels, threshold)
                         if 0 < threshold <= fan_in else None)
    return tuple(plans)


def pipeline_depth(layers, levels):
    """Registers between the input of a wired pipeline and its queue."""
    depth = 1 + sum(1 + max([plan.depth for plan in neuron_plans(layer, levels) if plan],
                            default=0) for layer in layers)
    last = layers[-1]
    return depth + ((last.outputs - 1).bit_length() if last.kind == "scores" else 0)


class WiredLayer(wiring.Component):
    """A layer as one piece of logic, cut by registers that nothing stops.

    Each neuron counts the inputs that agree with its synapses (an inverted input is free) and
    compares: the threshold is folded into the count. A neuron that always or never fires is a
    constant.

    Latency is :attr:`latency` cycles, from ``x`` to ``y``, at least 1; throughput is one vector
    per cycle.

    Parameters
    ----------
    layer : :class:`sw.network.Dense` or :class:`sw.network.Scores`
        Weights, and thresholds or biases.
    levels : int
        Most adders in a row between two registers.

    Members
    -------
    x : In(inputs)
        Input bits.
    y : Out(neurons) or Out(classes * score_bits)
        Activations, or signed scores, the first one lowest.
    """

    def __init__(self, layer, *, levels):
        if levels < 1:
            raise ValueError(f"Levels of layer {layer.name!r} must be at least 1: {levels}")
        self.layer = layer
        self.levels = levels
        self.synapses = [np.flatnonzero(row) for row in layer.weights]
        self.plans = neuron_plans(layer, levels)
        self.depth = max([plan.depth for plan in self.plans if plan], default=0)
        self.latency = self.depth + 1
        self.width = layer.outputs * (layer.score_bits if layer.kind == "scores" else 1)
        super().__init__({"x": In(layer.inputs), "y": Out(self.width)})

    def elaborate(self, platform):
        m = Module()
        delays = Delays(m, "wait")
        inputs = [Signal(name=f"x{index}") for index in range(self.layer.inputs)]
        m.d.comb += Cat(*inputs).eq(self.x)
        outputs = []
        for neuron, plan in enumerate(self.plans):
            bits = []
            if plan:
                agree = [inputs[index] if self.layer.weights[neuron, index] > 0
                         else ~inputs[index] for index in self.synapses[neuron]]
                bits = [delays.delay(bit, self.depth - plan.depth)
                        for bit in count_bits(delays, agree, plan)]
            outputs.append(self._output(neuron, bits))
        y = Signal(self.width, reset_less=True)
        m.d.sync += y.eq(Cat(*outputs))
        m.d.comb += self.y.eq(y)
        return m

    def _output(self, neuron, bits):
        if self.layer.kind == "dense":
            return bits[0] if bits else Const(int(self.layer.thresholds[neuron]) == 0, 1)
        offset = Const(int(self.layer.bias[neuron] - self.layer.fan_in[neuron]),
                       signed(self.layer.score_bits))
        return (Cat(0, *bits) + offset)[:self.layer.score_bits] if bits else offset


class WiredPipeline(wiring.Component):
    """Wired layers in a row: one free-running pipeline with one queue at its end.

    No signal stops the pipeline: a shift register says which of its vectors are valid, and a
    vector enters only when the queue has a slot for what it becomes.

    Latency is :attr:`latency` cycles from a vector to its result; throughput is one vector per
    cycle.

    Parameters
    ----------
    layers : list of :class:`sw.network.Dense` or :class:`sw.network.Scores`
        The layers in order. If the last one is the scores, the label is selected as well.
    levels : int
        Most adders in a row between two registers.

    Members
    -------
    i : In(stream.Signature(inputs))
        Input bits.
    o : Out(stream.Signature(neurons)) or Out(stream.Signature(answer_layout(...)))
        Activations of the last layer, or label and scores.
    """

    def __init__(self, layers, *, levels):
        self.layers = list(layers)
        self.levels = levels
        last = self.layers[-1]
        self.stages = {layer.name: WiredLayer(layer, levels=levels) for layer in self.layers}
        self.depth = pipeline_depth(self.layers, levels)
        self.result = (answer_layout(last.outputs, last.score_bits) if last.kind == "scores"
                       else last.outputs)
        self.queue_depth, queue_latency = queue_size(self.depth, 1)
        self.latency = self.depth + queue_latency
        super().__init__({
            "i": In(stream.Signature(self.layers[0].inputs)),
            "o": Out(stream.Signature(self.result)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.queue = queue = CreditQueue(self.result, depth=self.queue_depth)
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        delays, control = Delays(m, "wait"), Delays(m, "valid", reset_less=False)

        # Input: a vector that has a slot in the queue.
        transfer = Signal()
        m.d.comb += self.i.ready.eq(queue.free)
        m.d.comb += transfer.eq(self.i.valid & queue.free)
        m.d.comb += queue.reserve.eq(transfer)
        value = delays.register(self.i.payload)

        # Layers, each one cycle or more behind the one before.
        for name, stage in self.stages.items():
            m.submodules[name] = stage
            m.d.comb += stage.x.eq(value)
            value = stage.y

        # Output.
        last = self.layers[-1]
        if last.kind == "scores":
            scores = [value.word_select(index, last.score_bits).as_signed()
                      for index in range(last.outputs)]
            _, label, depth = select(delays, [(score, Const(index, range(last.outputs)), Const(1))
                                              for index, score in enumerate(scores)])
            value = Cat(label, delays.delay(value, depth))
        m.d.comb += queue.push.eq(control.delay(transfer, self.depth))
        m.d.comb += Value.cast(queue.payload).eq(value)
        return m
