"""Popcount of full adders: a plan, with registers where the clock needs them; its hardware."""

from dataclasses import dataclass
from functools import cache
from heapq import heapify, heappop, heappush

from amaranth import *


__all__ = ["Delays", "count_bits", "plan_count"]

ONE = -1  # the node of a constant 1


@dataclass(frozen=True)
class CountPlan:
    """Plan of full adders that count bits, with the pipeline stage of each result.

    Nodes 0 to ``count - 1`` are the inputs. Step ``k`` adds two or three nodes of one weight and
    makes two: the sum, node ``count + 2 k``, and the carry, node ``count + 2 k + 1``.

    Attributes
    ----------
    count : int
        Number of inputs.
    steps : tuple of tuple of int
        Nodes added in each step; :data:`ONE` stands for a constant 1.
    stages : tuple of int
        Pipeline stage of each node: registers between it and the inputs.
    registered : tuple of bool
        Whether the results of a step are registered.
    outputs : tuple of int
        Nodes of the result, lowest weight first.
    depth : int
        Stage that all outputs are delayed to: the latency in cycles.
    """

    count: int
    steps: tuple
    stages: tuple
    registered: tuple
    outputs: tuple
    depth: int


@cache
def plan_count(count, levels, threshold=None):
    """Plan the counting of ``count`` bits, or the test whether at least ``threshold`` are ones.

    Three bits of one weight become one bit of this weight and one of the next, earliest bits first
    (Stelling, Martel, Oklobdzija, Ravi, "Optimal circuits for parallel multipliers", IEEE Trans.
    Computers 47(3), 1998, Three-Greedy), until each weight has one bit. A bit takes about one full
    adder, 2 LUT4. A threshold becomes part of the sum: ``2**k - threshold`` is added as constant
    bits, so that the carry into weight ``2**k`` is the answer. The last adders, whose sums nothing
    reads, are then half empty.

    Parameters
    ----------
    count : int
        Number of bits, at least 1.
    levels : int
        Most adders between two registers.
    threshold : int, optional
        In ``1..count``.

    Returns
    -------
    CountPlan
        Its outputs are the number's bits, or the answer alone.
    """
    width = count.bit_length()
    columns = [[] for _ in range(width + 1)]
    columns[0] = [((0, 0), node) for node in range(count)]
    if threshold is not None:
        preload = 2**width - threshold
        for weight in range(width):
            if preload >> weight & 1:
                columns[weight].append(((0, 0), ONE))

    times = dict.fromkeys(range(count), (0, 0))
    steps, registered = [], []
    for weight in range(width):
        column = columns[weight]
        heapify(column)
        while len(column) > 1:
            added = [heappop(column) for _ in range(min(3, len(column)))]
            stage, level = max(time for time, _ in added)
            level += 1
            full = level >= levels
            time = (stage + 1, 0) if full else (stage, level)
            total = count + 2 * len(steps)
            steps.append(tuple(node for _, node in added))
            registered.append(full)
            times[total] = times[total + 1] = time
            heappush(column, (time, total))
            columns[weight + 1].append((time, total + 1))
    if threshold is None:
        outputs = tuple(column[0][1] for column in columns if column)
    else:
        outputs = (columns[width][0][1],)
    depth = max([times[node][0] for node in outputs if node != ONE], default=0)
    stages = tuple(times[node][0] for node in range(count + 2 * len(steps)))
    return CountPlan(count, tuple(steps), stages, tuple(registered), outputs, depth)


class Delays:
    """Registers in which values wait for later ones. Nothing stops these registers.

    Two delays of one value share their registers.

    Parameters
    ----------
    m : Module
        Where the registers go.
    name : str
        Prefix of their names in waveforms and netlists.
    reset_less : bool
        Data needs no reset. A signal that says which data is valid does.
    """

    def __init__(self, m, name, *, reset_less=True):
        self.m = m
        self.name = name
        self.reset_less = reset_less
        self._delayed = {}

    def register(self, value):
        """Return ``value`` one cycle later."""
        key = id(value)
        if key not in self._delayed:
            signal = Signal(Value.cast(value).shape(), reset_less=self.reset_less,
                            name=f"{self.name}_{len(self._delayed)}")
            self.m.d.sync += signal.eq(value)
            self._delayed[key] = signal, value  # keeps ``value`` alive, or its id is reused
        return self._delayed[key][0]

    def delay(self, value, cycles):
        """Return ``value`` some cycles later."""
        for _ in range(cycles):
            value = self.register(value)
        return value


def count_bits(delays, bits, plan):
    """Build the hardware of a plan.

    Parameters
    ----------
    delays : Delays
        Makes the registers.
    bits : list of Value
        One-bit values, all of one cycle.
    plan : CountPlan
        From :func:`plan_count`, for as many bits.

    Returns
    -------
    list of Value
        One-bit values, ``plan.depth`` cycles later.
    """
    nodes = list(bits)

    def at(node, stage):
        return delays.delay(nodes[node], stage - plan.stages[node])

    for step, (added, registered) in enumerate(zip(plan.steps, plan.registered, strict=True)):
        stage = plan.stages[plan.count + 2 * step] - registered
        values = [at(node, stage) for node in added if node != ONE]
        results = _add(m=delays.m, values=values, carry_in=ONE in added)
        nodes += [delays.register(value) for value in results] if registered else results
    return [at(node, plan.depth) for node in plan.outputs]


def _add(m, values, carry_in):
    """Return sum and carry of one to three bits and, with ``carry_in``, a constant 1."""
    if carry_in:
        if len(values) == 1:
            return [~values[0], values[0]]
        a, b = values
        return [~(a ^ b), a | b]
    if len(values) == 2:
        a, b = values
        return [a ^ b, a & b]
    a, b, c = values
    total, carry = Signal(), Signal()
    m.d.comb += total.eq(a ^ b ^ c)
    m.d.comb += carry.eq((a & b) | (c & (a ^ b)))
    return [total, carry]
