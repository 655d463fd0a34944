"""sw.int8.network and sw.int8.layer: files come back, and what C could not compute is refused."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from sw import network as folded
from sw.int8 import network as files
from sw.int8.layer import Input
from sw.store.files import read_arrays, write_arrays
from tests.int8 import networks


NETWORKS = networks()


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_come_back_from_their_file(name, tmp_path):
    network = replace(NETWORKS[name], provenance={"seed": 3})
    files.save(tmp_path / "n.int8.npz", network)
    again = files.load(tmp_path / "n.int8.npz")
    assert (again.identity, again.shapes, again.provenance) == (
        network.identity, network.shapes, {"seed": 3})
    assert again.softmax == network.softmax


def test_the_identity_depends_on_every_number():
    network = NETWORKS["vector"]
    first, one, last = network.layers
    bias = one.bias.copy()
    bias[3] += 1
    for changed in (replace(one, bias=bias), replace(one, low=-127), replace(one, scale=0.06)):
        other = replace(network, layers=(first, changed, last))
        assert other.identity != network.identity
    assert replace(network, provenance={"a": 1}).identity == network.identity


def test_sizes_are_counted():
    network = NETWORKS["vector"]
    assert network.macs == 42 * 17 + 17 * 3
    assert network.learnable_bytes == 42 * 17 + 17 * 3 + 12 * (17 + 3)
    assert NETWORKS["maps"].shapes["three.wide"] == (4, 2, 6)


def with_layer(place, changes):
    """Return a network one of whose layers is changed."""
    layers = list(NETWORKS["vector"].layers)
    layers[place] = replace(layers[place], **changes)
    return replace(NETWORKS["vector"], layers=layers)


@pytest.mark.parametrize(("place", "changes", "message"), [
    (1, {"bias": np.full(17, 2**31 - 1, np.int32)}, "Sums of layer 'one' must fit into 32 bits: "
     "those of neuron 0 do not (its inputs are too many, or its scale too small)"),
    (1, {"shift": np.full(17, 20, np.int32)}, "Sums of layer 'one' must fit into 32 bits: those of "
     "neuron 0 do not (its inputs are too many, or its scale too small)"),
    (1, {"shift": np.full(17, 31, np.int32)}, "Factors of layer 'one' must have multipliers from 0 "
     "up and shifts in -31..30"),
    (1, {"bias": np.zeros(16, np.int32)}, "Array 'bias' of layer 'one' must have a value for each "
     "of 17 neurons: 16"),
    (1, {"weights": np.zeros((17, 42))}, "Array 'weights' of layer 'one' must be int8 with 2 axes, "
     "not empty"),
    (1, {"weights": np.zeros((17, 41), np.int8)}, "Layer 'one' must take 41 values: 42"),
    (1, {"low": 128}, "Low of layer 'one' must be in -128..127: 128"),
    (1, {"scale": float("nan")}, "Scale of layer 'one' must be above 0: nan"),
    (1, {"name": "input"}, "Name of a layer must be letters, digits, '_', '.' and '+', and the "
     "only such one: 'input'"),
    (2, {"inputs": ("two",)}, "Layer 'scores' must take values of layers before it: 'two'"),
    (2, {"inputs": ("one", "one")}, "Layer 'scores' must take 1 values: one, one"),
    (0, {"shape": (6, 8, 1)}, "Layer 'one' must take 42 values: 48"),
])
def test_broken_layers_are_refused(place, changes, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        with_layer(place, changes)


def test_an_input_stands_only_in_front():
    layers = [*NETWORKS["vector"].layers[:2], Input("more", (), 1 / 255, -128, (3,))]
    with pytest.raises(ValueError, match=r"^Layer 'more' must not be an input behind the first$"):
        replace(NETWORKS["vector"], layers=layers)


def test_a_changed_file_is_refused(tmp_path):
    path = tmp_path / "n.int8.npz"
    files.save(path, NETWORKS["maps"])
    arrays = read_arrays(path, "x")
    weights = arrays["1.weights"].copy()
    weights[0] += 1
    write_arrays(path, arrays | {"1.weights": weights})
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} must be an intact int8 network: "
                                         f"Identity must be that of its content: the file was "
                                         f"changed$"):
        files.load(path)


@pytest.mark.parametrize(("change", "reason"), [
    (lambda layers: layers[1].update(kind="encoder"), "Layer 1 must be one of input, "),
    (lambda layers: layers[1].pop("low"), "Layer 1 must have high, input_zero, inputs, low, name, "
                                          "scale, zero: high, input_zero, "),
    (lambda layers: layers[0].update(shape=[2**13, 2**13, 1]), "Layer 'input' must give 1 to 3 "
                                                              "sizes, 16,777,216 values at most"),
    (lambda layers: layers[0].update(shape=[0.5]), "Layer 'input' must give 1 to 3 sizes"),
    (lambda layers: layers.clear(), "Layers of an int8 network must be 2 to 1000: 0"),
])
def test_layers_of_a_file_are_checked(change, reason, tmp_path):
    path = tmp_path / "n.int8.npz"
    files.save(path, NETWORKS["vector"])
    arrays = read_arrays(path, "x")
    layers = json.loads(arrays["layers"].tolist())
    change(layers)
    write_arrays(path, arrays | {"layers": np.array(json.dumps(layers))})
    with pytest.raises(ValueError, match=re.escape(f"intact int8 network: {reason}")):
        files.load(path)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "n.net.npz"
    files.save(path, NETWORKS["vector"])
    with pytest.raises(ValueError, match=r"it is an int8 network \(python -m sw.c takes it, as "
                                         r"NAME.int8.npz; hardware does not\)$"):
        folded.load(path)
    write_arrays(path, {"format": np.array("thresher-net/1")})
    with pytest.raises(ValueError, match=r"must be an int8 network \(thresher-int8/1\): its format "
                                         r"tag is 'thresher-net/1' \(int8 networks come from "):
        files.load(path)
