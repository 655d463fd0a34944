# amaranth: UnusedElaboratable=no
"""Networks that nobody trained, made of plain arrays: their RTL equals golden."""

import numpy as np
import pytest

from hw.accelerator import Accelerator
from hw.plan.schedule import Schedule, Scheduled, Wired
from sim import full
from sim.model.networks import leaning_images, lively_network, table_network
from sw import golden
from sw.fold import fold
from sw.network import Dense, Encoder, Network, Scores, load, save
from tests.networks import random_checkpoint, random_dense, random_images, random_weights


def wide():
    """Fan-in 1023, then ternary with every kind of threshold, then 10 classes."""
    rng = np.random.default_rng(1)
    first = random_dense(rng, 3, 1023)
    weights = random_weights(rng, 8, 3, 2)
    weights[0] = 0  # no synapse: constant
    fan_in = np.count_nonzero(weights, axis=1)
    second = Dense("fc1", weights, (np.arange(8) % (fan_in + 2)).astype(np.int32))
    last = Scores("scores", random_weights(rng, 10, 8, 5),
                  np.array([0, 0, 0, -2**20, 2**20, 1, 1, 1, -1, 0], np.int32))
    return Network((Encoder.uniform(1023), first, second, last),
                   [str(label) for label in range(10)], (1023,))


def letters():
    """Fan-in 1024 over two levels a pixel, 26 classes, pixels of 10 bits."""
    rng = np.random.default_rng(2)
    thresholds = np.sort(rng.integers(2**10 + 1, size=(512, 2)), axis=1).astype(np.int32)
    first = random_dense(rng, 4, 1024)
    last = Scores("scores", random_weights(rng, 26, 4), rng.integers(-2, 3, 26).astype(np.int32))
    return Network((Encoder("encoder", thresholds, input_bits=10), first, last),
                   [chr(ord("a") + label) for label in range(26)], (16, 32))


def folded():
    """BatchNorm with negative gammas, which invert neurons, and gammas of 0."""
    checkpoint = random_checkpoint(np.random.default_rng(3), (40, 21, 14, 2), (None, 6, None))
    assert (checkpoint.hidden[0].gamma < 0).any()
    return fold(checkpoint)


def no_hidden_layer():
    """Scores alone, with most of the scores tied."""
    rng = np.random.default_rng(4)
    return Network((Encoder.uniform(16, (0, 255, 256)),
                    Scores("scores", random_weights(rng, 3, 48, 2), np.zeros(3, np.int32))),
                   ("left", "right", "none"), (4, 4))


def scheduled(network):
    """Odd numbers of neurons and inputs at once, and both kinds of ROM."""
    parts = {layer.name: Scheduled(pe=min(3, layer.outputs), simd=min(29, layer.inputs),
                                   rom=("block", "distributed")[index % 2])
             for index, layer in enumerate(network.layers[1:])}
    return Schedule(min(50, network.inputs), parts)


def wired(network):
    return Schedule(network.inputs, {layer.name: Wired(4) for layer in network.layers[1:]})


@pytest.mark.parametrize("schedule", [scheduled, wired])
@pytest.mark.parametrize("make", [wide, letters, folded, no_hidden_layer])
def test_the_rtl_equals_golden(tmp_path, make, schedule):
    save(tmp_path / "made.net.npz", make())
    network = load(tmp_path / "made.net.npz")
    rng = np.random.default_rng(5)
    images = random_images(rng, 60, network).astype(np.uint16)
    images[::2] += (images[::2] % 4 * 256).astype(np.uint16) * (network.input_bits > 8)
    accelerator = Accelerator(network, schedule(network))
    for seed in (0, 1):
        outcome = full.simulate(accelerator, images, seed=seed, progress=False)
        assert full.compare(accelerator, images, outcome, timed=not seed) == ([], None)


def test_random_images_reach_every_row_of_every_table():
    network = table_network()
    images = np.random.default_rng(1).integers(256, size=(6000, 30), dtype=np.uint8)
    assert [set(layer.fan_in) for layer in network.layers[1:]] == [{4}, {6}, {8}]
    assert len(set(network.layers[1].wires.ravel())) == 60
    bits = golden.outputs(network.first, images)
    for layer in network.hidden:
        for wires in layer.wires:
            rows = bits[:, wires] @ (1 << np.arange(len(wires)))
            assert len(set(rows)) == 2**len(wires)
        bits = golden.outputs(layer, bits)


def test_leaning_images_reach_popcounts_far_from_the_middle():
    images = np.random.default_rng(1).integers(256, size=(500, 30), dtype=np.uint8)
    network = lively_network((30, 6, 4), images, thresholds=(64, 128))
    leaning = leaning_images(network, 2000, seed=1)
    assert leaning.shape == (2000, 30)
    layer = network.layers[1]
    # What a neuron's pixels can add together, by trying all greys of each.
    greys = np.stack([golden.outputs(network.first, np.full((1, 30), grey, np.uint8))[0]
                      for grey in (0, 64, 128)]).reshape(3, 30, 2)
    weights = layer.weights.reshape(6, 30, 2)
    agree = (weights[None] == 2 * greys.astype(np.int8)[:, None] - 1).sum(axis=3)
    found, usual = (golden.popcounts(layer, golden.outputs(network.first, some))
                    for some in (leaning, images))
    assert (found.max(axis=0) == agree.max(axis=0).sum(axis=1)).all()
    assert (found.min(axis=0) == agree.min(axis=0).sum(axis=1)).all()
    assert (usual.max(axis=0) < found.max(axis=0)).all()
