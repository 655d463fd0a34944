"""A wired layer: every synapse is its own logic, weights are constants, a vector takes a cycle."""

from dataclasses import dataclass

import numpy as np
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..count.carry import Bit
from ..count.lut import family_of
from ..count.popcount import Delays, count_bits, plan_count
from ..count.sharing import shared_triples
from ..count.tree import build_trees
from ..count.treeplan import TreePlan, order_inputs, plan_tree
from ..count.truth import LIMIT, fire
from ..memo import memo
from .groups import group_neurons, leaves


__all__ = ["WiredLayer", "layer_latency", "neuron_plans", "shared_adders"]


@memo
def neuron_plans(layer, mode):
    """Return the plans of a layer's neurons, a tuple; a constant neuron has None.

    A neuron with a threshold and few synapses is a truth table. Other neurons are popcounts, with
    adders as ``mode`` says.
    """
    plan = {"chains": plan_tree, "luts": plan_count}[mode.adders]
    plans = []
    for neuron, fan_in in enumerate(map(int, layer.fan_in)):
        if layer.gives_scores:
            plans.append(plan(fan_in, mode.levels) if fan_in else None)
            continue
        threshold = int(layer.thresholds[neuron])
        if not 0 < threshold <= fan_in:
            plans.append(None)
        else:
            plans.append(TruthPlan(fan_in, threshold) if fan_in <= LIMIT
                         else plan(fan_in, mode.levels, threshold))
    return tuple(plans)


@memo
def shared_adders(layer, mode):
    """Return the full adders in LUTs that trees of a group share: a list of Triple by neuron.

    Groups share none with each other, because they are far apart
    (:func:`hw.wired.groups.group_neurons`).
    """
    plans = neuron_plans(layer, mode)
    shared = {neuron: [] for neuron in range(layer.outputs)}
    for group in leaves(group_neurons(layer.weights, mode.hops)):
        trees = [neuron for neuron in group if isinstance(plans[neuron], TreePlan)]
        if not trees:
            continue
        weights = layer.weights[trees]
        used = np.flatnonzero(weights.any(axis=0))
        for found in shared_triples(weights[:, used],
                                    [len(plans[neuron].adders) for neuron in trees]):
            triple = found.renumbered(used, trees)
            for neuron, _ in triple.uses:
                shared[neuron].append(triple)
    return shared


@dataclass(frozen=True)
class TruthPlan:
    """Plan of a neuron with few inputs: a truth table.

    Attributes
    ----------
    count, threshold : int
        Number of inputs, and how many of them must agree.
    depth : int
        Registers between inputs and output: none.
    """

    count: int
    threshold: int
    depth: int = 0


def layer_latency(layer, mode):
    """Return the cycles from the input of a wired layer to its output, at least 1."""
    depth = max([plan.depth for plan in neuron_plans(layer, mode) if plan], default=0)
    return mode.hops + depth + 1 + layer.gives_scores


class WiredLayer(wiring.Component):
    """A layer as one piece of logic, cut by registers that nothing stops.

    Each neuron counts the synapses that agree with their inputs (an inverted input is free) and
    compares the count with its threshold. A neuron that always or never fires is a constant.
    Neurons that read the same inputs are neighbours in groups, and each group has its own copies
    of its inputs (:func:`hw.wired.groups.group_neurons`).

    Latency is :attr:`latency` cycles, from ``x`` to ``y``, at least 1; throughput is one vector
    per cycle.

    Parameters
    ----------
    layer : :class:`sw.network.Dense` or :class:`sw.network.Scores`
        Weights, and thresholds or biases.
    mode : :class:`hw.plan.schedule.Wired`
        Registers in the layer, and the form of its adders.

    Members
    -------
    x : In(inputs)
        Input bits.
    y : Out(neurons) or Out(classes * score_bits)
        Activations, or signed scores, the first one lowest.
    """

    def __init__(self, layer, mode):
        if mode.levels < 1:
            raise ValueError(f"Levels of layer {layer.name!r} must be at least 1: {mode.levels}")
        self.layer = layer
        self.mode = mode
        self.latency = layer_latency(layer, mode)
        self.bits = layer.gives.bits
        super().__init__({"x": In(layer.inputs), "y": Out(layer.outputs * self.bits)})

    def elaborate(self, platform):
        m = Module()
        group = _Group(self, group_neurons(self.layer.weights, self.mode.hops))
        outputs = group.build(m, dict(enumerate(self.x)), platform)
        m.d.comb += self.y.eq(Cat(outputs[neuron] for neuron in range(self.layer.outputs)))
        return m


