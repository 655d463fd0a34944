# amaranth: UnusedElaboratable=no
"""hw.wired.integer: sums of integers against plain ones, one vector a cycle."""

import numpy as np
import pytest
from amaranth.sim import Simulator

from hw.plan.schedule import Wired
from hw.wired.integer import IntegerLayer
from hw.wired.integerplan import plan_sums
from sim.model.vectors import to_bits, to_words
from sw.layer.integer import IntegerDense

from ..stage.test_integermvtu import inputs_of, integer_layer


@pytest.mark.parametrize(("neurons", "inputs", "bits", "density"), [
    (6, 12, 8, 1.0), (20, 30, 8, 0.2), (5, 9, 1, 0.7), (4, 5, 16, 0.9), (5, 2, 8, 1.0),
    (8, 6, 8, 0.15)])
@pytest.mark.parametrize("mode", [Wired(1), Wired(2, hops=1), Wired(9, hops=2)])
def test_every_cycle_gives_a_vector(neurons, inputs, bits, density, mode):
    layer = integer_layer(neurons, inputs, bits, density, seed=inputs)
    dut = IntegerLayer(layer, mode)
    vectors = inputs_of(layer, 40)
    want = to_words((vectors @ layer.weights.T.astype(np.int64)
                     >= layer.thresholds).astype(np.uint8), neurons)
    seen = []

    async def bench(ctx):
        for word in [*to_words(to_bits(vectors, bits), inputs * bits), *[0] * dut.latency]:
            ctx.set(dut.x, word)
            seen.append(ctx.get(dut.y))
            await ctx.tick()

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    assert seen[dut.latency:] == want


def test_neurons_share_pairs():
    weights = np.array([[1, 1, -1, 0], [1, 1, 0, -1], [-1, -1, 1, 1]], np.int8)
    plan = plan_sums(IntegerDense("fc", weights, np.array([5, 5, 5], np.int32)), 2)
    assert [(adder.left, adder.right) for adder in plan.adders] == [
        (0, 1), (2, 3), (4, 2), (4, 3), (5, 4)]
    assert plan.depth == 1


def test_levels_are_at_least_one():
    with pytest.raises(ValueError, match=r"^Levels of layer 'fc' must be at least 1: 0$"):
        IntegerLayer(integer_layer(2, 3, 8), Wired(0))
