"""Popcount as a tree of small adders on shared carry chains: the hardware of a plan."""

from itertools import groupby

from amaranth import *

from .carry import LONGEST, Bit, Position, carry_chain, gap
from .lut import family_of


__all__ = ["build_trees"]


def build_trees(delays, trees, platform):
    """Build some plans, whose adders share chains.

    Parameters
    ----------
    delays : Delays
        Makes the registers.
    trees : list of (list of Bit, TreePlan)
        Inputs, all of one cycle, and a plan for as many.
    platform : Platform or None
        What the design is elaborated for.

    Returns
    -------
    list of list of Value
        Result bits of each tree, ``plan.depth`` cycles later.
    """
    nodes = [list(bits) + [None] * (len(plan.stages) - plan.count) for bits, plan in trees]

    def at(tree, node, stage):
        bit = nodes[tree][node]
        wire = delays.delay(bit.wire, stage - trees[tree][1].stages[node])
        return Bit(wire, bit.inverted)

    flips = family_of(platform) != "ice40"
    steps = sorted(((step.time, tree, index) for tree, (_, plan) in enumerate(trees)
                    for index, step in enumerate(plan.steps)))
    for time, group in groupby(steps, key=lambda item: item[0]):
        waiting = []
        for _, tree, index in group:
            plan = trees[tree][1]
            step, first = plan.steps[index], plan.first[index]
            if step.kind == "add":
                carry, *places = step.nodes
                waiting.append((tree, step, first, carry is not None and at(tree, carry, time[0]), [
                    Position(None if node is None else at(tree, node, time[0]), form,
                             tuple(at(tree, term, time[0]) for term in terms))
                    for node, form, terms in places]))
                continue
            bits = [node if node is None else at(tree, node, time[0]) for node in step.nodes]
            # Synthesis makes one of equal full adders. With all bits inverted both results are, so
            # trees with opposite weights share one too, unless the chains cannot invert.
            flip = flips and step.kind != "fire" and len(bits) == 3 and bits[0].inverted
            values = [bit and (~bit.value if flip else bit.value) for bit in bits]
            result = Signal(name=f"{step.kind}_{tree}_{first}")
            delays.m.d.comb += result.eq(LOGIC[step.kind](values, plan.threshold))
            nodes[tree][first] = Bit(delays.register(result) if step.registered else result, flip)
        for chain in _chains(waiting):
            _build_chain(delays, chain, nodes, platform)
    return [[at(tree, node, plan.depth).value for node in plan.outputs]
            for tree, (_, plan) in enumerate(trees)]


def _sum(values, _):
    result = values[0]
    for value in values[1:]:
        result = result ^ value
    return result


def _carry(values, _):
    if len(values) == 2:
        return values[0] & values[1]
    a, b, c = values
    return (a & b) | (c & (a | b))


def _fire(values, threshold):
    """Whether a bit and a number reach a threshold: the carry out of the sum with a constant."""
    carry, *number = values
    rest = 2**len(number) - threshold
    for place, bit in enumerate(number):
        if carry is None:
            carry = bit if rest >> place & 1 else None
        else:
            carry = bit | carry if rest >> place & 1 else bit & carry
    return Const(0, 1) if carry is None else carry


LOGIC = {"sum": _sum, "carry": _carry, "fire": _fire}


def _chains(adders):
    """Part adders of one time into chains that are not too long; registered ones apart."""
    for registered in (False, True):
        chain, length = [], 0
        for adder in adders:
            if adder[1].registered is registered:
                size = adder[1].results + 1
                if chain and length + size > LONGEST:
                    yield chain
                    chain, length = [], 0
                chain.append(adder)
                length += size
        if chain:
            yield chain


def _build_chain(delays, chain, nodes, platform):
    """Build adders one after the other on a chain, a gap between two of them."""
    positions, places = [], []
    carried_out = False
    for _, step, _, carry, adder in chain:
        if carry or carried_out or not positions:
            positions.append(gap(carry or Bit(Const(0, 1))))
        places.append(len(positions))
        positions += adder
        carried_out = step.results > len(adder)
    if carried_out:
        positions.append(Position(None))
    tree, _, first, *_ = chain[0]
    total = carry_chain(delays.m, positions, platform, f"total_{tree}_{first}")
    if chain[0][1].registered:
        total = delays.register(total)
    for (tree, step, first, _, _), place in zip(chain, places, strict=True):
        for index in range(step.results):
            nodes[tree][first + index] = Bit(total[place + index])
