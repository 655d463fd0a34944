"""Popcount as a tree of small adders on shared carry chains: plans, which hw.count.tree builds."""

from dataclasses import dataclass
from functools import cache

from .carry import LONGEST


__all__ = ["TreePlan", "order_inputs", "plan_tree"]

INVERTED_AT_MOST = 1  # of the three bits whose carry is in the LUT of an ECP5 position


@dataclass(frozen=True)
class Step:
    """One operation of a tree.

    Attributes
    ----------
    kind : str
        ``"sum"`` or ``"carry"`` of two or three nodes, ``"add"`` of two numbers and a bit, or
        ``"fire"``, the comparison of a number with a threshold.
    nodes : tuple
        Operands. ``"sum"``, ``"carry"``: nodes. ``"add"``: the node carried in or None, then for
        each position a node or None, the form of the function and its nodes. ``"fire"``: a node to
        add or None, then the number's nodes, lowest first.
    results : int
        Number of nodes that the step makes.
    time : (int, int)
        Pipeline stage, and level in the stage, of the step's inputs. The results are at the next
        level, or in the next stage if they are registered.
    registered : bool
        Whether the results are registered.
    """

    kind: str
    nodes: tuple
    results: int
    time: tuple
    registered: bool


@dataclass(frozen=True)
class TreePlan:
    """Plan of small adders that count bits, with the pipeline stage of each result.

    Nodes 0 to ``count - 1`` are the inputs. The results of each step follow.

    Attributes
    ----------
    count : int
        Number of inputs.
    steps : tuple of Step
        In order of time.
    first : tuple of int
        First node of each step.
    stages : tuple of int
        Pipeline stage of each node: registers between it and the inputs.
    waiting : tuple of tuple of int
        For each stage, the nodes that are registered at its end because a later stage reads them.
    upright : tuple of int
        Inputs that should not be inverted bits on ECP5, where each costs a LUT.
    direct : tuple of int
        Inputs that should not be inverted bits on iCE40, because no LUT stands between them and a
        chain.
    adders : tuple of (int, int, int)
        Inputs of each full adder in LUTs. Trees can share these full adders.
    threshold : int or None
        Threshold of the step ``"fire"``.
    outputs : tuple of int
        Nodes of the result, lowest weight first.
    depth : int
        Stage that all outputs are delayed to: the latency in cycles.
    luts : float
        LUT4 of the tree on ECP5, with its share of the chains' ends.
    registers : int
        Flip-flops of the tree, if it shares none with other trees.
    """

    count: int
    steps: tuple
    first: tuple
    stages: tuple
    waiting: tuple
    upright: tuple
    direct: tuple
    adders: tuple
    threshold: int | None
    outputs: tuple
    depth: int
    luts: float
    registers: int


# LUT4 that a position of a chain counts for: its own, and its share of the chain's ends. The share
# lets full adders in LUTs, which can be placed anywhere, win where they are as small.
POSITION = 1 + 2 / LONGEST


