"""Popcounts: plans against plain counting over all inputs, and their hardware against plans."""

import random

import pytest
from amaranth import Cat, Module, Signal
from amaranth.sim import Simulator

from hw.count.popcount import ONE, Delays, count_bits, plan_count


def ref_count(bits, threshold=None):
    """What a plan must give: the bits of a number, or one answer."""
    total = sum(bits)
    if threshold is None:
        return [total >> place & 1 for place in range(len(bits).bit_length())]
    return [int(total >= threshold)]


def evaluate(plan, bits):
    """Follow a plan's steps with plain integers."""
    nodes = list(bits)
    for step in plan.steps:
        total = sum(1 if node == ONE else nodes[node] for node in step)
        nodes += [total & 1, total >> 1]
    return [nodes[node] for node in plan.outputs]


@pytest.mark.parametrize("count", range(1, 11))
@pytest.mark.parametrize("levels", [1, 4])
def test_plans_count_and_compare_for_all_inputs(count, levels):
    for word in range(2**count):
        bits = [word >> place & 1 for place in range(count)]
        assert evaluate(plan_count(count, levels), bits) == ref_count(bits)
        for threshold in range(1, count + 1):
            plan = plan_count(count, levels, threshold)
            assert evaluate(plan, bits) == ref_count(bits, threshold)


@pytest.mark.parametrize("count", [63, 64, 257, 1024])
def test_large_plans_count_and_compare_around_the_threshold(count):
    rng = random.Random(count)
    for ones in {0, 1, count // 2, count - 1, count}:
        bits = [1] * ones + [0] * (count - ones)
        rng.shuffle(bits)
        assert evaluate(plan_count(count, 5), bits) == ref_count(bits)
        for threshold in {max(1, ones - 1), max(1, ones), min(count, ones + 1)}:
            plan = plan_count(count, 5, threshold)
            assert evaluate(plan, bits) == ref_count(bits, threshold)


@pytest.mark.parametrize("count", [6, 48, 784])
def test_a_plan_takes_about_one_adder_a_bit(count):
    assert len(plan_count(count, 5).steps) <= count + count.bit_length()


def test_results_wait_for_no_more_adders_in_a_row_than_allowed():
    for levels in (1, 2, 5):
        plan = plan_count(48, levels)
        level = [0] * 48
        for step, registered in zip(plan.steps, plan.registered, strict=True):
            stage = plan.stages[48 + 2 * (len(level) - 48) // 2] - registered
            longest = max(level[node] for node in step
                          if node != ONE and plan.stages[node] == stage) if any(
                node != ONE and plan.stages[node] == stage for node in step) else 0
            assert longest + 1 <= levels
            level += [0 if registered else longest + 1] * 2


@pytest.mark.parametrize(("count", "levels", "threshold"),
                         [(1, 5, None), (7, 2, None), (7, 1, 4), (12, 3, 5), (12, 99, None)])
def test_hardware_follows_the_plan_depth_cycles_later(count, levels, threshold):
    plan = plan_count(count, levels, threshold)
    m = Module()
    inputs = [Signal(name=f"bit{place}") for place in range(count)]
    outputs = Signal(len(plan.outputs))
    m.d.comb += outputs.eq(Cat(*count_bits(Delays(m, "wait"), inputs, plan)))
    tick = Signal()
    m.d.sync += tick.eq(~tick)  # a clock even where the plan needs none
    rng = random.Random(1)
    vectors = [[rng.getrandbits(1) for _ in inputs] for _ in range(50)]
    seen = []

    async def bench(ctx):
        for cycle in range(len(vectors) + plan.depth):
            for signal, value in zip(inputs, vectors[min(cycle, len(vectors) - 1)], strict=True):
                ctx.set(signal, value)
            await ctx.delay(1e-9)
            seen.append(ctx.get(outputs))
            await ctx.tick()

    sim = Simulator(m)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    want = [sum(bit << place for place, bit in enumerate(ref_count(bits, threshold)))
            for bits in vectors]
    assert seen[plan.depth:] == want
