"""sw.golden equals plain ±1 arithmetic, whichever way it counts."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sw import golden
from sw.golden import popcount
from sw.golden.model import BATCH
from sw.network import Dense, Encoder, Network, Scores

from ..networks import plain_trace, random_dense, random_images, random_network


def assert_equals_plain(network, images):
    model = golden.Model(network)
    trace = model.trace(images)
    plain = plain_trace(network, images)
    assert [name for name, _ in trace] == [layer.name for layer in network.layers]
    for (name, have), want in zip(trace, plain, strict=True):
        assert have.dtype == (np.int32 if name == network.last.name else np.uint8)
        np.testing.assert_array_equal(have, want, err_msg=name)
    np.testing.assert_array_equal(model.encode(images), plain[0])
    np.testing.assert_array_equal(model.scores(images), plain[-1])
    np.testing.assert_array_equal(model.labels(images), plain[-1].argmax(axis=1))


@settings(max_examples=150)
@given(seed=st.integers(0, 2**32), inputs=st.integers(1, 150),
       hidden=st.lists(st.tuples(st.integers(1, 150), st.none() | st.integers(0, 150)), max_size=3),
       classes=st.integers(2, 30), last=st.none() | st.integers(0, 20),
       levels=st.lists(st.integers(0, 256), min_size=1, max_size=3).map(sorted))
def test_equals_plain_arithmetic(seed, inputs, hidden, classes, last, levels):
    rng = np.random.default_rng(seed)
    network = random_network(rng, [inputs, *(neurons for neurons, _ in hidden), classes],
                             [*(synapses for _, synapses in hidden), last], levels)
    assert_equals_plain(network, random_images(rng, 5, network))


@pytest.mark.parametrize(("sizes", "synapses"), [
    ((784, 256, 256, 256, 10), None),
    ((784, 300, 200, 26), (6, 48, None)),
    ((1023, 1024, 10), None),
    ((64, 65, 63, 2), (None, 1, 0)),
])
@pytest.mark.parametrize("count", [1, BATCH, BATCH + 1])
def test_equals_plain_arithmetic_at_sizes_in_use(sizes, synapses, count):
    rng = np.random.default_rng(1)
    network = random_network(rng, sizes, synapses)
    assert_equals_plain(network, random_images(rng, count, network))


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32), inputs=st.integers(1, 300), neurons=st.integers(1, 20),
       share=st.floats(0, 1), count=st.integers(1, 20))
def test_both_ways_of_counting_agree(seed, inputs, neurons, share, count):
    rng = np.random.default_rng(seed)
    layer = random_dense(rng, neurons, inputs)
    weights = layer.weights * (rng.random(layer.weights.shape) < share).astype(np.int8)
    ragged = Scores("scores", weights, np.zeros(neurons, np.int32))
    x = rng.integers(0, 2, (inputs, count), dtype=np.uint8)
    want = ((weights[:, :, None] != 0) & ((weights[:, :, None] > 0) != x[None])).sum(axis=1)
    for count_by in (popcount._count_by_word, popcount._count_by_synapse):
        np.testing.assert_array_equal(count_by(ragged)(x), want, err_msg=count_by.__name__)


@pytest.mark.parametrize("unconnected", [0, 8])
@pytest.mark.parametrize("fan_in", [1, 63, 64, 65, 255, 256, 1023, 1024])
def test_every_popcount_against_every_threshold(fan_in, unconnected):
    """Neuron t has threshold t; vector p agrees with p synapses: all of (p >= t).

    With many unconnected inputs beside, synapses are counted one by one.
    """
    weights = np.random.default_rng(fan_in).choice(np.array([-1, 1], np.int8), fan_in)
    weights = np.pad(weights, (0, unconnected * fan_in))
    layer = Dense("fc0", np.tile(weights, (fan_in + 2, 1)), np.arange(fan_in + 2, dtype=np.int32))
    agrees = np.tri(fan_in + 1, len(weights), -1, dtype=bool)
    bits = (agrees == (weights > 0)).astype(np.uint8)
    popcounts = np.arange(fan_in + 1)
    np.testing.assert_array_equal(golden.popcounts(layer, bits),
                                  np.tile(popcounts[:, None], fan_in + 2))
    np.testing.assert_array_equal(golden.outputs(layer, bits),
                                  popcounts[:, None] >= np.arange(fan_in + 2))


def test_ties_go_to_the_first_maximum():
    scores = np.array([[1, 3, 3], [2, 2, 2], [0, -1, 0]], np.int32)
    assert golden.labels(scores).tolist() == [1, 0, 0]


def test_encoder_orders_levels_within_a_pixel():
    encoder = Encoder("encoder", np.array([[1, 128], [0, 256]], np.int32))
    images = np.array([[0, 255], [127, 0], [128, 0]], np.uint8)
    assert golden.outputs(encoder, images).tolist() == [[0, 0, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0]]


def test_no_images_give_no_outputs():
    network = random_network(np.random.default_rng(2), [4, 3, 2])
    model = golden.Model(network)
    none = np.zeros((0, 4), np.uint8)
    assert model.labels(none).shape == (0,)
    assert [values.shape for _, values in model.trace(none)] == [(0, 4), (0, 3), (0, 2)]


def test_sixteen_bit_inputs_are_compared_whole():
    weights = np.array([[1], [-1]], np.int8)
    network = Network([Encoder.uniform(1, (2**16 - 1,), input_bits=16),
                       Scores("scores", weights, np.zeros(2, np.int32))], "ab", (1,))
    images = np.array([[2**16 - 2], [2**16 - 1]], np.uint16)
    assert golden.Model(network).labels(images).tolist() == [1, 0]


@pytest.mark.parametrize(("images", "error", "message"), [
    (np.zeros((2, 4), np.int64), TypeError, r"^Images must be unsigned integers: int64$"),
    (np.zeros((2, 5), np.uint8), ValueError,
     r"^Images must have the shape \(n, 2, 2\): \(2, 5\)$"),
    (np.zeros((2, 2), np.uint8), ValueError,
     r"^Images must have the shape \(n, 2, 2\): \(2, 2\)$"),
    (np.full((2, 2, 2), 300, np.uint16), ValueError,
     r"^Images must have pixels of 8 bits: 300$"),
])
def test_images_that_do_not_fit_are_refused(images, error, message):
    network = random_network(np.random.default_rng(3), [4, 3, 2], input_shape=(2, 2))
    with pytest.raises(error, match=message):
        golden.Model(network).labels(images)


def test_sfc_runs_at_ten_thousand_images_a_second():
    rng = np.random.default_rng(4)
    network = random_network(rng, [784, 256, 256, 256, 10])
    model, images = golden.Model(network), random_images(rng, 2000, network)
    start = time.process_time()
    model.labels(images)
    assert len(images) / (time.process_time() - start) >= 10_000