class _Group:
    """A group of a wired layer: it has smaller groups, or neurons.

    Parameters
    ----------
    wired : WiredLayer
        Layer of the neurons.
    neurons : list of int or list of list
        Neurons, or smaller groups.
    """

    def __init__(self, wired, neurons):
        self.wired = wired
        self.neurons = neurons

    def build(self, m, inputs, platform):
        """Add the group's logic; return the outputs, a dict of Value by neuron."""
        if not isinstance(self.neurons[0], list):
            return self._build_neurons(m, inputs, platform)
        outputs = {}
        for index, neurons in enumerate(self.neurons):
            inner = _GroupModule(_Group(self.wired, neurons))
            m.submodules[f"group_{index}"] = inner
            m.d.comb += inner.x.eq(Cat(inputs[place] for place in inner.inputs))
            for place, neuron in enumerate(inner.flat):
                outputs[neuron] = inner.y.word_select(place, self.wired.bits)
        return outputs

    def _build_neurons(self, m, inputs, platform):
        layer, mode = self.wired.layer, self.wired.mode
        plans = neuron_plans(layer, mode)
        delays = Delays(m, "wait")
        bits, trees, tree_neurons = {}, [], []
        shared = shared_adders(layer, mode)
        for neuron in self.neurons:
            plan = plans[neuron]
            if plan is None:
                continue
            places = np.flatnonzero(layer.weights[neuron])
            agree = [Bit(inputs[place], bool(layer.weights[neuron, place] < 0))
                     for place in places]
            if isinstance(plan, TreePlan):
                tree_neurons.append(neuron)
                trees.append((order_inputs(
                    dict(zip(places, agree, strict=True)), plan,
                    [triple.inputs for triple in shared[neuron]], family_of(platform)), plan))
            elif isinstance(plan, TruthPlan):
                bits[neuron] = [fire(
                    m, [bit.wire for bit in agree], plan.threshold, f"fire_{neuron}",
                    inverted=[bit.inverted for bit in agree], family=family_of(platform))]
            else:
                bits[neuron] = count_bits(delays, [bit.value for bit in agree], plan)
        bits |= dict(zip(tree_neurons, build_trees(delays, trees, platform), strict=True))
        depth = self.wired.latency - mode.hops - 1 - layer.gives_scores
        outputs = {}
        for neuron in self.neurons:
            plan = plans[neuron]
            late = [delays.delay(bit, depth - plan.depth) for bit in bits.get(neuron, ())]
            outputs[neuron] = delays.register(self._output(delays, neuron, late))
        return outputs

    def _output(self, delays, neuron, bits):
        layer = self.wired.layer
        if not layer.gives_scores:
            return bits[0] if bits else Const(int(layer.thresholds[neuron]) == 0, 1)
        offset = Const(int(layer.bias[neuron] - layer.fan_in[neuron]), signed(layer.score_bits))
        count = delays.register(Cat(0, *bits))
        return (count + offset)[:layer.score_bits] if bits else offset


class _GroupModule(Elaboratable):
    """A group with its own copies of its inputs, in a module that synthesis keeps apart.

    Synthesis merges equal registers, so it must not see that the copies of two groups are equal.
    """

    def __init__(self, group):
        self.group = group
        self.flat = list(_flatten(group.neurons))
        weights = group.wired.layer.weights
        self.inputs = [int(place) for place in np.flatnonzero(weights[self.flat].any(axis=0))]
        self.x = Signal(len(self.inputs))
        self.y = Signal(len(self.flat) * group.wired.bits)

    def elaborate(self, platform):
        m = Module()
        copies = Signal(len(self.inputs), reset_less=True)
        m.d.sync += copies.eq(self.x)
        inputs = dict(zip(self.inputs, copies, strict=True))
        outputs = self.group.build(m, inputs, platform)
        m.d.comb += self.y.eq(Cat(outputs[neuron] for neuron in self.flat))
        return m


def _flatten(neurons):
    for item in neurons:
        if isinstance(item, list):
            yield from _flatten(item)
        else:
            yield item
