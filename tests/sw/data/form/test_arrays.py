import re

import numpy as np
import pytest

from sw.data.form import arrays
from sw.data.options import NONE


X = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(6, 4, 3)
Y = np.array([0, 1, 2, 0, 1, 2])


def read(folder, name="x.npz", **given):
    np.savez(folder / name, **given)
    assert arrays.matches(folder / name)
    return arrays.read(folder / name, NONE)


@pytest.mark.parametrize("names", [
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("x_train", "y_train", "x_test", "y_test"), ("X_train", "Y_train", "X_test", "Y_test"),
    ("xtrain", "ytrain", "xtest", "ytest"), ("trainX", "trainY", "testX", "testY"),
    ("train_data", "train_target", "test_data", "test_target"),
    ("images_train", "labels_train", "images_val", "labels_val")])
def test_arrays_are_known_by_name(tmp_path, names):
    raw = read(tmp_path, **dict(zip(names, (X, Y, X[:3], Y[:3]), strict=True)))
    np.testing.assert_array_equal(raw.train.examples, X)
    assert raw.train.labels.tolist() == Y.tolist()
    np.testing.assert_array_equal(raw.test.examples, X[:3])
    assert raw.test_from == names[2]


@pytest.mark.parametrize("names", [("x", "y"), ("X", "Y"), ("images", "labels"),
                                   ("data", "target"), ("arr_0", "arr_1"), ("a", "b")])
def test_one_part_is_a_dataset(tmp_path, names):
    raw = read(tmp_path, **dict(zip(names, (X, Y), strict=True)))
    np.testing.assert_array_equal(raw.train.examples, X)
    assert raw.train.labels.tolist() == Y.tolist()
    assert raw.test is None


def test_arrays_in_the_order_of_a_split_are_told_by_length(tmp_path):
    raw = read(tmp_path, a=X, b=X[:2], c=Y, d=Y[:2])
    assert (len(raw.train), len(raw.test)) == (6, 2)
    assert raw.guessed == ["examples and labels are 'a' and 'c', then 'b' and 'd', by order and "
                           "shape (names such as x_train and y_train say it)"]


def test_a_validation_part_joins_the_training_part(tmp_path):
    raw = read(tmp_path, train_images=X, train_labels=Y, val_images=X[:2], val_labels=Y[:2],
               test_images=X[:1], test_labels=Y[:1])
    assert (len(raw.train), len(raw.test)) == (8, 1)
    assert raw.guessed == ["the validation part joins the training part (--test gives another test "
                           "part)"]


@pytest.mark.parametrize("dtype", ["u1", "u2", ">i2", "i4", "i8", "?", "f2", "f4", ">f8"])
def test_numbers_of_every_type_read(tmp_path, dtype):
    array = (X % 2).astype(dtype)
    found = read(tmp_path, x=array, y=Y).train.examples
    np.testing.assert_array_equal(found, array.astype(np.uint8))
    assert found.dtype.isnative


@pytest.mark.parametrize(("labels", "wanted"), [
    (Y[:, None], Y.tolist()), (Y.astype(float), Y.tolist()), (np.eye(3)[Y], Y.tolist()),
    (np.eye(3, dtype=bool)[Y], Y.tolist()), (np.array(list("abcabc")), list("abcabc")),
    (np.array(list("abcabc"), dtype="S1"), list("abcabc")), (Y[None], Y.tolist()),
    (np.array(["ß", "b"] * 3)[:, None], ["ß", "b"] * 3)])
def test_labels_of_every_form_read(tmp_path, labels, wanted):
    raw = read(tmp_path, x=X, y=labels)
    assert raw.train.labels.tolist() == wanted
    assert len(raw.guessed) == (labels.ndim == 2 and labels.shape[1] == 3)


@pytest.mark.parametrize(("shape", "wanted"), [
    ((6, 3, 5, 4), (6, 5, 4, 3)), ((6, 1, 5, 4), (6, 5, 4, 1)), ((6, 5, 4, 3), (6, 5, 4, 3)),
    ((5, 4, 6), (6, 5, 4)), ((5, 4, 3, 6), (6, 5, 4, 3)), ((6, 1, 5), (6, 5)), ((6, 5, 1), (6, 5)),
    ((6,), (6, 1)), ((6, 5, 4, 7), (6, 140))])
