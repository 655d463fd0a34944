"""count.table: primitives of tables against the tables, for all inputs."""

import subprocess

import numpy as np
import pytest
from amaranth import Cat, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from hw.count.table import build_table, luts
from hw.synthesis.verilog import find_yosys, to_verilog
from sw.layer.function import Function

from .test_truth import MODELS


MULTIPLEXERS = """
    module PFUMX(input ALUT, BLUT, C0, output Z);
        assign Z = C0 ? ALUT : BLUT;
    endmodule
    module L6MUX21(input D0, D1, SD, output Z);
        assign Z = SD ? D1 : D0;
    endmodule"""


def random_function(size, seed):
    """Return a function that depends on all of so many inputs."""
    rng = np.random.default_rng(seed)
    while True:
        function = Function(tuple(range(size)), int.from_bytes(rng.bytes(8), "little")
                            & 2**2**size - 1).least()
        if len(function.inputs) == size:
            return function


def joined(inner, size):
    """Return a function whose last inputs, above four, are joined to another one by AND."""
    table = inner.table
    for inputs in range(4, size):
        table <<= 2**inputs
    return Function(tuple(range(size)), table)


FUNCTIONS = ([random_function(size, seed) for size in range(1, 7) for seed in range(3)]
             + [joined(random_function(4, 7), size) for size in (5, 6)])


class Tables(wiring.Component):
    """Tables of the same six bits, as primitives of a family or as plain logic."""

    def __init__(self, functions, family):
        self.functions = functions
        self.family = family
        super().__init__({"bits": In(6), "outputs": Out(len(functions))})

    def elaborate(self, platform):
        m = Module()
        inputs = dict(enumerate(self.bits))
        m.d.comb += self.outputs.eq(Cat(
            build_table(m, function, inputs, f"table_{index}", self.family)
            for index, function in enumerate(self.functions)))
        return m


def test_plain_logic_gives_the_rows():
    tables = Tables(FUNCTIONS, None)

    async def check(ctx):
        for word in range(64):
            ctx.set(tables.bits, word)
            await ctx.delay(1e-6)
            want = [function.value_at(word % function.rows) for function in FUNCTIONS]
            assert [ctx.get(tables.outputs) >> index & 1 for index in range(len(want))] == want

    sim = Simulator(tables)
    sim.add_testbench(check)
    sim.run()


@pytest.mark.parametrize("family", ["ecp5", "ice40"])
def test_primitives_equal_plain_logic(family, tmp_path):
    texts = [to_verilog(Tables(FUNCTIONS, None), "gold"),
             to_verilog(Tables(FUNCTIONS, family), "gate")]
    (tmp_path / "all.v").write_text("\n".join([*texts, MODELS, MULTIPLEXERS]))
    script = ("read_verilog all.v; hierarchy; proc; flatten; "
              "miter -equiv -flatten -make_assert gold gate both; "
              "hierarchy -top both; sat -verify -prove-asserts both")
    done = subprocess.run([find_yosys(), "-q", "-p", script], cwd=tmp_path, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.mark.parametrize(("family", "counts"), [("ecp5", [1, 1, 1, 1, 2, 4]),
                                                ("ice40", [1, 1, 1, 1, 3, 6])])
def test_the_number_of_luts_is_stated(family, counts):
    for size, count in enumerate(counts, 1):
        function = random_function(size, 1)
        assert luts(function, family) == count
        assert to_verilog(Tables([function], family)).count("LUT4 #(") == count


def test_functions_that_only_join_another_one_take_fewer_luts():
    assert [luts(joined(random_function(4, 7), size), "ice40") for size in (5, 6)] == [2, 3]
