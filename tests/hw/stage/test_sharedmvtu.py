# amaranth: UnusedElaboratable=no
"""hw.stage.sharedmvtu: vectors share weight words and keep their order, as fast as stated."""

import re

import numpy as np
import pytest

from hw.stage.mvtu import MVTU
from hw.stage.positionorder import PositionOrder, order_slots, sizes
from hw.stage.sharedmvtu import SharedMVTU
from sim.model.networks import random_layer
from sim.model.vectors import to_words

from .handshakes import follow


def ref_outputs(layer, vectors):
    """Return the activations of vectors of bits by a plain sum, shape (vectors, neurons)."""
    signs = 2 * vectors.astype(np.int64) - 1
    sums = signs @ layer.weights.T.astype(np.int64)
    return (sums + layer.fan_in >= 2 * layer.thresholds).astype(np.uint8)


def run(unit, images=3, **pauses):
    """Send random vectors; return what came of them, and the words and masks that must come."""
    layer = unit.layer
    bits = np.random.default_rng(unit.pe).integers(
        2, size=(images * unit.vectors, layer.inputs), dtype=np.uint8)
    want = to_words(ref_outputs(layer, bits), unit.pe)
    masks = to_words(np.ones((1, layer.outputs), np.uint8), unit.pe) * len(bits)
    seen = follow(unit, to_words(bits, unit.simd), len(want), **pauses)
    return [word & mask for word, mask in zip(seen.words, masks, strict=True)], want, seen


# Neurons, inputs, pe, simd, positions, vectors; density; ROM.
UNITS = {
    "whole groups": (8, 16, 2, 4, 4, 8, 1.0, "block"),
    "a short last group": (8, 16, 2, 4, 4, 6, 1.0, "block"),
    "one vector at the end": (8, 16, 2, 4, 2, 5, 1.0, "block"),
    "one group": (6, 12, 2, 3, 3, 3, 1.0, "block"),
    "no divisors": (7, 19, 2, 3, 3, 7, 1.0, "distributed"),
    "weights of 0": (7, 19, 2, 3, 4, 9, 0.5, "block"),
    "registers": (7, 19, 2, 3, 3, 4, 1.0, "registered"),
    "registers, weights of 0": (11, 20, 3, 4, 2, 4, 0.4, "registered"),
    "SPRAM": (7, 19, 2, 3, 3, 4, 0.6, "spram"),
    "a neuron at once": (5, 12, 1, 2, 5, 6, 1.0, "block"),
    "many passes": (40, 9, 1, 3, 2, 3, 1.0, "block"),
    "as many passes as positions": (4, 32, 1, 4, 4, 8, 1.0, "registered"),
    "as many steps as positions": (20, 16, 2, 4, 4, 8, 1.0, "registered"),
    "no sharing": (6, 9, 2, 3, 1, 3, 1.0, "block"),
}


def create(name):
    neurons, inputs, pe, simd, positions, vectors, density, rom = UNITS[name]
    layer = random_layer(neurons, inputs, density=density, seed=neurons)
    return SharedMVTU(layer, pe=pe, simd=simd, positions=positions, vectors=vectors, rom=rom)


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("idle", [0, 0.5])
@pytest.mark.parametrize("stall", [0, 0.8])
def test_results_come_vector_by_vector(name, idle, stall):
    got, want, _ = run(create(name), idle=idle, stall=stall, seed=len(name))
    assert got == want


@pytest.mark.parametrize("name", UNITS)
def test_images_follow_each_other_at_the_stated_interval(name):
    unit = create(name)
    _, _, seen = run(unit, images=7)
    assert set(seen.steady(unit.vectors * unit.passes, 3)) == {unit.image_interval}


@pytest.mark.parametrize("name", UNITS)
def test_a_lone_image_takes_the_stated_latency(name):
    unit = create(name)
    _, _, seen = run(unit, images=1, idle=0.9)
    if len(sizes(unit.vectors, unit.positions)) == 1:
        assert seen.given[-1] - seen.taken[-1] == unit.latency
    assert seen.given[-1] - seen.taken[-1] >= unit.latency


@pytest.mark.parametrize("lanes", [8, 24, 200])
def test_groups_of_lanes_give_the_same(lanes, monkeypatch):
    monkeypatch.setattr("hw.stage.lanes.GROUP_LANES", lanes)
    unit = SharedMVTU(random_layer(11, 20, density=0.7), pe=4, simd=5, positions=3, vectors=5)
    assert unit.lanes.hops == {8: 4, 24: 3, 200: 0}[lanes]
    got, want, seen = run(unit, images=5)
    assert got == want
    assert seen.steady(15, 2) == [unit.image_interval] * 2


def test_thresholds_of_all_and_none_hold():
    layer = random_layer(6, 8)
    always = type(layer)("fc", layer.weights, np.array([0, 9, 0, 9, 4, 8], np.int32))
    got, want, _ = run(SharedMVTU(always, pe=2, simd=2, positions=2, vectors=4))
    assert got == want


def test_weights_are_those_of_an_mvtu():
    layer = random_layer(12, 40)
    shared = SharedMVTU(layer, pe=3, simd=5, positions=4, vectors=16)
    assert shared.roms() == MVTU(layer, pe=3, simd=5).roms()


@pytest.mark.parametrize(("options", "message"), [
    ({"positions": 5}, "Positions of layer 'fc' must be in 1..4, its passes: 5 (lower pe or "
                       "simd)"),
    ({"pe": 1, "simd": 8, "positions": 3}, "Positions of layer 'fc' must be in 1..2, its steps: 3 "
                                           "(lower pe or simd)"),
    ({"pe": 1, "positions": 3, "vectors": 2}, "Positions of layer 'fc' must be in 1..2, its "
                                              "vectors: 3 (lower pe or simd)"),
    ({"positions": 0}, "Positions of layer 'fc' must be in 1..4, its passes: 0 (lower pe or "
                       "simd)")])
def test_a_broken_rule_is_named(options, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        SharedMVTU(random_layer(8, 16), **{"pe": 2, "simd": 4, "positions": 2, "vectors": 9,
                                           **options})


def test_scores_are_refused():
    with pytest.raises(ValueError, match=r"^Layer 'scores' must have thresholds to share its "
                                         r"weights: it gives scores \(positions of 1\)$"):
        SharedMVTU(random_layer(8, 16, classes=True), pe=2, simd=4, positions=2, vectors=9)


@pytest.mark.parametrize("slots", [3, 6])
def test_slots_are_checked(slots):
    with pytest.raises(ValueError, match=r"^Slots of an order of positions must be a power of two "
                                         rf"and at least 4, its passes: {slots}$"):
        PositionOrder(pe=1, positions=2, vectors=4, passes=4, slots=slots)


@pytest.mark.parametrize(("positions", "passes", "steps"), [
    (1, 1, 1), (2, 2, 2), (4, 4, 8), (8, 16, 27), (16, 16, 16)])
def test_half_the_slots_are_too_few(positions, passes, steps):
    """The stated slots never make a pass wait; the next smaller power of two would."""
    delay = steps + 7
    slots, interval = order_slots(positions, passes, steps, delay), passes * steps

    def waits(slots):
        for number in range(passes):
            last = (passes - 1) * steps + delay + (positions - 1) * passes + number + 2
            group, other = divmod(number + slots, passes)
            if group * interval + other * steps < last:
                return True
        return False

    assert not waits(slots)
    assert slots // 2 < passes or waits(slots // 2)
