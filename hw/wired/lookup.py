"""A wired look-up layer: a LUT4 and a register for each table."""

import numpy as np
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..count.lut import family_of
from ..count.table import build_table, luts
from ..memo import memo
from ..plan.area import Resources, cells
from .groups import group_neurons


__all__ = ["LookupLayer", "lookup_resources"]


def lookup_resources(layer, mode, family, seen):
    """Return the estimated resources of the tables that are ``seen``: bool, shape (neurons,)."""
    return _table_resources(layer, mode.hops, family, seen.tobytes())


@memo
def _table_resources(layer, hops, family, seen):
    """Return resources of tables; ``seen`` has an octet for each, 1 if the table is built."""
    built = np.flatnonzero(np.frombuffer(seen, dtype=bool))
    functions = {layer.functions[neuron] for neuron in built}
    wide = [function for function in functions if function.inputs]
    lut4 = sum(luts(function, family) for function in wide if not is_wire(function))
    # A register is in the cell of its LUT4, or has a cell of its own where the table is a wire.
    own = sum(is_wire(function) for function in wide) if family == "ice40" else 0
    copied = _copied(layer, _groups(layer, hops))
    return Resources(lut4 + own, len(wide)) + cells(family, 0, copied)


def is_wire(function):
    """Whether a function is one of its inputs, so that it needs a register and no LUT4."""
    return len(function.inputs) == 1 and function.table == 0b10


@memo
def _groups(layer, hops):
    """Return the tables of a layer in groups, as :func:`hw.wired.groups.group_neurons` does."""
    if not hops:
        return range(layer.outputs)
    reads = np.zeros((layer.outputs, layer.inputs), np.int8)
    for neuron, function in enumerate(layer.functions):
        reads[neuron, list(function.inputs)] = 1
    return group_neurons(reads, hops)


def _copied(layer, tables):
    """Return the registers of the input copies of all groups."""
    groups = [group for group in tables if isinstance(group, list)]
    return sum(len(_inputs(layer, group)) + _copied(layer, group) for group in groups)


def _inputs(layer, tables):
    """Return the inputs on which tables, or groups of tables, depend: a sorted list."""
    return sorted({number for neuron in _flatten(tables)
                   for number in layer.functions[neuron].inputs})


class LookupLayer(wiring.Component):
    """A layer of truth tables, each a LUT4 with a register behind it.

    Tables of five and six inputs are several LUT4 (:func:`hw.count.table.build_table`). Inputs that
    do not matter to a table are not wired to it. A table that gives the same value everywhere is a
    constant. Of several equal functions in a group, one is built.

    Latency is :attr:`latency` cycles, from ``x`` to ``y``: one, and one for each hop. Throughput is
    one vector per cycle.

    Parameters
    ----------
    layer : :class:`sw.layer.lookup.Lookup`
        Tables and wires.
    mode : :class:`hw.plan.schedule.Wired`
        ``hops``, the levels of groups with their own copies of inputs
        (:func:`hw.wired.groups.group_neurons`). A layer has no adders, so ``levels`` and
        ``adders`` say nothing.

    Members
    -------
    x : In(inputs)
        Input bits.
    y : Out(neurons)
        Activations, the first one lowest.
    """

    def __init__(self, layer, mode):
        self.layer = layer
        self.mode = mode
        self.latency = 1 + mode.hops
        super().__init__({"x": In(layer.inputs), "y": Out(layer.outputs)})

    def elaborate(self, platform):
        m = Module()
        tables = _groups(self.layer, self.mode.hops)
        outputs = _build(m, self.layer, tables, dict(enumerate(self.x)), platform)
        m.d.comb += self.y.eq(Cat(outputs[neuron] for neuron in range(self.layer.outputs)))
        return m


def _build(m, layer, tables, inputs, platform):
    """Add tables, or groups of tables; return their registered values, a dict by neuron."""
    if isinstance(tables[0], list):
        outputs = {}
        for index, group in enumerate(tables):
            inner = _GroupModule(layer, group)
            m.submodules[f"group_{index}"] = inner
            m.d.comb += inner.x.eq(Cat(inputs[place] for place in inner.inputs))
            outputs |= dict(zip(inner.flat, inner.y, strict=True))
        return outputs
    registers, outputs = {}, {}
    for neuron in tables:
        function = layer.functions[neuron]
        if function.value is not None:
            outputs[neuron] = Const(function.value, 1)
            continue
        if function not in registers:
            registers[function] = kept = Signal(name=f"table_{neuron}_kept", reset_less=True)
            value = (inputs[function.inputs[0]] if is_wire(function) else
                     build_table(m, function, inputs, f"table_{neuron}", family_of(platform)))
            m.d.sync += kept.eq(value)
        outputs[neuron] = registers[function]
    return outputs


class _GroupModule(Elaboratable):
    """A group with its own copies of its inputs, in a module that synthesis keeps apart.

    Synthesis merges equal registers, so it must not see that the copies of two groups are equal.
    """

    def __init__(self, layer, tables):
        self.layer = layer
        self.tables = tables
        self.flat = list(_flatten(tables))
        self.inputs = _inputs(layer, tables)
        self.x = Signal(len(self.inputs))
        self.y = Signal(len(self.flat))

    def elaborate(self, platform):
        m = Module()
        copied = Signal(len(self.inputs), reset_less=True)
        m.d.sync += copied.eq(self.x)
        inputs = dict(zip(self.inputs, copied, strict=True))
        outputs = _build(m, self.layer, self.tables, inputs, platform)
        m.d.comb += self.y.eq(Cat(outputs[neuron] for neuron in self.flat))
        return m


def _flatten(tables):
    for item in tables:
        if isinstance(item, list):
            yield from _flatten(item)
        else:
            yield item
