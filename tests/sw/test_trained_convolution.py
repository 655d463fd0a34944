"""Trained convolutions and integer first layers fold exactly, and equal PyTorch in every layer."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sw import checkpoint as checkpoints
from sw import evaluate, fold, golden, network
from sw.checkpoint import Checkpoint
from sw.layer.pool2d import Pool2d
from sw.network import Network
from sw.store.files import read_arrays, write_arrays
from sw.trained.conv2d import fold_conv2d
from sw.trained.integer import TrainedIntegerDense, fold_integer_conv2d, fold_integer_dense
from sw.trained.kind import folded
from sw.trained.scores2d import TrainedScores2d
from train.activations import activations

from ..loops import looped_trained
from ..networks import checkpoint_scores, random_images
from ..trained import (
    conv_checkpoint,
    latent,
    trained_conv2d,
    trained_integer_conv2d,
    trained_integer_dense,
)


FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
SPECIAL = st.sampled_from([0.0, -0.0, 1e-45, -1e-45, 1e-38, 3e38, -3e38, 1.0, -1.0])
FORMS = {"encoder, dense": {}, "encoder, positions": {"summed": True},
         "integers, dense": {"integer": True}, "integers, positions": {"integer": True,
                                                                        "summed": True}}


def fires(layer, neuron, total):
    """Say whether a neuron fires at a sum, in scalar float32 arithmetic: the definition."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        deviation = np.sqrt(np.float32(layer.variance[neuron] + np.float32(layer.eps)))
        inverse = np.float32(layer.gamma[neuron] / deviation)
        centred = np.float32(np.float32(total) - layer.mean[neuron])
        return bool(np.float32(np.float32(centred * inverse) + layer.beta[neuron]) >= 0)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), inputs=st.integers(1, 6), share=st.floats(0, 1),
       gamma=FLOATS | SPECIAL, beta=FLOATS | SPECIAL, mean=st.floats(-600, 600, width=32) | SPECIAL,
       variance=st.floats(0, 2**100, width=32), input_bits=st.integers(1, 7))
def test_thresholds_on_sums_equal_batchnorm_at_every_sum(seed, inputs, share, gamma, beta, mean,
                                                         variance, input_bits):
    rng = np.random.default_rng(seed)
    values = [np.array([value], np.float32) for value in (gamma, beta, mean, variance)]
    layer = TrainedIntegerDense("fc0", *latent(rng, (1, inputs), share), *values, input_bits)
    made = fold_integer_dense(layer)
    sign = -1 if gamma < 0 else 1
    np.testing.assert_array_equal(made.weights, sign * layer.weights)
    low, high = (int(bound[0]) for bound in made.bounds)
    for total in range(low, high + 1):
        assert (total >= made.thresholds[0]) == fires(layer, 0, sign * total), total


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), pool=st.sampled_from([0, 2, 3]), stride=st.integers(1, 2),
       padding=st.integers(0, 1), pad=st.integers(0, 1), share=st.floats(0.2, 1),
       integer=st.booleans())
def test_a_folded_convolution_equals_batchnorm_of_the_largest_sum(seed, pool, stride, padding, pad,
                                                                  share, integer):
    rng = np.random.default_rng(seed)
    make = trained_integer_conv2d if integer else trained_conv2d
    padded = {"pad_value": 77 * pad} if integer else {"pad_bit": pad}
    layer = make(rng, 5, (11, 12, 2), (3, 5), share, stride=stride, padding=padding, pool=pool,
                 **padded)
    inputs = rng.integers(0, 256 if integer else 2, (2, layer.inputs)).astype(np.uint8)
    found = inputs
    for made in folded(layer):
        found = golden.outputs(made, found)
    numbers = inputs.astype(np.int64) if integer else 2 * inputs.astype(np.int64) - 1
    np.testing.assert_array_equal(2 * found.astype(np.int64) - 1, looped_trained(layer, numbers))


def test_a_pool_of_sums_becomes_or_and_and():
    layer = trained_conv2d(np.random.default_rng(2), 20, (8, 8, 3), pool=2, name="conv7")
    conv, pool = fold_conv2d(layer)
    assert (conv.name, pool.name, pool.size) == ("conv7", "conv7_pool", 2)
    np.testing.assert_array_equal(pool.all_of, layer.gamma < 0)
    assert 0 < pool.all_of.sum() < 20
    assert (layer.takes, layer.gives) == (conv.takes, pool.gives)
    first = trained_integer_conv2d(np.random.default_rng(2), 20, (8, 8, 3), pool=2)
    assert [made.kind for made in fold_integer_conv2d(first)] == ["integer_conv2d", "pool2d"]


