"""hw.tree: plans and their hardware against plain counting."""

import random
from itertools import pairwise

import pytest
from amaranth import Cat, Module, Signal
from amaranth.sim import Simulator

from hw.carry import Bit
from hw.popcount import Delays
from hw.tree import build_trees, plan_tree


def check(count, levels, vectors, seed=1):
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
    for plan, values in zip(plans, build_trees(Delays(m, "wait"), [(bits, plan) for plan in plans],
                                               None), strict=True):
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


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize("levels", [1, 3])
def test_trees_count_and_compare_for_all_inputs(count, levels):
    check(count, levels, range(2**count))


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
