"""Plans of counts on carry chains over columns, of few LUT4 on ECP5 (see hw.count.columns)."""

from dataclasses import dataclass
from functools import cache

from .columnsearch import State, fill, search


__all__ = ["MOST_VOTES", "ONE", "ColumnPlan", "plan_columns"]

ONE = -1  # the node of a constant 1
MOST_VOTES = 1024  # bits of a count that the solver plans: plans of more are deep and take seconds


@dataclass(frozen=True)
class Parity:
    """The parity of some bits of a column, in a LUT4: a bit of the same column.

    Attributes
    ----------
    nodes : tuple of int
        One to four nodes, with :data:`ONE` besides where a constant 1 is added.
    result : int
        Node of the parity.
    """

    nodes: tuple
    result: int


@dataclass(frozen=True)
class Place:
    """A position of a chain: adds up to two units of its column to the carry.

    Attributes
    ----------
    plain : tuple of int
        Nodes of the column or :data:`ONE`, each a unit.
    group : tuple of int
        Nodes of a :class:`Parity` in the column below. Half of their number, rounded down, are
        units of this column.
    result : int
        Node of the sum.
    """

    plain: tuple
    group: tuple
    result: int


@dataclass(frozen=True)
class Chain:
    """An adder on a carry chain, from its lowest column.

    Attributes
    ----------
    carried : int or None
        Node of the lowest column, or :data:`ONE`, that is carried in.
    places : tuple of Place
        One for each column.
    overflow : int or None
        Node of the carry out, a bit of the column above. None: nothing reads this carry.
    """

    carried: int | None
    places: tuple
    overflow: int | None


@dataclass(frozen=True)
class ColumnPlan:
    """Plan of a count plus a constant, modulo a power of two.

    Nodes 0 to ``count - 1`` are the inputs.

    Attributes
    ----------
    count : int
        Number of inputs.
    steps : tuple of (tuple of Parity, tuple of Chain)
        Logic of each level, which reads results of levels before it.
    waiting : tuple of tuple of int
        For each level, the nodes that later levels or the outputs read.
    outputs : tuple
        Nodes of the result, lowest column first: a node, :data:`ONE`, or None for a constant 0.
    depth : int
        Registers between inputs and outputs: the latency in cycles.
    luts : int
        LUT4 on ECP5, without the ends of chains that several counts share.
    registers : int
        Flip-flops.
    """

    count: int
    steps: tuple
    waiting: tuple
    outputs: tuple
    depth: int
    luts: int
    registers: int


@cache
def plan_columns(count, levels, constant=0, width=None):
    """Plan the sum of ``count`` bits and a constant, modulo ``2**width``.

    Bits of one weight are a column. A full adder takes three bits of a column and makes one of
    the same column and one of the next. A chain's position is a full adder of a LUT4, because its
    carry reaches the next column in the chain. The four inputs of a position on ECP5 hold more:
    half the number of four bits of the column below, rounded down, is two units of this column.
    Then only the parity of the four bits needs a LUT4 of its own. A constant 1 of their column is
    free, because five bits have no more than two pairs.

    Each chain takes a position more, which carries a bit in and passes on the carry of the chain
    before. The fewest LUT4 are therefore those of the fewest chains. A chain reduces the lowest
    column by up to five bits, so that ``count`` bits need about ``count / 5`` chains and
    ``1.2 * count`` LUT4 (docs/decisions/026-votes.md). A search over the number of chains in each
    level finds the plan.

    Parameters
    ----------
    count : int
        Number of bits, at least 1.
    levels : int
        Most adders (or LUTs) between two registers.
    constant : int
        Number to add.
    width : int, optional
        Bits of the result (default: those of ``count``).

    Returns
    -------
    ColumnPlan
    """
    width = width or count.bit_length()
    constant %= 2**width
    reached = min(width, (count + constant).bit_length())
    start = State((count, *[0] * (reached - 1)),
                   tuple(constant >> column & 1 for column in range(reached)))
    plan = _Planner(count, start, levels)
    for chains in search(start, levels):
        plan.level(*chains)
    return plan.finished(width)


class _Planner:
    """Maker of a plan: gives the numbers of a search their nodes, level by level."""

    def __init__(self, count, start, levels):
        self.count = count
        self.levels = levels
        self.columns = [list(range(count)), *[[] for _ in start.bits[1:]]]
        self.ones = list(start.ones)
        self.nodes = count
        self.luts = 0
        self.steps, self.waiting = [], []

    def level(self, state, chains, last):
        """Add a level: ``chains`` of them, or the ``last`` chain, which adds all."""
        self.ones = list(state.ones)
        self.parities, self.chains, self.after = [], [], [[] for _ in self.columns]
        self.lowest = state.lowest if last else state.first
        if last:
            self._add_all()
        else:
            fill(state, chains, self)
        for column, after in zip(self.columns, self.after, strict=True):
            column += after
        self.steps.append((tuple(self.parities), tuple(
            Chain(carried, tuple(places), overflow) for carried, places, overflow in self.chains)))
        self.luts += len(self.parities) + sum(1 + len(places) for _, places, _ in self.chains)
        self.waiting.append(tuple(node for column in self.columns for node in column))

    def _add_all(self):
        """Add a chain of all bits, whose sums are the result."""
        taken = []
        for column in range(self.lowest, len(self.columns)):
            nodes = self.columns[column] + [ONE] * self.ones[column]
            self.ones[column] = 0
            self.columns[column] = []
            taken.append(nodes)
        carried = taken[0].pop() if len(taken[0]) == 3 else None
        self.chains.append([carried, [], None])
        for column, nodes in enumerate(taken, self.lowest):
            self._put(column, 0, tuple(nodes), ())

    def chain(self, carried):
        self.chains.append([self.columns[self.lowest].pop(0) if carried else None, [], None])

    def place(self, column, chain, plain, group, one):
        nodes = tuple(self._take(column - 1) for _ in range(group)) + (ONE,) * one
        if group:
            result = self._node()
            self.parities.append(Parity(nodes, result))
            self.after[column - 1].append(result)
            self.ones[column - 1] -= one
        self._put(column, chain, tuple(self._take(column) for _ in range(plain)), nodes)

    def end(self, column, chain):
        self.chains[chain][2] = node = self._node()
        self.after[column].append(node)

    def _put(self, column, chain, plain, group):
        result = self._node()
        self.chains[chain][1].append(Place(plain, group, result))
        self.after[column].append(result)

    def _take(self, column):
        return self.columns[column].pop(0)

    def _node(self):
        self.nodes += 1
        return self.nodes - 1

    def finished(self, width):
        """Return the plan, with outputs for ``width`` columns."""
        outputs = []
        for column, one in zip(self.columns, self.ones, strict=True):
            outputs.append(column[0] if column else ONE if one else None)
        outputs += [None] * (width - len(outputs))
        # The last level has no registers: its results go where the count goes.
        stages = range(self.levels - 1, len(self.steps) - 1, self.levels)
        registers = sum(len(self.waiting[level]) for level in stages)
        return ColumnPlan(self.count, tuple(self.steps), tuple(self.waiting), tuple(outputs),
                          len(stages), self.luts, registers)
