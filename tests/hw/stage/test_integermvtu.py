# amaranth: UnusedElaboratable=no
"""hw.stage.integermvtu: sums of integers against plain ones, as fast as stated."""

import numpy as np
import pytest

from hw.stage.integermvtu import IntegerMVTU
from hw.stage.signs import integer_words, levels_of
from sim.model.vectors import to_bits, to_words
from sw.layer.integer import IntegerDense

from .handshakes import follow


def integer_layer(neurons, inputs, bits, density=1.0, seed=0):
    """Return a layer of random weights; thresholds where neurons waver, and at both ends."""
    rng = np.random.default_rng(seed)
    weights = rng.choice(np.array([-1, 1], np.int8), (neurons, inputs))
    weights[rng.random(weights.shape) >= density] = 0
    most = 2**bits - 1
    low, high = -most * (weights < 0).sum(axis=1), most * (weights > 0).sum(axis=1)
    thresholds = (low + high) // 2 + rng.integers(-most, most + 1, neurons)
    thresholds[0], thresholds[-1] = low[0], high[-1] + 1
    return IntegerDense("fc", weights, np.clip(thresholds, low, high + 1).astype(np.int32), bits)


def inputs_of(layer, count, seed=1):
    """Return vectors of integers: the least and the greatest sum of each neuron, and others."""
    rng = np.random.default_rng(seed)
    most = 2**layer.input_bits - 1
    ends = most * np.concatenate([layer.weights > 0, layer.weights < 0])
    return np.concatenate([ends, rng.integers(most + 1, size=(count, layer.inputs))])


def run(unit, count=20, **pauses):
    layer = unit.layer
    vectors = inputs_of(layer, count)
    sums = vectors @ layer.weights.T.astype(np.int64)
    want = to_words((sums >= layer.thresholds).astype(np.uint8), unit.pe)
    masks = to_words(np.ones((1, layer.outputs), np.uint8), unit.pe) * len(vectors)
    words = to_words(to_bits(vectors, layer.input_bits), unit.simd * layer.input_bits)
    seen = follow(unit, words, len(want), **pauses)
    return [word & mask for word, mask in zip(seen.words, masks, strict=True)], want, seen


# Neurons, inputs, bits, pe, simd; density; ROM.
UNITS = {
    "bytes": (6, 12, 8, 2, 4, 1.0, "block"),
    "weights of 0": (6, 13, 8, 2, 4, 0.5, "block"),
    "an odd tree": (5, 14, 8, 3, 7, 1.0, "distributed"),
    "an odd tree, weights of 0": (5, 14, 8, 3, 7, 0.6, "distributed"),
    "one lane": (3, 7, 4, 1, 1, 1.0, "block"),
    "one lane, registers": (3, 7, 4, 1, 1, 0.7, "registered"),
    "registers": (7, 18, 8, 3, 6, 1.0, "registered"),
    "a step": (4, 9, 8, 2, 9, 0.8, "block"),
    "a step for all neurons": (4, 9, 8, 4, 9, 1.0, "block"),
    "one bit": (5, 11, 1, 2, 3, 1.0, "block"),
    "sixteen bits": (3, 6, 16, 2, 5, 1.0, "registered"),
    "SPRAM": (5, 10, 8, 2, 3, 0.8, "spram"),
    "many passes": (36, 4, 8, 1, 2, 1.0, "registered"),
}


def create(name):
    neurons, inputs, bits, pe, simd, density, rom = UNITS[name]
    return IntegerMVTU(integer_layer(neurons, inputs, bits, density), pe=pe, simd=simd, rom=rom)


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("idle", [0, 0.5])
@pytest.mark.parametrize("stall", [0, 0.8])
def test_sums_are_compared(name, idle, stall):
    got, want, _ = run(create(name), idle=idle, stall=stall, seed=len(name))
    assert got == want
    assert len(set(want)) > 1


@pytest.mark.parametrize("name", UNITS)
def test_vectors_follow_each_other_at_the_stated_interval(name):
    unit = create(name)
    _, _, seen = run(unit)
    assert set(seen.steady(unit.passes, 5)) == {unit.interval}


@pytest.mark.parametrize("name", UNITS)
def test_a_vector_takes_the_stated_latency(name):
    unit = create(name)
    layer = unit.layer
    words = to_words(to_bits(inputs_of(layer, 1)[-1:], layer.input_bits),
                     unit.simd * layer.input_bits)
    seen = follow(unit, words, unit.passes)
    assert seen.given[-1] - seen.taken[-1] == unit.latency


@pytest.mark.parametrize("lanes", [32, 100])
def test_groups_of_lanes_give_the_same(lanes, monkeypatch):
    monkeypatch.setattr("hw.stage.lanes.GROUP_LANES", lanes)
    unit = IntegerMVTU(integer_layer(9, 15, 8, 0.8), pe=4, simd=5)
    assert unit.lanes.hops == {32: 4, 100: 2}[lanes]
    got, want, _ = run(unit)
    assert got == want


@pytest.mark.parametrize(("count", "levels"), [(1, 0), (2, 1), (3, 2), (8, 3), (9, 4)])
def test_a_tree_has_few_levels(count, levels):
    assert levels_of(count) == levels


@pytest.mark.parametrize("simd", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("density", [1.0, 0.6])
def test_offsets_are_totals_of_zeros(simd, density):
    """The bits of the planes, walked through by a plain loop, give sum plus offset."""
    layer = integer_layer(4, 11, 4, density, seed=simd)
    words = integer_words(layer.weights, 4, simd)
    rng = np.random.default_rng(2)
    for _ in range(20):
        vector = rng.integers(16, size=11)
        filled = np.concatenate([vector, np.zeros(-11 % simd, np.int64)])
        for neuron in range(4):
            total = 0
            for step in range(len(filled) // simd):
                here = slice(step * simd, (step + 1) * simd)
                flips = list(words.planes[0][neuron, here])
                counts = words.planes[-1][neuron, here] if density < 1 else [1] * simd
                values, width = [int(value) for value in filled[here]], 4
                values = [value if place % 2 else value * int(counts[place])
                          for place, value in enumerate(values)]
                masks = list(counts)
                while len(values) > 1:
                    pairs = len(values) // 2
                    made = []
                    for pair in range(pairs):
                        right = values[2 * pair + 1] ^ (int(flips[pair]) * (2**width - 1))
                        made.append(values[2 * pair] + right * int(masks[2 * pair + 1]))
                    values = made + values[2 * pairs:]
                    flips, masks, width = flips[pairs:], [1] * len(values), width + 1
                total += values[0] ^ (int(flips[0]) * (2**width - 1))
            assert total == layer.weights[neuron] @ vector + words.offsets[neuron]