def test_axes_are_brought_into_order(tmp_path, shape, wanted):
    raw = read(tmp_path, x=np.zeros(shape), y=Y)
    assert raw.train.examples.shape == wanted
    assert bool(raw.guessed) == (shape != wanted and len(shape) > 1)


def test_files_of_one_array_each_are_a_dataset(tmp_path):
    for part, count in (("train", 6), ("test", 3)):
        np.savez(tmp_path / f"kmnist-{part}-imgs.npz", X[:count])
        np.savez(tmp_path / f"kmnist-{part}-labels.npz", Y[:count])
    for path in (tmp_path, tmp_path / "kmnist-train-imgs.npz"):
        raw = arrays.read(path, NONE)
        assert (len(raw.train), len(raw.test), raw.test_from) == (6, 3, "kmnist-test-imgs")


@pytest.mark.parametrize("names", [("X", "y"), ("digits-images", "digits-labels"),
                                   ("X_train", "y_train"), ("zoo", "zoo_labels")])
def test_labels_beside_an_npy_file_are_found(tmp_path, names):
    for name, array in zip(names, (X, Y), strict=True):
        np.save(tmp_path / f"{name}.npy", array)
    raw = arrays.read(tmp_path / f"{names[0]}.npy", NONE)
    assert raw.train.labels.tolist() == Y.tolist()


def test_names_of_classes_are_kept(tmp_path):
    raw = read(tmp_path, train_images=X, train_labels=Y, labels=np.array(["a", "b", "c"]))
    assert raw.class_names == ("a", "b", "c")


@pytest.mark.parametrize(("given", "message"), [
    ({"x": X, "y": Y[:5]}, "must have one label for each of the 6 examples of 'x': 'y' has 5"),
    ({"x": X}, "must have labels of its train part, such as y_train: it has x"),
    ({"z": X, "b": Y, "c": Y}, "must have arrays such as x_train, y_train, x_test and y_test: it "
     "has z, b, c"),
    ({"x": np.where(X == 7, np.nan, X), "y": Y}, "must hold numbers that are finite in 'x': nan at "
     "[0, 2, 1], 1 such in all (fill in or remove these examples)"),
    ({"x": X, "y": Y + 0.5}, "must have labels of integers or text in 'y': float64 such as [0.5]"),
    ({"x": X, "y": np.full((6, 2), 1)}, "must have labels of one number an example, or one-hot "
     "rows with one 1 each, in 'y': shape (6, 2)"),
    ({"x": X.astype(complex), "y": Y}, "must have numbers in 'x': complex128 of shape (6, 4, 3)"),
    ({"x": np.zeros((6, 5, 5, 4)), "y": Y}, "must have pictures of 1 or 3 colours in 'x': "
     "6 x 5 x 5 x 4 (leave out transparency: x[..., :3])"),
    ({"x": X, "y": np.array([1, "a"] * 3, dtype=object)}, "must be a dataset (.npz): array "
     "'y.npy' holds Python objects; save it with .astype(str) or .astype(float) (make it again, "
     "or check the download)"),
    ({"data": Y, "indices": Y, "indptr": Y}, "must hold plain arrays, not a sparse matrix of SciPy "
     "(save x.toarray())"),
])
def test_other_arrays_are_refused(tmp_path, given, message):
    with pytest.raises(ValueError, match=f"^{re.escape(f'{tmp_path}/x.npz {message}')}$"):
        read(tmp_path, **given)


def test_an_array_that_is_cut_short_is_refused(tmp_path):
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "x.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"x\.npy must be an array \(\.npy\): it is cut short "
                                         r"\(make it again, or check the download\)$"):
        arrays.read(tmp_path / "x.npy", NONE)


def test_examples_alone_can_be_classified(tmp_path):
    np.save(tmp_path / "new.npy", X)
    part = arrays.examples(tmp_path / "new.npy", [])
    assert (part.examples.shape, part.labels) == (X.shape, None)
