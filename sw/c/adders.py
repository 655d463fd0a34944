"""Popcounts of lanes: trees of adders, each of which adds three bits of many images at once."""

from dataclasses import dataclass, field

import numpy as np

from .lanes import ternary


@dataclass
class Tree:
    """Statements of a tree of adders.

    A bit is a pair of a C expression and whether the bit is its opposite. Inversions cost nothing,
    because they go into the tables of the functions of three bits.

    Attributes
    ----------
    nodes : dict of str to (str, tuple of str)
        Each variable's expression and the variables in it, in order of definition.
    """

    nodes: dict = field(default_factory=dict)

    def node(self, expression, *bits):
        """Define a variable; return it as a bit."""
        name = f"v{len(self.nodes)}"
        self.nodes[name] = (expression, tuple(bit[0] for bit in bits))
        return name, False

    def function(self, value, *bits):
        """Return the bit ``value(a, b, c)`` of three bits; ``c`` may be left out."""
        def row(index):
            return int(value(*((index >> place & 1) ^ flip
                               for place, (_, flip) in enumerate(bits))))
        table = sum(row(index % 2**len(bits)) << index for index in range(8))
        names = [name for name, _ in bits]
        return self.node(ternary(table, *names, *names[1:2] * (3 - len(bits))), *bits)

    def lines(self, results):
        """Return the statements that some bits need: definitions, and ``target = bit`` each."""
        wanted = {bit[0] for _, bit in results}
        for name in reversed(self.nodes):
            if name in wanted:
                wanted.update(self.nodes[name][1])
        lines = [f"const lane {name} = {expression};"
                 for name, (expression, _) in self.nodes.items() if name in wanted]
        return [*lines, *(f"{target} = {'~' if flip else ''}{name};"
                          for target, (name, flip) in results)]


ZERO, ONE = ("(lane){0}", False), ("(lane){0}", True)


def added(tree, bits, constant, places):
    """Add bits and a constant.

    Parameters
    ----------
    tree : Tree
        Takes the adders.
    bits : list of (str, bool)
        The bits.
    constant : int
        Added to their number.
    places : int
        Bits of the sum, which must suffice.

    Returns
    -------
    list of (str, bool)
        The sum, lowest bit first.
    """
    columns = [[] for _ in range(places + 1)]
    ones = [bool(constant >> place & 1) for place in range(places + 1)]

    def full(place):
        """Add three bits of a column; add those of the next as soon as there are three."""
        a, b, c = (columns[place].pop() for _ in range(3))
        columns[place].append(tree.function(lambda a, b, c: a ^ b ^ c, a, b, c))
        columns[place + 1].append(tree.function(lambda a, b, c: a + b + c > 1, a, b, c))
        if len(columns[place + 1]) >= 3:
            full(place + 1)

    for bit in bits:
        columns[0].append(bit)
        if len(columns[0]) == 3:
            full(0)
    total = []
    for place in range(places):
        column = columns[place]
        while len(column) >= 3:
            full(place)
        one = ones[place]
        if len(column) == 2:
            a, b = column
            column[:] = [tree.function(lambda a, b, one=one: a ^ b ^ one, a, b)]
            columns[place + 1].append(tree.function(lambda a, b, one=one: a + b + one > 1, a, b))
        elif column and one:
            (name, flip), = column
            columns[place + 1].append((name, flip))
            column[:] = [(name, not flip)]
        elif one:
            column.append(ONE)
        total.append(column[0] if column else ZERO)
    return total


def inputs_of(weights):
    """Return the bits that agree with the weights of a neuron: inverted for negative weights."""
    return [(f"x[{index}]", bool(weights[index] < 0)) for index in np.flatnonzero(weights).tolist()]


def count(weights, targets):
    """Return statements that count the synapses of a neuron that agree with their inputs.

    Parameters
    ----------
    weights : ndarray of int8, shape (inputs,)
        Weights of the neuron.
    targets : list of str
        Where each bit of the count goes, lowest first.
    """
    tree = Tree()
    total = added(tree, inputs_of(weights), 0, len(targets))
    return tree.lines(list(zip(targets, total, strict=True)))


def fires(weights, threshold, target):
    """Return statements that set ``target`` where at least ``threshold`` synapses agree.

    The sum of the count and ``2**k - threshold``, where ``2**k`` is above every count, has bit
    ``k`` where the neuron fires.
    """
    bits = inputs_of(weights)
    places = max(1, len(bits).bit_length())
    if threshold == 0 or threshold > len(bits):
        return Tree().lines([(target, ONE if threshold == 0 else ZERO)])
    tree = Tree()
    total = added(tree, bits, 2**places - threshold, places + 1)
    return tree.lines([(target, total[places])])
