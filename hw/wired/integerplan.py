"""Plan of wired sums of integers: adders, shared between neurons, with registers between them."""

from collections import Counter
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import combinations

import numpy as np

from ..memo import memo


__all__ = ["Adder", "SumPlan", "plan_sums"]


@dataclass(frozen=True)
class Adder:
    """An adder of a plan, or a subtractor.

    Attributes
    ----------
    left, right : int
        Nodes: inputs of the layer, then adders in order.
    subtracts : bool
        Whether the right number is subtracted. The result is then signed.
    width : int
        Bits of the result.
    stage : int
        Registers between the inputs and the result.
    registered : bool
        Whether the last of them is behind the adder.
    """

    left: int
    right: int
    subtracts: bool
    width: int
    stage: int
    registered: bool


@dataclass(frozen=True)
class SumPlan:
    """Plan of the sums of a layer.

    Attributes
    ----------
    adders : tuple of Adder
        All adders; each is built once.
    sums : tuple of (int, int) or None
        By neuron: the node of its sum, and -1 if the node is the opposite of the sum, else 1. None
        for a neuron that always or never fires.
    depth : int
        Registers between the inputs and all sums.
    inputs, input_bits : int
        Inputs of the layer, and their width.
    """

    adders: tuple
    sums: tuple
    depth: int
    inputs: int
    input_bits: int

    def width(self, node):
        """Return the bits of a node."""
        return (self.input_bits if node < self.inputs else
                self.adders[node - self.inputs].width)


@memo
def plan_sums(layer, levels):
    """Plan the sums of a layer of integers, with at most ``levels`` adders between two registers.

    The inputs of weight +1 and those of weight -1 of a neuron are added apart and subtracted at
    last. Inputs are paired so that many neurons add the same pair: such an adder is built once.

    Parameters
    ----------
    layer : :class:`sw.layer.integer.IntegerDense`
        The layer.
    levels : int
        At least 1.
    """
    return _Planner(layer, levels).plan()


class _Planner:
    def __init__(self, layer, levels):
        self.layer = layer
        self.levels = levels
        self.adders = []
        self.known = {}
        self.tops = [2**layer.input_bits - 1] * layer.inputs
        self.times = [(0, 0)] * layer.inputs  # stage, and adders since its registers

    def plan(self):
        layer = self.layer
        low, high = layer.bounds
        live = [bool(low[neuron] < threshold <= high[neuron])
                for neuron, threshold in enumerate(layer.thresholds)]
        sides = {(neuron, sign): [int(place) for place in np.flatnonzero(row * sign > 0)]
                 for neuron, row in enumerate(layer.rows) if live[neuron] for sign in (1, -1)}
        often = Counter(pair for side in sides.values() for pair in combinations(side, 2))
        nodes = {key: self.total(self.pairs(side, often)) for key, side in sides.items()}
        sums = []
        for neuron, alive in enumerate(live):
            plus, minus = nodes.get((neuron, 1)), nodes.get((neuron, -1))
            if not alive:
                sums.append(None)
            elif plus is None or minus is None:
                sums.append((minus, -1) if plus is None else (plus, 1))
            else:
                sums.append((self.add(plus, minus, subtracts=True), 1))
        depth = max([self.times[node][0] for node, _ in filter(None, sums)], default=0)
        return SumPlan(tuple(self.adders), tuple(sums), depth, layer.inputs, layer.input_bits)

    def pairs(self, side, often):
        """Add pairs of inputs, the ones first that most neurons add; return the nodes."""
        left, nodes = set(side), []
        for one, other in sorted(combinations(side, 2), key=lambda pair: (-often[pair], pair)):
            if one in left and other in left and often[one, other] > 1:
                left -= {one, other}
                nodes.append(self.add(one, other))
        return nodes + sorted(left)

    def total(self, nodes):
        """Add nodes, the earliest first; return the node of the sum, None if there are none."""
        waiting = [(self.times[node], node) for node in nodes]
        heapify(waiting)
        while len(waiting) > 1:
            (_, one), (_, other) = heappop(waiting), heappop(waiting)
            node = self.add(min(one, other), max(one, other))
            heappush(waiting, (self.times[node], node))
        return waiting[0][1] if waiting else None

    def add(self, left, right, *, subtracts=False):
        key = left, right, subtracts
        if key not in self.known:
            stage, level = max(self.times[left], self.times[right])
            registered = level + 1 >= self.levels
            self.known[key] = len(self.times)
            self.times.append((stage + 1, 0) if registered else (stage, level + 1))
            top = max(self.tops[left], self.tops[right]) if subtracts else (
                self.tops[left] + self.tops[right])
            self.tops.append(top)
            self.adders.append(Adder(left, right, subtracts, top.bit_length() + subtracts,
                                     self.times[-1][0], registered))
        return self.known[key]
