# amaranth: UnusedElaboratable=no
"""hw.wired.votes and hw.stage.voteselect: scores and labels against plain counting."""

import json
import random
from collections import Counter

import numpy as np
import pytest
from amaranth import Module, Signal
from amaranth.sim import Simulator

from hw.count.columnplan import MOST_VOTES
from hw.count.popcount import Delays
from hw.lower import LOWER
from hw.plan.device import DEVICES
from hw.plan.schedule import Wired
from hw.stage.labelselect import select_depth
from hw.stage.voteselect import select_first
from hw.synthesis.netlist import synthesize
from hw.wired.pipeline import WiredPipeline
from hw.wired.votes import VoteLayer, lowest_compared_bit, vote_resources
from sw.network import Scores


def votes(counts, bias=None, seed=1):
    """Return scores of classes that count so many bits each, in any order of the inputs."""
    weights = np.zeros((len(counts), sum(counts)), np.int8)
    order = np.random.default_rng(seed).permutation(sum(counts))
    for row, places in zip(weights, np.split(order, np.cumsum(counts)[:-1]), strict=True):
        row[places] = 1
    return Scores("scores", weights, np.zeros(len(counts), np.int32) if bias is None
                  else np.array(bias, np.int32))


def ref_scores(layer, word):
    bits = np.array([word >> place & 1 for place in range(layer.inputs)], np.int64)
    return [int(score) for score in layer.weights @ (2 * bits - 1) + layer.bias]


def words(layer, most=60):
    """Return input words: all and none, random ones, and those that are nearly ties."""
    rng = random.Random(layer.inputs)
    yield from (0, 2**layer.inputs - 1)
    for _ in range(most):
        share = rng.random()
        yield sum((rng.random() < share) << place for place in range(layer.inputs))


@pytest.mark.parametrize(("counts", "bias"), [
    ([6] * 10, None), ([13] * 10, [3] * 10), ([7, 3, 0, 12, 1], None),
    ([5] * 4, [0, -40, 300, 7]), ([0, 1], None)])
@pytest.mark.parametrize("mode", [Wired(1, 0, "columns"), Wired(3, 2, "columns")])
def test_a_pipeline_of_votes_gives_scores_and_the_first_maximum(counts, bias, mode):
    layer = votes(counts, bias)
    dut = WiredPipeline([layer], [mode])
    given = list(words(layer))
    seen = []

    async def feed(ctx):
        for word in given:
            ctx.set(dut.i.payload, word)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
        ctx.set(dut.i.valid, 0)

    async def read(ctx):
        ctx.set(dut.o.ready, 1)
        for _ in range(len(given)):
            payload, = await ctx.tick().sample(dut.o.payload).until(dut.o.valid)
            seen.append((payload.label, list(payload.scores)))

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(feed)
    sim.add_testbench(read)
    sim.run_until(5e-3)
    want = [ref_scores(layer, word) for word in given]
    assert seen == [(scores.index(max(scores)), scores) for scores in want]


@pytest.mark.parametrize("compared", [False, True])
@pytest.mark.parametrize("count", [2, 3, 5, 10])
def test_the_first_of_equal_scores_wins(count, compared):
    rng = random.Random(count)
    m = Module()
    scores = Signal(3 * count)
    index = Signal(range(count))
    numbers = [scores.word_select(place, 3) for place in range(count)]
    m.d.comb += index.eq(select_first(Delays(m, "wait"), numbers, None, compared=compared))
    given = [[rng.choice([-4, -1, 0, 3]) for _ in range(count)] for _ in range(200)]
    seen = []

    async def bench(ctx):
        for row in [*given, *given[:20]]:
            ctx.set(scores, sum((score & 7) << 3 * place for place, score in enumerate(row)))
            await ctx.delay(1e-9)
            seen.append(ctx.get(index))
            await ctx.tick()

    sim = Simulator(m)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    depth = select_depth(count, compared=compared)
    assert seen[depth:depth + len(given)] == [row.index(max(row)) for row in given]


def test_classes_of_an_odd_and_an_even_number_of_votes_differ_in_the_lowest_bit():
    assert lowest_compared_bit(votes([6, 6, 6])) == 1
    assert lowest_compared_bit(votes([6, 7, 6])) == 0


def test_columns_are_for_votes():
    negative = Scores("scores", np.array([[1, -1], [1, 0]], np.int8), np.zeros(2, np.int32))
    with pytest.raises(ValueError, match=r"^Adders of layer 'scores' must be chains or luts, "
                                         r"because it does not give scores of weights 0 and \+1: "
                                         r"'columns'$"):
        VoteLayer(negative, Wired(1, 0, "columns"))


@pytest.mark.parametrize(("device", "mode"), [("LFE5U-25F", Wired(1, 1, "columns")),
                                              ("iCE40UP5K", Wired(1, 2))])
def test_votes_are_counted_over_columns_where_that_is_smaller(device, mode):
    layer = votes([6] * 10)
    assert LOWER.of(layer).candidates(layer, 1, Wired(1, 2), DEVICES[device])[0] == mode


def test_scores_that_share_inputs_keep_chains():
    weights = votes([6] * 10).weights.copy()
    weights[1, np.flatnonzero(weights[0])[0]] = 1
    shared = Scores("scores", weights, np.zeros(10, np.int32))
    device, mode = DEVICES["LFE5U-25F"], Wired(1, 2)
    assert LOWER.of(shared).candidates(shared, 1, mode, device)[0] == mode
    Wired(1, 1, "columns").check(shared)  # by hand they may be columns


@pytest.mark.parametrize(("most", "adders"), [(MOST_VOTES, "columns"), (MOST_VOTES + 1, "chains")])
def test_classes_of_very_many_votes_keep_chains(most, adders):
    layer = votes([most, 5])
    mode = LOWER.of(layer).candidates(layer, 1, Wired(1, 2), DEVICES["LFE5U-25F"])[0]
    assert mode.adders == adders


def test_the_estimate_is_of_the_scores_that_are_built():
    """Constant votes are not left out of the plans."""
    layer = votes([60] * 3)
    fewer = Scores("scores", layer.weights[:, 20:], layer.bias + layer.weights[:, :20].sum(axis=1))
    for mode, estimated in ((Wired(1, 0, "columns"), layer), (Wired(1, 0), fewer)):
        found = WiredPipeline([layer], [mode]).resources("pipeline", "ecp5", {"scores": fewer})
        assert found["scores"] == LOWER.of(layer).wired_resources(
            estimated, mode, "ecp5", np.ones(3, dtype=bool))


def test_the_estimate_is_that_of_synthesis(tmp_path):
    layer, mode = votes([60] * 10), Wired(1, 0, "columns")
    netlist = json.loads(synthesize(VoteLayer(layer, mode), "ecp5", tmp_path).read_text())
    cells = Counter(cell["type"] for cell in netlist["modules"]["top"]["cells"].values())
    luts = cells["LUT4"] + 2 * cells["CCU2C"]
    estimated = vote_resources(layer, mode, "ecp5")
    assert luts <= 1.2 * layer.synapses
    assert abs(luts / estimated.lut4 - 1) <= 0.03
    assert cells["TRELLIS_FF"] == estimated.ff