@cache
def cheapest(count):
    """Return LUT4, depth and split ``(a, b, c)`` of the cheapest tree that counts some bits.

    The last adder of the tree adds a number that counts ``a`` bits, a number that counts ``b``
    bits, and ``c`` = 0 or 1 bit carried in. It takes a position for each bit of the longer number,
    and one for the carry out. If ``b`` is one, two or three, these bits need no number of their
    own, because the chain's LUTs take them in. Only the sum of three bits needs a LUT.
    """
    if count == 1:
        return 0, 0, None
    options = [(2, 1, None)] if count <= 3 else []
    for carried in (0, 1):
        rest = count - carried
        full = [2**bits - 1 for bits in range(count.bit_length())]  # counts that fill a number
        for b in {1, 2, 3, rest // 2, *full, *(rest - a for a in full)}:
            a = rest - b
            if a < 1 or b < 1 or b > max(3, rest // 2):
                continue
            luts_a, depth_a, _ = cheapest(a)
            luts_b, depth_b = ((0, 0), (0, 0), (1, 1))[b - 1] if b <= 3 else cheapest(b)[:2]
            width = max(a.bit_length(), b.bit_length())
            overflow = count >> width > 0
            options.append((luts_a + luts_b + POSITION * (width + overflow),
                            max(depth_a, depth_b) + 1, (a, b, carried)))
    return min(options, key=lambda option: option[:2])


@cache
def plan_tree(count, levels, threshold=None):
    """Plan the counting of ``count`` bits, or the test whether at least ``threshold`` are ones.

    Parameters
    ----------
    count : int
        Number of bits, at least 1.
    levels : int
        Most adders (or LUTs) between two registers.
    threshold : int, optional
        In ``1..count``.

    Returns
    -------
    TreePlan
        Its outputs are the number's bits, or the answer alone.
    """
    for smaller in range(1, count):
        cheapest(smaller)  # from small to large, so that the recursion stays flat
    return _Planner(count, levels, threshold).plan()


def _compare_luts(bits):
    """Return the LUT4, one after the other, of a comparison of some bits with a constant."""
    return -(-(bits - 1) // 3)


class _Planner:
    """Makes the steps of a plan from the leaves to the root."""

    def __init__(self, count, levels, threshold):
        self.count = count
        self.levels = levels
        self.threshold = threshold
        self.inputs = iter(range(count))
        self.times = [(0, 0)] * count
        self.steps, self.first, self.upright, self.adders = [], [], [], []

    def plan(self):
        if self.threshold is None:
            outputs = self.number(self.count)
            luts = cheapest(self.count)[0]
        else:
            # The comparison takes a bit beside the number at little cost.
            luts, beside = min((cheapest(self.count - beside)[0] + _compare_luts(
                (self.count - beside).bit_length() + beside), beside)
                for beside in (0, 1) if beside < self.count)
            number = self.number(self.count - beside)
            extra = next(self.inputs) if beside else None
            depth = _compare_luts(len(number) + beside)
            outputs = self.step("fire", (extra, *number), 1, max(1, depth))
        depth = max(self.times[node][0] for node in outputs)
        order = sorted(range(len(self.steps)), key=lambda index: self.steps[index].time)
        waiting = self.waiting(outputs, depth)
        registers = (sum(step.results for step in self.steps if step.registered)
                     + sum(map(len, waiting)))
        return TreePlan(self.count, tuple(self.steps[index] for index in order),
                        tuple(self.first[index] for index in order),
                        tuple(stage for stage, _ in self.times), waiting,
                        tuple(self.upright), tuple(self.direct()), tuple(self.adders),
                        self.threshold, tuple(outputs), depth, luts, registers)

    def number(self, count):
        """Return the nodes of a number that counts the next inputs, lowest first."""
        split = cheapest(count)[2]
        if split is None:
            nodes = [next(self.inputs) for _ in range(count)]
            if count == 3:
                self.adders.append(tuple(nodes))
            return nodes if count == 1 else [*self.step("sum", nodes, 1),
                                             *self.step("carry", nodes, 1)]
        a, b, carried = split
        number = self.number(a)
        if b > 3:
            terms = [("is", (node,)) for node in self.number(b)]
        else:
            nodes = tuple(next(self.inputs) for _ in range(b))
            if b == 1:
                terms = [("is", nodes)]
            elif b == 2:
                terms = [("xor", nodes), ("and", nodes)]
            else:
                terms = [("is", tuple(self.step("sum", nodes, 1))), ("most", nodes)]
                self.upright += nodes[INVERTED_AT_MOST:]
        carry = next(self.inputs) if carried else None
        number += [None] * (len(terms) - len(number))
        terms += [("is", ())] * (len(number) - len(terms))
        places = tuple((node, *term) for node, term in zip(number, terms, strict=True))
        overflow = count >> len(number) > 0
        return self.step("add", (carry, *places), len(number) + overflow)

    def waiting(self, outputs, depth):
        """Return for each stage the nodes that wait there for a later use."""
        until = [stage for stage, _ in self.times]
        for step in self.steps:
            for node in _flat(step.nodes):
                until[node] = max(until[node], step.time[0])
        for node in outputs:
            until[node] = depth
        return tuple(tuple(node for node, (born, _) in enumerate(self.times)
                           if born <= stage < until[node]) for stage in range(depth))

    def direct(self):
        """Yield the inputs that enter a carry chain without a LUT."""
        for step in self.steps:
            if step.kind == "add":
                carry, *places = step.nodes
                nodes = [carry, *(node for node, _, _ in places),
                         *(term for _, form, terms in places if form == "is" for term in terms)]
                yield from (node for node in nodes if node is not None and node < self.count)

    def step(self, kind, nodes, results, depth=1):
        flat = _flat(nodes)
        stage, level = time = max(self.times[node] for node in flat)
        if level and level + depth > self.levels:
            # The step would not end in this stage, so it begins the next one.
            stage, level = time = stage + 1, 0
        registered = level + depth >= self.levels
        after = (stage + 1, 0) if registered else (stage, level + depth)
        first = len(self.times)
        self.times += [after] * results
        self.steps.append(Step(kind, tuple(nodes), results, time, registered))
        self.first.append(first)
        return list(range(first, first + results))


def _flat(nodes):
    """Return the nodes that a step reads."""
    flat = []
    for node in nodes:
        flat += [node[0], *node[2]] if isinstance(node, tuple) else [node]
    return [node for node in flat if node is not None]


def order_inputs(agree, plan, triples=(), family=None):
    """Order inputs for a plan: shared triples first, inverted bits where they cost least.

    Parameters
    ----------
    agree : dict of Bit
        Bits of the neuron, by input of the layer.
    plan : TreePlan
        Plan for as many inputs.
    triples : sequence of (int, int, int)
        Inputs of the plan's first full adders.
    family : str or None
        Device family, which decides where an inverted bit costs a LUT.

    Returns
    -------
    list of Bit
    """
    placed = dict(zip((place for adder in plan.adders for place in adder),
                      (index for triple in triples for index in triple), strict=False))
    chosen = set(placed.values())
    ordered = sorted((index for index in agree if index not in chosen),
                     key=lambda index: agree[index].inverted)
    wanted = set(plan.direct if family == "ice40" else plan.upright)
    upright, others = iter(ordered[:len(wanted)]), iter(ordered[len(wanted):])
    return [agree[placed[place]] if place in placed else
            agree[next(upright if place in wanted else others)] for place in range(plan.count)]
