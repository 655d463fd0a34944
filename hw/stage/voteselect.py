"""Label select of a wired pipeline of votes: comparisons that share carry chains."""

from amaranth import *

from ..count.lut import family_of
from ..count.slot import POSITIONS, Slot, adder_chains
from ..plan.area import cells


__all__ = ["select_first", "select_first_resources"]


def select_first(delays, scores, platform, *, compared=False):
    """Find the first of the highest scores, in a tree with a register after each level.

    Latency is :func:`hw.stage.labelselect.select_depth` cycles, throughput a label a cycle.

    Parameters
    ----------
    delays : :class:`hw.count.popcount.Delays`
        Makes the registers.
    scores : list of Value
        At least two signed scores of one width, in the order in which ties are won.
    platform : Platform or None
        Platform of the elaboration.
    compared : bool
        Whether a register also stands between comparison and choice.

    Returns
    -------
    Value
        Index of the winner.
    """
    # A number is a winner's score and the lower bits of its index, which are those of the tree.
    numbers = [(score, Cat()) for score in scores]
    level = 0
    while len(numbers) > 1:
        pairs = list(zip(numbers[::2], numbers[1::2], strict=False))
        wins = _compare(delays.m, [(right, left) for (left, _), (right, _) in pairs], platform,
                        f"compare_{level}")
        odd = numbers[2 * len(pairs):]
        if compared:
            wins = list(delays.register(Cat(*wins)))
            pairs = [tuple(_late(delays, number) for number in pair) for pair in pairs]
            odd = [_late(delays, number) for number in odd]
        numbers = [_late(delays, (Mux(win, right[0], left[0]),
                                  Cat(Mux(win, right[1], left[1]), win)))
                   for win, (left, right) in zip(wins, pairs, strict=True)]
        numbers += [_late(delays, (score, Cat(index, Const(0, 1)))) for score, index in odd]
        level += 1
    return numbers[0][1]


def _late(delays, number):
    score, index = number
    return delays.register(score), delays.register(index) if len(index) else index


def _compare(m, pairs, platform, name):
    """Return for each pair of signed scores whether the first is greater, a list of Value."""
    if family_of(platform) != "ecp5":
        return [first.as_signed() > second.as_signed() for first, second in pairs]
    wins = []
    most = max(1, (POSITIONS - 1) // len(pairs[0][0]))
    for start in range(0, len(pairs), most):
        slots = []
        for first, second in pairs[start:start + most]:
            # The carry out of first + ~second. Sign bits change places.
            for place, bits in enumerate(zip(first, second, strict=True)):
                sign = place == len(first) - 1
                slots.append(Slot(bits, inverted=(sign, not sign), start=not place))
        slots.append(Slot(start=True))
        total = adder_chains(m, slots, platform, f"{name}_{start}")
        wins += list(total)[len(pairs[0][0])::len(pairs[0][0])]
    return wins


def select_first_resources(candidates, bits, compared, family):
    """Return the estimated resources of :func:`select_first` for scores of some bits."""
    luts = ff = level = 0
    while candidates > 1:
        pairs, after = candidates // 2, (candidates + 1) // 2
        number = bits + level
        last = after == 1
        luts += pairs * (bits + (not last) * bits + level) + 1
        ff += compared * (pairs + candidates * (level if last else number))
        ff += after * (level + 1 if last else number + 1)
        candidates, level = after, level + 1
    return cells(family, luts, ff)
