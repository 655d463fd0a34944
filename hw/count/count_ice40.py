"""Popcount on iCE40: full adders in LUTs, then adders that share one carry chain per neuron.

A logic cell is a LUT4 and an ``SB_CARRY``, which is the majority of two of the LUT's inputs and the
carry of the cell below. The LUT's last input is this carry. An adder therefore takes one cell a
bit, and one cell separates two adders of a chain: both inputs of its ``SB_CARRY`` are the upper
adder's carry-in, while its LUT passes the lower adder's carry-out on.
"""

from collections import deque
from functools import cache

from amaranth import *

from .lut import look_up


__all__ = ["Chain", "at_least", "cells", "count_on_chain", "depth"]

SUM = 0xC33C  # of a cell's two operands and its carry
CARRY = 0xFF00  # the carry from below alone
DIGITS = {2: (0x6, 0x8), 3: (0x96, 0xE8), 4: (0x6996, 0x7EE8, 0x8000)}  # of the count of a few bits
LEAF = max(DIGITS)


class Chain:
    """Cells in a row, from the lowest.

    Parameters
    ----------
    m : Module
        Where the cells go.
    name : str
        Prefix of the signals' names.
    family : str, optional
        ``"ice40"`` for primitives; plain logic otherwise.
    """

    def __init__(self, m, name, family=None):
        self.m = m
        self.name = name
        self.family = family
        self.length = 0
        self._carry = Const(0, 1)
        self._waiting = None  # for the carry that the next cell's LUT passes on

    def add(self, left, right, carry_in):
        """Return the sum of two numbers of equal width and a bit; it has one bit more than they."""
        self._separate(carry_in)
        total = [self._cell(pair, SUM) for pair in zip(left, right, strict=True)]
        self._waiting = Signal(name=f"{self.name}_out{self.length}")
        return [*total, self._waiting]

    def finish(self):
        """Add the last cell: the carry out of the last adder."""
        self._separate(Const(0, 1))

    def _separate(self, carry_in):
        zero = isinstance(carry_in, Const) and not carry_in.value
        if self._waiting is None and zero:
            return  # a chain starts with a carry of 0
        passed = self._cell((carry_in, carry_in), CARRY)
        if self._waiting is not None:
            self.m.d.comb += self._waiting.eq(passed)
            self._waiting = None

    def _cell(self, pair, truth):
        name = f"{self.name}_{self.length}"
        self.length += 1
        below = self._carry
        self._carry = above = Signal(name=f"{name}_carry")
        if self.family is None:
            self.m.d.comb += above.eq(pair[0] & pair[1] | below & (pair[0] | pair[1]))
        else:
            self.m.submodules[above.name] = Instance(
                "SB_CARRY", i_I0=pair[0], i_I1=pair[1], i_CI=below, o_CO=above)
        return look_up(self.m, truth, [Const(0, 1), *pair, below], name, self.family)


