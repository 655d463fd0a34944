"""hw.plan.simplify: simplified networks against plain ±1 arithmetic on the whole ones."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.plan.simplify import simplify, used_bits
from sw import golden
from sw.layer.integer import IntegerDense
from sw.layer.lookup import Lookup
from sw.network import Dense, Encoder, Network, Scores
from tests.networks import lookup_network, plain_trace, random_dense, random_images, random_network


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


def test_neurons_of_integers_that_are_constant_become_biases_and_read_nothing():
    first = IntegerDense("fc0", np.array([[1, -1, 0], [1, 1, 1], [1, 0, -1]], np.int8),
                         np.array([-255, 766, 0], np.int32))
    network = Network([first, Scores("scores", np.array([[1, 1, 1], [-1, 1, 0]], np.int8),
                                     np.array([0, 0], np.int32))], ["a", "b"], (3,))
    found = simplify(network)
    assert found.inputs.tolist() == [2]
    assert found.layers[0].weights.tolist() == [[1], [0]]
    assert found.layers[0].bias.tolist() == [0, -2]
    assert used_bits(network).reshape(3, 8).all(axis=1).tolist() == [True, False, True]
    images = random_images(np.random.default_rng(0), 50, network)
    assert np.array_equal(scores_of(found, network, images), plain_trace(network, images)[-1])


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


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_scores_of_tables_stay_equal(seed):
    """Look-up layers alone, or around a dense layer that has constant and equal neurons."""
    rng = np.random.default_rng(seed)
    wires = rng.integers(1, 7, size=3)
    levels = [(128,), (0, 100, 100), (50, 256)][rng.integers(3)]
    network = lookup_network(rng, 6, [(9, wires[0]), (8, wires[1]), (7, wires[2])], levels=levels)
    if rng.integers(2):
        dense = random_dense(rng, 8, 9, 2, "fc1")
        layers = [*network.layers[:2], dense, *network.layers[3:]]
        network = Network(layers, network.labels, network.input_shape, positive=True)
    images = random_images(rng, 64, network)
    simplified = simplify(network)
    found = scores_of(simplified, network, images)
    assert np.array_equal(found, plain_trace(network, images)[-1]), f"seed {seed}"
    for layer, after in pairwise(simplified.layers):
        if isinstance(layer, Lookup) and isinstance(after, Lookup):
            assert len(set(layer.functions)) == layer.outputs


def tables(*layers, read):
    """Return a network of two inputs, look-up layers of tables of two inputs, and two classes."""
    made, width = [Encoder.uniform(2)], 2
    for index, (wires, rows) in enumerate(layers):
        made.append(Lookup(f"lookup{index}", wires, [[int(bit) for bit in row] for row in rows],
                           width))
        width = len(wires)
    weights = np.zeros((2, width), np.int8)
    weights[0, read] = 1
    weights[1, read] = -1
    made.append(Scores("scores", weights, np.zeros(2, np.int32)))
    return simplify(Network(made, ["a", "b"], (2,), positive=True))


def test_a_constant_table_is_part_of_the_tables_behind_it():
    found = tables(([[0, 1], [0, 1]], ["0111", "1111"]),
                   ([[0, 1], [1, 0]], ["0001", "1000"]), read=[0])
    first, second, _ = found.layers
    assert first.tables.tolist() == [[0, 1, 1, 1]]
    assert (second.wires.tolist(), second.tables.tolist()) == ([[0]], [[0, 1]])


def test_equal_tables_on_equal_inputs_are_one():
    found = tables(([[0, 1], [1, 0], [0, 1]], ["0010", "0100", "1101"]),
                   ([[0, 1], [0, 2]], ["0001", "0111"]), read=[0, 1])
    first, second, _ = found.layers
    assert first.outputs == 1
    assert second.tables.tolist() == [[0, 1]]  # both of equal tables, or one and its opposite


def test_tables_and_inputs_that_nothing_reads_go_from_the_last_layer_back():
    found = tables(([[0, 0], [1, 1]], ["0111", "0111"]),
                   ([[0, 1], [0, 1]], ["0101", "0001"]), read=[0])
    assert found.inputs.tolist() == [0]
    assert [layer.outputs for layer in found.layers[:2]] == [1, 1]
    assert found.layers[0].wires.shape == (1, 1)
