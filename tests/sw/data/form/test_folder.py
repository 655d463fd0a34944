import re

import numpy as np
import pytest
from PIL import Image

from sw.data.form import folder
from sw.data.form.form import read
from sw.data.options import Options


def draw(root, *names):
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (3, 2), number).save(path)
    return root


def found(part):
    return [(path.name, str(label)) for path, label in zip(part.examples.paths, part.labels,
                                                           strict=True)]


TWO = ("cat/1.png", "cat/2.png", "dog/3.png")
PLAIN = [("1.png", "cat"), ("2.png", "cat"), ("3.png", "dog")]


@pytest.mark.parametrize("above", ["", "data/", "a/b/", "train/", "train/train/"])
def test_one_folder_a_class_at_any_depth(tmp_path, above):
    raw = read(draw(tmp_path, *(above + name for name in TWO)))
    assert found(raw.train) == PLAIN
    assert (raw.test, raw.form) == (None, "folder of pictures")
    np.testing.assert_array_equal(raw.train.of(np.array([2])).examples[0], np.full((2, 3), 2))


@pytest.mark.parametrize(("train", "test"), [
    ("train", "test"), ("Training", "Testing"), ("TRAIN", "TEST"), ("trn", "tst"),
    ("train", "val"), ("training", "validation"), ("seg_train/seg_train", "seg_test/seg_test"),
    ("set/train", "set/test"), ("Final_Training/Images", "Final_Test/Images")])
def test_parts_are_known_in_every_spelling(tmp_path, train, test):
    raw = read(draw(tmp_path, *(f"{train}/{name}" for name in TWO), f"{test}/dog/4.png"))
    assert found(raw.train) == PLAIN
    assert found(raw.test) == [("4.png", "dog")]
    assert bool(raw.guessed) == ("val" in test)


def test_a_validation_part_joins_the_training_part(tmp_path):
    raw = read(draw(tmp_path, "train/cat/1.png", "val/dog/2.png", "test/cat/3.png"))
    assert found(raw.train) == [("1.png", "cat"), ("2.png", "dog")]
    assert found(raw.test) == [("3.png", "cat")]
    assert raw.guessed == ["the validation part joins the training part (--test gives another test "
                           "part)"]


def test_a_class_may_be_called_train(tmp_path):
    raw = read(draw(tmp_path, "car/1.png", "train/2.png"))
    assert found(raw.train) == [("1.png", "car"), ("2.png", "train")]


def test_pictures_below_a_class_belong_to_it_and_it_is_said(tmp_path):
    raw = read(draw(tmp_path, "cat/a/1.png", "cat/2.png", "dog/3.png"))
    assert sorted(found(raw.train)) == PLAIN
    assert raw.guessed == [f"pictures in subfolders of {tmp_path}/cat belong to class 'cat' (give "
                           "the folder that holds the classes, if it is another)"]


def test_hidden_files_and_folders_are_counted_and_ignored(tmp_path):
    draw(tmp_path, *TWO, ".cache/1.png", "__MACOSX/cat/1.png", "cat/.1.png",
         "dog/.ipynb_checkpoints/3.png")
    (tmp_path / "cat" / "Thumbs.db").write_text("x")
    raw = read(tmp_path)
    assert found(raw.train) == PLAIN
    assert raw.hidden == 5


def test_files_that_are_no_pictures_are_listed(tmp_path):
    draw(tmp_path, *TWO)
    (tmp_path / "cat" / "notes.txt").write_text("x")
    (tmp_path / "dog" / "old.pdf").write_bytes(b"%PDF-1.4")
    for number in range(5):
        (tmp_path / "cat" / f"{number}.xml").write_text("<?xml")
    assert read(tmp_path).ignored == [
        f"{tmp_path}/dog/old.pdf: a PDF file, no picture", f"{tmp_path}/cat/notes.txt: no picture",
        f"5 files like {tmp_path}/cat/0.xml: no pictures (.xml)"]


@pytest.mark.parametrize("name", ["1.ppm", "1.tif", "1.webp", "1.gif", "1.BMP", "1.jpeg"])
def test_pictures_of_many_formats_count(tmp_path, name):
    assert len(read(draw(tmp_path, f"a/{name}", "b/2.png")).train) == 2


def test_pictures_without_a_suffix_are_known_by_content(tmp_path):
    draw(tmp_path, *TWO)
    (tmp_path / "cat" / "1.png").rename(tmp_path / "cat" / "one")
    assert found(read(tmp_path).train)[1] == ("one", "cat")


def test_gtsrb_reads_as_class_folders(tmp_path):
    draw(tmp_path, *(f"0000{label}/00000_0000{number}.ppm" for label in range(5)
                     for number in range(2)))
    for label in range(5):
        (tmp_path / f"0000{label}" / f"GT-0000{label}.csv").write_text("Filename;ClassId\n")
    raw = read(tmp_path)
    assert len(raw.train) == 10
    assert raw.ignored == [f"5 files like {tmp_path}/00000/GT-00000.csv: no pictures (.csv)"]


