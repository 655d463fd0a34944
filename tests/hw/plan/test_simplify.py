"""hw.plan.simplify: simplified networks against plain ±1 arithmetic on the whole ones."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.plan.simplify import simplify
from sw import golden
from sw.network import Dense, Encoder, Network, Scores
from tests.networks import plain_trace, random_images, random_network


def scores_of(simplified, network, images):
    """Scores from an encoder's bits through simplified layers, layer by layer by the golden one."""
    bits = golden.outputs(network.first, images.reshape(len(images), -1))[:, simplified.inputs]
    for layer in simplified.layers:
        bits = golden.outputs(layer, bits)
    return bits


def spoiled(rng, network):
    """Plant constant, equal, opposite and unseen neurons, and a pixel that is never looked at."""
    layers = list(network.layers)
    for index, layer in enumerate(layers[1:-1], 1):
        weights, thresholds = layer.weights.copy(), layer.thresholds.copy()
        fan_in = layer.fan_in
        for neuron in range(layer.outputs):
            other, kind = rng.integers(layer.outputs), rng.integers(8)
            if kind == 0:
                thresholds[neuron] = 0
            elif kind == 1:
                thresholds[neuron] = fan_in[neuron] + 1
            elif kind in (2, 3):
                weights[neuron] = weights[other] * (1 if kind == 2 else -1)
                fan_in = np.count_nonzero(weights, axis=1)
                thresholds[neuron] = (thresholds[other] if kind == 2
                                      else fan_in[other] + 1 - thresholds[other])
            elif kind == 4:
                weights[neuron] = 0
                thresholds[neuron] = rng.integers(2)
            fan_in = np.count_nonzero(weights, axis=1)
            thresholds[neuron] = min(thresholds[neuron], fan_in[neuron] + 1)
        layers[index] = Dense(layer.name, weights, thresholds.astype(np.int32))
    return Network(layers, network.labels, network.input_shape, positive=True)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_scores_stay_equal(seed):
    rng = np.random.default_rng(seed)
    synapses = [int(rng.integers(1, 5)), int(rng.integers(1, 5)), int(rng.integers(1, 9))]
    levels = [(128,), (0, 100, 100), (50, 256)][rng.integers(3)]
    network = random_network(rng, [6, 9, 8, 3], synapses, levels=levels)
    if rng.integers(4):
        network = spoiled(rng, network)
    images = random_images(rng, 64, network)
    found = scores_of(simplify(network), network, images)
    assert np.array_equal(found, plain_trace(network, images)[-1]), f"seed {seed}"


def small(weights, thresholds, last):
    """Return a network of three inputs, one hidden layer and two classes."""
    return Network([Encoder.uniform(3), Dense("fc0", np.array(weights, np.int8),
                                              np.array(thresholds, np.int32)),
                    Scores("scores", np.array(last, np.int8), np.array([0, 0], np.int32))],
                   ["a", "b"], (3,), positive=True)


def test_constant_neurons_become_biases():
    found = simplify(small([[1, 1, 0], [1, 0, 0], [0, 1, 1]], [0, 2, 1],
                           [[1, 1, 1], [-1, 1, 0]]))
    assert found.layers[1].weights.tolist() == [[1], [0]]
    assert found.layers[1].bias.tolist() == [0, -2]
    assert found.inputs.tolist() == [1, 2]


def test_equal_and_opposite_neurons_become_one():
    rows = [[1, -1, 1], [1, -1, 1], [-1, 1, -1]]
    found = simplify(small(rows, [2, 2, 2], [[1, 0, 0], [0, 0, 1]]))
    assert found.layers[0].weights.tolist() == rows[:1]
    assert found.layers[1].weights.tolist() == [[1], [-1]]


def test_neurons_that_cancel_each_other_are_dead():
    found = simplify(small([[1, 1, 0], [1, 1, 0], [0, 1, 1]], [1, 1, 1],
                           [[1, -1, 1], [1, -1, 0]]))
    assert found.layers[1].weights.tolist() == [[1], [0]]


def test_neurons_that_count_twice_stay_two():
    found = simplify(small([[1, 1, 0], [1, 1, 0], [0, 1, 1]], [1, 1, 1],
                           [[1, 1, 0], [0, 0, 1]]))
    assert found.layers[0].outputs == 3


def test_unseen_neurons_and_inputs_go():
    found = simplify(small([[1, 0, 0], [0, 1, 1], [0, 0, 1]], [1, 1, 1],
                           [[0, 1, 1], [0, -1, 1]]))
    assert found.inputs.tolist() == [1, 2]
    assert found.layers[0].weights.tolist() == [[1, 1], [0, 1]]
    assert found.layers[1].weights.tolist() == [[1, 1], [-1, 1]]


def test_a_network_that_ignores_its_input_keeps_one():
    found = simplify(small([[0, 0, 0]] * 3, [0, 1, 1], [[1, 1, 1], [1, -1, 1]]))
    assert found.inputs.tolist() == [0]
    assert [layer.weights.shape for layer in found.layers] == [(1, 1), (2, 1)]
    assert found.layers[1].bias.tolist() == [-1, 1]
