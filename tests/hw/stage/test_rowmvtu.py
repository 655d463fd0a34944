# amaranth: UnusedElaboratable=no
"""hw.stage.rowmvtu: a row of windows at once, from the map's rows, as fast as stated."""

import re

import numpy as np
import pytest

from hw.stage.rowmvtu import RowMVTU
from sw.bits import to_int

from .maps import random_maps, ref_map, rtl_map
from .test_convolution import random_conv

# Extents of the map, neurons, layer's options; lanes.
UNITS = {
    "a channel at once": ((4, 4, 4), 8, {"padding": 1}, {"pe": 2, "simd": 3}),
    "pad bit 1": ((4, 4, 4), 8, {"padding": 1, "pad_bit": 1}, {"pe": 2, "simd": 3}),
    "no padding": ((5, 5, 2), 6, {}, {"pe": 2, "simd": 3}),
    "two channels at once": ((3, 3, 6), 7, {"padding": 1}, {"pe": 2, "simd": 6}),
    "logic": ((3, 4, 4), 4, {"padding": 1}, {"pe": 1, "simd": 3, "rom": "distributed"}),
    "SPRAM": ((3, 3, 4), 3, {"padding": 1}, {"pe": 1, "simd": 6, "rom": "spram"}),
    "many steps": ((3, 3, 8), 3, {"padding": 1}, {"pe": 1, "simd": 3}),
    "a row of windows": ((3, 5, 3), 5, {}, {"pe": 1, "simd": 3}),
}


def create(name):
    shape, made, options, lanes = UNITS[name]
    return RowMVTU(random_conv(np.random.default_rng(made), shape, made, **options), **lanes)


def run(unit, count=3, **pauses):
    """Send random maps; return what came of them, what must come, and when."""
    layer = unit.conv
    maps = random_maps(layer, count)
    outputs = [[word >> start & (1 << min(unit.pe, layer.made - start)) - 1
                for start in range(0, layer.made, unit.pe)] for word in ref_map(layer, maps)]
    want = [word for position in outputs for word in position]
    masks = [(1 << min(unit.pe, layer.made - start)) - 1 for start in range(0, layer.made, unit.pe)]
    sent = [to_int(bits) for bits in maps.reshape(-1, unit.channels)]
    seen = follow_words(unit, sent, len(want), pauses)
    got = [word & mask for word, mask in zip(seen.words, masks * (len(want) // len(masks)),
                                             strict=True)]
    return got, want, seen


def follow_words(unit, words, count, pauses):
    from .handshakes import follow
    return follow(unit, words, count, **pauses)


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("idle", [0, 0.5])
@pytest.mark.parametrize("stall", [0, 0.8])
def test_results_are_those_of_golden(name, idle, stall):
    got, want, _ = run(create(name), idle=idle, stall=stall, seed=len(name))
    assert got == want
    assert len(set(want)) > 1


@pytest.mark.parametrize("name", UNITS)
def test_images_follow_each_other_at_the_stated_interval(name):
    unit = create(name)
    _, _, seen = run(unit, 7)
    assert set(seen.steady(unit.vectors * unit.passes, 3)) == {unit.image_interval}


@pytest.mark.parametrize("name", UNITS)
def test_a_lone_image_takes_the_stated_latency(name):
    unit = create(name)
    _, _, seen = run(unit, 1, idle=0.98, limit=400_000)
    assert seen.given[-1] - seen.taken[-1] == unit.latency
