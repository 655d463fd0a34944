"""train.compress.validate: before and after, and an int8 file that C takes."""

import json

import numpy as np
import pytest

from sw.c.__main__ import main as in_c
from sw.data import datasets
from sw.data.options import Options
from sw.golden.int8 import Int8Model
from sw.int8 import network as files
from train import bnn_mnist
from train.compress import calibrate, checkpoint, validate

from .given import Sequence, made, pixels
from .test_calibrate import MODULE


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write pictures of two classes, a user's module, and a float network trained on them."""
    folder = tmp_path_factory.mktemp("validate")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 3100)
    images = (rng.integers(0, 160, (3100, 6, 6)) + 40 * labels[:, None, None]).astype(np.uint8)
    np.savez(folder / "set.npz", x_train=images[:3000], y_train=labels[:3000],
             x_test=images[3000:], y_test=labels[3000:])
    (folder / "mine.py").write_text(MODULE)
    bnn_mnist.main(["--float", "--network", "conv 3 norm, pool, dense 8, scores", "--dataset",
                    str(folder / "set.npz"), "--epochs", "20", "--rate", "0.02", "--name", "net",
                    "--output", str(folder), "--seed", "7"])
    return folder


def run(folder, output, *words):
    """Validate the network; return what is written as JSON."""
    validate.main([str(folder / "net.float.npz"), "--output", str(output), *words])
    return json.loads((output / "net.int8.json").read_text())


@pytest.mark.parametrize("method", validate.METHODS)
def test_int8_is_compared_with_floats(method, folder, tmp_path, capsys):
    found = run(folder, tmp_path, "--method", method, "--epochs", "1")
    assert found["seed"] == 7  # of the training: its validation images were not trained with
    assert (found["validation"]["images"], found["test"]["images"]) == (1000, 100)
    assert found["test"]["before"] > 90
    assert abs(found["test"]["before"] - found["test"]["after"]) <= 3
    assert found["validation"]["agreement"] > 95
    assert found["memory"]["weights after"] * 4 == found["memory"]["weights before"]
    assert found["macs"]["before"] == found["macs"]["after"] == 36 * 27 + 27 * 8 + 16
    formats = {row["name"]: row["format"] for row in found["layers"]}
    assert formats["relu1"] == "in the layer before"
    assert formats["conv1"] == formats["scores"] == "int8"
    assert "bytes of weights alone" in capsys.readouterr().out


def test_the_file_is_what_was_validated(folder, tmp_path):
    found = run(folder, tmp_path)
    network = files.load(tmp_path / "net.int8.npz")
    test = datasets.load(folder / "set.npz", Options())
    right = Int8Model(network).labels(test.test_images) == test.test_labels
    assert 100 * right.mean() == found["test"]["after"]


def test_c_takes_the_file(folder, tmp_path, capsys):
    run(folder, tmp_path)
    in_c([str(tmp_path / "net.int8.npz"), "--kind", "program", "--check", "--output",
          str(tmp_path / "c")])
    assert "equal to golden: 100 of 100 scores\n" in capsys.readouterr().out


def test_metrics_may_be_the_users(folder, tmp_path):
    found = run(folder, tmp_path, "--metric", f"{folder / 'mine.py'}:worst")
    assert 0.8 < found["test"]["after"] <= 1
    assert found["metric"].endswith("mine.py:worst")


def test_equal_seeds_give_equal_networks(folder, tmp_path):
    made_files = []
    for name in "ab":
        run(folder, tmp_path / name, "--method", "int8-aware", "--epochs", "1")
        made_files.append(files.load(tmp_path / name / "net.int8.npz").identity)
    assert made_files[0] == made_files[1]


def test_layers_that_stay_float_are_named():
    part = pixels(Sequence, 40)
    traced = validate.trace(made(Sequence), Sequence.shape)
    network = validate.quantize.quantize(traced, part, "abcd", (9, 11))
    formats = {row["name"]: row["format"] for row in validate.layers(traced, network)}
    assert formats == {"input": "int8", "squeeze": "int8", "rows": "float", "select": "int8",
                       "last": "int8", "softmax": "float"}


def test_other_classes_are_refused(folder, tmp_path):
    np.savez(tmp_path / "other.npz", x_train=np.zeros((9, 6, 6), np.uint8),
             y_train=np.arange(9) % 3, x_test=np.zeros((3, 6, 6), np.uint8), y_test=np.arange(3))
    words = ["--data", str(tmp_path / "other.npz"), "--output", str(tmp_path / "out")]
    with pytest.raises(ValueError, match=r"^Classes of .* must be the network's: "):
        validate.main([str(folder / "net.float.npz"), *words])
    with pytest.raises(ValueError, match=r"^Model must give a score for each of 3 classes of "):
        validate.main([f"{folder / 'mine.py'}:model", *words])
    assert not (tmp_path / "out").exists()


def test_the_parts_of_the_training_are_kept(folder):
    model = checkpoint.load(folder / "net.float.npz")
    options = calibrate.parse([str(folder / "net.float.npz")])
    dataset = calibrate.load_dataset(model, options)
    parts = calibrate.split(model, dataset, options)
    assert options.seed == 7
    every = [image.tobytes() for part in (parts.train, parts.calibration, parts.validation)
             for image in part.images]
    assert len(every) == len(set(every)) == 3000
