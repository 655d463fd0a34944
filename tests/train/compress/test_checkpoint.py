"""train.compress.checkpoint, network, text, data: float networks come back, parts do not meet."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sw.store.files import read_arrays, write_arrays
from train.compress import checkpoint, data, fit
from train.compress.network import build
from train.compress.text import parse
from train.determinism import deterministic


TEXT = "conv 3 3x1 stride 2 norm, pool, drop 0.2, dense 7 linear nobias, scores"


@pytest.fixture
def file(tmp_path):
    network = build(TEXT, (1, 9, 8), 4, seed=2)
    network.norm1.running_mean.fill_(0.25)
    checkpoint.save(tmp_path / "n.float.npz", checkpoint.FloatCheckpoint(
        network, tuple("abcd"), (9, 8), {"seed": 2}))
    return tmp_path / "n.float.npz"


def test_networks_come_back_from_their_file(file):
    again = checkpoint.load(file)
    own = build(TEXT, (1, 9, 8), 4, seed=2).eval()
    own.norm1.running_mean.fill_(0.25)
    x = torch.rand(5, 1, 9, 8)
    assert torch.equal(again.network(x), own(x))
    assert (again.labels, again.image_shape, again.provenance, again.name) == (
        tuple("abcd"), (9, 8), {"seed": 2}, "n")
    assert [name for name, _ in again.network.named_children()] == [
        "conv1", "norm1", "relu1", "pool1", "drop1", "flat", "fc1", "scores"]


@pytest.mark.parametrize(("changes", "reason"), [
    ({"parameter.fc1.weight": np.zeros((7, 5), np.float32)}, "Array 'fc1.weight' must be float32 "
     "of shape (7, 12): float32 of shape (7, 5)"),
    ({"parameter.fc1.weight": np.full((7, 12), np.nan, np.float32)}, "Array 'fc1.weight' must be "
     "finite"),
    ({"parameter.other": np.zeros(3)}, "Arrays must be those of its layers: other is missing or "
                                       "too many"),
    ({"layers": np.array("dense 16384, dense 16384, scores")}, "Weights of a network must be at "
     "most 67,108,864: 269,615,104"),
    ({"layers": np.array("conv 3 3x3 valid")}, "Layers must end with 'scores', once: conv 3 3x3 "
                                               "valid"),
    ({"input_shape": np.array([1, 9, 10**6])}, "Field 'input_shape' must be 1 to 3 sizes in "
                                               "1..4096: (1, 9, 1000000)"),
    ({"labels": None}, "array 'labels' is missing"),
])
def test_broken_files_are_refused(changes, reason, file):
    arrays = read_arrays(file, "x") | changes
    write_arrays(file, {name: value for name, value in arrays.items() if value is not None})
    message = f"{file} must be an intact float checkpoint: {reason}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        checkpoint.load(file)


def test_other_files_are_refused(file):
    write_arrays(file, {"format": np.array("thresher-ckpt/1")})
    with pytest.raises(ValueError, match=r"its format tag is 'thresher-ckpt/1' \(float checkpoints "
                                         r"come from python -m train.bnn_mnist --float\)$"):
        checkpoint.load(file)


@pytest.mark.parametrize("text", ["", "conv", "conv 3 4", "conv 3 3x", "dense 3 valid, scores",
                                  "scores 3", "pool x, scores", "drop 2, scores", "mean 2, scores",
                                  "dense 3 norm norm3, scores", "dense 3", "scores, scores"])
def test_other_layers_are_refused(text):
    with pytest.raises(ValueError, match=r"^(Layers? must|Number in layer)"):
        parse(text)


@pytest.mark.parametrize(("text", "message"), [
    ("dense 3, conv 3, scores", "Convolution must follow a feature map: a vector of 3 comes before "
                                "'conv 3' (put dense layers last)"),
    ("conv 3 9x1 valid, scores", "Kernel of 'conv 3' must fit into its feature map, 8 x 8: 9x1"),
    ("pool 5, pool 2, scores", "Pool must fit into a feature map: 'pool 2' follows 1 x 1 x 1"),
    ("lenet7", "Network must be one of lenet300, lenet5, cifar, lenet, or layers: lenet7"),
])
def test_layers_that_do_not_fit_are_refused(text, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        build(text, (1, 8, 8), 3)


def numbered(count):
    """Return a dataset whose images are numbers."""
    images = np.arange(count, dtype=np.int64).astype("<u2").view(np.uint8).reshape(count, 2)
    return SimpleNamespace(train_images=images, train_labels=np.arange(count))


def test_parts_do_not_meet():
    parts = data.split(numbered(1000), 3, calibration=50, validation=200)
    found = [set(part.labels.tolist()) for part in (parts.train, parts.calibration,
                                                    parts.validation)]
    assert list(map(len, found)) == [750, 50, 200]
    assert set.union(*found) == set(range(1000))
    assert (data.split(numbered(1000), 3, calibration=9, validation=200).validation.labels
            == parts.validation.labels).all()
    other = data.split(numbered(1000), 4, calibration=50, validation=200)
    assert set(other.validation.labels.tolist()) != found[2]


@pytest.mark.parametrize(("counts", "message"), [
    ({"calibration": 0}, "Calibration part must have images: 0 of 30"),
    ({"validation": -1}, "Validation part must have images: -1 of 30"),
    ({"calibration": 10, "validation": 20}, "Calibration and validation parts must leave images to "
                                            "train with: 10 + 20 of 30"),
])
def test_empty_parts_are_refused(counts, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.split(numbered(30), **counts)


def test_inputs_are_pixels_by_255_channels_first():
    colours = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    found = data.floats(colours)
    assert tuple(found.shape[1:]) == data.input_shape((3, 4, 3)) == (3, 3, 4)
    assert float(found[1, 2, 0, 3]) == np.float32(colours[1, 0, 3, 2]) / np.float32(255)
    assert tuple(data.floats(colours[..., 0]).shape) == (2, 1, 3, 4)
    assert data.input_shape((5,)) == (5,)
    with pytest.raises(ValueError, match=r"^Images must be uint8: float32 "):
        data.floats(colours.astype(np.float32))


def test_masked_weights_stay_zero_and_steps_are_counted():
    rng = np.random.default_rng(0)
    part = data.Part(rng.integers(0, 256, (64, 6)).astype(np.uint8), rng.integers(0, 3, 64))
    network, steps = build("dense 5, scores", (6,), 3), []
    mask = (torch.arange(30).reshape(5, 6) % 3 == 0).float()
    with deterministic():
        fit.fit(network, part, epochs=2, batch=16, masks={"fc1.weight": mask},
                on_step=lambda step, all_steps: steps.append((step, all_steps)))
    assert steps == [(step, 8) for step in range(1, 9)]
    assert (network.fc1.weight[mask == 0] == 0).all()
    assert (network.fc1.weight[mask == 1] != 0).all()
    with pytest.raises(ValueError, match=r"^Masks must be of parameters of the network: x$"):
        fit.fit(network, part, epochs=1, masks={"x": mask})


def test_trainings_that_explode_are_refused():
    part = data.Part(np.full((64, 6), 200, np.uint8), np.arange(64) % 3)
    network = build("dense 5, scores", (6,), 3)
    with torch.no_grad():
        network.fc1.weight[0, 0] = float("inf")
    with pytest.raises(ValueError, match=r"^Training must stay finite: .* \(lower the rate, now "):
        fit.fit(network, part, epochs=1, batch=16)


def test_shifts_move_pictures():
    inputs = torch.zeros(50, 1, 7, 7)
    inputs[:, :, 3, 3] = 1
    moved = fit.shifted(inputs, torch.Generator().manual_seed(0))
    assert (moved.sum((1, 2, 3)) == 1).all()
    places = {tuple(place) for place in moved.nonzero()[:, 2:].tolist()}
    assert {1, 5} <= {place[0] for place in places}
    assert len(places) > 15
