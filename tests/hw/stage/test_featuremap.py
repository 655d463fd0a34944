# amaranth: UnusedElaboratable=no
"""Pools, space to depth and scores of maps in hardware: golden's words, as fast as stated."""

import numpy as np
import pytest

from hw.plan.schedule import Wired
from hw.stage.partpool import PartPool
from hw.stage.pool import Pool
from hw.stage.scoresums import ScoreSums
from hw.stage.spacetodepth import Squares
from hw.wired.scores2d import WiredScores2d
from sim.model.vectors import to_bits
from sw import golden
from sw.bits import to_int
from sw.layer.spacetodepth import SpaceToDepth

from ...networks import random_pool2d, random_scores2d
from .handshakes import follow
from .maps import PACES, random_maps, ref_map, rtl_map, words_of


POOLS = [((4, 6, 3), 2), ((5, 7, 3), 2), ((9, 6, 2), 3), ((2, 2, 4), 2), ((7, 3, 2), 2),
         ((8, 9, 1), 4)]


@pytest.mark.parametrize(("takes", "size"), POOLS)
def test_pools_are_golden_at_every_pace(takes, size):
    layer = random_pool2d(np.random.default_rng(size), takes, size)
    maps = random_maps(layer, 4)
    for seed, (idle, stall) in enumerate(PACES):
        seen = rtl_map(Pool(layer), layer, maps, idle=idle, stall=stall, seed=seed)
        assert seen.words == ref_map(layer, maps), (idle, stall)


@pytest.mark.parametrize(("takes", "size"), POOLS)
def test_a_pool_takes_a_position_a_cycle(takes, size):
    layer = random_pool2d(np.random.default_rng(size), takes, size)
    seen = rtl_map(Pool(layer), layer, random_maps(layer, 3))
    positions = takes[0] * takes[1]
    assert seen.taken[:2 * positions] == list(range(2 * positions))
    rows, columns = layer.positions
    last = (rows * size - 1) * takes[1] + columns * size - 1  # of the last square
    assert seen.given[layer.vectors - 1] - seen.taken[last] == Pool.latency


PARTS = [((4, 6, 4), 2, 2), ((5, 7, 6), 2, 1), ((9, 6, 2), 3, 1), ((2, 2, 4), 2, 2),
         ((7, 3, 6), 2, 3), ((8, 9, 4), 4, 1)]


@pytest.mark.parametrize(("takes", "size", "width"), PARTS)
def test_pools_of_parts_are_golden_at_every_pace(takes, size, width):
    layer = random_pool2d(np.random.default_rng(size), takes, size)
    maps = random_maps(layer, 4)
    want = words_of(golden.outputs(layer, maps), width)
    for seed, (idle, stall) in enumerate(PACES):
        seen = follow(PartPool(layer, width), words_of(maps, width), len(want), idle=idle,
                      stall=stall, seed=seed)
        assert seen.words == want, (idle, stall)


@pytest.mark.parametrize(("takes", "size", "width"), PARTS)
def test_a_pool_of_parts_takes_a_word_a_cycle(takes, size, width):
    layer = random_pool2d(np.random.default_rng(size), takes, size)
    parts = takes[2] // width
    seen = follow(PartPool(layer, width), words_of(random_maps(layer, 3), width),
                  3 * layer.vectors * parts)
    words = takes[0] * takes[1] * parts
    assert seen.taken[:2 * words] == list(range(2 * words))
    rows, columns = layer.positions
    last = ((rows * size - 1) * takes[1] + columns * size) * parts - 1  # of the last square
    assert seen.given[layer.vectors * parts - 1] - seen.taken[last] == PartPool.latency


@pytest.mark.parametrize("width", [0, 3, 4])
def test_words_of_a_pool_are_parts_of_a_position(width):
    layer = random_pool2d(np.random.default_rng(1), (4, 4, 4), 2)
    with pytest.raises(ValueError, match=rf"^Words of layer '{layer.name}' must be parts of its 4 "
                                         rf"channels: {width} bits$"):
        PartPool(layer, width)


