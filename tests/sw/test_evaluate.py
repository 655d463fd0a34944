"""sw.evaluate: accuracy, ties, and where golden differs from PyTorch, if anywhere."""

import json
from dataclasses import replace

import numpy as np
import pytest

from sw import checkpoint as checkpoints
from sw import golden, network
from sw.evaluate import compare, evaluate, main
from sw.fold import fold

from ..networks import checkpoint_scores, random_checkpoint, random_images


@pytest.fixture
def task(tmp_path):
    """A dataset, a checkpoint with PyTorch's scores of it, and the folded network, on disk."""
    rng = np.random.default_rng(1)
    checkpoint = random_checkpoint(rng, [36, 24, 3], input_shape=(6, 6))
    images = random_images(rng, 50, checkpoint)
    want = checkpoint_scores(checkpoint, images)
    labels = want.argmax(axis=1)
    labels[:5] = (labels[:5] + 1) % 3
    np.savez(tmp_path / "data.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    write(tmp_path, checkpoint, want, tmp_path / "data.npz")
    return tmp_path, checkpoint, want


def write(folder, checkpoint, scores, dataset):
    changed = {**vars(checkpoint), "test_scores": scores, "provenance": {"dataset": str(dataset)}}
    checkpoint = type(checkpoint)(**changed)
    checkpoints.save(folder / "tiny.ckpt.npz", checkpoint)
    network.save(folder / "tiny.net.npz", fold(checkpoint))


def test_accuracy_and_ties_are_counted():
    class Fixed:
        def scores(self, images):
            return np.array([[1, 2], [2, 2], [5, 0], [3, 3]], np.int32)

    scores, result = evaluate(Fixed(), np.zeros((4, 1)), np.array([1, 1, 0, 0]))
    assert scores.shape == (4, 2)
    assert result.pop("images_per_second") > 0
    assert result == {"images": 4, "correct": 3, "accuracy": 75.0, "ties": 2}


def test_a_score_may_differ_where_no_label_does():
    want = np.array([[1, 5], [7, 2], [0, 1]], np.int32)
    have = np.array([[1, 5], [6, 2], [2, 1]], np.int32)
    assert compare(have, want) == {"images": 3, "labels_differ": 1, "scores_differ": 2, "first": 1}
    assert compare(want, want) == {"images": 3, "labels_differ": 0, "scores_differ": 0,
                                   "first": None}


def test_command_finds_the_network_equal(task, capsys):
    folder, checkpoint, want = task
    assert main([str(folder / "tiny.net.npz")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith(f"; {folder / 'data.npz'}, 50 test images: x_test")
    assert lines[1].startswith("accuracy 90.00 %: 45 of 50, ")
    assert lines[3] == "equal to PyTorch: 50 of 50 labels and scores"
    assert lines[4] == f"wrote {folder / 'tiny.eval.json'}"
    record = json.loads((folder / "tiny.eval.json").read_text())
    assert record.pop("images_per_second") > 0
    ties = int(((want == want.max(axis=1, keepdims=True)).sum(axis=1) > 1).sum())
    assert record == {
        "identity": fold(checkpoint).identity, "dataset": str(folder / "data.npz"), "images": 50,
        "correct": 45, "accuracy": 90.0, "ties": ties,
        "compared": {"images": 50, "labels_differ": 0, "scores_differ": 0, "first": None}}


def test_command_says_where_the_network_differs(task, capsys):
    folder, checkpoint, want = task
    planted = want.copy()
    planted[7, 2] += 2 * planted.max()
    planted[9, 0] -= 2
    write(folder, checkpoint, planted, folder / "data.npz")
    assert main([str(folder / "tiny.net.npz")]) == 1
    lines = capsys.readouterr().out.splitlines()
    labels = (planted.argmax(axis=1) != want.argmax(axis=1)).sum()
    assert lines[3] == f"differs from PyTorch: {labels} labels, scores of 2 images of 50"
    assert lines[4] == (f"first in image 7: score of class '2' is {want[7, 2]}, PyTorch's is "
                        f"{planted[7, 2]}; label '{want[7].argmax()}', PyTorch's is '2'")


def test_command_says_that_the_scores_alone_differ(task, capsys):
    folder, checkpoint, want = task
    planted = want.copy()
    planted[9, 0] -= 2
    write(folder, checkpoint, planted, folder / "data.npz")
    assert main([str(folder / "tiny.net.npz")]) == 1
    assert (f"image 9: PyTorch now computes what golden computes, in every layer: the scores in "
            f"{folder / 'tiny.ckpt.npz'} are not those of its weights") in capsys.readouterr().out


@pytest.mark.parametrize("neuron", [1, 5])
def test_command_names_layer_and_neuron_of_a_wrong_threshold(task, capsys, neuron):
    folder, _, _ = task
    folded = network.load(folder / "tiny.net.npz")
    hidden = folded.layers[1]
    thresholds = hidden.thresholds.copy()
    thresholds[neuron] = 0 if thresholds[neuron] > 18 else 37  # now it always fires, or never does
    changed = type(hidden)(hidden.name, hidden.weights, thresholds)
    network.save(folder / "tiny.net.npz", network.Network(
        (folded.first, changed, folded.last), folded.labels, folded.input_shape,
        folded.provenance))
    assert main([str(folder / "tiny.net.npz")]) == 1
    out, err = capsys.readouterr()
    assert f"{folder / 'tiny.ckpt.npz'} folds to another network than this one " in out
    fires = int(thresholds[neuron] == 0)
    assert (f"first difference in layer 'fc0', neuron {neuron}: PyTorch {1 - fires}, golden "
            f"{fires} (popcount ") in err


@pytest.mark.parametrize("change", ["weight", "threshold", "bias"])
def test_a_planted_fault_in_the_network_is_found(task, change):
    folder, _, want = task
    folded = network.load(folder / "tiny.net.npz")
    hidden, scores = folded.layers[1:]
    weights, thresholds, bias = (array.copy() for array in (hidden.weights, hidden.thresholds,
                                                            scores.bias))
    if change == "weight":
        weights[1, 3] *= -1
    elif change == "threshold":
        thresholds[1] += 1
    else:
        bias[0] += 1
    faulty = network.Network(
        (folded.first, replace(hidden, weights=weights, thresholds=thresholds),
         replace(scores, bias=bias)), folded.labels, folded.input_shape)
    images = np.load(folder / "data.npz")["x_test"]
    assert compare(golden.Model(faulty).scores(images), want)["scores_differ"] > 0


def test_a_limit_tests_the_first_images_and_writes_nothing(task, capsys):
    folder, _, _ = task
    assert main([str(folder / "tiny.net.npz"), "--limit", "10"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("accuracy 50.00 %: 5 of 10, ")
    assert lines[3] == "equal to PyTorch: 10 of 10 labels and scores"
    assert not (folder / "tiny.eval.json").exists()


@pytest.mark.parametrize("scores", ["none", "no checkpoint"])
def test_without_scores_nothing_is_compared(task, capsys, scores):
    folder, checkpoint, _ = task
    if scores == "none":
        write(folder, checkpoint, None, folder / "data.npz")
    else:
        (folder / "tiny.ckpt.npz").unlink()
    assert main([str(folder / "tiny.net.npz")]) == 0
    assert "not compared with PyTorch: no checkpoint with scores" in capsys.readouterr().out
    assert json.loads((folder / "tiny.eval.json").read_text())["compared"] is None


@pytest.mark.parametrize("options", [["--dataset", "copy.npz"], ["--invert"], ["--test", "50%"],
                                     ["--range", "0,200"]])
def test_other_images_than_the_trainings_are_not_compared(task, capsys, monkeypatch, options):
    folder, _, _ = task
    monkeypatch.chdir(folder)
    (folder / "copy.npz").write_bytes((folder / "data.npz").read_bytes())
    assert main([str(folder / "tiny.net.npz"), *options]) == 0
    assert capsys.readouterr().out.splitlines()[-2] == (
        f"not compared with PyTorch: the scores in {folder / 'tiny.ckpt.npz'} are of the test "
        f"images of the training (--checkpoint CKPT or --scores FILE: compare with others)")


def test_a_named_checkpoint_must_exist(task):
    folder, _, _ = task
    with pytest.raises(FileNotFoundError):
        main([str(folder / "tiny.net.npz"), "--checkpoint", str(folder / "none.ckpt.npz")])


def test_a_dataset_must_be_known(task):
    folder, checkpoint, want = task
    write(folder, checkpoint, want, "")
    with pytest.raises(ValueError, match=r"^Dataset must be given: the network does not say what "
                                         r"it was trained on \(use --dataset\)$"):
        main([str(folder / "tiny.net.npz")])
    assert main([str(folder / "tiny.net.npz"), "--dataset", str(folder / "data.npz")]) == 0


def test_a_dataset_must_fit_the_network(task):
    folder, _, _ = task
    with pytest.raises(ValueError, match=r"^Dataset 'mnist' must have the classes of the network: "
                                         r"the network has no '3', '4', '5', .*$"):
        main([str(folder / "tiny.net.npz"), "--dataset", "mnist"])


def test_scores_of_another_test_set_are_refused(task):
    folder, checkpoint, want = task
    write(folder, checkpoint, want[:40], folder / "data.npz")
    with pytest.raises(ValueError, match=r"^.*tiny\.ckpt\.npz must hold scores of the 50 test "
                                         r"images for 3 classes: 40 for 3 \(choose its dataset "
                                         r"with --dataset\)$"):
        main([str(folder / "tiny.net.npz")])


@pytest.mark.parametrize("limit", ["0", "-1"])
def test_a_limit_must_be_positive(task, limit):
    folder, _, _ = task
    with pytest.raises(ValueError, match=rf"^Limit must be at least 1: {limit}$"):
        main([str(folder / "tiny.net.npz"), "--limit", limit])
