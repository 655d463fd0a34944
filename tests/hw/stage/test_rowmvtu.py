# amaranth: UnusedElaboratable=no
"""hw.stage.rowmvtu: a row of windows at once, from the map's rows, as fast as stated."""

import re

import numpy as np
import pytest

from hw.stage.rowlanes import RowLanes
from hw.stage.rowmvtu import RowMVTU
from sim.model.networks import random_layer
from sim.model.vectors import to_words
from sw.layer.conv2d import Conv2d

from .handshakes import follow
from .maps import random_maps, ref_map, words_of
from .test_convolution import random_conv


# Extents of the map, neurons, layer's options; lanes.
UNITS = {
    "a channel at once": ((4, 4, 4), 8, {"padding": 1}, {"pe": 2, "simd": 3}),
    "pad bit 1": ((3, 4, 4), 7, {"padding": 1, "pad_bit": 1}, {"pe": 2, "simd": 3}),
    "no padding": ((5, 5, 2), 6, {}, {"pe": 2, "simd": 3}),
    "two channels at once": ((3, 3, 6), 7, {"padding": 1}, {"pe": 2, "simd": 6}),
    "logic": ((3, 3, 4), 3, {"padding": 1}, {"pe": 1, "simd": 3, "rom": "distributed"}),
    "SPRAM": ((3, 3, 4), 3, {"padding": 1}, {"pe": 1, "simd": 6, "rom": "spram"}),
    "one row": ((3, 5, 3), 5, {}, {"pe": 1, "simd": 3}),
}


def create(name):
    shape, made, options, lanes = UNITS[name]
    return RowMVTU(random_conv(np.random.default_rng(made), shape, made, **options), **lanes)


def run(unit, count=3, **pauses):
    """Send random maps; return what came of them, what must come, and when."""
    layer, pe = unit.conv, unit.pe
    maps = random_maps(layer, count)
    bits = np.array([[word >> neuron & 1 for neuron in range(layer.made)]
                     for word in ref_map(layer, maps)], np.uint8)
    want = to_words(bits, pe)
    masks = to_words(np.ones((1, layer.made), np.uint8), pe) * len(bits)
    seen = follow(unit, words_of(maps, unit.channels), len(want), **pauses)
    return [word & mask for word, mask in zip(seen.words, masks, strict=True)], want, seen


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize(("idle", "stall"), [(0, 0), (0.5, 0.8)])
def test_results_are_those_of_golden(name, idle, stall):
    got, want, _ = run(create(name), 2, idle=idle, stall=stall, seed=len(name))
    assert got == want
    assert len(set(want)) > 1


@pytest.mark.parametrize("name", UNITS)
def test_images_follow_each_other_at_the_stated_interval(name):
    unit = create(name)
    _, _, seen = run(unit, 5)
    assert set(seen.steady(unit.vectors * unit.passes, 2)) == {unit.image_interval}


@pytest.mark.parametrize("name", ["no padding", "two channels at once"])
def test_a_slow_image_takes_the_stated_latency(name):
    unit = create(name)
    _, _, seen = run(unit, 1, idle=0.97, limit=400_000)
    assert seen.given[-1] - seen.taken[-1] == unit.latency


def test_thresholds_of_all_and_none_hold():
    rng = np.random.default_rng(1)
    layer = Conv2d("conv", rng.choice(np.array([-1, 1], np.int8), (5, 3, 3, 4)),
                   np.array([0, 37, 1, 36, 18], np.int32), 3, 3, padding=1)
    got, want, _ = run(RowMVTU(layer, pe=1, simd=3))
    assert got == want


def test_weights_of_0_hold():
    rng = np.random.default_rng(2)
    weights = rng.integers(-1, 2, (4, 3, 3, 4)).astype(np.int8)
    fan_in = np.abs(weights).sum(axis=(1, 2, 3))
    layer = Conv2d("conv", weights, (fan_in // 2).astype(np.int32), 3, 3, padding=1)
    got, want, _ = run(RowMVTU(layer, pe=1, simd=6))
    assert got == want


@pytest.mark.parametrize(("simd", "inputs"), [(3, 36), (12, 432), (24, 576), (3, 6), (1, 7)])
def test_the_ones_of_a_pass_reach_every_rest(simd, inputs):
    layer = random_layer(2, inputs)
    for threshold in range(inputs + 2):
        every = type(layer)("fc", layer.weights, np.full(2, threshold, np.int32))
        lanes = RowLanes(every, 1, simd)
        above, ones = lanes.rests[0] % (1 << lanes.above_bits), lanes.rests[0] >> lanes.above_bits
        assert (above << lanes.count_bits) + ones == (1 << lanes.total_bits) - threshold
        assert ones <= min(lanes.ones * lanes.steps, (1 << lanes.total_bits + 1) - 1)


@pytest.mark.parametrize(("options", "lanes", "message"), [
    ({"stride": 2}, {}, "Stride of layer 'conv' must be 1 for rows of windows at once: 2 (rows of "
                        "false)"),
    ({}, {"simd": 9}, "SIMD of layer 'conv' must be the kernel's 3 columns times a divisor of 4 "
                      "channels for rows of windows at once: 9 (3, 6, 12)"),
    ({}, {"simd": 4}, "SIMD of layer 'conv' must be the kernel's 3 columns times a divisor of 4 "
                      "channels for rows of windows at once: 4 (3, 6, 12)"),
    ({}, {"rom": "registered"}, "ROM of layer 'conv' must be block, distributed or spram for rows "
                                "of windows at once: 'registered'")])
def test_a_broken_rule_is_named(options, lanes, message):
    layer = random_conv(np.random.default_rng(1), (5, 5, 4), 4, padding=1, **options)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        RowMVTU(layer, **{"pe": 1, "simd": 3, **lanes})
