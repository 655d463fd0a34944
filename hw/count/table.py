"""Truth tables of up to six inputs, as LUT4 and the multiplexers of a device family."""

from dataclasses import dataclass

from amaranth import *

from sw.layer.function import Function

from .lut import look_up


__all__ = ["build_table", "luts"]


@dataclass(frozen=True)
class Tree:
    """A function of five or six inputs as a multiplexer of two functions of one input less.

    Attributes
    ----------
    low, high : Function or Tree
        The function where the chooser is 0, and where it is 1.
    chooser : int
        The last input.
    """

    low: object
    high: object
    chooser: int


def build_table(m, function, inputs, name, family=None):
    """Make a function of one to six bits.

    A function of up to four inputs is one LUT4. On ECP5, functions of five and six inputs are two
    and four LUT4 with the multiplexers of a slice. On iCE40, which has no such multiplexers, they
    are at most three and six LUT4.

    Parameters
    ----------
    m : Module
        Where the function goes.
    function : :class:`sw.layer.function.Function`
        The least function: it depends on each of its inputs, at least one.
    inputs : mapping of int to Value
        Bits by the function's numbers of inputs.
    name : str
        Prefix of the names of signals and primitives.
    family : str, optional
        ``"ecp5"`` or ``"ice40"`` for primitives. Otherwise the function is plain logic.

    Returns
    -------
    Value
        One bit, in the same cycle.
    """
    if len(function.inputs) <= 4 or family is None:
        operands = [inputs[number] for number in function.inputs]
        return look_up(m, function.table, operands, name, family)
    if family == "ecp5":
        return _multiplexed(m, _tree(function), inputs, name)
    nodes = dict(inputs)
    for index, step in enumerate(_steps(function)):
        operands = [nodes[number] for number in step.inputs]
        nodes[_node(index)] = look_up(m, step.table, operands, f"{name}_{index}", family)
    return nodes[_node(index)]


def luts(function, family):
    """Return the number of LUT4 of :func:`build_table`."""
    count = len(function.inputs)
    if count <= 4:
        return 1
    return 2**(count - 4) if family == "ecp5" else len(_steps(function))


def _tree(function):
    """Split a function at its last inputs, down to functions of four inputs."""
    place = len(function.inputs) - 1
    if place < 4:
        return function
    low, high = function.fixed(place, 0), function.fixed(place, 1)
    return Tree(_tree(low), _tree(high), function.inputs[place])


def _multiplexed(m, tree, inputs, name):
    """Build a tree of LUT4, PFUMX and L6MUX21; return its value."""
    if isinstance(tree, Function):
        operands = [inputs[number] for number in tree.inputs]
        return look_up(m, tree.table, operands, name, "ecp5")
    low = _multiplexed(m, tree.low, inputs, f"{name}_0")
    high = _multiplexed(m, tree.high, inputs, f"{name}_1")
    chosen = Signal(name=name)
    if isinstance(tree.low, Function):
        m.submodules[f"{name}_mux"] = Instance(
            "PFUMX", i_ALUT=high, i_BLUT=low, i_C0=inputs[tree.chooser], o_Z=chosen)
    else:
        m.submodules[f"{name}_mux"] = Instance(
            "L6MUX21", i_D1=high, i_D0=low, i_SD=inputs[tree.chooser], o_Z=chosen)
    return chosen


def _node(index):
    """Return the number of a step's result: inputs of layers have numbers from 0 on."""
    return -1 - index


def _steps(function):
    """Return functions of up to four inputs, the last one of which is the function.

    A step reads inputs, and results of steps before by their numbers of :func:`_node`.
    """
    if len(function.inputs) <= 4:
        return [function]
    for place, chooser in enumerate(function.inputs):
        low, high = function.fixed(place, 0).least(), function.fixed(place, 1).least()
        table = _joined(low, high)
        if table is not None:
            steps = _steps(low if low.inputs else high)
            return [*steps, Function((_node(len(steps) - 1), chooser), table)]
    if len(function.inputs) == 5:
        return [function.fixed(4, 0), function.fixed(4, 1),
                Function((_node(0), _node(1), function.inputs[4]), 0b1100_1010)]
    first, second = function.inputs[4:]
    steps = [function.fixed(5, high).fixed(4, low) for high in range(2) for low in range(2)]
    # A multiplexer of four in two steps. Where `second` is 1, the first step passes `first` on.
    half = Function((_node(0), _node(1), first, second), 0b1111_0000_1100_1010)
    whole = Function((_node(4), _node(2), _node(3), second), _table(
        lambda passed, low, high, upper: (high if passed else low) if upper else passed))
    return [*steps, half, whole]


def _joined(low, high):
    """Return how a chooser joins two functions that are opposite, or one of which is constant.

    The table's inputs are the function that is not constant, ``low`` of two opposites, and the
    chooser. Other functions give None.
    """
    if low == high.inverted():
        return 0b0110
    if high.value is not None:
        return 0b0010 | 0b1100 * high.value
    if low.value is not None:
        return 0b1000 | 0b0011 * low.value
    return None


def _table(function):
    """Return the table of a function of four bits."""
    return sum(int(function(*(row >> place & 1 for place in range(4)))) << row
               for row in range(16))
