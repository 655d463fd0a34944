import gzip
import re

import numpy as np
import pytest

from sw.data import idx as files
from sw.data.form import idx
from sw.data.options import NONE


IMAGES = np.arange(4 * 3 * 2, dtype=np.uint8).reshape(4, 3, 2)
LABELS = np.array([0, 1, 1, 0])
MNIST = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
         "t10k-labels-idx1-ubyte")


def encoded(array, kind=8):
    header = bytes([0, 0, kind, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
    return header + array.astype(files.TYPES[kind]).tobytes()


def write(folder, names=MNIST, suffix="", pack=bytes):
    for name in names:
        array = IMAGES if "images" in name else LABELS
        (folder / f"{name}{suffix}").write_bytes(pack(encoded(array)))
    return folder


@pytest.mark.parametrize("names", [
    MNIST, [name.replace("-idx", ".idx") for name in MNIST],
    [f"emnist-letters-{name.replace('t10k', 'test')}" for name in MNIST]])
@pytest.mark.parametrize(("suffix", "pack"), [("", bytes), (".gz", gzip.compress), (".gz", bytes),
                                              ("", gzip.compress)])
def test_any_prefix_and_packing_reads(tmp_path, names, suffix, pack):
    path = write(tmp_path, names, suffix, pack)
    assert idx.matches(path)
    raw = idx.read(path, NONE)
    for part in (raw.train, raw.test):
        np.testing.assert_array_equal(part.examples, IMAGES)
        assert part.labels.tolist() == LABELS.tolist()
    assert raw.test_from == f"{names[2]}{suffix}"


def test_a_training_part_alone_is_a_dataset(tmp_path):
    raw = idx.read(write(tmp_path, MNIST[:2]), NONE)
    assert (len(raw.train), raw.test, raw.test_from) == (4, None, "")


def test_several_sets_are_refused_by_name_and_one_file_names_a_set(tmp_path):
    for name in ("balanced", "letters"):
        write(tmp_path, [f"emnist-{name}-{file}" for file in MNIST])
    first = tmp_path / f"emnist-balanced-{MNIST[0]}"
    with pytest.raises(ValueError, match=f"^{tmp_path} must hold one set of IDX files: it holds "
                       f"those of emnist-balanced, emnist-letters \\(give the training images of "
                       f"one as the dataset: {re.escape(str(first))}\\)$"):
        idx.read(tmp_path, NONE)
    assert idx.read(first, NONE).test_from == f"emnist-balanced-{MNIST[2]}"


def test_emnist_mapping_names_the_classes(tmp_path):
    write(tmp_path, [f"emnist-letters-{file}" for file in MNIST])
    (tmp_path / "emnist-letters-mapping.txt").write_text("0 64\n1 65 97\n")
    raw = idx.read(tmp_path, NONE)
    assert raw.class_names == ("@", "A/a")
    assert raw.guessed == ["class names come from emnist-letters-mapping.txt (--classes FILE gives "
                           "others)"]
    assert raw.known == {"transpose": True}


def test_classes_from_1_with_names_are_numbered_from_0(tmp_path):
    write(tmp_path, [f"emnist-letters-{file}" for file in MNIST])
    for part in ("train", "t10k"):
        (tmp_path / f"emnist-letters-{part}-labels-idx1-ubyte").write_bytes(encoded(LABELS + 1))
    (tmp_path / "emnist-letters-mapping.txt").write_text("1 65 97\n2 66 98\n")
    raw = idx.read(tmp_path, NONE)
    assert raw.class_names == ("A/a", "B/b")
    assert raw.train.labels.tolist() == raw.test.labels.tolist() == LABELS.tolist()


def test_a_folder_with_all_four_files_is_whole(tmp_path):
    assert not idx.whole(tmp_path / "none")
    assert not idx.whole(write(tmp_path, MNIST[:3]))
    assert idx.whole(write(tmp_path, MNIST[3:]))


@pytest.mark.parametrize(("kind", "dtype"), [(8, "u1"), (9, "i1"), (11, "i2"), (12, "i4"),
                                             (13, "f4"), (14, "f8")])
def test_all_types_of_numbers_read(tmp_path, kind, dtype):
    (tmp_path / "x").write_bytes(encoded(IMAGES, kind))
    array = files.read(tmp_path / "x")
    assert array.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(array, IMAGES)


def test_qmnist_labels_give_their_first_number(tmp_path):
    write(tmp_path, ["qmnist-train-images-idx3-ubyte"])
    labels = np.stack([LABELS, LABELS + 7], axis=1)
    (tmp_path / "qmnist-train-labels-idx2-int").write_bytes(encoded(labels, 12))
    raw = idx.read(tmp_path, NONE)
    assert raw.train.labels.tolist() == LABELS.tolist()
    assert raw.guessed == ["the class is the first of 2 numbers a label in "
                           "qmnist-train-labels-idx2-int, as in QMNIST"]


def test_missing_labels_are_named(tmp_path):
    with pytest.raises(ValueError, match=f"^{tmp_path} must hold labels beside {MNIST[0]}: "
                       rf"{MNIST[1]} is missing \(plain or as \.gz\)$"):
        idx.read(write(tmp_path, MNIST[:1]), NONE)


def test_unlike_files_are_refused(tmp_path):
    write(tmp_path, MNIST[:2])
    (tmp_path / MNIST[1]).write_bytes(encoded(LABELS[:3]))
    with pytest.raises(ValueError, match=f"^{tmp_path}/{MNIST[1]} must have one label for each of "
                       r"the 4 images: 3 \(the files are not of one set\)$"):
        idx.read(tmp_path, NONE)
