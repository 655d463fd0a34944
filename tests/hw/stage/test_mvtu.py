# amaranth: UnusedElaboratable=no
"""hw.stage.mvtu: the model of its handshake is exact under any pauses, with queues of any depth."""

import numpy as np
import pytest

from hw.stage.mvtu import MVTU
from sim.model.networks import random_layer
from sim.model.vectors import to_words

from .handshakes import follow


@pytest.mark.parametrize(("inputs", "pe", "simd", "depth"), [
    (16, 2, 4, 3), (16, 4, 8, 4), (16, 8, 16, 10), (19, 3, 10, 4)])
@pytest.mark.parametrize("idle", [0, 0.5])
@pytest.mark.parametrize("stall", [0, 0.8])
def test_the_model_follows_the_unit(inputs, pe, simd, depth, idle, stall):
    layer = random_layer(8, inputs)
    unit = MVTU(layer, pe=pe, simd=simd)
    assert unit.queue_depth == depth
    bits = np.random.default_rng(3).integers(2, size=(30, inputs), dtype=np.uint8)
    sums = (2 * bits.astype(np.int64) - 1) @ layer.weights.T + layer.fan_in
    want = to_words((sums >= 2 * layer.thresholds).astype(np.uint8), pe)
    masks = to_words(np.ones((1, 8), np.uint8), pe) * 30
    seen = follow(unit, to_words(bits, simd), len(want), idle=idle, stall=stall, seed=pe)
    assert [word & mask for word, mask in zip(seen.words, masks, strict=True)] == want
