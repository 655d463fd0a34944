"""Ways to build a layer of neurons, those of hw.wired and others, to measure side by side."""


import numpy as np
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..count import truth
from ..count.carry import Bit
from ..count.columnplan import plan_columns
from ..count.columns import build_columns
from ..count.count_ice40 import at_least, count_on_chain
from ..count.lut import look_up
from ..count.popcount import ONE, Delays, count_bits, plan_count
from ..count.sharing import shared_triples
from ..count.tree import build_trees
from ..count.treeplan import order_inputs, plan_tree
from .netlist import Family


__all__ = ["VARIANTS", "NeuronLayer", "possible"]


class NeuronLayer(wiring.Component):
    """Random neurons between an input and an output register.

    Parameters
    ----------
    variant : str
        Key of :data:`VARIANTS`.
    neurons, fan_in, inputs : int
        Size of the layer.
    counts : bool
        Whether neurons give their popcount instead of comparing it with a threshold.
    family : str
        ``"ecp5"`` or ``"ice40"``.
    levels : int
        Most adders between two registers, in variants that have a choice.
    seed : int
        Seed of the weights and of the thresholds, which are near half the fan-in.
    votes : bool
        Whether the neurons count bits of their own, none of them inverted, as scores behind look-up
        layers do. ``inputs`` is then ``neurons * fan_in``.
    serial : bool
        Whether the inputs come through a shift register and only the outputs' parity leaves. A
        layer of any size then has two pins and can be placed.

    Members
    -------
    x : In(inputs) or In(1)
        Input bits.
    y : Out(...) or Out(1)
        Activations or popcounts.
    """

    def __init__(self, variant, *, neurons, fan_in, inputs, counts, family, levels, seed=1,
                 votes=False, serial=False):
        self.variant = variant
        self.neurons = neurons
        self.fan_in = fan_in
        self.inputs = inputs
        self.counts = counts
        self.family = family
        self.levels = levels
        self.seed = seed
        self.votes = votes
        self.serial = serial
        rng = np.random.default_rng(seed)
        self.chosen = [rng.choice(inputs, fan_in, replace=False) for _ in range(neurons)]
        self.inverted = rng.integers(0, 2, (neurons, fan_in)).astype(bool)
        if votes:
            self.chosen = list(np.arange(inputs).reshape(neurons, fan_in))
            self.inverted[:] = False
        self.thresholds = np.clip(fan_in // 2 + rng.integers(0, 2, neurons), 1, fan_in)
        self.outputs = neurons * (fan_in.bit_length() if counts else 1)
        super().__init__({"x": In(1 if serial else inputs), "y": Out(1 if serial else
                                                                     self.outputs)})

    def elaborate(self, platform):
        m = Module()
        inputs = Signal(self.inputs, reset_less=True)
        m.d.sync += inputs.eq(Cat(self.x, inputs) if self.serial else self.x)
        delays = Delays(m, "wait")
        if self.variant == "columns":
            values = _columns(delays, inputs, self)
        elif self.variant in ("tree", "shared-tree"):
            values = _trees(delays, inputs, self)
        else:
            values = []
            for neuron, chosen in enumerate(self.chosen):
                values += VARIANTS[self.variant](
                    delays, [inputs[int(index)] for index in chosen],
                    list(map(bool, self.inverted[neuron])),
                    None if self.counts else int(self.thresholds[neuron]), f"neuron{neuron}", self)
        outputs = Signal(self.outputs, reset_less=True)
        m.d.sync += outputs.eq(Cat(*values))
        bits = list(outputs)
        while self.serial and len(bits) > 1:
            groups = [bits[index:index + 4] for index in range(0, len(bits), 4)]
            bits = [delays.register(Cat(*group).xor()) for group in groups]
        m.d.comb += self.y.eq(Cat(*bits))
        return m


def possible(variant, *, fan_in, counts, family, votes=False):
    """Whether a variant exists for such neurons."""
    return {"truth": fan_in <= truth.LIMIT and not counts,
            "tree": fan_in > truth.LIMIT or counts,
            "shared-tree": fan_in > truth.LIMIT or counts,
            "columns": votes,
            "chain": family == "ice40"}.get(variant, True)


def _agree(bits, inverted):
    return [~bit if invert else bit for bit, invert in zip(bits, inverted, strict=True)]


def _compare(number, threshold):
    return list(number) if threshold is None else [Cat(*number) >= threshold]


def _plus(delays, bits, inverted, threshold, name, layer):
    """Build one sum of all bits, as synthesis likes."""
    total = sum(_agree(bits, inverted))
    return _compare(total[:len(bits).bit_length()], threshold)


def _pairs(delays, bits, inverted, threshold, name, layer):
    """Build a tree of adders of two numbers."""
    numbers = _agree(bits, inverted)
    while len(numbers) > 1:
        numbers = [sum(numbers[index:index + 2]) for index in range(0, len(numbers), 2)]
    return _compare(numbers[0][:len(bits).bit_length()], threshold)


def _full_adders(delays, bits, inverted, threshold, name, layer):
    """Build the plan of full adders, with the threshold in the sum, as plain logic."""
    plan = plan_count(len(bits), layer.levels, threshold)
    return count_bits(delays, _agree(bits, inverted), plan)


def _adder_luts(delays, bits, inverted, threshold, name, layer):
    """Build the same plan, each full adder of two LUT4 that synthesis leaves alone."""
    plan = plan_count(len(bits), 10**6, threshold)
    nodes, flip = list(bits), list(inverted)
    for step, added in enumerate(plan.steps):
        operands = [node for node in added if node != ONE]
        one = len(operands) < len(added)
        for place in range(2):
            table = sum((one + sum((word >> pin & 1) ^ flip[node]
                                   for pin, node in enumerate(operands)) >> place & 1) << word
                        for word in range(2**len(operands)))
            nodes.append(look_up(delays.m, table, [nodes[node] for node in operands],
                                 f"{name}_{step}_{place}", layer.family))
            flip.append(False)
    return [nodes[node] for node in plan.outputs]


def _truth(delays, bits, inverted, threshold, name, layer):
    """Build the fewest four-input functions."""
    return [truth.fire(delays.m, bits, threshold, name, inverted=inverted, family=layer.family)]


def _chain(delays, bits, inverted, threshold, name, layer):
    """Build full adders in LUTs, then adders that share one carry chain."""
    number = count_on_chain(delays, bits, name, every=layer.levels, inverted=inverted,
                            family=layer.family)
    return number if threshold is None else [at_least(delays.m, number, threshold,
                                                      f"{name}_least", layer.family)]


def _trees(delays, inputs, layer):
    """Build small adders of all neurons on shared carry chains, as a wired layer has them.

    In ``"shared-tree"`` neurons share full adders, as in a group of a wired layer; in ``"tree"``
    they do not.
    """
    inputs = list(inputs)  # one object a bit, by which build_trees knows equal bits
    plans = [plan_tree(layer.fan_in, layer.levels, None if layer.counts else int(threshold))
             for threshold in layer.thresholds]
    weights = np.zeros((layer.neurons, layer.inputs), np.int8)
    for row, chosen, inverted in zip(weights, layer.chosen, layer.inverted, strict=True):
        row[chosen] = np.where(inverted, -1, 1)
    triples = [[] for _ in plans]
    if layer.variant == "shared-tree":
        for triple in shared_triples(weights, [len(plan.adders) for plan in plans]):
            for neuron, _ in triple.uses:
                triples[neuron].append(triple.inputs)
    trees = [(order_inputs({index: Bit(inputs[index], bool(row[index] < 0))
                            for index in map(int, np.flatnonzero(row))}, plan, found,
                           layer.family), plan)
             for row, plan, found in zip(weights, plans, triples, strict=True)]
    return [bit for bits in build_trees(delays, trees, Family(layer.family)) for bit in bits]


def _columns(delays, inputs, layer):
    """Build chains over columns, as a wired layer of votes has them."""
    plan = plan_columns(layer.fan_in, layer.levels)
    counts = [([inputs[int(index)] for index in chosen], plan) for chosen in layer.chosen]
    return [bit for bits in build_columns(delays, counts, Family(layer.family),
                                          levels=layer.levels) for bit in bits]


VARIANTS = {
    "columns": None,  # these three build the whole layer at once
    "tree": None,
    "shared-tree": None,
    "plus": _plus,
    "pairs": _pairs,
    "full-adders": _full_adders,
    "adder-luts": _adder_luts,
    "truth": _truth,
    "chain": _chain,
}
