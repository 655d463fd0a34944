"""Plans of counts on carry chains over columns, of few LUT4 on ECP5 (see hw.count.columns)."""

from dataclasses import dataclass
from functools import cache


__all__ = ["ONE", "ColumnPlan", "plan_columns"]

ONE = -1  # the node of a constant 1
KEPT = 60  # partial plans kept at each level of the search
CHAIN_SHARE = 0.2  # chains that a bit of the lowest column still needs
REGISTER = 0.05  # LUT4 that a flip-flop counts for
MOST_LEVELS = 40
FULL = 7  # bits of the lowest column that a chain and its parities take in


@dataclass(frozen=True)
class Parity:
    """The parity of some bits of a column, in a LUT4: a bit of the same column.

    Attributes
    ----------
    nodes : tuple of int
        Up to four nodes, and :data:`ONE` or not.
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
        Nodes of the column, each a unit.
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
        Node of the lowest column that is carried in.
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
    start = _State((count, *[0] * (reached - 1)),
                   tuple(constant >> column & 1 for column in range(reached)))
    plan = _Planner(count, start, levels)
    for chains in _search(start, levels):
        plan.level(*chains)
    return plan.finished(width)


@dataclass(frozen=True)
class _State:
    """Numbers of bits, and of constant bits, by column."""

    bits: tuple
    ones: tuple

    @property
    def lowest(self):
        """Lowest column with more than one bit, or None."""
        for column, (bits, ones) in enumerate(zip(self.bits, self.ones, strict=True)):
            if bits + ones > 1:
                return column
        return None

    @property
    def is_last(self):
        """Whether one chain adds all."""
        lowest = self.lowest
        if lowest is None:
            return False
        sums = [bits + ones for bits, ones in zip(self.bits, self.ones, strict=True)]
        return sums[lowest] <= 3 and max(sums[lowest + 1:], default=0) <= 2


def _search(start, levels):
    """Return the arguments of :func:`_fill` for each level of the cheapest plan."""
    if start.lowest is None:
        return []
    best, partial = None, {start: (0, ())}
    for level in range(MOST_LEVELS):
        longer = {}
        boundary = (level + 1) % levels == 0
        for state, (cost, path) in partial.items():
            if state.is_last:
                total = cost + 1 + len(state.bits) - state.lowest
                if best is None or total < best[0]:
                    best = total, (*path, (state, 1, True))
            in_column = state.bits[state.lowest]
            for chains in range(max(1, in_column // (FULL + 2)), in_column // 2 + 1):
                after, luts = _fill(state, chains, _Counted())
                total = cost + luts + REGISTER * boundary * sum(after.bits)
                if after.lowest is None:
                    if best is None or total < best[0]:
                        best = total, (*path, (state, chains, False))
                elif after not in longer or total < longer[after][0]:
                    longer[after] = total, (*path, (state, chains, False))
        ranked = sorted(longer.items(), key=lambda item: (
            item[1][0] + sum(item[0].bits) + CHAIN_SHARE * item[0].bits[item[0].lowest]))
        partial = dict(ranked[:KEPT])
        if not partial or (best and all(cost >= best[0] for cost, _ in partial.values())):
            break
    return best[1]


class _Counted:
    """Ignores the steps of a level, of which a search needs only the numbers."""

    def chain(self, carried):
        pass

    def place(self, column, chain, plain, group, ones):
        pass

    def end(self, column, chain):
        pass


def _fill(state, chains, to):
    """Fill a level with chains that start in the lowest column; return state and LUT4.

    A position prefers what reduces most: four bits below, three bits and a constant 1 below, three
    bits below and one of its own column, two of its own column. Where none is left, the chain ends.
    """
    left, ones = list(state.bits), list(state.ones)
    after = [0] * (len(left) + 1)
    column = state.lowest
    carried = min(chains, left[column] - 2 * chains)
    if carried < 0:
        chains, carried = left[column] // 2, left[column] % 2
    left[column] -= 2 * chains + carried
    luts = 2 * chains
    for chain in range(chains):
        to.chain(chain < carried)
        to.place(column, chain, 2, 0, False)
    after[column] += chains
    running = list(range(chains))
    while running and column + 1 < len(left):
        column += 1
        below, going = column - 1, []
        for chain in running:
            if left[below] >= 4 or (left[below] == 3 and ones[below]):
                plain, group = 0, min(4, left[below])
            elif left[below] == 3 and left[column]:
                plain, group = 1, 3
            elif left[column] >= 2:
                plain, group = 2, 0
            else:
                to.end(column, chain)
                after[column] += 1
                continue
            one = bool(group and not plain and ones[below])
            to.place(column, chain, plain, group, one)
            left[column] -= plain
            left[below] -= group
            ones[below] -= one
            after[below] += group > 0
            after[column] += 1
            luts += 1 + (group > 0)
            going.append(chain)
        running = going
    bits = tuple(map(sum, zip(left, after, strict=False)))
    return _State(bits, tuple(ones)), luts


class _Planner:
    """Gives the numbers of a search their nodes, level by level."""

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
        self.lowest = state.lowest
        if last:
            self._add_all()
        else:
            _fill(state, chains, self)
        for column, after in zip(self.columns, self.after, strict=True):
            column += after
        self.steps.append((tuple(self.parities), tuple(
            Chain(carried, tuple(places), overflow) for carried, places, overflow in self.chains)))
        self.luts += len(self.parities) + sum(1 + len(places) for _, places, _ in self.chains)
        self.waiting.append(tuple(node for column in self.columns for node in column))

    def _add_all(self):
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
        outputs = []
        for column, one in zip(self.columns, self.ones, strict=True):
            outputs.append(column[0] if column else ONE if one else None)
        outputs += [None] * (width - len(outputs))
        # The last level has no registers: its results go where the count goes.
        stages = range(self.levels - 1, len(self.steps) - 1, self.levels)
        registers = sum(len(self.waiting[level]) for level in stages)
        return ColumnPlan(self.count, tuple(self.steps), tuple(self.waiting), tuple(outputs),
                          len(stages), self.luts, registers)
