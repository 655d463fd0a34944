"""A dataset is described before it is trained on, and what is odd about it is named."""

import re

import numpy as np
import pytest
from PIL import Image

from sw.command import run
from sw.data.__main__ import main
from sw.data.datasets import load
from sw.data.describe import describe, refuse_senseless, twins, warnings
from sw.data.thresholds import encoder_for


RNG = np.random.default_rng(8)
PICTURES = RNG.integers(0, 256, (60, 4, 4), dtype=np.uint8)
CLASSES = np.array(["cat", "dog"])[np.arange(60) % 2]


def dataset(tmp_path, pictures=PICTURES, classes=CLASSES):
    np.savez(tmp_path / "a.npz", x_train=pictures, y_train=classes)
    return load(tmp_path / "a.npz")


def warned(data):
    return list(warnings(data, encoder_for(data.train_images, 1)))


def test_the_block_says_what_a_dataset_is(tmp_path):
    data = dataset(tmp_path)
    lines = list(describe(data, encoder_for(data.train_images, 1)))
    assert lines == [
        f"dataset     {tmp_path}/a.npz: {data.facts.form}, 48 training and 12 test examples",
        "test part   the last fifth of every class",
        "classes     2: cat (24), dog (24)",
        "files have  grey pictures, 4 x 4, 8 bits, values 0..255",
        "input       4 x 4: colours become grey; the whole picture, scaled to 4 x 4 if it has "
        "another size",
        "constant    0 of 16 inputs (0%), and 0% of their 16 bits",
        "guessed     the last fifth of every class is the test part (--test FILE, FOLDER or SHARE: "
        "another)",
        "guessed     pictures are taken as they are (--drawing: cut out and centred)"]


def test_classes_that_differ_in_case_alone_are_named(tmp_path):
    classes = np.array(["Cat", "cat", "ox", "CAT", "straße", "STRASSE"] * 20)
    data = dataset(tmp_path, RNG.integers(0, 256, (120, 4, 4), dtype=np.uint8), classes)
    assert warned(data) == ["classes whose names differ in case alone: 'CAT' and 'Cat' and 'cat', "
                            "'STRASSE' and 'straße'"]


def test_small_and_rare_classes_are_named(tmp_path):
    classes = np.array(["a"] * 450 + ["b"] * 15 + ["c"] * 8)
    data = dataset(tmp_path, RNG.integers(0, 256, (473, 4, 4), dtype=np.uint8), classes)
    assert warned(data) == [
        "classes with fewer than 10 training examples: c (7)",
        "classes with 10 times fewer training examples than the largest (360): b (12)"]


def test_test_examples_that_were_trained_on_are_counted(tmp_path):
    pictures = PICTURES.copy()
    pictures[-3:] = pictures[0]
    assert warned(dataset(tmp_path, pictures)) == [
        "3 of 12 test examples are also training examples: the test accuracy is too good for them"]


def test_twins_are_compared_and_not_only_hashed():
    train = np.array([[1, 2], [3, 4]], np.uint8)
    assert twins(train, np.array([[3, 4], [4, 3], [1, 2], [1, 2]], np.uint8)) == 3


def test_inputs_on_one_side_of_the_thresholds_are_named(tmp_path):
    pictures = PICTURES.copy()
    pictures[:, 1:] //= 3
    data = dataset(tmp_path, pictures)
    encoder = encoder_for(np.full((9, 4, 4), 200, np.uint8), 1)
    assert list(warnings(data, encoder)) == [
        "75% of the encoder's bits never change: their inputs lie on one side of the thresholds "
        "(other --levels, or --range LOW,HIGH)"]


def test_pictures_that_cannot_be_read_are_named_up_to_ten(tmp_path):
    for index in range(40):
        path = tmp_path / "f" / str(index % 2) / f"{index:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(PICTURES[index]).save(path)
        if index % 2 and index > 12:
            path.write_bytes(b"no picture")
    sentence, = (line for line in warned(load(tmp_path / "f")) if "could not be read" in line)
    assert sentence.startswith("14 files could not be read: ")
    assert sentence.endswith(" …")
    assert sentence.count("must be an intact picture") == 10


@pytest.mark.parametrize("pictures", [np.full((60, 4, 4), 7, np.uint8),
                                      np.broadcast_to(PICTURES[0], (60, 4, 4))])
def test_constant_inputs_are_refused(tmp_path, pictures):
    data = dataset(tmp_path, pictures)
    with pytest.raises(ValueError, match=r"^Dataset 'a' must have inputs that differ: all 16 are "
                                         r"the same in all 48 training examples \(check the files, "
                                         r"or give another --range\)$"):
        refuse_senseless(data, encoder_for(data.train_images, 1))


def test_the_command_shows_the_block_and_draws_samples(tmp_path, capsys):
    dataset(tmp_path)
    main([str(tmp_path / "a.npz"), "--pictures", str(tmp_path / "out")])
    out = capsys.readouterr().out.splitlines()
    assert out[2] == "classes     2: cat (24), dog (24)"
    assert out[-1] == f"wrote {tmp_path}/out/a.samples.png"
    with Image.open(tmp_path / "out" / "a.samples.png") as picture:
        assert min(picture.size) > 200


def test_the_command_refuses_what_is_no_dataset_in_one_line(tmp_path, capsys):
    (tmp_path / "a.npz").write_bytes(b"PK\3\4 no zip")
    with pytest.raises(SystemExit) as stop:
        run(main, [str(tmp_path / "a.npz")])
    assert stop.value.code == 2
    assert re.match(r"^error: .*a\.npz .*$", capsys.readouterr().err.strip())
