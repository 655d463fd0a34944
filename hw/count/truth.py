"""Neurons of few synapses as four-input functions: the fewest possible."""

from functools import cache

from .lut import look_up


__all__ = ["LIMIT", "depth", "fire", "luts", "table"]

LIMIT = 7  # most inputs of a neuron that becomes a truth table

# Found by search. No rule is known that gives them.
MAJORITY_OF_SEVEN = (
    ((0, 1, 2, 3), 0xFCC0), ((2, 3, 4, 5), 0x1668), ((1, 3, 4, 5), 0xFAA0),
    ((0, 1, 6, 8), 0x17B2), ((7, 8, 9, 10), 0x32EC),
)


def fire(m, bits, threshold, name, *, inverted=None, family=None):
    """Test whether at least ``threshold`` of a few bits are ones.

    Every function has at most four inputs and a signal of its own, ``name_0`` and so on. There are
    :func:`luts` functions, at most :func:`depth` of them in a row. An exhaustive search (SAT) found
    no smaller network.

    Parameters
    ----------
    m : Module
        Where the functions go.
    bits : list of Value
        One-bit values, 1 to :data:`LIMIT` of them.
    threshold : int
        In ``1..len(bits)``.
    name : str
        Prefix of the signals' names.
    inverted : list of bool, optional
        Bits to be inverted inside the functions, because an inverter in front of a primitive would
        take a LUT4 of its own.
    family : str, optional
        ``"ecp5"`` or ``"ice40"`` for primitives, which synthesis does not restructure.

    Returns
    -------
    Value
        One bit, in the same cycle.
    """
    nodes, flip = list(bits), list(inverted or [False] * len(bits))
    for index, (operands, truth) in enumerate(table(len(bits), threshold)):
        mask = sum(flip[node] << place for place, node in enumerate(operands))
        truth = sum((truth >> (word ^ mask) & 1) << word for word in range(2**len(operands)))
        nodes.append(look_up(m, truth, [nodes[node] for node in operands], f"{name}_{index}",
                             family))
        flip.append(False)
    return nodes[-1]


def luts(count, threshold):
    """Return the number of LUT4 of :func:`fire`."""
    return len(table(count, threshold))


def depth(count, threshold):
    """Return the most LUT4 in a row in the logic of :func:`fire`."""
    levels = [0] * count
    for operands, _ in table(count, threshold):
        levels.append(1 + max(levels[node] for node in operands))
    return levels[-1]


@cache
def table(count, threshold):
    """Return four-input functions that test whether at least ``threshold`` of ``count`` bits are 1.

    The first functions count four inputs. The remaining inputs need to know only how many ones
    *they* must have: 0 to all of them, or more than there are. As few bits as possible code the
    cases that occur.

    Returns
    -------
    tuple of (operands, truth)
        Nodes 0 to ``count - 1`` are the inputs, node ``count + k`` is function ``k``. The last
        function is the answer. Bit ``i`` of ``truth`` is the function's value where its operands,
        the first one lowest, form the number ``i``.
    """
    if not 1 <= threshold <= count <= LIMIT:
        raise ValueError(f"Threshold of a truth table must be in 1..count, count at most {LIMIT}: "
                         f"{threshold} of {count}")
    if count <= 4:
        return (_function(range(count), lambda *bits: sum(bits) >= threshold),)

    rest = count - 4
    def wanted(bits):
        return min(max(threshold - sum(bits), 0), rest + 1)

    cases = {wanted([1] * ones + [0] * (4 - ones)) for ones in range(5)}
    bit = range(count, count + 2)  # of the code: the case modulo 4
    code = [_function(range(4), lambda *bits, place=place: wanted(bits) >> place & 1)
            for place in range(2)]
    decode = {case % 4: case for case in cases}
    others = range(4, count)
    if len(cases) == 2:  # neighbours
        decode = {case % 2: case for case in cases}
        return (code[0], _function([bit[0], *others], lambda low, *bits:
                                   sum(bits) >= decode[low]))
    if rest <= 2:
        return (*code, _function([*bit, *others], lambda low, high, *bits:
                                 sum(bits) >= decode.get(low + 2 * high, 0)))
    if len(cases) == 5:
        return MAJORITY_OF_SEVEN
    # Three inputs remain, and the first of them is read twice. Together with the function of all
    # three it tells whether one (or), two (the function itself) or three (and) of them are ones.
    return (*code, _function([bit[0], *others], _two_of_three),
            _function([*bit, others[0], count + 2], lambda low, high, first, two:
                      (True, first or two, two, first and two, False)[
                          decode.get(low + 2 * high, 0)]))


def _two_of_three(odd, first, second, third):
    """Return two of three; if ``odd``, a value that with ``first`` tells one and three of three."""
    return (second and third) if first == odd else (second or third)


def _function(operands, function):
    """Return a function of bits as (operands, truth)."""
    operands = tuple(operands)
    truth = sum(bool(function(*(index >> place & 1 for place in range(len(operands))))) << index
                for index in range(2**len(operands)))
    return operands, truth
