"""Positions of a carry chain that add up to two units: on ECP5 half of a CCU2C each."""

from functools import cache
from itertools import combinations, permutations

from amaranth import *

from .carry import chain_cells
from .lut import family_of


__all__ = ["POSITIONS", "Slot", "adder_chains", "slot_table", "units"]

# Positions of one chain of CCU2C. The last one counts nothing, and longer chains are slower.
POSITIONS = 28


class Slot:
    """A position of a carry chain: adds a number from 0 to 2 to the carry.

    The number is a count of bits of the position's column, and of pairs of bits of the column
    below. A :class:`hw.count.carry.Position` adds a bit and a function of up to three bits instead,
    and a gap of its own separates adders. Here the first position of an adder separates it from the
    adder before, and also takes a carry in.

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
    """Return the number that a position adds, from 0 to 2.

    Parameters
    ----------
    values : list of int
        Value of each bit, those of ``plain`` first, then those of ``group``: 0 or 1.
    inverted : tuple of bool
        For each bit of ``plain``, whether its inverse adds 1.
    ones : (int, int)
        Constant bits that are 1 in ``plain`` and in ``group``.
    """
    plain = sum(value ^ invert for value, invert in zip(values, inverted, strict=False)) + ones[0]
    return plain + (sum(values[len(inverted):]) + ones[1]) // 2


@cache
def slot_table(inverted, grouped, ones, start):
    """Return truth table and order of the inputs of a position of a CCU2C.

    The sum is table(A, B, C, D) ^ carry. The next carry is the carry where the table is 1, and
    else the table's value at A, B and C = D = 0. A position of three bits or fewer has D = 1, so
    that this value can be any function of A and B.

    Parameters
    ----------
    inverted : tuple of bool
        For each bit of ``plain``, whether its inverse adds 1.
    grouped : int
        Number of bits of ``group``.
    ones : (int, int)
        Constant bits that are 1 in ``plain`` and in ``group``.
    start : bool
        Whether the position begins a new adder.

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
