"""sw.arithmetic: plain sums of products, and the first difference from golden's popcounts."""

import numpy as np
import pytest

from sim.model.networks import random_network
from sw import arithmetic, golden
from sw.plain.weighted import plain_popcounts


NETWORK = random_network((20, 12, 10))
IMAGES = np.random.default_rng(1).integers(256, size=(700, 20), dtype=np.uint8)


def test_golden_equals_plain_arithmetic():
    assert arithmetic.compare(NETWORK, IMAGES, progress=False) == (700 * 22, None)


def test_plain_popcounts_count_synapses_that_agree():
    layer = NETWORK.layers[1]
    bits = golden.Model(NETWORK).encode(IMAGES[:1])
    agree = sum(int(weight == 2 * int(bit) - 1) for weight, bit in
                zip(layer.weights[3], bits[0], strict=True) if weight)
    assert plain_popcounts(layer, bits)[0, 3] == agree


def test_a_wrong_popcount_is_named(monkeypatch):
    right = golden.popcounts
    monkeypatch.setattr(golden, "popcounts", lambda layer, bits: right(layer, bits) + (
        np.arange(len(layer.weights)) == 2))
    _, first = arithmetic.compare(NETWORK, IMAGES, progress=False)
    assert first.startswith("image 0, layer ")
    assert ", neuron 2: " in first


@pytest.mark.parametrize("arguments", [[], ["missing.net.npz"]])
def test_a_missing_network_is_refused(arguments):
    with pytest.raises((SystemExit, OSError)):
        arithmetic.main(arguments)
