"""Golden model and plain arithmetic of feature maps equal loops over positions and neurons."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sw import arithmetic, golden
from sw.golden import convolution, sliced
from sw.golden.model import VALUES, Model
from sw.layer.conv2d import Conv2d
from sw.layer.integer import IntegerConv2d
from sw.network import Network

from ..loops import looped
from ..networks import (
    conv_network,
    plain_trace,
    random_conv2d,
    random_images,
    random_integer_conv2d,
    random_integer_dense,
    random_pool2d,
    random_scores2d,
)


WAYS = {"by synapse": convolution._by_synapse, "by word": convolution._by_word}
MAPS = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 70))


@st.composite
def windows(draw, channels=70):
    """Return height, width, channels; kernel; stride and padding that fit them."""
    takes = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, channels))
    padding = draw(st.integers(0, 2))
    kernel = tuple(draw(st.integers(2 * padding + 1, max(2 * padding + 1, min(7, side))))
                   for side in takes[:2])
    return takes, kernel, {"stride": draw(st.integers(1, 2)), "padding": padding}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), shape=windows(), neurons=st.integers(1, 9),
       synapses=st.none() | st.integers(0, 40), pad_bit=st.integers(0, 1), count=st.integers(1, 70))
def test_both_ways_of_counting_equal_loops(seed, shape, neurons, synapses, pad_bit, count):
    rng = np.random.default_rng(seed)
    takes, kernel, others = shape
    layer = random_conv2d(rng, neurons, takes, kernel, synapses, pad_bit=pad_bit, **others)
    bits = rng.integers(0, 2, (layer.inputs, count), dtype=np.uint8)
    found = {name: way(layer)(bits) for name, way in WAYS.items()}
    want = looped(layer, bits[:, :3].T)
    for name, outputs in found.items():
        assert (outputs.dtype, outputs.shape) == (np.uint8, (layer.outputs, count)), name
        np.testing.assert_array_equal(outputs[:, :3].T, want, err_msg=name)
    np.testing.assert_array_equal(*found.values())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fan_in", [0, 1, 2, 3, 15, 16, 63, 64, 65, 100])
def test_every_popcount_against_every_threshold(way, fan_in):
    """Neuron t has threshold t; image p agrees with p synapses: all of (p >= t)."""
    weights = np.zeros((fan_in + 2, 1, 2, 60), np.int8)
    signs = np.random.default_rng(fan_in).choice(np.array([-1, 1], np.int8), fan_in)
    weights.reshape(fan_in + 2, -1)[:, 5:fan_in + 5] = signs
    layer = Conv2d("conv0", weights, np.arange(fan_in + 2), 1, 2)
    bits = np.zeros((fan_in + 1, 120), np.uint8)
    agrees = np.tri(fan_in + 1, fan_in, -1, dtype=bool)
    bits[:, 5:fan_in + 5] = agrees == (signs > 0)
    want = np.arange(fan_in + 1)[:, None] >= np.arange(fan_in + 2)
    np.testing.assert_array_equal(WAYS[way](layer)(np.ascontiguousarray(bits.T)).T, want)


@pytest.mark.parametrize("terms", range(20))
def test_planes_are_the_bits_of_the_number_of_ones(terms):
    rng = np.random.default_rng(terms)
    words = rng.integers(0, 2**64, (terms, 3), dtype=np.uint64)
    before = words.copy()
    planes = sliced.count(iter(words))
    counts = sum((np.unpackbits(plane.view(np.uint8)).astype(int) << place
                  for place, plane in enumerate(planes)), np.zeros(192, int))
    want = np.unpackbits(words.view(np.uint8), axis=1).astype(int).sum(axis=0)
    np.testing.assert_array_equal(counts, want)
    np.testing.assert_array_equal(words, before)
    assert len(planes) == terms.bit_length()


def test_a_sparse_layer_counts_by_synapse_and_a_full_one_by_word():
    rng = np.random.default_rng(1)
    ways = [convolution.convolve(random_conv2d(rng, 64, (16, 16, 48), (3, 3), synapses))
            for synapses in (24, None)]
    assert ways[0].__qualname__.startswith("_by_synapse")
    assert ways[1].__qualname__.startswith("_by_word")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), shape=windows(5), neurons=st.integers(1, 5),
       synapses=st.none() | st.integers(0, 40), input_bits=st.sampled_from([1, 4, 8, 12, 16]),
       pad=st.floats(0, 1), count=st.integers(1, 5))
def test_sums_of_integers_equal_loops(seed, shape, neurons, synapses, input_bits, pad, count):
    rng = np.random.default_rng(seed)
    takes, kernel, others = shape
    most = 2**input_bits - 1
    conv = random_integer_conv2d(rng, neurons, takes, kernel, synapses, input_bits=input_bits,
                                 pad_value=round(most * pad), **others)
    dense = random_integer_dense(rng, neurons, conv.inputs, synapses, input_bits=input_bits)
    kind = np.uint8 if input_bits <= 8 else np.uint16
    pixels = rng.integers(0, most + 1, (count, conv.inputs)).astype(kind)
    for layer in (conv, dense):
        np.testing.assert_array_equal(golden.outputs(layer, pixels), looped(layer, pixels))


@pytest.mark.parametrize("input_bits", [8, 16])
def test_the_greatest_and_least_sums_do_not_overflow(input_bits):
    """129 pixels of 255 are more than int16 holds, 129 of 65,535 are not more than int32 does."""
    for sign in (1, -1):
        weights = np.full((1, 1, 3, 43), sign, np.int8)
        most = 2**input_bits - 1
        low, high = sorted((0, sign * most * 129))
        for threshold, fires in ((low, 1), (low + 1, sign > 0), (high, sign > 0), (high + 1, 0)):
            layer = IntegerConv2d("conv0", weights, [threshold], 1, 3, input_bits=input_bits)
            pixels = np.full((1, 129), most, np.uint16)
            assert golden.outputs(layer, pixels).tolist() == [[fires]]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), takes=MAPS, size=st.integers(2, 5), count=st.integers(1, 5))
def test_pools_and_scores_of_maps_equal_loops(seed, takes, size, count):
    rng = np.random.default_rng(seed)
    takes = (takes[0] + size, takes[1] + size, takes[2])
    for layer in (random_pool2d(rng, takes, size), random_scores2d(rng, 4, takes)):
        bits = rng.integers(0, 2, (count, layer.inputs), dtype=np.uint8)
        want = looped(layer, bits).reshape(count, layer.outputs)
        np.testing.assert_array_equal(golden.outputs(layer, bits), want)


NETWORKS = {
    "odd sizes, stride 2, padding by 1": ((9, 7, 3), [
        ("conv2d", 6, {"kernel": (3, 5), "padding": 1, "pad_bit": 1, "synapses": 20}),
        ("pool2d", 2, {}), ("conv2d", 5, {"stride": 2, "kernel": (2, 1)}), ("dense", 8, {})],
        {"levels": (64, 128)}),
    "space to depth, scores of positions": ((12, 8, 1), [
        ("space_to_depth", 4, {}), ("conv2d", 7, {"padding": 1, "synapses": 9}),
        ("conv2d", 9, {"kernel": (2, 2)})],
        {"last": "scores2d"}),
    "integers, stride 2": ((11, 6, 3), [
        ("integer_conv2d", 6, {"kernel": (5, 3), "stride": 2, "padding": 1, "pad_value": 200}),
        ("conv2d", 8, {"padding": 1, "pad_bit": 0}), ("pool2d", 3, {})], {}),
    "dense integers": ((4, 5, 1), [("integer_dense", 12, {}), ("dense", 9, {})], {}),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("count", [1, 20])
def test_networks_equal_loops_in_every_layer(name, count):
    image, steps, others = NETWORKS[name]
    rng = np.random.default_rng(3)
    network = conv_network(rng, image, steps, **others)
    images = random_images(rng, count, network)
    for (layer, have), want in zip(Model(network).trace(images), plain_trace(network, images),
                                   strict=True):
        np.testing.assert_array_equal(have, np.reshape(want, have.shape), err_msg=layer)
        assert count < 20 or layer == "scores" or 0 < have.mean() < 1


@pytest.mark.parametrize("name", NETWORKS)
def test_plain_arithmetic_agrees_and_sees_a_fault(name, monkeypatch):
    image, steps, others = NETWORKS[name]
    rng = np.random.default_rng(4)
    network = conv_network(rng, image, steps, **others)
    images = random_images(rng, 40, network)
    counted = sum(layer.outputs for layer in network.layers if layer.kind != "encoder")
    assert arithmetic.compare(network, images, progress=False) == (40 * counted, None)
    for place, layer in enumerate(network.layers):
        if layer.kind in ("encoder", "dense", "scores"):
            continue  # these have tests of their own

        def faulty(layer, inputs, *, outputs=golden.outputs, at=layer):
            found = outputs(layer, inputs)
            if layer is at:
                found = found.copy()
                found[31, -1] ^= 1
            return found

        with monkeypatch.context() as patch:
            patch.setattr(golden, "outputs", faulty)
            text = arithmetic.compare(network, images, progress=False)[1]
        assert text.startswith(f"image 31, layer {layer.name!r}, neuron {layer.outputs - 1}: "), (
            place, text)


@pytest.mark.parametrize("name", NETWORKS)
def test_no_images_give_no_outputs(name):
    image, steps, others = NETWORKS[name]
    network = conv_network(np.random.default_rng(3), image, steps, **others)
    trace = Model(network).trace(np.zeros((0, *image), np.uint8))
    assert [values.shape for _, values in trace] == [(0, layer.outputs) for layer in network.layers]


def test_many_values_are_computed_in_parts_with_equal_results(monkeypatch):
    rng = np.random.default_rng(5)
    network = conv_network(rng, *NETWORKS["odd sizes, stride 2, padding by 1"][:2])
    images = random_images(rng, 50, network)
    whole = Model(network)
    monkeypatch.setattr("sw.golden.model.VALUES", 5000)
    parts = Model(network)
    assert VALUES >= 50 * network.layers[1].outputs
    widest = max(layer.outputs for layer in network.layers)
    assert max(len(block) for block in parts._blocks(images)) == 5000 // widest < 50
    np.testing.assert_array_equal(parts.scores(images), whole.scores(images))


def test_a_network_from_plain_arrays_with_an_inverted_kernel_equals_products():
    """Written out by hand: a kernel that fires at few agreeing synapses is turned around."""
    rng = np.random.default_rng(6)
    image = rng.integers(0, 2, (5, 4, 2))
    kernel = rng.choice(np.array([-1, 1], np.int8), (1, 3, 3, 2))
    layer = Conv2d("conv0", -kernel, [18 - 7], 5, 4, padding=1, pad_bit=1)  # popcount <= 7
    padded = np.pad(2 * image - 1, ((1, 1), (1, 1), (0, 0)), constant_values=1)
    sums = [np.sum(padded[y:y + 3, x:x + 3] * kernel[0]) for y in range(5) for x in range(4)]
    want = [(total + 18) // 2 <= 7 for total in sums]
    assert 0 < sum(want) < 20
    assert golden.outputs(layer, image.reshape(1, -1).astype(np.uint8))[0].tolist() == want


def test_layers_of_no_synapse_give_constants():
    weights = np.zeros((2, 3, 3, 4), np.int8)
    layer = Conv2d("conv0", weights, [0, 1], 3, 5, padding=1)
    for way in WAYS.values():
        outputs = way(layer)(np.ones((60, 3), np.uint8)).reshape(15, 2, 3)
        assert (outputs == [[1], [0]]).all()


def test_identity_depends_on_padding_and_stride():
    rng = np.random.default_rng(7)
    network = conv_network(rng, (6, 6, 1), [("conv2d", 3, {"padding": 1})])
    conv = network.layers[1]
    other = Conv2d(conv.name, conv.weights, conv.thresholds, 6, 6, padding=1, pad_bit=1)
    changed = Network([network.first, other, network.last], network.labels, (6, 6, 1),
                      positive=True)
    assert changed.identity != network.identity
