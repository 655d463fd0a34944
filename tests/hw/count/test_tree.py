"""hw.count.tree: plans and their hardware against plain counting."""

import random
import re
import subprocess
from itertools import pairwise

import pytest
from amaranth import Cat, Module, Signal
from amaranth.back import rtlil
from amaranth.sim import Simulator

from hw.count.carry import Bit
from hw.count.popcount import Delays
from hw.count.tree import build_trees
from hw.count.treeplan import plan_tree
from hw.synthesis.verilog import find_yosys


def check(count, levels, vectors, seed=1, platform=None):
    """Build counts and tests of one set of bits, some of them inverted, and compare with sums."""
    rng = random.Random(seed)
    thresholds = [None, *sorted({1, 2, (count + 1) // 2, count - 1, count} & set(
        range(1, count + 1)))]
    plans = [plan_tree(count, levels, threshold) for threshold in thresholds]
    inverted = [rng.getrandbits(1) for _ in range(count)]
    m = Module()
    inputs = Signal(count)
    bits = [Bit(inputs[place], bool(flip)) for place, flip in enumerate(inverted)]
    results = []
    trees = [(bits, plan) for plan in plans]
    for plan, values in zip(plans, build_trees(Delays(m, "wait"), trees, platform), strict=True):
        assert len(values) == len(plan.outputs)
        result = Signal(len(values))
        m.d.comb += result.eq(Cat(*values))
        results.append(result)
    tick = Signal()
    m.d.sync += tick.eq(~tick)  # a clock even where the plan needs none
    depth = max(plan.depth for plan in plans)
    vectors = [*vectors, *[0] * depth]
    seen = []

    async def bench(ctx):
        for vector in vectors:
            ctx.set(inputs, vector)
            await ctx.delay(1e-9)
            seen.append([ctx.get(result) for result in results])
            await ctx.tick()

    sim = Simulator(m)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    for index, vector in enumerate(vectors[:len(vectors) - depth]):
        total = sum((vector >> place & 1) ^ flip for place, flip in enumerate(inverted))
        for result, (plan, threshold) in enumerate(zip(plans, thresholds, strict=True)):
            want = total if threshold is None else int(total >= threshold)
            assert seen[index + plan.depth][result] == want, (count, threshold, vector)


class Ice40:
    """All of a platform that decides about a tree."""

    device = "iCE40UP5K"


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize("levels", [1, 3])
@pytest.mark.parametrize("platform", [None, Ice40()])
def test_trees_count_and_compare_for_all_inputs(count, levels, platform):
    check(count, levels, range(2**count), platform=platform)


@pytest.mark.parametrize(("opposite", "platform", "once"), [
    (False, None, True), (True, None, True), (False, Ice40(), True), (True, Ice40(), False)])
def test_what_trees_have_in_common_is_made_once(opposite, platform, once):
    """Opposite weights too, but not where chains take no inverted bits."""
    inputs, plan = Signal(15), plan_tree(15, 2)
    wires = list(inputs)
    one, other = ([Bit(wire, flip) for wire in wires] for flip in (False, opposite))

    def full_adders(*trees):
        m = Module()
        build_trees(Delays(m, "wait"), [(bits, plan) for bits in trees], platform)
        text = rtlil.convert(m, ports=[inputs])
        return [sum(map(int, re.findall(rf"wire width (\d+) \\{kind}_", text)))
                for kind in ("sum", "carry")]

    alone = full_adders(one)
    assert alone == [4, 2]
    assert full_adders(one, other) == (alone if once else [2 * bits for bits in alone])


@pytest.mark.parametrize("count", [*range(9, 34), 48, 64, 65, 127, 256])
def test_large_trees_count_and_compare(count):
    rng = random.Random(count)
    vectors = [0, 2**count - 1, *(rng.getrandbits(count) for _ in range(6))]
    for ones in (count // 2, count // 2 + 1, count - 1):
        places = rng.sample(range(count), ones)
        vectors.append(sum(1 << place for place in places))
    check(count, 1 + count % 4, vectors)


@pytest.mark.parametrize(("count", "luts"), [(3, 2), (7, 6), (15, 16), (31, 37), (63, 80)])
def test_a_full_tree_takes_as_many_luts_as_were_counted_by_hand(count, luts):
    steps = plan_tree(count, 9).steps
    assert sum(step.results if step.kind == "add" else 1 for step in steps) == luts


@pytest.mark.parametrize("count", [32, 48, 64])
def test_a_bit_costs_at_most_1_4_luts(count):
    assert plan_tree(count, 2, count // 2).luts <= 1.36 * count


def test_fewer_levels_take_more_stages():
    for fewer, more in pairwise(plan_tree(64, levels) for levels in (1, 2, 3, 8)):
        assert fewer.depth > more.depth


class Ecp5:
    """All of a platform that decides about primitives."""

    family = "ecp5"


LUTS = """
    module LUT4(input A, B, C, D, output Z);
        parameter [15:0] INIT = 0;
        assign Z = INIT[{D, C, B, A}];
    endmodule
    module LUT2(input A, B, output Z);
        parameter [3:0] INIT = 0;
        assign Z = INIT[{B, A}];
    endmodule
"""


def test_chains_of_primitives_compute_the_same(tmp_path):
    """Cells as yosys' library defines them against plain sums of all inputs, by SAT.

    What comes into a chain is left open: it must not matter.
    """
    m = Module()
    bits = Signal(24)
    result = Signal(4 + 3 + 1 + 1)
    wires = [bits[place] for place in range(24)]
    inverted = [place % 3 == 0 for place in range(24)]
    every = [Bit(*pair) for pair in zip(wires, inverted, strict=True)]
    trees = [(every[:15], plan_tree(15, 99)), (every[15:22], plan_tree(7, 99)),
             (every[:16], plan_tree(16, 99, 9)), (every[5:], plan_tree(19, 99, 10))]
    m.d.comb += result.eq(Cat(*(Cat(*values) for values in
                                build_trees(Delays(m, "wait"), trees, Ecp5))))
    made = rtlil.convert(m, name="made", ports=[bits, result])
    assert "CCU2C" in made
    (tmp_path / "made.il").write_text(made)
    (tmp_path / "luts.v").write_text(LUTS)
    ones = [" + ".join(f"{'!' * inverted[place]}bits[{place}]" for place in places)
            for places in (range(15), range(15, 22), range(16), range(5, 24))]
    (tmp_path / "wanted.v").write_text(f"""
        module wanted(input [23:0] bits, output [8:0] result);
            wire [4:0] zero = 0;
            assign result[3:0] = zero + {ones[0]};
            assign result[6:4] = zero + {ones[1]};
            assign result[7] = zero + {ones[2]} >= 9;
            assign result[8] = zero + {ones[3]} >= 10;
        endmodule""")
    script = ("read_verilog +/ecp5/ccu2c_sim.vh luts.v; read_rtlil made.il; hierarchy -top made; "
              "proc; flatten; read_verilog wanted.v; proc; "
              "miter -equiv -flatten -make_assert made wanted miter; "
              "sat -verify -prove-asserts miter")
    subprocess.run([find_yosys(), "-q", "-p", script], cwd=tmp_path, check=True, timeout=300)
