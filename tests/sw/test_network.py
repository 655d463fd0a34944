"""sw.network: what is saved comes back, and every rule that a file can break is named."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sw import checkpoint, golden, network
from sw.network import Dense, Encoder, Network, Scores

from ..networks import (
    plain_trace,
    random_checkpoint,
    random_images,
    random_network,
    random_weights,
)


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def tiny(**changes):
    """Return a network 4-3-2 with some of its arguments changed."""
    rng = np.random.default_rng(1)
    arguments = {"layers": random_network(rng, [4, 3, 2]).layers, "labels": ("a", "b"),
                 "input_shape": (2, 2), "provenance": {"seed": 1}}
    return Network(**{**arguments, **changes})


def dense(**changes):
    arguments = {"name": "fc0", "weights": np.array([[1, 0, -1, 1], [1, 1, 1, 1]], np.int8),
                 "thresholds": np.array([4, 0], np.int32)}
    return Dense(**{**arguments, **changes})


def scores(**changes):
    arguments = {"name": "scores", "weights": np.array([[1, -1], [0, 1]], np.int8),
                 "bias": np.array([2**24, -2**24], np.int32)}
    return Scores(**{**arguments, **changes})


def encoder(**changes):
    arguments = {"name": "encoder", "thresholds": np.array([[0, 256], [7, 7]], np.int32)}
    return Encoder(**{**arguments, **changes})


def bit_layers(bits):
    """Return layers of a network 4-2-2 whose hidden layer has the given weights."""
    return (Encoder.uniform(4), Dense("fc0", bits, np.ones(2, np.int32)),
            Scores("scores", np.array([[1, -1], [-1, 1]]), np.zeros(2)))


def saved(path, **changes):
    """Save a tiny network, replace arrays in the file (None: leave out), return the path."""
    network.save(path, tiny())
    with np.load(path) as file:
        arrays = {**file, **changes}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32), inputs=st.integers(1, 40),
       hidden=st.lists(st.integers(1, 40), max_size=3), classes=st.integers(2, 26),
       synapses=st.integers(0, 50), levels=st.lists(st.integers(0, 256), min_size=1).map(sorted))
def test_what_is_saved_comes_back(tmp_path_factory, seed, inputs, hidden, classes, synapses,
                                  levels):
    path = tmp_path_factory.mktemp("net") / "a.net.npz"
    first = random_network(np.random.default_rng(seed), [inputs, *hidden, classes],
                           [synapses] * (len(hidden) + 1), levels)
    network.save(path, first)
    again = network.load(path)
    assert again.identity == first.identity
    assert (again.labels, again.input_shape, again.provenance) == (
        first.labels, first.input_shape, first.provenance)
    for before, after in zip(first.layers, again.layers, strict=True):
        assert (type(after), after.name) == (type(before), before.name)
        for key in ("weights", "thresholds", "bias", "input_bits"):
            np.testing.assert_array_equal(getattr(before, key, None), getattr(after, key, None))


ORDER = (r"First layer must take pixels, the last one give scores, and no other do either: {} "
         r"\(such as encoder, dense, scores\)")


@pytest.mark.parametrize(("classes", "fan_in", "synapses"), [
    (10, 1023, None), (10, 1024, None), (26, 1024, None), (26, 1023, 6), (26, 64, 0),
])
def test_plain_arrays_become_a_network_that_computes(tmp_path, classes, fan_in, synapses):
    """A network that nobody here trained: the public API, from arrays to labels."""
    rng = np.random.default_rng(fan_in)
    weights = random_weights(rng, 50, fan_in, synapses)
    fan_ins = np.count_nonzero(weights, axis=1)
    thresholds = (fan_ins // 2 + rng.integers(-1, 2, 50)).clip(0, fan_ins)
    negative = rng.random(50) < 0.3  # fires at popcount <= t: inverted, at >= fan_in - t
    weights[negative] *= -1
    thresholds[negative] = (fan_ins - thresholds)[negative]
    made = Network(
        layers=(Encoder.uniform(fan_in, thresholds=(100,)),
                Dense("hidden", weights, thresholds.astype(np.int32)),
                Scores("scores", random_weights(rng, classes, 50),
                       rng.integers(-9, 9, classes).astype(np.int32))),
        labels=tuple(LETTERS[:classes]), input_shape=(fan_in,))
    network.save(tmp_path / "a.net.npz", made)
    loaded = network.load(tmp_path / "a.net.npz")
    images = random_images(rng, 200, made)
    for (_, have), want in zip(golden.Model(loaded).trace(images), plain_trace(made, images),
                               strict=True):
        np.testing.assert_array_equal(have, want)


def test_identity_is_of_what_is_computed():
    first = tiny()
    assert tiny(provenance={"seed": 2}).identity == first.identity
    flipped = first.layers[1].weights.copy()
    flipped[0, 0] *= -1
    changes = [
        {"layers": (first.layers[0], Dense("fc0", flipped, first.layers[1].thresholds),
                    first.layers[2])},
        {"labels": ("a", "c")},
        {"labels": ("b", "a")},
        {"input_shape": (4,)},
        {"layers": (Encoder.uniform(4, (129,)), *first.layers[1:])},
    ]
    identities = {tiny(**change).identity for change in changes}
    assert len(identities | {first.identity}) == 1 + len(changes)


def test_identity_does_not_change_between_versions():
    """The board answers with it, so it is part of the format: a change needs a new format tag."""
    fixed = Network((Encoder.uniform(2), Dense("fc0", np.array([[1, -1], [0, 1]], np.int8),
                                               np.array([1, 2], np.int32)),
                     Scores("scores", np.eye(2, dtype=np.int8), np.array([0, -1], np.int32))),
                    ("no", "yes"), (2,), positive=True)
    assert fixed.identity == "4504c424aa5bcf2da445c35518374691c72ab75e890a2e355c2eca0ac35cbe7d"


@pytest.mark.parametrize(("thresholds", "shift", "bits"), [
    ((128,), 7, 1), ((64, 128, 192), 6, 2), ((1,), 0, 8), ((0,), 7, 1), ((256,), 7, 1),
    ((96,), 5, 3),
])
def test_low_bits_below_every_threshold_are_left_out(thresholds, shift, bits):
    layer = Encoder.uniform(3, thresholds)
    assert (layer.shift, layer.pixel_bits) == (shift, bits)
    values = np.arange(256)
    for threshold in thresholds:
        np.testing.assert_array_equal(values >> shift >= threshold >> shift, values >= threshold)


@pytest.mark.parametrize(("bias", "bits"), [
    ([0, 0], 3), ([1, 0], 3), ([2, 0], 4), ([-3, 0], 4), ([-2, -2], 3), ([-3, -2], 4),
    ([-6, -2], 4), ([-7, 0], 5), ([10, 10], 5), ([13, 13], 5), ([14, 13], 6),
])
def test_score_bits_hold_every_score(bias, bits):
    weights = np.array([[1, -1], [-1, 1]], np.int8)
    layer = Scores("scores", weights, np.array(bias, np.int32))
    low, high = layer.bounds
    assert (low, high) == (min(bias) - 2, max(bias) + 2)
    assert -2 ** (bits - 1) <= low <= high < 2 ** (bits - 1)
    assert layer.score_bits == bits
    assert not -2 ** (bits - 2) <= low <= high < 2 ** (bits - 2)


@pytest.mark.parametrize(("make", "changes", "message"), [
    (dense, {"name": "queue"}, r"Name of a layer must not be that of a part around layers: "
                               r"'queue'"),
    (dense, {"name": "to_fc2"}, r"Name of a layer must not be that of a part around layers: "
                                r"'to_fc2'"),
    (dense, {"name": "FC"}, r"Name of a layer must be up to 32 lower-case letters, digits and _, "
                            r"beginning with a letter: 'FC'"),
    (dense, {"weights": [[1], [1, 1]]},
     r"Weights of layer 'fc0' must be int8 with 2 dimensions: no numbers"),
    (dense, {"weights": np.ones((2, 4), complex)},
     r"Weights of layer 'fc0' must be int8 with 2 dimensions: no numbers"),
    (dense, {"weights": [["1", "-1"]]},
     r"Weights of layer 'fc0' must be int8 with 2 dimensions: no numbers"),
    (dense, {"weights": np.array([[0.5, -1.0]])},
     r"Weights of layer 'fc0' must be integers: 0\.5 \(round them yourself: nothing is cut here\)"),
    (dense, {"weights": np.array([[257, 1]])},
     r"Weights of layer 'fc0' must be in -1\.\.1: 1\.\.257"),
    (dense, {"weights": np.array([[np.nan, 1]])},
     r"Weights of layer 'fc0' must be finite: NaN or infinity is among them"),
    (dense, {"thresholds": np.array([2**32 + 1, 0])},
     r"Thresholds of layer 'fc0' must be in -2147483648\.\.2147483647: 0\.\.4294967297"),
    (dense, {"thresholds": np.array([4.5, 0.0])},
     r"Thresholds of layer 'fc0' must be in 0\.\.fan-in \+ 1: neuron 0 has 5 at fan-in 3"),
    (dense, {"thresholds": np.array([2**31, 0], np.float32)},
     r"Thresholds of layer 'fc0' must be in -2147483648\.\.2147483647: 0\.0\.\.2147483648\.0"),
    (scores, {"bias": [0.25, 0]},
     r"Bias of layer 'scores' must be integers: 0\.25 "
     r"\(round them yourself: nothing is cut here\)"),
    (encoder, {"input_bits": 8.5}, r"Input bits of layer 'encoder' must be in 1\.\.16: 8\.5"),
    (encoder, {"input_bits": np.array([8])},
     r"Input bits of layer 'encoder' must be in 1\.\.16: \[8\]"),
    (encoder, {"thresholds": [[np.nan]]},
     r"Thresholds of layer 'encoder' must be finite: NaN or infinity is among them"),
    (encoder, {"thresholds": [[256.5]]},
     r"Thresholds of layer 'encoder' must be in 0\.\.256: 257\.\.257"),
    (encoder, {"thresholds": [[-1.5, 3]]},
     r"Thresholds of layer 'encoder' must be in 0\.\.256: -1\.\.3"),
    (lambda: Encoder.uniform(3, (0.5,)), {},
     r"Thresholds of layer 'encoder' must be in the unit of the inputs, 0\.\.256: 0\.5 "
     r"\(multiply thresholds of inputs in 0\.\.1 by 255\)"),
    (lambda: Encoder.uniform(3, ("128",)), {},
     r"Thresholds of layer 'encoder' must be int32 with 2 dimensions: no numbers"),
    (tiny, {"layers": bit_layers(np.array([[0, 1, 1, 0], [1, 0, 0, 1]]))},
     r"Weights of layer 'fc0' must be -1 and \+1, where 0 means \"no synapse\": they are 0 and \+1 "
     r"only \(weights of bits are 2 \* bits - 1; if 0 does mean no synapse, give the network "
     r"positive=True\)"),
    (tiny, {"provenance": {"seeds": [1, {2}]}},
     r"Provenance\['seeds'\]\[1\] must be something that JSON can hold: set \(give its text: "
     r"str\(…\)\)"),
    (tiny, {"labels": 2},
     r"Labels must be one per class: the number 2 \(give range\(2\), or names\)"),
    (tiny, {"labels": (None, "b")},
     r"Labels must be 1 to 200 printable characters: None"),
    (tiny, {"provenance": ["mine"]}, r"Provenance must be a dict: list"),
    (tiny, {"input_shape": (2.0, 2)}, r"Input shape must be integers above 0: \(2\.0, 2\)"),
    (dense, {"weights": np.ones(4, np.int8)},
     r"Weights of layer 'fc0' must be int8 with 2 dimensions: int8 of shape \(4,\)"),
    (dense, {"weights": np.ones((0, 4), np.int8)},
     r"Weights of layer 'fc0' must not be empty: shape \(0, 4\)"),
    (dense, {"weights": np.broadcast_to(np.int8(1), (2, 2**20 + 1))},
     r"Weights of layer 'fc0' must have at most 1048576 rows and columns: shape \(2, 1048577\)"),
    (dense, {"weights": np.array([[1, 0], [2, 1]], np.int8)},
     r"Weights of layer 'fc0' must be in -1\.\.1: 0\.\.2"),
    (dense, {"weights": np.broadcast_to(np.int8(1), (2**16 + 1, 1))},
     r"Layer 'fc0' must have at most 65536 neurons: 65537"),
    (dense, {"thresholds": np.zeros((2, 1), np.int64)},
     r"Thresholds of layer 'fc0' must be int32 with 1 dimension: int64 of shape \(2, 1\)"),
    (dense, {"thresholds": np.zeros(3, np.int32)},
     r"Thresholds of layer 'fc0' must be one per neuron: 3, not 2"),
    (dense, {"thresholds": np.array([5, 0], np.int32)},
     r"Thresholds of layer 'fc0' must be in 0\.\.fan-in \+ 1: neuron 0 has 5 at fan-in 3"),
    (dense, {"thresholds": np.array([4, -1], np.int32)},
     r"Thresholds of layer 'fc0' must be in 0\.\.fan-in \+ 1: neuron 1 has -1 at fan-in 4"),
    (scores, {"bias": np.zeros(3, np.int32)},
     r"Bias of layer 'scores' must be one per neuron: 3, not 2"),
    (scores, {"bias": np.array([0, 2**24 + 1], np.int32)},
     r"Bias of layer 'scores' must be in -16777216\.\.16777216: 0\.\.16777217"),
    (encoder, {"input_bits": 17}, r"Input bits of layer 'encoder' must be in 1\.\.16: 17"),
    (encoder, {"thresholds": np.array([[257]], np.int32)},
     r"Thresholds of layer 'encoder' must be in 0\.\.256: 257\.\.257"),
    (encoder, {"thresholds": np.zeros((1, 257), np.int32)},
     r"Levels of layer 'encoder' must be in 1\.\.256: 257"),
    (encoder, {"thresholds": np.array([[3, 2]], np.int32)},
     r"Thresholds of layer 'encoder' must not decrease from level to level \(sort each row\)"),
    (tiny, {"layers": ()}, ORDER.format("none")),
    (tiny, {"layers": (dense(), encoder())}, ORDER.format("dense, encoder")),
    (tiny, {"layers": (Encoder.uniform(4), dense(), dense(), scores())},
     r"Names of layers must differ: encoder, fc0, fc0, scores"),
    (tiny, {"layers": (Encoder.uniform(5), dense(), scores())},
     r"Layer 'fc0' must have as many inputs as 'encoder' has outputs: 4, not 5"),
    (tiny, {"input_shape": (2, 3)},
     r"Input shape must have as many elements as layer 'encoder' has inputs: \(2, 3\), not 4"),
    (tiny, {"input_shape": ()},
     r"Input shape must be integers above 0: \(\)"),
    (tiny, {"labels": ("a",)}, r"Labels must be one per class: 1, not 2"),
    (tiny, {"labels": ("a", "a")}, r"Labels must differ: a, a"),
    (tiny, {"labels": ("a", "b\n")}, r"Labels must be 1 to 200 printable characters: 'b\\n'"),
    (tiny, {"labels": ("a", "")}, r"Labels must be 1 to 200 printable characters: ''"),
    (tiny, {"labels": ("a", "b" * 201)},
     r"Labels must be 1 to 200 printable characters: 'b{201}'"),
    (tiny, {"layers": (Encoder.uniform(4), Scores("scores", np.ones((1, 4), np.int8),
                                                  np.zeros(1, np.int32))), "labels": ("a",)},
     r"Number of classes must be in 2\.\.256: 1"),
])
def test_broken_rules_are_named(make, changes, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        make(**changes)


@pytest.mark.parametrize("threshold", [0, 0.0, 1.5, 127.5, np.float32(127.25), np.int64(128), 255.5,
                                       256.0])
def test_a_fraction_as_threshold_is_exact(threshold):
    layer = Encoder.uniform(3, (threshold,))
    values = np.arange(256)
    np.testing.assert_array_equal(values >= layer.thresholds[0, 0], values >= threshold)
    assert layer.thresholds.dtype == np.int32


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.5, 2.0, 3.5, 4.0])
def test_a_fraction_as_threshold_of_a_neuron_is_exact(threshold):
    layer = Dense("fc0", [[1, -1, 1, 1]], [threshold])
    for popcount in range(5):
        assert (popcount >= layer.thresholds[0]) == (popcount >= threshold)


@pytest.mark.parametrize("kind", [np.int16, np.int64, np.float16, np.float32, float, "object >i4"])
def test_arrays_of_other_types_are_converted(kind):
    kind = ">i4" if isinstance(kind, str) else kind
    plain = dense()
    made = dense(weights=plain.weights.astype(kind), thresholds=plain.thresholds.astype(kind))
    assert (made.weights.dtype, made.thresholds.dtype) == (np.int8, np.int32)
    np.testing.assert_array_equal(made.weights, plain.weights)
    np.testing.assert_array_equal(made.thresholds, plain.thresholds)


def test_numbers_of_numpy_count_as_numbers(tmp_path):
    made = tiny(input_shape=np.array([2, 2]), labels=np.arange(2), provenance={
        "seed": np.int64(3), "accuracy": np.float32(0.5), "ok": np.bool_(True),
        "sizes": (np.int8(1), np.arange(2)), 5: None})
    network.save(tmp_path / "a.net.npz", made)
    again = network.load(tmp_path / "a.net.npz")
    assert made.input_shape == again.input_shape == (2, 2)
    assert made.labels == again.labels == ("0", "1")
    assert made.provenance == again.provenance == {
        "seed": 3, "accuracy": 0.5, "ok": True, "sizes": [1, [0, 1]], "5": None}
    assert again.identity == made.identity


def test_one_number_is_the_shape_of_a_vector():
    assert tiny(input_shape=4, labels=range(2)).input_shape == (4,)
    assert tiny(input_shape=np.int64(4)).input_shape == (4,)


def test_an_encoders_width_becomes_an_int():
    layer = encoder(input_bits=np.int64(8))
    assert type(layer.input_bits) is int
    assert type(encoder(input_bits=8.0).pixel_bits) is int


def test_positive_weights_that_are_meant_come_back(tmp_path):
    made = tiny(layers=bit_layers([[0, 1, 1, 0], [1, 0, 0, 1]]), positive=True)
    network.save(tmp_path / "a.net.npz", made)
    assert network.load(tmp_path / "a.net.npz").identity == made.identity
    tiny(layers=bit_layers([[1, 1, 1, 1], [1, 1, 1, 1]]))  # no zeros: not asked about


@pytest.mark.parametrize("label", ["가" * 200, "\U0001f600", "می\u200cخواهم",
                                   "\U0001f468\u200d\U0001f469", "x" * 200])
def test_class_names_of_any_script_come_back(tmp_path, label):
    network.save(tmp_path / "a.net.npz", tiny(labels=(label, "b")))
    assert network.load(tmp_path / "a.net.npz").labels == (label, "b")


AGAIN = r"make it again with 'python -m sw\.fold'\)"


@pytest.mark.parametrize(("changes", "message"), [
    ({"format": np.array("thresher-net/2")},
     r" must be a folded network \(thresher-net/1\): it has another format tag "
     r"\(make one with 'python -m sw\.fold'\)"),
    ({"format": None}, r" must be a folded network \(thresher-net/1\): it has no format tag "
                       r"\(make one with 'python -m sw\.fold'\)"),
    ({"1_thresholds": np.array([1.0, 2.0, 1.0])},
     r": Field '1_thresholds' must be int32: float64 of shape \(3,\)"),
    ({"1_weights": np.ones((3, 4), np.int64)},
     r": Field '1_weights' must be int8: int64 of shape \(3, 4\)"),
    ({"labels": None}, rf" must have the field 'labels' \(it is not whole: {AGAIN}"),
    ({"identity": None}, rf" must have the field 'identity' \(it is not whole: {AGAIN}"),
    ({"1_name": None}, rf" must have the field '1_name' \(it is not whole: {AGAIN}"),
    ({"kinds": np.array(["encoder", "conv", "scores"])},
     r": Kind of layer 1 must be one of conv2d, dense, encoder, integer_conv2d, "
     "integer_dense, lookup, pool2d, scores, scores2d, space_to_depth: conv"),
    ({"1_thresholds": np.array([9, 0, 0], np.int32)},
     r": Thresholds of layer 'fc0' must be in 0\.\.fan-in \+ 1: neuron 0 has 9 at fan-in 4"),
    ({"provenance": np.array("{")}, r": Field 'provenance' must be JSON: Expecting property "
                                    r"name enclosed in double quotes: line 1 column 2 "
                                    r"\(char 1\)"),
    ({"provenance": np.array("5")}, r": Field 'provenance' must be a JSON object: int"),
    ({"provenance": np.array("[" * 9999)},
     r": Field 'provenance' must be JSON: it is nested too deep"),
    ({"input_shape": np.array([-2, -2])}, r": Input shape must be integers above 0: \(-2, -2\)"),
    ({"input_shape": np.array([2.5, 2.0])},
     r": Field 'input_shape' must be integers: float64 of shape \(2,\)"),
    ({"labels": np.array(["a", "c"])},
     r" must have the identity of its content: it says [0-9a-f]{12}, its content is [0-9a-f]{12} "
     rf"\(it was changed after it was saved: {AGAIN}"),
    ({"identity": np.array("0" * 64)},
     r" must have the identity of its content: it says 0{12}, its content is [0-9a-f]{12} "
     rf"\(it was changed after it was saved: {AGAIN}"),
])
def test_files_with_broken_rules_are_refused(tmp_path, changes, message):
    path = saved(tmp_path / "a.net.npz", **changes)
    with pytest.raises(ValueError, match=rf"^.*a\.net\.npz{message}$"):
        network.load(path)


@pytest.mark.parametrize("changes", [
    {"1_weights": None}, {"1_thresholds": None}, {"2_bias": None}, {"1_bias": np.zeros(3)},
    {"1_thresholds": np.array(["x"] * 3)}, {"0_input_bits": np.array(99)},
    {"0_input_bits": np.array([1, 2])}, {"input_shape": np.array([2.5, 1e300])},
    {"input_shape": np.array(["x"])}, {"kinds": np.array([1, 2, 3])}, {"kinds": np.zeros(0)},
    {"provenance": np.array("[" * 100_000)}, {"labels": np.zeros((2, 2))},
])
def test_files_of_any_other_content_are_refused_by_name(tmp_path, changes):
    path = saved(tmp_path / "a.net.npz", **changes)
    with pytest.raises(ValueError, match=r"^.*a\.net\.npz(:| must) "):
        network.load(path)


def test_a_flipped_byte_never_gives_another_network(tmp_path):
    path = tmp_path / "a.net.npz"
    first = tiny()
    network.save(path, first)
    whole = bytearray(path.read_bytes())
    wrong = []
    for index in range(0, len(whole), 3):
        whole[index] ^= 0xFF
        path.write_bytes(whole)
        whole[index] ^= 0xFF
        try:
            same = network.load(path).identity == first.identity
        except ValueError as error:
            same = str(error).startswith(str(path))
        if not same:
            wrong.append(index)
    assert wrong == []


def test_provenance_may_hold_anything_json_can(tmp_path):
    provenance = {"recipe": {"layers": [1, 2.5, None, True]}, "who": "Zoë"}
    network.save(tmp_path / "a.net.npz", tiny(provenance=provenance))
    assert network.load(tmp_path / "a.net.npz").provenance == json.loads(json.dumps(provenance))


def test_a_checkpoint_is_not_taken_for_a_network(tmp_path):
    path = tmp_path / "my net.ckpt.npz"
    checkpoint.save(path, random_checkpoint(np.random.default_rng(1), [4, 3, 2]))
    with pytest.raises(ValueError, match="must be") as caught:
        network.load(path)
    assert str(caught.value) == (f"{path} must be a folded network (thresher-net/1): it is a "
                                 f"checkpoint (fold it first: python -m sw.fold '{path}')")


def test_a_network_is_not_taken_for_a_checkpoint(tmp_path):
    path = tmp_path / "a.net.npz"
    network.save(path, tiny())
    with pytest.raises(ValueError, match="must be") as caught:
        checkpoint.load(path)
    assert str(caught.value) == (f"{path} must be a checkpoint (thresher-ckpt/1): it is a folded "
                                 f"network already (look at it: python -m sw.inspect {path})")
