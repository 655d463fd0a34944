"""Search for counts of few LUT4: how many carry chains over columns each level has."""

from dataclasses import dataclass


__all__ = ["State", "fill", "search"]

KEPT = 60  # partial plans kept at each level of the search
CHAIN_SHARE = 0.2  # chains that a bit of the lowest column still needs
REGISTER = 0.05  # LUT4 that a flip-flop counts for
MOST_LEVELS = 40
FULL = 7  # bits of the lowest column that a chain and its parities take in


@dataclass(frozen=True)
class State:
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


def search(start, levels):
    """Return the arguments of :func:`fill` for each level of the cheapest plan."""
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
    """Fill a level with chains that start in the lowest column; return state and LUT4.

    A position prefers what reduces most: four bits below, three bits and a constant 1 below, three
    bits below and one of its own column, two of its own column. Where none is left, the chain ends.
    ``to`` is told each step, in order.
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
    return State(bits, tuple(ones)), luts
