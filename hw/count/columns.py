"""Counts as carry chains over columns: builds plans of hw.count.columnplan."""

from functools import cache
from itertools import combinations, permutations

from amaranth import *

from .carry import chain_cells
from .columnplan import ONE
from .lut import family_of


__all__ = ["POSITIONS", "Slot", "adder_chains", "build_columns", "slot_table"]

# Positions of one chain of CCU2C. Its first and last position count nothing.
POSITIONS = 40


class Slot:
    """A position of a carry chain: adds a number from 0 to 2 to the carry.

    Attributes
    ----------
    plain : tuple of Value
        Bits; each adds 1.
    group : tuple of Value
        Bits; every two of them that are 1 add 1.
    inverted : tuple of bool
        For each bit of ``plain``, whether its inverse adds 1.
    ones : (int, int)
        Constant bits that are 1 in ``plain`` and in ``group``.
    start : bool
        Whether the position begins a new adder. Nothing is added then: the sum is the carry out of
        the adder before, and the next carry is 1 if ``plain`` has at least two units.
    """

    def __init__(self, plain=(), group=(), *, inverted=None, ones=(0, 0), start=False):
        self.plain = tuple(plain)
        self.group = tuple(group)
        self.inverted = tuple(inverted or [False] * len(self.plain))
        self.ones = ones
        self.start = start

    @property
    def shape(self):
        """All but the wires, as arguments of :func:`slot_table`."""
        return self.inverted, len(self.group), self.ones, self.start


def units(values, inverted, ones):
    """Return the number that a position adds, from the values of its bits."""
    plain = sum(value ^ invert for value, invert in zip(values, inverted, strict=False)) + ones[0]
    return plain + (sum(values[len(inverted):]) + ones[1]) // 2


@cache
def slot_table(inverted, grouped, ones, start):
    """Return truth table and order of the inputs of a position of a CCU2C.

    The sum is table(A, B, C, D) ^ carry. The next carry is the carry where the table is 1, and
    else the table's value at A, B and C = D = 0. A position of three bits or fewer has D = 1, so
    that this value can be any function of A and B.

    Returns
    -------
    table : int
        ``INIT`` of half a CCU2C.
    order : tuple of int
        Bit of the position, those of ``plain`` first, for each of the first pins A, B, C and D.

    Raises
    ------
    ValueError
        If no order of the inputs makes the position.
    """
    bits = len(inverted) + grouped
    for order in permutations(range(bits)):
        table = _table(inverted, ones, start, order)
        if table is not None:
            return table, order
    raise ValueError(f"Position of a carry chain must be a half of a CCU2C: {len(inverted)} bits, "
                     f"{grouped} in pairs, {ones} constant")


def _table(inverted, ones, start, order):
    """Return the truth table of a position for an order of its inputs, or None."""
    pins = len(order)
    table, carries = 0, {}
    for word in range(2**pins):
        values = [0] * pins
        for pin, bit in enumerate(order):
            values[bit] = word >> pin & 1
        number = units(values, inverted, ones)
        if number == 1 and not start:
            for entry in range(16):
                if entry % 2**pins == word and (pins == 4 or entry >= 8):
                    table |= 1 << entry
        elif carries.setdefault(word % 4, number >= 2) != (number >= 2):
            return None
    if pins < 4:  # D is 1
        for word, carry in carries.items():
            for entry in range(4):
                if entry % 2**min(2, pins) == word:
                    table |= carry << entry
        return table
    fits = all(table >> word & 1 == carry for word, carry in carries.items())
    return table if fits else None


def adder_chains(m, slots, platform, name):
    """Build adders on carry chains.

    Parameters
    ----------
    m : Module
        Where the chains go.
    slots : list of Slot
        Positions, the lowest of an adder first. Each adder begins with a position that is a start,
        and is followed by one.
    platform : Platform or None
        Platform of the elaboration: CCU2C on ECP5, else an addition that synthesis maps.
    name : str
        Name of the signals.

    Returns
    -------
    Signal
        A sum bit for each position.
    """
    total = Signal(len(slots), name=name)
    if family_of(platform) == "ecp5":
        halves = []
        for slot in slots:
            table, order = slot_table(*slot.shape)
            wires = [*slot.plain, *slot.group]
            pins = [wires[bit] for bit in order]
            pins += [Const(0, 1)] * (3 - len(pins)) + [Const(1, 1)] * (len(pins) < 4)
            halves.append((table, pins))
        chain_cells(m, halves, total)
        return total
    first, second = [None] * len(slots), [None] * len(slots)
    shapes = {}
    for index, slot in enumerate(slots):
        shapes.setdefault(slot.shape, []).append(index)
    for number, (shape, places) in enumerate(shapes.items()):
        columns = [Cat(*wires) for wires in zip(
            *([*slots[index].plain, *slots[index].group] for index in places), strict=True)]
        for least, made in ((1, first), (2, second)):
            some = Signal(len(places), name=f"{name}_{number}_{least}")
            m.d.comb += some.eq(_at_least(columns, shape, 2 if slots[places[0]].start else least))
            for index, wire in zip(places, some, strict=True):
                made[index] = wire
    m.d.comb += total.eq(Cat(*first) + Cat(*second))
    return total


def _at_least(columns, shape, least):
    """Return, for vectors of bits, where a position adds at least a number."""
    inverted, _, ones, _ = shape
    plain = [~column if invert else column
             for column, invert in zip(columns, inverted, strict=False)]
    group = columns[len(plain):]
    found = Const(0, 1)
    for count in range(len(plain) + 1):
        rest = 2 * (least - ones[0] - count) - ones[1]  # bits that the group must have
        if rest <= len(group):
            found |= _all_of_some(plain, count) & _all_of_some(group, max(0, rest))
    return found


def _all_of_some(columns, count):
    """Return, for vectors of bits, where at least ``count`` of them are 1."""
    if not count:
        return Const(-1, signed(2))
    found = Const(0, 1)
    for chosen in combinations(columns, count):
        every = chosen[0]
        for column in chosen[1:]:
            every &= column
        found |= every
    return found


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
    results = [None] * len(counts)
    level = 0
    while any(result is None for result in results):
        for index, (_, plan) in enumerate(counts):
            if level == len(plan.steps):
                results[index] = [_constant(nodes[index], node) for node in plan.outputs]
        running = [index for index, (_, plan) in enumerate(counts) if level < len(plan.steps)]
        if not running:
            break
        steps = [(nodes[index], *counts[index][1].steps[level]) for index in running]
        made = [_parities(delays.m, steps, level), _chains(delays.m, steps, platform, level)]
        for place, index in enumerate(running):
            plan = counts[index][1]
            known = nodes[index] | made[0][place] | made[1][place]
            nodes[index] = {node: known[node] for node in plan.waiting[level]}
        level += 1
        if level % levels == 0:
            late = [index for index in running if level < len(counts[index][1].steps)]
            wires = [wire for index in late for wire in nodes[index].values()]
            registered = iter(delays.register(Cat(*wires)) if wires else ())
            for index in late:
                nodes[index] = {node: next(registered) for node in nodes[index]}
    return results


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
            results.append((*overflow,) if overflow else None)
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
    return Slot((nodes[carried],), group=(), ones=(1, 0), start=True)


def _slot(nodes, place):
    plain = [node for node in place.plain if node != ONE]
    group = [node for node in place.group if node != ONE]
    return Slot([nodes[node] for node in plain], [nodes[node] for node in group],
                ones=(len(place.plain) - len(plain), len(place.group) - len(group)))
