"""Proofs of look-up layers: every table, in either family, against its rows."""

import numpy as np
from amaranth import Cat, Const, Elaboratable, Module, Signal
from amaranth.asserts import AnyConst
from amaranth.hdl import Assert

from hw.count.table import build_table
from hw.plan.schedule import Wired
from hw.stage.labelselect import select_depth
from hw.wired.pipeline import WiredPipeline, is_compared, pipeline_depth
from sw.layer.function import Function
from sw.layer.lookup import Lookup

from ..model.networks import random_layer
from .harness import Fault, Proof
from .of_count import ECP5_MODELS, ICE40_MODELS
from .of_layer import PUSHED, answer, outputs
from .pushed import Pushed


__all__ = ["PROOFS"]

MULTIPLEXERS = """
module PFUMX(input ALUT, BLUT, C0, output Z);
    assign Z = C0 ? ALUT : BLUT;
endmodule
module L6MUX21(input D0, D1, SD, output Z);
    assign Z = SD ? D1 : D0;
endmodule
"""


def chosen(rows, bits):
    """Return the row whose number bits form, the first one lowest.

    An Array would become a ROM, whose contents an induction does not know.
    """
    table = sum(int(value) << row for row, value in enumerate(rows))
    return Const(table, len(rows)).bit_select(Cat(*bits), 1)


def looked_up(layer, bits):
    """Return what a look-up layer makes of bits, table by table."""
    return [chosen(table, [bits[int(wire)] for wire in wires])
            for wires, table in zip(layer.wires, layer.tables, strict=True)]


class Tables(Elaboratable):
    """Tables of some bits as primitives, and the functions that they must equal.

    Parameters
    ----------
    functions : list of Function
        Least functions.
    family : str or None
        Family of the primitives.
    """

    def __init__(self, functions, family):
        self.functions = functions
        self.family = family

    def elaborate(self, platform):
        m = Module()
        width = max(max(function.inputs) for function in self.functions) + 1
        bits = Signal(width)
        m.d.comb += bits.eq(AnyConst(width))
        inputs = dict(enumerate(bits))
        for index, function in enumerate(self.functions):
            rows = [function.value_at(row) for row in range(function.rows)]
            made = build_table(m, function, inputs, f"table_{index}", self.family)
            wanted = chosen(rows, [bits[number] for number in function.inputs])
            m.d.comb += Assert(made == wanted, "a table does not give its row")
        tick = Signal()  # a clock, although there is no register
        m.d.sync += tick.eq(~tick)
        return m


def random_functions(count, size, seed):
    """Return random functions that depend on all of so many inputs."""
    rng = np.random.default_rng(seed)
    functions = []
    while len(functions) < count:
        table = int.from_bytes(rng.bytes(2**size // 8), "little")
        function = Function(tuple(range(size)), table).least()
        if len(function.inputs) == size:
            functions.append(function)
    return functions


def joined_functions():
    """Return functions of five and six inputs that need fewer LUT4 on iCE40."""
    inner = random_functions(1, 4, 9)[0].table
    five = [inner, inner << 16, inner | 0xffff << 16, inner << 16 | 0xffff,
            inner | (inner ^ 0xffff) << 16]
    six = [table | (2**32 - 1) << 32 for table in five] + [table << 32 for table in five]
    return ([Function(tuple(range(5)), table) for table in five]
            + [Function(tuple(range(6)), table) for table in six])


def table_proof(name, functions, family, fault, **others):
    size = max(len(function.inputs) for function in functions)
    return Proof(name, "For all inputs, primitives give the value in the row of the table",
                 f"{len(functions)} tables of up to {size} inputs, {family}",
                 lambda: Tables(functions, family), Fault(*fault), method="induction", depth=1,
                 models={"ecp5": (*ECP5_MODELS, MULTIPLEXERS), "ice40": ICE40_MODELS}[family],
                 **others)


def random_lookup(neurons, inputs, wires, *, seed, name):
    """Return a layer of random tables, of which some read an input twice or are constant."""
    rng = np.random.default_rng(seed)
    tables = rng.integers(2, size=(neurons, 2**wires), dtype=np.uint8)
    tables[::5] = tables[::5, :1]
    return Lookup(name, rng.integers(inputs, size=(neurons, wires)).astype(np.int32), tables,
                  inputs)


FIRST = random_lookup(10, 6, 4, seed=1, name="first")
SECOND = random_lookup(5, 10, 3, seed=2, name="second")
INVERTER = Lookup("inverter", np.array([[0], [1], [2]], np.int32),
                  np.array([[1, 0], [0, 1], [1, 1]], np.uint8), 3)
LAST = random_layer(2, 5, classes=True, seed=3)


def layers_proof(name, layers, modes, fault, **others):
    depth = pipeline_depth(layers, modes)
    last = layers[-1]

    def expected(bits):
        # A list, because a slice of a Cat would repeat all of it.
        for layer in layers:
            bits = (looked_up if isinstance(layer, Lookup) else outputs)(layer, bits)
        return answer(bits, last.score_bits) if last.gives_scores else Cat(*bits)

    def build():
        early = (select_depth(last.outputs, compared=is_compared(modes))
                 if last.gives_scores else 0)
        return Pushed(WiredPipeline(layers, modes), expected, depth, early)

    return Proof(name, PUSHED, "; ".join(
        f"{layer.kind}, {layer.inputs} inputs × {layer.outputs}, hops {mode.hops}"
        for layer, mode in zip(layers, modes, strict=True)) + f": {depth} cycles", build,
        Fault(*fault), ("WiredPipeline",), method="induction", depth=depth + 2, **others)


PROOFS = [
    *(table_proof(f"table-{family}-4", random_functions(6, 4, 4), family,
                  ("hw.count.lut.look_up", *fault))
      for family, fault in [("ecp5", ('zip("ABCD"', 'zip("BACD"')),
                            ("ice40", ("enumerate(pins)", "enumerate(reversed(pins))"))]),
    table_proof("table-ecp5-5", random_functions(4, 5, 5), "ecp5",
                ("hw.count.table._multiplexed", "i_ALUT=high, i_BLUT=low",
                 "i_ALUT=low, i_BLUT=high")),
    table_proof("table-ecp5-6", random_functions(3, 6, 6), "ecp5",
                ("hw.count.table._multiplexed", "i_D1=high, i_D0=low", "i_D1=low, i_D0=high"),
                short=True),
    table_proof("table-ice40-5", random_functions(4, 5, 5), "ice40",
                ("hw.count.table._steps", "0b1100_1010)]", "0b1010_1100)]")),
    table_proof("table-ice40-6", random_functions(3, 6, 6), "ice40",
                ("hw.count.table._steps", "if upper else passed", "if upper else low"),
                short=True),
    table_proof("table-ice40-joined", joined_functions(), "ice40",
                ("hw.count.table._joined", "0b0010 | 0b1100", "0b0010 | 0b1000")),
    layers_proof("lookup", [FIRST, SECOND, LAST], [Wired(1), Wired(1, 1), Wired(1)],
                 ("hw.wired.lookup._GroupModule.elaborate", "zip(self.inputs, copied",
                  "zip(reversed(self.inputs), copied"), short=True),
    layers_proof("lookup-wires", [INVERTER], [Wired(1, 1)],
                 ("hw.wired.lookup.is_wire", "function.table == 0b10", "function.table < 3")),
]
