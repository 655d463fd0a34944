# amaranth: UnusedElaboratable=no
"""hw.stage.spram: weights are loaded once, then read step by step."""

import random
import re

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.sim import Simulator

from boards.board import find
from hw.accelerator import Accelerator
from hw.plan.schedule import Schedule, Scheduled
from hw.stage.mvtu import MVTU
from hw.stage.spram import SpramWeights
from sw.line.words import load_words

from ...networks import random_dense, random_network


def run(bench, component):
    sim = Simulator(component)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()


@pytest.mark.parametrize(("depth", "width"), [(5, 40), (1, 16), (4, 7), (3, 33)])
def test_steps_are_read_in_order_again_and_again(depth, width):
    rng = random.Random(depth)
    component = SpramWeights(depth=depth, width=width)
    loads = [[rng.getrandbits(width) for _ in range(depth)] for _ in range(2)]

    async def bench(ctx):
        for steps in loads:
            words = load_words(steps, width)
            assert len(words) == depth * -(-width // 16)
            for index, word in enumerate(words):
                assert ctx.get(component.i.ready)
                assert ctx.get(component.last) == (index == len(words) - 1)
                assert ctx.get(component.loaded) == (steps is not loads[0])
                ctx.set(component.i.payload, word)
                ctx.set(component.i.valid, 1)
                await ctx.tick()
                ctx.set(component.i.valid, 0)
                if rng.randrange(2):
                    await ctx.tick()
            assert ctx.get(component.loaded)
            for index in range(3 * depth):
                await ctx.tick().repeat(1 + rng.randrange(2))
                ctx.set(component.step, 1)
                await ctx.tick()
                ctx.set(component.step, 0)
                assert ctx.get(component.data) == steps[index % depth]

    run(bench, component)


@pytest.mark.parametrize(("board", "chips"), [("icebreaker", 3), ("ulx3s", 0)])
def test_an_ice40_gets_primitives(board, chips):
    text = rtlil.convert(SpramWeights(depth=5, width=40),
                         platform=find(board).create_platform())
    assert len(re.findall(r"cell \\SB_SPRAM256KA ", text)) == chips


def test_nothing_relies_on_a_memory_of_zeros():
    component = SpramWeights(depth=2, width=16)
    seen = []

    async def bench(ctx):
        await ctx.tick()
        seen.append(ctx.get(component.data))

    run(bench, component)
    assert seen != [0]


def test_an_mvtu_takes_no_vector_before_its_weights():
    layer = random_dense(np.random.default_rng(1), 6, 20)
    component = MVTU(layer, pe=2, simd=10, rom="spram")

    async def bench(ctx):
        for word in component.load:
            ctx.set(component.weights.payload, word)
            ctx.set(component.weights.valid, 1)
            assert not ctx.get(component.i.ready)
            await ctx.tick()
        assert ctx.get(component.i.ready)

    run(bench, component)
    assert len(component.load) == component.interval * 2
    assert MVTU(layer, pe=2, simd=10).load == []


def test_an_accelerator_loads_its_layers_in_order():
    network = random_network(np.random.default_rng(2), [30, 8, 6, 4])
    accelerator = Accelerator(network, Schedule(5, {
        "fc0": Scheduled(4, 10, "spram"), "fc1": Scheduled(2, 8),
        "scores": Scheduled(1, 3, "spram")}))

    async def bench(ctx):
        """No image is taken before the last word: its latency would be another one."""
        ctx.set(accelerator.weights.valid, 1)
        for word in accelerator.load:
            ctx.set(accelerator.weights.payload, word)
            assert not ctx.get(accelerator.i.ready)
            await ctx.tick()
        assert ctx.get(accelerator.i.ready)

    run(bench, accelerator)
    stages = accelerator.stages
    assert accelerator.load == stages["fc0"].load + stages["scores"].load


def test_too_many_steps_are_refused():
    layer = random_dense(np.random.default_rng(3), 129, 128)
    with pytest.raises(ValueError, match=r"^Steps of layer 'fc0' must be at most 16,384, the words "
                                         r"of an SPRAM: 16,512 \(raise pe or simd\)$"):
        MVTU(layer, pe=1, simd=1, rom="spram")
    with pytest.raises(ValueError, match=r"^Steps through an SPRAM must be in 1\.\.16384: 16385$"):
        SpramWeights(depth=16385, width=1)