@pytest.mark.parametrize("form", FORMS)
def test_golden_equals_pytorch_in_every_layer(form):
    checkpoint = conv_checkpoint(np.random.default_rng(3), **FORMS[form])
    made = fold.fold(checkpoint)
    assert made.layers[-2 if "positions" in form else -3].kind == "pool2d"
    images = random_images(np.random.default_rng(4), 200, made)
    for (name, have), want in zip(golden.Model(made).trace(images),
                                  activations(checkpoint, images), strict=True):
        np.testing.assert_array_equal(have, want, err_msg=name)
        assert 0 < have.astype(bool).mean() < 1, name
    np.testing.assert_array_equal(have[:20], checkpoint_scores(checkpoint, images[:20]))


def test_dense_integers_equal_pytorch():
    rng = np.random.default_rng(5)
    first = trained_integer_dense(rng, 30, 24, 0.5, input_bits=6)
    last = TrainedScores2d("scores", *latent(rng, (3, 30)), np.arange(3, dtype=np.int32), 1, 1)
    checkpoint = Checkpoint(first, (), last, "abc", (4, 6))
    images = rng.integers(0, 64, (100, 4, 6), dtype=np.uint8)
    made = fold.fold(checkpoint)
    assert made.input_bits == 6
    for (name, have), want in zip(golden.Model(made).trace(images),
                                  activations(checkpoint, images), strict=True):
        np.testing.assert_array_equal(have, want, err_msg=name)


@pytest.mark.parametrize("form", FORMS)
def test_a_checkpoint_is_saved_and_loaded(form, tmp_path):
    saved = conv_checkpoint(np.random.default_rng(6), **FORMS[form])
    checkpoints.save(tmp_path / "a.ckpt.npz", saved)
    again = checkpoints.load(tmp_path / "a.ckpt.npz")
    assert fold.fold(again).identity == fold.fold(saved).identity
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in saved.layers]
    assert {type(getattr(layer, name)) for layer in again.layers
            for name in getattr(layer, "integers", ())} == {int}
    names = set(read_arrays(tmp_path / "a.ckpt.npz", "a checkpoint"))
    assert ("first_kind" in names, "encoder_name" in names) == (
        ("integers" in form), ("encoder" in form))
    assert ("last_kind" in names) == ("positions" in form)


def test_a_file_without_kinds_is_read_as_before(tmp_path):
    path = tmp_path / "a.ckpt.npz"
    checkpoints.save(path, conv_checkpoint(np.random.default_rng(6)))
    arrays = read_arrays(path, "a checkpoint")
    assert {"encoder_thresholds", "encoder_input_bits", "last_bias"} <= set(arrays)
    assert "3_kind" in arrays  # the pool of bits
    assert "4_kind" not in arrays  # dense, as in all files so far