@pytest.mark.parametrize(("extents", "block", "width", "squares"), [
    ((4, 8, 3), 2, 12, 2), ((4, 8, 3), 2, 6, 1), ((4, 8, 3), 2, 24, 2), ((4, 6, 2), 2, 8, 1),
    ((6, 9, 1), 3, 9, 3), ((8, 8, 1), 4, 16, 2), ((2, 2, 3), 2, 12, 1), ((4, 4, 1), 2, 3, 1)])
def test_squares_are_golden_at_every_pace_and_as_fast_as_stated(extents, block, width, squares):
    layer = SpaceToDepth("squares", *extents, block)
    maps = random_maps(layer, 6)
    for seed, (idle, stall) in enumerate(PACES):
        stage = Squares(layer, width)
        assert stage.words.squares == squares
        seen = rtl_map(stage, layer, maps, width=stage.words.width, idle=idle, stall=stall,
                       seed=seed)
        assert seen.words == ref_map(layer, maps), (idle, stall)
        if not seed:
            assert set(seen.steady(layer.vectors, 2)) == {stage.words.interval}
    alone = rtl_map(stage, layer, maps[:1], width=stage.words.width)
    assert alone.given[-1] - alone.taken[-1] == stage.latency


@pytest.mark.parametrize(("takes", "synapses"), [((3, 4, 6), None), ((1, 1, 5), 3),
                                                 ((1, 2, 40), 30), ((5, 5, 9), 4)])
def test_scores_of_maps_are_golden_at_every_pace_and_as_fast_as_stated(takes, synapses):
    layer = random_scores2d(np.random.default_rng(takes[0]), 3, takes, synapses)
    maps = random_maps(layer, 5)
    want = [to_int(row) for row in to_bits(golden.outputs(layer, maps), layer.score_bits)]
    for seed, (idle, stall) in enumerate(PACES):
        stage = WiredScores2d(layer, Wired(2))
        seen = follow(stage, words_of(maps, takes[2]), 5, idle=idle, stall=stall, seed=seed)
        assert seen.words == want, (idle, stall)
        if not seed:
            assert set(np.diff(seen.given)) == {layer.vectors}
            assert seen.given[0] - seen.taken[layer.vectors - 1] == stage.latency


@pytest.mark.parametrize(("takes", "pe"), [((3, 4, 6), 1), ((1, 1, 5), 2), ((2, 3, 9), 3),
                                           ((5, 5, 4), 2)])
def test_sums_of_scores_are_golden_at_every_pace_and_as_fast_as_stated(takes, pe):
    layer = random_scores2d(np.random.default_rng(takes[0]), 3, takes)
    maps, each = random_maps(layer, 5), layer.position.score_bits
    scores = golden.outputs(layer.position, maps.reshape(-1, takes[2]))
    sent = scores_words(scores, each, pe)
    want = scores_words(golden.outputs(layer, maps), layer.score_bits, pe)
    for seed, (idle, stall) in enumerate(PACES):
        stage = ScoreSums(layer, pe=pe)
        seen = follow(stage, sent, len(want), idle=idle, stall=stall, seed=seed)
        mask = [2**(layer.score_bits * (pe if (place + 1) % stage.words else
                                        layer.outputs - pe * (stage.words - 1))) - 1
                for place in range(len(want))]
        assert [word & bits for word, bits in zip(seen.words, mask, strict=True)] == want
        if not seed:
            assert seen.taken == list(range(len(sent)))
            last = layer.vectors * stage.words - 1
            assert seen.given[stage.words - 1] - seen.taken[last] == stage.latency


def scores_words(scores, bits, pe):
    """Return scores, shape (n, classes), as words of ``pe`` of them: a list of int."""
    words = []
    for row in scores:
        values = [int(score) % 2**bits for score in row]
        words += [sum(value << bits * place for place, value in enumerate(values[start:start + pe]))
                  for start in range(0, len(values), pe)]
    return words
