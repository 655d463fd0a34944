"""Label select without a queue holds its scores itself until the answer is taken."""

import random

import numpy as np
import pytest
from amaranth.sim import Simulator

from hw.stage.labelselect import LabelSelect


CLASSES, SCORE_BITS, COUNT = 5, 6, 40


@pytest.mark.parametrize("pe", [1, 2, 3, 5])
@pytest.mark.parametrize(("idle", "stall"), [(0, 0), (0, 0.7), (0.7, 0), (0.5, 0.5)])
def test_answers_are_the_scores_whatever_the_pauses(pe, idle, stall):
    unit = LabelSelect(CLASSES, SCORE_BITS, pe=pe, queued=False)
    scores = np.random.default_rng(1).integers(-32, 32, (COUNT, CLASSES))
    chance, found = random.Random(3), []

    async def feed(ctx):
        for row in scores.tolist():
            row += [31] * (unit.words * pe - CLASSES)  # what lies beyond the classes is no score
            for word in range(unit.words):
                while chance.random() < idle:
                    ctx.set(unit.i.valid, 0)
                    await ctx.tick()
                ctx.set(unit.i.payload, row[word * pe:(word + 1) * pe])
                ctx.set(unit.i.valid, 1)
                await ctx.tick().until(unit.i.ready)
        ctx.set(unit.i.valid, 0)

    async def take(ctx):
        while len(found) < COUNT:
            ready = chance.random() >= stall
            ctx.set(unit.o.ready, ready)
            _, _, valid, answer = await ctx.tick().sample(unit.o.valid, unit.o.payload)
            if valid and ready:
                found.append((answer.label, list(answer.scores)))

    simulator = Simulator(unit)
    simulator.add_clock(1e-6)
    simulator.add_testbench(feed)
    simulator.add_testbench(take)
    simulator.run()
    assert found == [(int(row.argmax()), row.tolist()) for row in scores]