@cache
def _split(count):
    """Return (cells, left, right, carry-in) of the smallest way to count some bits."""
    if count <= LEAF:
        return len(DIGITS.get(count, ())), None, None, None
    ways = []
    for carry_in in (1, 0):
        for left in range((count - carry_in + 1) // 2, count - carry_in):
            right = count - carry_in - left
            ways.append((_split(left)[0] + _split(right)[0] + left.bit_length() + 1, left, right,
                         carry_in))
    return min(ways, key=lambda way: way[0])


def cells(count):
    """Return the logic cells of a count, with the one at the foot of the chain."""
    return _split(count)[0] + (count > LEAF and _split(_lowest(count))[3])


def _lowest(count):
    """Return the number of bits that the first adder on the chain counts."""
    while _split(count)[1] > LEAF:
        count = _split(count)[1]
    return count


def depth(count, every):
    """Return the latency of :func:`count_on_chain` in cycles."""
    return _levels(count) // every


def _levels(count):
    if count <= LEAF:
        return int(count > 1)
    _, left, right, _ = _split(count)
    return 1 + max(_levels(left), _levels(right))


def count_on_chain(delays, bits, name, *, every, inverted=None, family=None):
    """Count bits that are ones.

    Latency is ``depth(len(bits), every)`` cycles, throughput one count per cycle.

    Parameters
    ----------
    delays : :class:`hw.count.popcount.Delays`
        Makes the registers.
    bits : list of Value
        One-bit values of one cycle.
    name : str
        Prefix of the signals' names.
    every : int
        Adders between two registers. The full adders in LUTs count as the first.
    inverted : list of bool, optional
        Bits to be inverted. LUTs invert them at no cost, so carry-ins are taken from the other
        bits while there are any.
    family : str, optional
        ``"ice40"`` for primitives; plain logic otherwise.

    Returns
    -------
    list of Value
        The number's bits, lowest first.
    """
    inverted = inverted or [False] * len(bits)
    # Leaves take from the front, carry-ins from the back.
    pairs = deque(sorted(zip(bits, inverted, strict=True), key=lambda pair: not pair[1]))
    chain = Chain(delays.m, f"{name}_chain", family)
    total, _ = _count(delays, chain, pairs, len(bits), name, every)
    chain.finish()
    return total


def _count(delays, chain, waiting, count, name, every):
    """Count some of the waiting pairs of (bit, inverted); return the number and its level."""
    if count <= 1:
        return [_take_carry(waiting) if count else Const(0, 1)], 0
    if count <= LEAF:
        level = 1
        pairs = [waiting.popleft() for _ in range(count)]
        mask = sum(invert << place for place, (_, invert) in enumerate(pairs))
        total = [look_up(delays.m, _flip(truth, mask, count), [bit for bit, _ in pairs],
                         f"{name}_{place}", chain.family)
                 for place, truth in enumerate(DIGITS[count])]
    else:
        _, *parts = _split(count)
        numbers = [_count(delays, chain, waiting, part, f"{name}{place}", every)
                   for place, part in enumerate(parts)]
        before = max(number[1] for number in numbers)
        level = before + 1
        values = [[delays.delay(bit, before // every - at // every) if not isinstance(bit, Const)
                   else bit for bit in number] for number, at in numbers]
        values[1] += [Const(0, 1)] * (len(values[0]) - len(values[1]))
        total = chain.add(values[0], values[1], values[2][0])
    if level % every == 0:
        total = [delays.register(bit) for bit in total]
    return total, level


def _take_carry(waiting):
    bit, invert = waiting.pop()
    return ~bit if invert else bit


def _flip(truth, mask, count):
    return sum((truth >> (word ^ mask) & 1) << word for word in range(2**count))


def at_least(m, number, threshold, name, family=None):
    """Compare a number with a constant, four bits and then three at a time, lowest first.

    Synthesis would map a plain comparison to a carry chain of its own.

    Parameters
    ----------
    m : Module
        Where the functions go.
    number : list of Value
        Its bits, lowest first.
    threshold : int
        In ``1..2**len(number) - 1``.
    name : str
        Prefix of the signals' names.
    family : str, optional
        ``"ice40"`` for primitives; plain logic otherwise.

    Returns
    -------
    Signal
        Whether the number is at least the threshold.
    """
    fires, place = None, 0
    while place < len(number):
        bits = number[place:place + (4 if fires is None else 3)]
        wanted = threshold >> place & 2**len(bits) - 1
        if fires is None:
            table = sum((word >= wanted) << word for word in range(2**len(bits)))
            operands = bits
        else:  # the lower bits decide if these are equal
            table = sum((word >> 1 > wanted or (word >> 1 == wanted and word & 1)) << word
                        for word in range(2**(len(bits) + 1)))
            operands = [fires, *bits]
        fires = look_up(m, table, operands, f"{name}_{place}", family)
        place += len(bits)
    return fires
