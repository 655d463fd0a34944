"""Biases of classes: integers where they are multiples of the gain, else the classes' order."""

import re
from itertools import product

import numpy as np
import pytest

from sw import golden, network
from sw.exchange import check, incoming, report
from sw.exchange.__main__ import main

from .graphs import fc
from .test_refused import refused, sketch


BIASES = [[0, 0.5, 0.25, 0.75], [0.3, 0.3, -5.1, 0.29], [2.5, -0.125, 0.125, 0],
          [0.1, 0.7, 0.4, 0.9], [0.9, 0.7, 0.4, 0.1], [1, 1, 1.5, 1]]


def imported(path, biases, scale=0.7):
    """Return an imported network whose last layer's inputs are any 8 bits, and the file's path."""
    g = sketch()
    g.add("Mul", np.float32([scale]))
    g.add("Add", np.float32(biases))
    return incoming.load(g.save(path), labels=("a", "b", "c", "d"))


@pytest.mark.parametrize("biases", BIASES)
def test_every_choice_is_that_of_the_graph(tmp_path, biases):
    made = imported(tmp_path / "x.onnx", biases)
    last = made.network.last
    x = np.array(list(product((-1, 1), repeat=8)))
    weights = last.weights[np.argsort(made.walk.classes)]  # in the graph's order
    theirs = (x @ weights.T).astype(np.float32) * np.float32(0.7) + np.float32(biases)
    ours = x @ last.weights.T + last.bias
    labels = np.array(made.network.labels)[golden.labels(ours)]
    np.testing.assert_array_equal(labels, np.array(list("abcd"))[theirs.argmax(axis=1)])
    assert len(set(labels)) > 1
    assert check.compare(made, check.random_images(made)).equal


def test_classes_keep_their_order_where_integers_are_enough(tmp_path):
    made = imported(tmp_path / "x.onnx", [0, 2, 1, 5], scale=1)
    assert made.network.labels == ("a", "b", "c", "d")
    assert made.network.last.bias.tolist() == [0, 2, 1, 5]
    assert not any("order" in line for line in report.lines(made) if line.startswith("classes"))


def test_the_report_says_another_order(tmp_path):
    made = imported(tmp_path / "x.onnx", [0.1, 0.7, 0.4, 0.9], scale=1)
    assert made.network.labels == ("d", "b", "c", "a")
    assert ("classes in the network's order, so that ties fall as the graph's biases decide: d, b, "
            "c, a") in list(report.lines(made))


def test_a_file_of_ours_keeps_its_order_beside_a_dataset(tmp_path, capsys):
    g = fc(np.random.default_rng(3), (784, 12, 10), tail=False)
    g.add("Add", np.random.default_rng(1).normal(0, 1, 10).astype(np.float32))
    source = str(g.save(tmp_path / "x.onnx", 10))
    main([source, "-o", str(tmp_path / "x.net.npz"), "--dataset", "mnist"])
    main([str(tmp_path / "x.net.npz"), "-o", str(tmp_path / "y.onnx")])
    main([str(tmp_path / "y.onnx"), "-o", str(tmp_path / "y.net.npz"), "--dataset", "mnist"])
    first, second = (network.load(tmp_path / f"{each}.net.npz") for each in "xy")
    assert first.identity == second.identity
    assert first.labels == second.labels != tuple("0123456789")
    shares = re.findall(r"^accuracy (\S+) %", capsys.readouterr().out, re.MULTILINE)
    assert len(shares) == 2
    assert len(set(shares)) == 1


@pytest.mark.parametrize(("add", "reason"), [
    (lambda g: g.add("Mul", np.float32([-1.0])), "the scores must rise with the sums: they fall by "
                                                 "1 a unit"),
    (lambda g: g.add("Mul", np.float32([1, 2, 1, 1])), "the classes must have one gain, for "
     "integers to give their order: they have 1, 2, 1, 1 (leave out BatchNormalization and scales "
     "of classes behind the last weights)"),
    (lambda g: g.add("Add", np.float32([0, 0.5, 1e-7, 2e-7])), "the scores must differ by more "
     "than float32 rounds: no integers give the order of the classes (round the biases of the last "
     "layer)"),
    (lambda g: g.add("Mul", np.float32([np.nan])), "the scores must be numbers: some are NaN or "
                                                   "infinite")])
def test_tails_that_change_the_order_of_the_classes(tmp_path, add, reason):
    g = sketch()
    add(g)
    refused(g.save(tmp_path / "x.onnx"), f"Output {g.last!r}: {reason}")
