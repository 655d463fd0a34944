"""sw.compare.given: scores and labels of anybody, in every form that they come in."""

import re

import numpy as np
import pytest

from sw.compare import given


CLASSES = ("cat", "dog", "ox")
SCORES = np.array([[5, -1, 2], [0, 7, 7], [-3, -2, 9], [1, 0, 0]], np.int32)
LABELS = np.array([0, 1, 2, 0])


def read(path, count=4, classes=CLASSES):
    return given.read(path, classes, count)


def written(tmp_path, text):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    return tmp_path / "a.csv"


ROWS = [",".join(map(str, row)) for row in SCORES]


@pytest.mark.parametrize("text", [
    "\n".join(ROWS),
    "\n".join(["cat,dog,ox", *ROWS]) + "\n",
    "\n".join(["file,ox,label,cat,dog", *(f"f,{c},x,{a},{b}" for a, b, c in SCORES)]),
    "\n".join(["\ufeffcat;dog;ox", *(row.replace(",", ";") for row in ROWS)]),
    "\n".join(["cat,dog,ox", *(row.replace(",", ".0,") for row in ROWS)])])
def test_scores_of_a_table(tmp_path, text):
    found = read(written(tmp_path, text))
    np.testing.assert_array_equal(found.scores, SCORES)
    np.testing.assert_array_equal(found.labels, LABELS)


@pytest.mark.parametrize("text", [
    "cat\ndog\nox\ncat", "label\ncat\ndog\nox\ncat", "id,Label\n1,cat\n2,dog\n3,ox\n4,cat",
    "anything\n0\n1\n2\n0", "0\n1\n2\n0", "0.0\n1.0\n2.0\n0.0"])
def test_labels_of_a_table_are_names_or_numbers(tmp_path, text):
    found = read(written(tmp_path, text))
    assert found.scores is None
    np.testing.assert_array_equal(found.labels, LABELS)


def test_numbered_classes_that_do_not_begin_at_0_are_names(tmp_path):
    found = read(written(tmp_path, "1\n2\n3\n1"), classes=("1", "2", "3"))
    np.testing.assert_array_equal(found.labels, LABELS)
    assert found.notes == [f"labels of {tmp_path}/a.csv are names of classes, not numbers from 0"]
    found = read(written(tmp_path, "0\n1\n2\n0"), classes=("1", "2", "3"))
    np.testing.assert_array_equal(found.labels, LABELS)
    assert found.notes == [f"labels of {tmp_path}/a.csv are numbers of the classes, from 0: 0 is "
                           f"'1'"]


@pytest.mark.parametrize("array", [SCORES, SCORES.astype(np.float32), SCORES.astype(np.int8)])
def test_arrays_of_whole_scores_are_compared_exactly(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", other=np.zeros(3), test_scores=array)
    for name in ("a.npy", "a.npz"):
        np.testing.assert_array_equal(read(tmp_path / name).scores, SCORES)


def test_scores_with_fractions_are_compared_by_their_labels(tmp_path):
    np.save(tmp_path / "a.npy", SCORES / 3)
    found = read(tmp_path / "a.npy")
    assert found.scores is None
    np.testing.assert_array_equal(found.labels, LABELS)
    assert found.notes == [f"scores of {tmp_path}/a.npy are not integers: the labels of the "
                           f"greatest ones are compared"]


def test_equal_answers_are_counted(tmp_path, capsys):
    np.save(tmp_path / "a.npy", SCORES)
    assert given.report("a.npy", read(tmp_path / "a.npy"), SCORES, CLASSES) == 0
    assert capsys.readouterr().out == "equal to a.npy: 4 of 4 labels and scores\n"


def test_the_first_differences_are_named(tmp_path, capsys):
    other = SCORES.copy()
    other[1, 2], other[3, 1] = 8, -1
    np.save(tmp_path / "a.npy", other)
    assert given.report("a.npy", read(tmp_path / "a.npy"), SCORES, CLASSES) == 1
    assert capsys.readouterr().out.splitlines() == [
        "differs from a.npy: 1 labels, scores of 2 images of 4",
        "  image 1: golden has 'dog', 0 7 7; the file has 'ox', 0 7 8",
        "  image 3: golden has 'cat', 1 0 0; the file has 'cat', 1 -1 0"]


@pytest.mark.parametrize(("octets", "what"), [
    (b"\x89HDF\r\n\x1a\n" + bytes(9), "an HDF5 file"), (b"PAR1" + bytes(9), "a Parquet file"),
    (b"\x08\x08\x12\x07pytorch" + bytes(9), "an ONNX network"),
    (b"PK\x05\x06" + bytes(18), "a zip archive")])
def test_files_of_other_programs_are_named(tmp_path, octets, what):
    (tmp_path / "theirs").write_bytes(octets)
    with pytest.raises(ValueError, match="must hold") as caught:
        read(tmp_path / "theirs")
    assert str(caught.value) == (f"{tmp_path}/theirs must hold scores or labels as CSV, .npy or "
                                 f".npz: it is {what} (save them by numpy.save, or as CSV)")


@pytest.mark.parametrize(("text", "message"), [
    ("1,2,3\n4,5,6", "must hold 3 scores or a label for each of the 4 test images: its shape is "
                     "(2, 3) (choose its dataset with --dataset)"),
    ("cat\ndog\nhorse\nox", "must have labels that are classes of the network, or their numbers "
                            "0..2: 'horse'"),
    ("0\n1\n3\n0", "must have labels that are classes of the network, or their numbers 0..2: '3'"),
    ("1,2,3\n4,5,6\n1,2\n1,2,3", "must have 3 cells in every line: line 3 has 2"),
    ("a,b,c\n1,2,3\n1,2,3\n1,2,3\n1,2,3", "must have a column for each class, or one called label: "
                                          "'cat', 'dog', 'ox' missing among a, b, c"),
    ("1,2,x\n1,2,3\n1,2,3\n1,2,3", "must hold numbers as scores: 'x'"),
    ("", "must hold scores or labels: it is empty")])
def test_other_files_are_refused(tmp_path, text, message):
    path = written(tmp_path, text)
    with pytest.raises(ValueError, match=f"^{re.escape(f'{path} {message}')}$"):
        read(path)
