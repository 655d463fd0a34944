"""Popcount as a tree of small adders on shared carry chains: builds plans of hw.count.treeplan."""

from itertools import groupby

from amaranth import *

from .carry import FORMS, LONGEST, ZERO, Bit, Position, carry_chain, gap, vector
from .lut import family_of


__all__ = ["build_trees"]

LOGIC = {("sum", 2): FORMS["xor"], ("carry", 2): FORMS["and"], ("carry", 3): FORMS["most"],
         ("sum", 3): lambda a, b, c: a ^ b ^ c}


def build_trees(delays, trees, platform):
    """Build trees on shared chains; equal sums and carries in LUTs are built once.

    Parameters
    ----------
    delays : Delays
        Makes the registers.
    trees : list of (list of Bit, TreePlan)
        Inputs, all of one cycle, and a plan for as many. Two bits are known to be equal if their
        ``wire`` is the same object; indexing a Signal twice gives two objects.
    platform : Platform or None
        Platform of the elaboration.

    Returns
    -------
    list of list of Value
        Result bits of each tree, ``plan.depth`` cycles later.
    """
    return _Builder(delays, trees, platform).build()


class _Builder:
    """Builds trees stage by stage. Equal steps of all trees are one operation on vectors.

    The time of elaboration grows with the number of operations and signals; vectors make both
    small.

    Attributes
    ----------
    nodes : list of list of Bit
        Nodes of each tree as they are in the stage that is being built, or in the later stage that
        they are made for. None for a node that is not built yet.
    """

    def __init__(self, delays, trees, platform):
        self.delays = delays
        self.platform = platform
        self.plans = [plan for _, plan in trees]
        self.nodes = [list(bits) + [None] * (len(plan.stages) - plan.count)
                      for bits, plan in trees]
        # The carry chains of iCE40 cannot invert a bit.
        self.flips = family_of(platform) != "ice40"

    def build(self):
        steps = sorted(((step.time, tree, index) for tree, plan in enumerate(self.plans)
                        for index, step in enumerate(plan.steps)))
        stage = 0
        for time, group in groupby(steps, key=lambda item: item[0]):
            while stage < time[0]:
                self.wait(stage)
                stage += 1
            adders, luts = [], []
            for _, tree, index in group:
                plan = self.plans[tree]
                step = plan.steps[index]
                (adders if step.kind == "add" else luts).append((tree, step, plan.first[index]))
            self.add_luts(luts)
            for chain in _chains(adders):
                self.add_chain(chain)
        for last in range(stage, max((plan.depth for plan in self.plans), default=0)):
            self.wait(last)
        return [[self.nodes[tree][node].value for node in plan.outputs]
                for tree, plan in enumerate(self.plans)]

    def wait(self, stage):
        """Register the bits of a stage that a later stage reads, each bit once."""
        waiting = [(tree, node) for tree, plan in enumerate(self.plans) if stage < plan.depth
                   for node in plan.waiting[stage]]
        wires = {}
        for tree, node in waiting:
            wires.setdefault(id(self.nodes[tree][node].wire), self.nodes[tree][node].wire)
        if wires:
            late = dict(zip(wires, self.delays.register(Cat(*wires.values())), strict=True))
            for tree, node in waiting:
                bit = self.nodes[tree][node]
                self.nodes[tree][node] = Bit(late[id(bit.wire)], bit.inverted)

    def add_luts(self, steps):
        """Build the sums, carries and comparisons of one time, which are in LUTs."""
        vectors = {}
        for tree, step, first in steps:
            bits = [node if node is None else self.nodes[tree][node] for node in step.nodes]
            if step.kind == "fire":
                fires = _fire([bit and bit.value for bit in bits], self.plans[tree].threshold)
                self.nodes[tree][first] = Bit(
                    self.result(fires, f"fire_{tree}", step.registered))
                continue
            # Inverting all three bits inverts both results, so trees with opposite weights share a
            # full adder too.
            flip = self.flips and len(bits) == 3 and bits[0].inverted
            if flip:
                bits = [Bit(bit.wire, not bit.inverted) for bit in bits]
            rows = vectors.setdefault((step.kind, len(bits), step.registered), {})
            key = tuple((id(bit.wire), bit.inverted) for bit in bits)
            rows.setdefault(key, (bits, []))[1].append((tree, first, flip))
        for (kind, count, registered), rows in vectors.items():
            tree, first, _ = next(iter(rows.values()))[1][0]
            made = self.result(
                LOGIC[kind, count](*map(vector, zip(*(bits for bits, _ in rows.values()),
                                                    strict=True))),
                f"{kind}_{tree}_{first}", registered)
            for wire, (_, users) in zip(made, rows.values(), strict=True):
                for tree, first, flip in users:
                    self.nodes[tree][first] = Bit(wire, flip)

    def add_chain(self, chain):
        """Build adders one after the other on a chain, with a gap between two of them."""
        positions, places = [], []
        carried_out = False
        for tree, step, _ in chain:
            at = self.nodes[tree]
            carry, *adder = step.nodes
            if carry is not None or carried_out or not positions:
                positions.append(gap(ZERO if carry is None else at[carry]))
            places.append(len(positions))
            positions += [Position(None if node is None else at[node], form,
                                   tuple(at[term] for term in terms))
                          for node, form, terms in adder]
            carried_out = step.results > len(adder)
        if carried_out:
            positions.append(Position(None))
        tree, step, first = chain[0]
        total = carry_chain(self.delays.m, positions, self.platform, f"total_{tree}_{first}")
        total = list(self.delays.register(total) if step.registered else total)
        for (tree, step, first), place in zip(chain, places, strict=True):
            for index in range(step.results):
                self.nodes[tree][first + index] = Bit(total[place + index])

    def result(self, value, name, registered):
        """Give a value a name and, if wanted, a register."""
        signal = Signal(len(value), name=name)
        self.delays.m.d.comb += signal.eq(value)
        return self.delays.register(signal) if registered else signal


def _fire(values, threshold):
    """Return whether a bit and a number reach a threshold: the carry of a sum with a constant."""
    carry, *number = values
    rest = 2**len(number) - threshold
    for place, bit in enumerate(number):
        if carry is None:
            carry = bit if rest >> place & 1 else None
        else:
            carry = bit | carry if rest >> place & 1 else bit & carry
    return Const(0, 1) if carry is None else carry


def _chains(adders):
    """Part the adders of one time into chains of limited length, registered adders apart."""
    for registered in (False, True):
        chain, length = [], 0
        for adder in adders:
            _, step, _ = adder
            if step.registered is registered:
                size = step.results + 1
                if chain and length + size > LONGEST:
                    yield chain
                    chain, length = [], 0
                chain.append(adder)
                length += size
        if chain:
            yield chain
