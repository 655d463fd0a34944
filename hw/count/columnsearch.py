"""Search for counts of few LUT4: how many carry chains over columns each level has."""

from dataclasses import dataclass


__all__ = ["State", "fill", "search"]

KEPT = 60  # partial plans kept at each level of the search
CHAIN_SHARE = 0.2  # chains that a bit of the lowest column still needs
REGISTER = 0.05  # LUT4 that a flip-flop counts for
MOST_LEVELS = 40  # of a plan; the search of a large count ends earlier
LEAST_SHARE = 9  # bits of the lowest column for each chain, at most, that the search considers


@dataclass(frozen=True)
class State:
    """Numbers of bits, and of constant bits, by column."""

    bits: tuple
    ones: tuple

    @property
    def lowest(self):
        """Lowest column with more than one bit, constant or not, or None."""
        for column, (bits, ones) in enumerate(zip(self.bits, self.ones, strict=True)):
            if bits + ones > 1:
                return column
        return None

    @property
    def first(self):
        """Lowest column with more than one bit that is not constant: chains start there."""
        return next(column for column, bits in enumerate(self.bits) if bits > 1)

    @property
    def is_last(self):
        """Whether one chain adds all."""
        lowest = self.lowest
        if lowest is None:
            return False
        sums = [bits + ones for bits, ones in zip(self.bits, self.ones, strict=True)]
        return sums[lowest] <= 3 and max(sums[lowest + 1:], default=0) <= 2


def search(start, levels):
    """Search the cheapest plan.

    Parameters
    ----------
    start : State
        Bits to count, and the constant to add.
    levels : int
        Levels between two registers.

    Returns
    -------
    list of (State, int, bool)
        For each level the state before it, its number of chains, and whether one chain adds all.
    """
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
            if max(state.bits) < 2:
                continue
            in_column = state.bits[state.first]
            for chains in range(max(1, in_column // LEAST_SHARE), in_column // 2 + 1):
                after, luts = fill(state, chains, _Counted())
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
    """Sink of a level's steps, for a search, which needs only their numbers."""

    def chain(self, carried):
        pass

    def place(self, column, chain, plain, group, one):
        pass

    def end(self, column, chain):
        pass


def fill(state, chains, to):
    """Fill a level with chains, which start in the first column of two bits.

    A position takes the first of these that is left: four bits below; three bits and a constant 1
    below; three bits below and one of its own column; two of its own column. Where none is left,
    the chain ends.

    Parameters
    ----------
    state : State
        Bits before the level.
    chains : int
        Number of chains, at most half the bits of the column in which they start.
    to : object
        Sink, whose methods ``chain``, ``place`` and ``end`` are called for each step, in order.

    Returns
    -------
    State, int
        Bits after the level, and the LUT4 that it takes.
    """
    left, ones = list(state.bits), list(state.ones)
    after = [0] * (len(left) + 1)
    column = state.first
    carried = min(chains, left[column] - 2 * chains)
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
    return State(bits, tuple(ones)), luts
