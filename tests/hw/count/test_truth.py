"""count.truth: tables against plain counting over all inputs, and their hardware against tables."""

import subprocess

import pytest
from amaranth import Cat, Module, Signal
from amaranth.back import verilog
from amaranth.sim import Simulator

from hw.count import truth
from hw.synthesis.verilog import find_yosys


ALL = [(count, threshold) for count in range(1, truth.LIMIT + 1)
       for threshold in range(1, count + 1)]

MODELS = """
    module LUT4 #(parameter INIT = 0) (input A, B, C, D, output Z);
        assign Z = INIT >> {D, C, B, A};
    endmodule
    module SB_LUT4 #(parameter LUT_INIT = 0) (input I0, I1, I2, I3, output O);
        assign O = LUT_INIT >> {I3, I2, I1, I0};
    endmodule"""


def evaluate(table, bits):
    """Look functions up one after the other; return the last one's value."""
    nodes = list(bits)
    for operands, values in table:
        index = sum(nodes[node] << place for place, node in enumerate(operands))
        nodes.append(values >> index & 1)
    return nodes[-1]


@pytest.mark.parametrize(("count", "threshold"), ALL)
def test_tables_compare_for_all_inputs(count, threshold):
    table = truth.table(count, threshold)
    for word in range(2**count):
        bits = [word >> place & 1 for place in range(count)]
        assert evaluate(table, bits) == (sum(bits) >= threshold), bits


@pytest.mark.parametrize(("count", "threshold"), ALL)
def test_functions_have_at_most_four_inputs_that_exist(count, threshold):
    for index, (operands, values) in enumerate(truth.table(count, threshold)):
        assert 1 <= len(operands) <= 4
        assert len(set(operands)) == len(operands)
        assert all(0 <= node < count + index for node in operands)
        assert 0 <= values < 2**2**len(operands)


def test_tables_are_as_small_as_the_search_found():
    """The least number of LUT4 for each threshold, by exact synthesis."""
    least = {1: [1], 2: [1, 1], 3: [1, 1, 1], 4: [1, 1, 1, 1], 5: [2, 3, 3, 3, 2],
             6: [2, 3, 3, 3, 3, 2], 7: [2, 4, 4, 5, 4, 4, 2]}
    assert least == {count: [truth.luts(count, threshold) for threshold in range(1, count + 1)]
                     for count in range(1, truth.LIMIT + 1)}


def test_depth_is_the_longest_way():
    assert [truth.depth(count, 2) for count in range(2, 8)] == [1, 1, 1, 2, 2, 3]


@pytest.mark.parametrize(("count", "threshold"), [(1, 1), (4, 3), (5, 2), (6, 3), (7, 4), (7, 5)])
@pytest.mark.parametrize("mask", [0, 0b0110101])
def test_hardware_looks_tables_up(count, threshold, mask):
    m = Module()
    bits = Signal(count)
    answer = Signal()
    inverted = [bool(mask >> place & 1) for place in range(count)]
    m.d.comb += answer.eq(truth.fire(m, list(bits), threshold, "neuron", inverted=inverted))

    async def bench(ctx):
        for word in range(2**count):
            ctx.set(bits, word)
            await ctx.delay(1e-9)
            agreeing = (word ^ mask & 2**count - 1).bit_count()
            assert ctx.get(answer) == (agreeing >= threshold), word

    sim = Simulator(m)
    sim.add_testbench(bench)
    sim.run()


@pytest.mark.parametrize("family", ["ecp5", "ice40"])
def test_primitives_compute_the_same(family, tmp_path, monkeypatch):
    """Primitives, as their vendors define them, against plain counting of all inputs, by SAT."""
    m = Module()
    bits = Signal(12)
    answers = Signal(3)
    neurons = [(bits[:3], 2, [True, False, False]), (bits[:6], 3, [False, True] * 3),
               (bits[5:], 4, [True] * 4 + [False] * 3)]
    m.d.comb += answers.eq(Cat(
        truth.fire(m, list(each), threshold, f"neuron{index}", inverted=inverted, family=family)
        for index, (each, threshold, inverted) in enumerate(neurons)))
    monkeypatch.setenv("YOSYS", find_yosys())
    (tmp_path / "made.v").write_text(verilog.convert(m, name="made", ports=[bits, answers]))
    (tmp_path / "wanted.v").write_text("""
        module wanted(input [11:0] bits, output [2:0] answers);
            wire [2:0] a = bits[2:0] ^ 3'b001;
            wire [5:0] b = bits[5:0] ^ 6'b101010;
            wire [6:0] c = bits[11:5] ^ 7'b0001111;
            assign answers[0] = a[0] + a[1] + a[2] >= 4'd2;
            assign answers[1] = b[0] + b[1] + b[2] + b[3] + b[4] + b[5] >= 4'd3;
            assign answers[2] = c[0] + c[1] + c[2] + c[3] + c[4] + c[5] + c[6] >= 4'd4;
        endmodule""")
    (tmp_path / "models.v").write_text(MODELS)
    script = ("read_verilog models.v made.v; hierarchy -top made; flatten; "
              "read_verilog wanted.v; proc; miter -equiv -flatten -make_assert made wanted miter; "
              "sat -verify -prove-asserts miter")
    subprocess.run([find_yosys(), "-q", "-p", script], cwd=tmp_path, check=True, timeout=120)


@pytest.mark.parametrize(("count", "threshold"), [(0, 0), (4, 0), (4, 5), (8, 4)])
def test_table_rejects_what_it_cannot_do(count, threshold):
    with pytest.raises(ValueError, match=r"^Threshold of a truth table must be in 1\.\.count, "
                                         rf"count at most 7: {threshold} of {count}$"):
        truth.table(count, threshold)