@pytest.mark.parametrize(("change", "message"), [
    ({"first_kind": np.array("conv3d")}, "Kind of layer first must be one of conv2d, dense, "
     "encoder, integer_conv2d, integer_dense, lookup, pool2d, scores, scores2d, space_to_depth: "
     "conv3d"),
    ({"first_kind": np.array("conv2d"), "first_pad_bit": np.array(0)}, "First layer must take "
     "pixels, the last one give scores, and no other do either: conv2d, conv2d, pool2d, dense, "
     "scores (such as encoder, dense, scores)"),
    ({"0_gamma": None}, "Layer 'conv1' must have weights, mask and BatchNorm: no gamma (only "
     "networks with BatchNorm after every hidden layer can be folded)"),
    ({"1_all_of": None}, "Layer 'pool' must have all its arrays: no all_of (train it again)"),
    ({"0_stride": np.array(1.5)}, "Field '0_stride' must be one integer: float64 of shape ()"),
    ({"0_stride": np.array(3)}, "Stride of layer 'conv1' must be in 1..2: 3"),
    ({"0_pool": np.array(8)}, "Size of layer 'conv1_pool' must be in 2..7: 8"),
    ({"0_pool": np.array(7)}, "Size of layer 'conv1_pool' must be at most that of its feature map, "
     "5 x 5: 7"),
    ({"0_pool": np.array(4)}, "Layer 'pool' must take the feature map that 'conv1' gives: 2 x 2 x "
     "16, not 1 x 1 x 16"),
    ({"0_height": np.array(4)}, "Layer 'conv1' must take the feature map that 'conv0' gives: 4 x 5 "
     "x 9, not 5 x 5 x 9"),
    ({"0_weight": np.ones((16, 81), np.float32)}, "Weight of layer 'conv1' must have the shape "
     "(neurons, rows, columns, channels): (16, 81)"),
    ({"first_pad_value": np.array(256)}, "Pad value of layer 'conv0' must be below 256: 256"),
    ({"input_shape": np.array([10, 12, 3])}, "Layer 'conv0' must take the rows and columns of an "
     "image, 10 x 12 x 3: 12 x 10 (images and weights have the channels last)"),
])
def test_load_names_layer_and_rule(tmp_path, change, message):
    path = tmp_path / "x.npz"
    checkpoints.save(path, conv_checkpoint(np.random.default_rng(7), integer=True))
    arrays = read_arrays(path, "a checkpoint") | change
    write_arrays(path, {name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(ValueError, match=f"^{re.escape(f'{path}: {message}')}$"):
        checkpoints.load(path)


def test_sums_that_float32_does_not_hold_are_refused():
    layer = trained_integer_dense(np.random.default_rng(8), 1, 257, input_bits=16)
    weight = np.ones((1, 257), np.float32)
    with pytest.raises(ValueError, match=r"^Sums of layer 'fc0' must stay within 2\*\*24, where "
                                         r"float32 is exact: they reach 16842495 \(fewer "
                                         r"synapses\)$"):
        replace(layer, weight=weight)
    assert replace(layer, weight=weight[:, :256], mask=layer.mask[:, :256]).bounds[1] == 2**24 - 256


def test_commands_fold_evaluate_and_name_a_layer(tmp_path, capsys):
    rng = np.random.default_rng(9)
    checkpoint = conv_checkpoint(rng, integer=True)
    images = rng.integers(0, 256, (60, 12, 10, 3), dtype=np.uint8)
    np.savez(tmp_path / "set.npz", images=images, labels=rng.integers(0, 5, 60))
    scores = activations(checkpoint, images)[-1]
    checkpoints.save(tmp_path / "a.ckpt.npz", replace(checkpoint, test_scores=scores))
    fold.main([str(tmp_path / "a.ckpt.npz")])
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"conv0: 12 x 10 x 3 to 5 x 5 x 9, windows of 5 x 3, 9 neurons, \d+ "
                        r"synapses, \d inverted for a negative gamma, \d constant", lines[0])
    assert re.fullmatch(r"conv1: 5 x 5 x 9 to 5 x 5 x 16, .* constant; conv1_pool: 5 x 5 x 16 to "
                        r"2 x 2 x 16", lines[1])
    assert [line.split(":")[0] for line in lines[2:4]] == ["fc0", "scores"]  # nothing of the pool
    arguments = ["--dataset", str(tmp_path / "set.npz"), "--checkpoint",
                 str(tmp_path / "a.ckpt.npz")]
    assert evaluate.main([str(tmp_path / "a.net.npz"), *arguments]) == 0
    assert "equal to PyTorch: 60 of 60 labels and scores" in capsys.readouterr().out
    assert json.loads((tmp_path / "a.eval.json").read_text())["compared"]["scores_differ"] == 0

    made = network.load(tmp_path / "a.net.npz")
    pool = made.layers[2]
    turned = Pool2d(pool.name, 1 - pool.all_of, pool.height, pool.width)
    layers = [*made.layers[:2], turned, *made.layers[3:]]
    network.save(tmp_path / "b.net.npz", Network(layers, made.labels, made.input_shape))
    assert evaluate.main([str(tmp_path / "b.net.npz"), *arguments]) == 1
    assert re.search(r"error: image \d+: first difference in layer 'conv1_pool', output \d+: "
                     r"PyTorch [01], golden [01] \(channel \d+ at row [01], column [01]: (OR|AND) "
                     r"of 4 bits, \d of them 1\)", capsys.readouterr().err)
