import re

import numpy as np
import pytest

from sw.data.form.form import read
from sw.data.options import Options


TRAIN = "a,b,label\n1,2,x\n3,4,y\n"


def write(folder, **files):
    for name, text in files.items():
        (folder / name.replace("_dot_", ".")).write_text(text)
    return folder


@pytest.mark.parametrize(("train", "test"), [
    ("x.csv", "x.test.csv"), ("x.tra", "x.tes"), ("train.csv", "test.csv"), ("x.data", "x.test"),
    ("x_train.csv", "x_test.csv"), ("X-Train.csv", "X-Test.csv"), ("x.trn", "x.tst"),
    ("mnist_training.csv", "mnist_testing.csv"), ("train.csv", "valid.csv")])
def test_the_test_part_beside_a_table_is_found(tmp_path, train, test):
    (tmp_path / train).write_text(TRAIN)
    (tmp_path / test).write_text("a,b,label\n5,6,x\n")
    raw = read(tmp_path / train)
    assert raw.test.examples.tolist() == [[5, 6]]
    assert (raw.test.labels.tolist(), raw.test_from) == (["x"], test)


def test_a_folder_with_a_pair_is_a_dataset(tmp_path):
    (tmp_path / "train.csv").write_text(TRAIN)
    (tmp_path / "test.csv").write_text(TRAIN)
    assert len(read(tmp_path).test) == 2


def test_columns_of_the_test_part_are_matched_by_name(tmp_path):
    (tmp_path / "x.csv").write_text(TRAIN)
    (tmp_path / "x.test.csv").write_text("label,extra,b,a\ny,0,6,5\n")
    raw = read(tmp_path / "x.csv")
    assert (raw.test.examples.tolist(), raw.test.labels.tolist()) == ([[5, 6]], ["y"])
    assert "columns of x.test.csv that x.csv lacks are not used: extra" in raw.guessed


def test_a_test_file_without_classes_is_said_and_not_used(tmp_path):
    (tmp_path / "train.csv").write_text(TRAIN)
    (tmp_path / "test.csv").write_text("a,b\n5,6\n")
    raw = read(tmp_path / "train.csv")
    assert raw.test is None
    assert raw.guessed[-1] == ("test.csv has no class column and is not used (--test FILE gives "
                               "another test part)")


def test_a_validation_table_that_is_not_used_is_said(tmp_path):
    for name in ("train.csv", "val.csv", "test.csv"):
        (tmp_path / name).write_text(TRAIN)
    raw = read(tmp_path / "train.csv")
    assert raw.test_from == "test.csv"
    assert raw.guessed[-1] == (f"val.csv is not used (--test {tmp_path}/val.csv makes it the test "
                               "part)")


def test_a_share_leaves_the_test_file_alone(tmp_path):
    (tmp_path / "x.csv").write_text(TRAIN)
    (tmp_path / "x.test.csv").write_text("damaged")
    assert read(tmp_path / "x.csv", Options(test="20%")).test is None


@pytest.mark.parametrize(("text", "message"), [
    ("a,c,label\n5,6,x\n", "must have the columns of {train}: b is missing (it has a, c, label)"),
    ("a,b\n5,6\n", "must have the class column 'label', as {train} has"),
    ("5,6\n7,8\n", "must have the class column 'label', as {train} has"),
    ("5\n", "must have the 3 columns of {train}: it has 1 (--test FILE or SHARE gives another test "
            "part, such as --test 0.2)")])
def test_test_files_that_do_not_fit_are_refused(tmp_path, text, message):
    train, test = tmp_path / "x.csv", tmp_path / "new.csv"
    train.write_text(TRAIN)
    test.write_text(text)
    wanted = re.escape(f"{test} {message.format(train=train)}")
    with pytest.raises(ValueError, match=f"^{wanted}$"):
        read(train, Options(test=str(test)))


def test_arrays_take_a_test_part_from_another_file(tmp_path):
    x, y = np.zeros((4, 3, 2)), np.arange(4)
    np.savez(tmp_path / "a.npz", x=x, y=y)
    np.savez(tmp_path / "b.npz", x_test=x[:3], y_test=y[:3], x_train=x, y_train=y)
    np.savez(tmp_path / "c.npz", x=x[:, :, :1], y=y)
    raw = read(tmp_path / "a.npz", Options(test=str(tmp_path / "b.npz")))
    assert (len(raw.test), raw.test_from) == (3, f"x_test of {tmp_path}/b.npz")


def test_integers_in_one_part_and_words_in_the_other_are_words(tmp_path):
    (tmp_path / "x.csv").write_text("a,label\n1,0\n2,1\n")
    (tmp_path / "x.test.csv").write_text("a,label\n1,0\n2,other\n")
    raw = read(tmp_path / "x.csv")
    assert (raw.train.labels.tolist(), raw.test.labels.tolist()) == (["0", "1"], ["0", "other"])
