import re
from dataclasses import replace

import numpy as np
import pytest

from sw import checkpoint
from sw.checkpoint import Checkpoint, Hidden, Last
from sw.network import Encoder
from sw.store.files import read_arrays, write_arrays


def example(seed=0, inputs=6, neurons=5, classes=3):
    random = np.random.default_rng(seed)

    def floats(*shape):
        return random.normal(size=shape).astype(np.float32)

    hidden = Hidden("fc1", floats(neurons, inputs), np.ones((neurons, inputs), np.uint8),
                    floats(neurons), floats(neurons), floats(neurons), np.abs(floats(neurons)))
    last = Last("fc2", floats(classes, neurons), np.eye(classes, neurons, dtype=np.uint8),
                np.arange(classes, dtype=np.int32), 0.5)
    return Checkpoint(Encoder.uniform(inputs), (hidden,), last, ("a", "b", "c"), (2, 3),
                      {"seed": seed}, np.arange(12, dtype=np.int32).reshape(4, 3))


def test_what_is_saved_is_loaded(tmp_path):
    saved = example()
    checkpoint.save(tmp_path / "x.ckpt.npz", saved)
    loaded = checkpoint.load(tmp_path / "x.ckpt.npz")
    for name in ("weight", "mask", "gamma", "beta", "mean", "variance"):
        np.testing.assert_array_equal(getattr(loaded.hidden[0], name),
                                      getattr(saved.hidden[0], name))
    np.testing.assert_array_equal(loaded.last.weight, saved.last.weight)
    np.testing.assert_array_equal(loaded.last.bias, saved.last.bias)
    np.testing.assert_array_equal(loaded.test_scores, saved.test_scores)
    np.testing.assert_array_equal(loaded.first.thresholds, saved.first.thresholds)
    assert (loaded.labels, loaded.input_shape, loaded.provenance, loaded.hidden[0].eps,
            loaded.last.scale) == (("a", "b", "c"), (2, 3), {"seed": 0}, 1e-5, 0.5)


def test_a_checkpoint_without_test_scores_has_none(tmp_path):
    checkpoint.save(tmp_path / "x.npz", replace(example(), test_scores=None))
    assert checkpoint.load(tmp_path / "x.npz").test_scores is None


def test_weights_are_signs_where_there_is_a_synapse():
    weight = np.array([[0.0, -0.0, -1e-30, 2.0]], dtype=np.float32)
    mask = np.array([[1, 1, 1, 0]], dtype=np.uint8)
    last = Last("fc1", weight, mask, np.zeros(1, np.int32))
    np.testing.assert_array_equal(last.weights, [[1, 1, -1, 0]])


def test_normalize_rounds_each_operation_to_float32():
    layer = example().hidden[0]
    dots = np.arange(-6, 7)[:, None] * np.ones(5, dtype=int)
    for row, dot in zip(layer.normalize(dots), np.arange(-6, 7), strict=True):
        for neuron, value in enumerate(row):
            inverse = np.float32(layer.gamma[neuron] / np.float32(np.sqrt(
                np.float32(layer.variance[neuron] + np.float32(1e-5)))))
            difference = np.float32(np.float32(dot) - layer.mean[neuron])
            assert value == np.float32(np.float32(difference * inverse) + layer.beta[neuron])


