"""sw.golden.int8: the fast arithmetic equals loops over integers, and floats what they are for."""

import numpy as np
import pytest

from sw.golden import floating
from sw.golden.int8 import COMPUTE, Int8Model
from sw.int8.layer import KINDS
from sw.int8.rounding import requantize
from tests.int8 import images, networks


NETWORKS = networks()


def test_every_kind_of_layer_has_a_golden_model():
    assert set(COMPUTE) == set(KINDS.values())
    used = {type(layer) for network in NETWORKS.values() for layer in network.layers}
    assert used == set(COMPUTE)


def plain_convolution(layer, x):
    """Return a convolution's output for one map, by loops."""
    neurons, rows, columns, channels = layer.weights.shape
    high, wide, _ = layer.made(x.shape)
    made = np.zeros((high, wide, neurons), np.int64)
    for row, column, neuron in np.ndindex(high, wide, neurons):
        total = int(layer.bias[neuron])
        for i, j, channel in np.ndindex(rows, columns, channels):
            y = row * layer.stride[0] - layer.padding[0] + i * layer.dilation[0]
            z = column * layer.stride[1] - layer.padding[1] + j * layer.dilation[1]
            if 0 <= y < x.shape[0] and 0 <= z < x.shape[1]:
                total += (int(x[y, z, channel]) - layer.input_zero) * int(
                    layer.weights[neuron, i, j, channel])
        value = int(requantize(np.int64(total), int(layer.multiplier[neuron]),
                               int(layer.shift[neuron])))
        made[row, column, neuron] = min(max(value + layer.zero, layer.low), layer.high)
    return made


@pytest.mark.parametrize("name", ["one", "two", "three.wide"])
def test_convolutions_equal_loops(name):
    network = NETWORKS["maps"]
    layer = next(layer for layer in network.layers if layer.name == name)
    values = Int8Model(network).values(images(network, 3))
    taken, made = values[layer.inputs[0]], values[name]
    assert len(np.unique(made)) > 10  # neither all cut nor all alike
    assert (plain_convolution(layer, taken[2]) == made[2]).all()


def test_pools_equal_loops():
    network = NETWORKS["maps"]
    values = Int8Model(network).values(images(network, 4))
    padded = np.pad(values["sum"], ((0, 0), (1, 1), (0, 0), (0, 0)), constant_values=-128)
    cut = values["cut"]
    for row, column in np.ndindex(*values["most"].shape[1:3]):
        window = padded[:, 2 * row:2 * row + 3, 2 * column:2 * column + 2]
        assert (values["most"][:, row, column] == window.max(axis=(1, 2))).all()
    for row, column in np.ndindex(*values["mean"].shape[1:3]):
        exact = cut[:, 2 * row:2 * row + 2, column:column + 2].mean(axis=(1, 2))
        nearest = np.sign(exact) * np.floor(np.abs(exact) + 0.5)
        assert (values["mean"][:, row, column] == nearest).all()


def test_values_stay_in_int8():
    for network in NETWORKS.values():
        for value in Int8Model(network).values(images(network, 20)).values():
            assert -128 <= value.min() <= value.max() <= 127


def test_scores_do_not_depend_on_the_number_of_images():
    network = NETWORKS["maps"]
    many = images(network, 60)
    model = Int8Model(network)
    assert (model.scores(many)[50:] == model.scores(many[50:])).all()
    assert (model.labels(many) == model.scores(many).argmax(axis=1)).all()


def test_the_exponential_is_close():
    x = np.linspace(-79, 79, 20001).astype(np.float32)
    exact = np.exp(x.astype(np.float64))
    assert np.abs(floating.exponential(x) / exact - 1).max() < 4e-7
    small = np.linspace(-9, 9, 4001).astype(np.float32)
    assert np.abs(floating.sigmoid(small) - 1 / (1 + np.exp(-small.astype(float)))).max() < 3e-7
    assert np.abs(floating.tangent(small) - np.tanh(small.astype(float))).max() < 3e-7
    assert np.isfinite(floating.exponential(np.array([-1e30, 1e30], np.float32))).all()
