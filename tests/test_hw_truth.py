"""hw.truth: tables against plain counting over all inputs, and their hardware against tables."""

import pytest
from amaranth import Module, Signal
from amaranth.sim import Simulator

from hw import truth


ALL = [(count, threshold) for count in range(1, truth.LIMIT + 1)
       for threshold in range(1, count + 1)]


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
def test_hardware_looks_tables_up(count, threshold):
    m = Module()
    bits = Signal(count)
    answer = Signal()
    m.d.comb += answer.eq(truth.fire(m, list(bits), threshold, "neuron"))

    async def bench(ctx):
        for word in range(2**count):
            ctx.set(bits, word)
            await ctx.delay(1e-9)
            assert ctx.get(answer) == (word.bit_count() >= threshold), word

    sim = Simulator(m)
    sim.add_testbench(bench)
    sim.run()


@pytest.mark.parametrize(("count", "threshold"), [(0, 0), (4, 0), (4, 5), (8, 4)])
def test_table_rejects_what_it_cannot_do(count, threshold):
    with pytest.raises(ValueError, match=r"^Threshold of a truth table must be in 1\.\.count, "
                                         rf"count at most 7: {threshold} of {count}$"):
        truth.table(count, threshold)
