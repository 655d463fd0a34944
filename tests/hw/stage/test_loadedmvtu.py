# amaranth: UnusedElaboratable=no
"""hw.stage.loadedmvtu: the words of any layer of one shape make the unit compute that layer."""

import numpy as np
import pytest
from amaranth.sim import Simulator

from hw.accelerator import Accelerator
from hw.plan.schedule import Schedule, Scheduled, Wired
from hw.stage.integermvtu import IntegerMVTU
from hw.stage.load import load_shape
from hw.stage.loadedmvtu import LoadedMVTU
from sim.model.vectors import to_words
from sw import golden
from sw.layer.integer import IntegerDense
from sw.line.words import layer_words
from sw.network import Scores
from tests.networks import (
    lookup_network,
    random_conv2d,
    random_dense,
    random_network,
    random_weights,
)


def layer_of(seed, neurons, inputs, synapses, scores):
    rng = np.random.default_rng(seed)
    if scores:
        return Scores("s", random_weights(rng, neurons, inputs, synapses),
                      rng.integers(-3, 4, neurons).astype(np.int32))
    return random_dense(rng, neurons, inputs, synapses, "s")


def run(unit, bits, loads):
    """Load words, if any, then send vectors; return the words that come out, for each load."""
    found = []

    async def feed(ctx):
        for words in loads:
            for word in words:
                ctx.set(unit.weights.payload, word)
                ctx.set(unit.weights.valid, 1)
                await ctx.tick()
            ctx.set(unit.weights.valid, 0)
            await ctx.tick()
            for word in to_words(bits, unit.simd):
                ctx.set(unit.i.payload, word)
                ctx.set(unit.i.valid, 1)
                await ctx.tick().until(unit.i.ready)
            ctx.set(unit.i.valid, 0)
            await ctx.tick().repeat(unit.latency + unit.interval + 5)

    async def take(ctx):
        ctx.set(unit.o.ready, 1)
        async for _, _, valid, word in ctx.tick().sample(unit.o.valid, unit.o.payload):
            if valid:
                found.append(word if isinstance(word, int) else list(word))

    simulator = Simulator(unit)
    simulator.add_clock(1e-6)
    simulator.add_testbench(feed)
    simulator.add_testbench(take, background=True)
    simulator.run()
    return np.array_split(np.array(found), len(loads))


def outputs_of(unit, words, count):
    """Return words that came out as the outputs of each vector."""
    if unit.layer.gives_scores:
        rows = words.reshape(count, -1)
    else:
        rows = (words[:, None] >> np.arange(unit.pe) & 1).reshape(count, -1)
    return rows[:, :unit.layer.outputs]


@pytest.mark.parametrize(("neurons", "inputs", "pe", "simd", "synapses", "scores"), [
    (7, 19, 3, 5, None, False), (7, 19, 3, 5, 9, False), (5, 12, 5, 12, None, False),
    (4, 9, 1, 4, None, True), (4, 9, 4, 9, 5, True), (40, 30, 40, 30, None, False)])
def test_layers_of_one_shape_take_turns(neurons, inputs, pe, simd, synapses, scores):
    layers = [layer_of(seed, neurons, inputs, synapses, scores) for seed in (1, 2)]
    if scores:  # as narrow as the other one's
        layers.sort(key=lambda layer: -layer.score_bits)
    unit, other = (LoadedMVTU(layer, pe=pe, simd=simd) for layer in layers)
    assert len(unit.load) == len(other.load)
    bits = np.random.default_rng(3).integers(0, 2, (6, inputs), np.uint8)
    from_host = layer_words(layers[1], pe=pe, simd=simd, planes=unit.planes,
                            constant_bits=unit.constant_bits)
    for layer, words in zip((layers[0], layers[1], layers[0]),
                            run(unit, bits, [[], from_host, unit.load]), strict=True):
        np.testing.assert_array_equal(outputs_of(unit, words, 6), golden.outputs(layer, bits))


def test_units_that_keep_their_weights_refuse():
    layer = IntegerDense("fc0", random_weights(np.random.default_rng(1), 3, 4), [9, 9, 9])
    with pytest.raises(ValueError, match=r"^ROM of layer 'fc0' must not be loaded: a "
                                         r"IntegerMVTU keeps its weights \(choose another rom\)$"):
        IntegerMVTU(layer, pe=1, simd=2, rom="loaded")


def test_weights_are_in_spram_or_loaded():
    network = random_network(np.random.default_rng(1), [12, 6, 3])
    with pytest.raises(ValueError, match=r"^Weights must be in SPRAM or loaded, not both: the "
                                         r"schedule has layers of either rom \(give all of them "
                                         r"one\)$"):
        Accelerator(network, Schedule(4, {"fc0": Scheduled(2, 3, "spram"),
                                          "scores": Scheduled(1, 3, "loaded")}))


def test_tables_know_too_much_to_stand_beside_loaded_layers():
    network = lookup_network(np.random.default_rng(1), 12, [(8, 4)])
    accelerator = Accelerator(network, Schedule(12, {
        "lookup0": Wired(), "scores": Scheduled(1, 4, "loaded")}))
    with pytest.raises(ValueError, match=r"^Layer 'lookup0' must not be a look-up layer beside "
                                         r"layers that are loaded: its tables depend on their "
                                         r"weights \(another rom\)$"):
        load_shape(accelerator, 32)


def test_shared_weights_are_not_loaded():
    layer = random_conv2d(np.random.default_rng(1), 4, (5, 5, 2))
    with pytest.raises(ValueError, match=r"^Positions of layer 'conv0' must be 1 to load its "
                                         r"weights: 2 \(another rom, or positions of 1\)$"):
        Scheduled(1, 1, "loaded", 2).check(layer)
