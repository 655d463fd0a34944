"""Counts as carry chains over columns: builds plans of hw.count.columnplan."""

from amaranth import *

from .columnplan import ONE
from .slot import POSITIONS, Slot, adder_chains


__all__ = ["build_columns"]


def build_columns(delays, counts, platform, *, levels):
    """Build counts; the counts of a level share carry chains.

    Parameters
    ----------
    delays : :class:`hw.count.popcount.Delays`
        Makes the registers.
    counts : list of (list of Value, ColumnPlan)
        Bits of one cycle, and a plan for as many.
    platform : Platform or None
        Platform of the elaboration.
    levels : int
        Levels between two registers, as in the plans.

    Returns
    -------
    list of list of Value
        Result bits of each count, ``plan.depth`` cycles later.
    """
    nodes = [dict(enumerate(bits)) for bits, _ in counts]
    for level in range(max((len(plan.steps) for _, plan in counts), default=0)):
        running = [index for index, (_, plan) in enumerate(counts) if level < len(plan.steps)]
        steps = [(nodes[index], *counts[index][1].steps[level]) for index in running]
        parities = _parities(delays.m, steps, level)
        sums = _chains(delays.m, steps, platform, level)
        for place, index in enumerate(running):
            known = nodes[index] | parities[place] | sums[place]
            nodes[index] = {node: known[node] for node in counts[index][1].waiting[level]}

        # Registers: the last level of a plan has none.
        if (level + 1) % levels == 0:
            unfinished = [index for index in running if level + 1 < len(counts[index][1].steps)]
            wires = [wire for index in unfinished for wire in nodes[index].values()]
            registered = iter(delays.register(Cat(*wires)) if wires else ())
            for index in unfinished:
                nodes[index] = {node: next(registered) for node in nodes[index]}
    return [[_constant(some, node) for node in plan.outputs]
            for some, (_, plan) in zip(nodes, counts, strict=True)]


def _constant(nodes, node):
    return Const(0, 1) if node is None else Const(1, 1) if node == ONE else nodes[node]


def _parities(m, steps, level):
    """Build the parities of a level; return the results, a dict of Value by node, of each count."""
    found = [{} for _ in steps]
    kinds = {}
    for index, (nodes, parities, _) in enumerate(steps):
        for parity in parities:
            wires = tuple(nodes[node] for node in parity.nodes if node != ONE)
            kind = len(wires), ONE in parity.nodes
            kinds.setdefault(kind, []).append((wires, index, parity.result))
    for (count, one), rows in kinds.items():
        made = Signal(len(rows), name=f"parity_{level}_{count}_{int(one)}")
        columns = [Cat(*wires) for wires in zip(*(wires for wires, _, _ in rows), strict=True)]
        total = columns[0]
        for column in columns[1:]:
            total ^= column
        m.d.comb += made.eq(~total if one else total)
        for wire, (_, index, result) in zip(made, rows, strict=True):
            found[index][result] = wire
    return found


def _chains(m, steps, platform, level):
    """Build the chains of a level; return the results, a dict of Value by node, of each count."""
    found = [{} for _ in steps]
    adders = [(index, nodes, chain) for index, (nodes, _, chains) in enumerate(steps)
              for chain in chains]
    for number, piece in enumerate(_pieces(adders)):
        slots, results, overflow = [], [], None
        for index, nodes, chain in piece:
            slots.append(_start(nodes, chain.carried))
            results.append(overflow)
            for place in chain.places:
                slots.append(_slot(nodes, place))
                results.append((index, place.result))
            overflow = (index, chain.overflow) if chain.overflow is not None else None
        if overflow:
            slots.append(Slot(start=True))
            results.append(overflow)
        total = adder_chains(m, slots, platform, f"total_{level}_{number}")
        for wire, result in zip(total, results, strict=True):
            if result:
                found[result[0]][result[1]] = wire
    return found


def _pieces(adders):
    """Part adders into chains of limited length, of an even number of positions if possible."""
    while adders:
        length, cut, even = 0, 0, 0
        for count, (_, _, chain) in enumerate(adders, 1):
            length += 1 + len(chain.places)
            positions = length + (chain.overflow is not None)
            if count > 1 and positions > POSITIONS:
                break
            cut = count
            if positions % 2 == 0:
                even = count
        cut = even or cut
        yield adders[:cut]
        adders = adders[cut:]


def _start(nodes, carried):
    if carried is None:
        return Slot(start=True)
    if carried == ONE:
        return Slot(ones=(2, 0), start=True)
    return Slot((nodes[carried],), ones=(1, 0), start=True)


def _slot(nodes, place):
    plain = [node for node in place.plain if node != ONE]
    group = [node for node in place.group if node != ONE]
    return Slot([nodes[node] for node in plain], [nodes[node] for node in group],
                ones=(len(place.plain) - len(plain), len(place.group) - len(group)))