@pytest.mark.parametrize(("change", "message"), [
    ({"0_gamma": None}, "Layer 'fc1' must have weights, mask and BatchNorm: no gamma (only "
     "networks with BatchNorm after every hidden layer can be folded)"),
    ({"0_mean": np.full(5, np.nan, np.float32)}, "Mean of layer 'fc1' must be finite: it holds NaN "
     "or infinity (train it again)"),
    ({"last_weight": np.full((3, 5), np.inf, np.float32)}, "Weight of layer 'fc2' must be finite: "
     "it holds NaN or infinity (train it again)"),
    ({"0_variance": np.full(5, -1, np.float32)}, "Variance of layer 'fc1' plus eps must be "
     "positive: neuron 0 has -1.0"),
    ({"0_beta": np.zeros(4, np.float32)}, "Beta of layer 'fc1' must be float32 of shape (5,): "
     "float32 of shape (4,)"),
    ({"0_weight": np.zeros((5, 6))}, "Weight of layer 'fc1' must be float32 of shape (5, 6): "
     "float64 of shape (5, 6)"),
    ({"0_mask": np.full((5, 6), 2, np.uint8)}, "Mask of layer 'fc1' must be 0 or 1: 2"),
    ({"0_mask": np.ones((6, 5), np.uint8)}, "Mask of layer 'fc1' must be uint8 of shape (5, 6): "
     "uint8 of shape (6, 5)"),
    ({"0_eps": np.array(np.nan)}, "Eps of layer 'fc1' must be finite and not negative: nan"),
    ({"last_bias": np.zeros(3, np.int64)}, "Bias of layer 'fc2' must be int32 of shape (3,): int64 "
     "of shape (3,)"),
    ({"input_shape": np.array([7])}, "Input shape must have as many elements as layer "
     "'encoder' has inputs: (7,), not 6"),
    ({"input_shape": np.array([-6, -1])}, "Input shape must be integers above 0: (-6, -1)"),
    ({"encoder_input_bits": np.array(8.5)}, "Field 'encoder_input_bits' must be one integer: "
     "float64 of shape ()"),
    ({"layers": np.array([1, 1])}, "Field 'layers' must be one integer: int64 of shape (2,)"),
    ({"provenance": np.array("[]")}, "Field 'provenance' must be a JSON object: list"),
    ({"labels": np.array([0, 1, 2])}, "Field 'labels' must be strings: int64 of shape (3,)"),
    ({"labels": np.array(["a", "a", "b"])}, "Labels must differ: a, a, b"),
    ({"last_name": np.array("fc1")}, "Names of layers must differ: encoder, fc1, fc1"),
    ({"test_scores": np.zeros((4, 2), np.int32)}, "Test scores must be int32 of shape (images, 3): "
     "int32 of shape (4, 2)"),
    ({"last_weight": np.zeros((3, 4), np.float32), "last_mask": np.ones((3, 4), np.uint8)},
     "Layer 'fc2' must have as many inputs as 'fc1' has outputs: 4, not 5"),
])
def test_load_names_layer_and_rule(tmp_path, change, message):
    path = tmp_path / "x.npz"
    checkpoint.save(path, example())
    arrays = read_arrays(path, "a checkpoint") | change
    write_arrays(path, {name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(ValueError, match=f"^{re.escape(f'{path}: {message}')}$"):
        checkpoint.load(path)


def test_load_rejects_a_missing_field(tmp_path):
    path = tmp_path / "x.npz"
    checkpoint.save(path, example())
    arrays = read_arrays(path, "a checkpoint")
    del arrays["labels"]
    write_arrays(path, arrays)
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} must have the field 'labels' "
                       r"\(it is not whole: train it again with 'python -m train\.bnn_mnist'\)$"):
        checkpoint.load(path)


@pytest.mark.parametrize("tag", ["no", "another"])
def test_load_rejects_other_files(tmp_path, tag):
    path = tmp_path / "x.npz"
    write_arrays(path, {"format": np.array("thresher-teacher/1")} if tag == "another" else {})
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} must be a checkpoint "
                       rf"\(thresher-ckpt/1\): it has {tag} format tag \(make one with "
                       r"'python -m train\.bnn_mnist'\)$"):
        checkpoint.load(path)


def test_load_rejects_a_truncated_file(tmp_path):
    path = tmp_path / "x.npz"
    checkpoint.save(path, example())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} must be a checkpoint "
                       r"\(thresher-ckpt/1\) \(\.npz\): File is not a zip file \(make it again, or "
                       r"check the download\)$"):
        checkpoint.load(path)