@pytest.mark.parametrize(("names", "table"), [
    (("1.png", "2.png"), "file,class\n1.png,cat\n2.png,dog\n"),
    (("images/1.png", "images/2.png"), "file,class\n1.png,cat\n2.png,dog\n"),
    (("train/1.png", "train/2.png"), "id,breed\n1,cat\n2,dog\n"),
    (("Train/1.png", "Train/2.png"), "Width;ClassId;Path\n3;cat;Train/1.png\n3;dog;Train/2.png\n")])
def test_a_table_gives_the_classes_of_pictures(tmp_path, names, table):
    draw(tmp_path, *names)
    (tmp_path / "train.csv").write_text(table)
    raw = read(tmp_path)
    assert found(raw.train) == [("1.png", "cat"), ("2.png", "dog")]
    assert raw.form == "pictures with a table of classes"
    assert "(--label changes it)" in raw.guessed[0]
    assert not raw.ignored


def test_gtsrb_of_kaggle_takes_its_test_part_from_the_table(tmp_path):
    draw(tmp_path, "Train/0/1.png", "Train/1/2.png", "Test/3.png", "Meta/0.png")
    (tmp_path / "Test.csv").write_text("Width,ClassId,Path\n3,1,Test/3.png\n")
    raw = read(tmp_path)
    assert found(raw.train) == [("1.png", "0"), ("2.png", "1")]
    assert found(raw.test) == [("3.png", "1")]
    assert raw.test_from == "Test.csv"
    assert raw.ignored == [f"{tmp_path}/Meta: 1 pictures in a folder that is neither train, test "
                           "nor validation"]


def test_test_pictures_without_classes_are_said(tmp_path):
    raw = read(draw(tmp_path, *("train/" + name for name in TWO), "test/4.png"))
    assert found(raw.train) == PLAIN
    assert raw.test is None
    assert raw.guessed == [f"the pictures in {tmp_path}/test have no classes and are not used as "
                           "test part"]


def test_pictures_without_classes_are_refused(tmp_path):
    message = (f"{tmp_path} must hold pictures in one subfolder a class, as in {tmp_path}/cat/1.png"
               f", or pictures and a table of file names and classes, as in {tmp_path}/labels.csv: "
               f"2 pictures lie in {tmp_path} without either")
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read(draw(tmp_path, "1.png", "2.png"))


def test_a_test_folder_elsewhere_is_read(tmp_path):
    draw(tmp_path, "a/cat/1.png", "a/dog/2.png", "b/dog/3.png", "b/cat/4.png")
    raw = read(tmp_path / "a", Options(test=str(tmp_path / "b")))
    assert found(raw.test) == [("4.png", "cat"), ("3.png", "dog")]
    assert raw.test_from == str(tmp_path / "b")


def test_links_to_nothing_are_no_pictures(tmp_path):
    draw(tmp_path, *TWO)
    (tmp_path / "cat" / "4.png").symlink_to(tmp_path / "nowhere.png")
    raw = read(tmp_path)
    assert found(raw.train) == PLAIN
    assert raw.ignored == [f"{tmp_path}/cat/4.png: no picture"]


def test_folders_that_contain_themselves_end(tmp_path):
    draw(tmp_path, *TWO)
    (tmp_path / "cat" / "up").symlink_to(tmp_path)
    assert folder.matches(tmp_path)
    assert len(read(tmp_path).train) < 20


def test_classes_that_are_numbers_are_matched_with_a_table(tmp_path):
    draw(tmp_path, "Final_Training/Images/00000/1.ppm", "Final_Training/Images/00017/2.ppm",
         "Final_Test/Images/3.ppm")
    (tmp_path / "Final_Test/Images/GT-final_test.csv").write_text("Filename;ClassId\n3.ppm;17\n")
    raw = read(tmp_path)
    assert found(raw.train) == [("1.ppm", "00000"), ("2.ppm", "00017")]
    assert found(raw.test) == [("3.ppm", "00017")]


def test_a_table_in_the_folder_of_a_part_gives_its_classes(tmp_path):
    draw(tmp_path, "train/1.png", "train/2.png", "test/3.png")
    (tmp_path / "train/metadata.csv").write_text("file_name,label\n1.png,cat\n2.png,dog\n")
    (tmp_path / "test/metadata.csv").write_text("file_name,label\n3.png,cat\n")
    raw = read(tmp_path)
    assert found(raw.train) == [("1.png", "cat"), ("2.png", "dog")]
    assert found(raw.test) == [("3.png", "cat")]


def test_a_label_column_of_folders_is_refused(tmp_path):
    with pytest.raises(ValueError, match=f"^--label must be given for a table alone: the classes "
                       f"of {tmp_path} are folders$"):
        read(draw(tmp_path, *TWO), Options(label="x"))


def test_a_table_of_pictures_alone_says_to_give_the_folder(tmp_path):
    draw(tmp_path, "1.png", "2.png")
    (tmp_path / "t.csv").write_text("file,class\n1.png,cat\n2.png,dog\n")
    with pytest.raises(ValueError, match=r"'file' names files such as '1\.png' \(give the "
                       r"folder of the pictures and this table as the dataset\)$"):
        read(tmp_path / "t.csv", Options(label="class"))
