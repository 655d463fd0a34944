import gzip
import re
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from sw.data import datasets, idx
from sw.data.download import File
from sw.data.known import KNOWN, Known


RANDOM = np.random.default_rng(7)
TRAIN = (RANDOM.integers(0, 256, (20, 4, 3), dtype=np.uint8), np.arange(20) % 2)
TEST = (RANDOM.integers(0, 256, (6, 4, 3), dtype=np.uint8), np.arange(6) % 2)
FILES = dict(zip(datasets.ARRAY_NAMES, (*TRAIN, *TEST), strict=True))


def encoded(array, kind=8):
    header = bytes([0, 0, kind, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def write_idx(folder, suffix=".gz"):
    folder.mkdir(exist_ok=True)
    for part, array in FILES.items():
        octets = encoded(array)
        (folder / f"{datasets.IDX_NAMES[part]}{suffix}").write_bytes(
            gzip.compress(octets) if suffix == ".gz" else octets)
    return folder


def assert_same(dataset):
    np.testing.assert_array_equal(dataset.train_images, TRAIN[0])
    np.testing.assert_array_equal(dataset.train_labels, TRAIN[1])
    np.testing.assert_array_equal(dataset.test_images, TEST[0])
    np.testing.assert_array_equal(dataset.test_labels, TEST[1])


def test_mnist_has_its_published_sizes():
    images, labels, names = datasets.load_test("mnist", download=False)
    assert images.shape == (10000, 28, 28)
    assert np.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert names == tuple("0123456789")


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_folder_of_idx_files_is_a_dataset(tmp_path, suffix):
    dataset = datasets.load(write_idx(tmp_path / "My Set", suffix))
    assert_same(dataset)
    assert (dataset.name, dataset.labels, dataset.input_shape) == ("my-set", ("0", "1"), (4, 3))


def test_the_test_part_is_the_same_alone(tmp_path):
    images, labels, names = datasets.load_test(write_idx(tmp_path))
    np.testing.assert_array_equal(images, TEST[0])
    np.testing.assert_array_equal(labels, TEST[1])
    assert names == ("0", "1")


def test_known_datasets_are_looked_for_in_thresher_data_first(tmp_path, monkeypatch):
    write_idx(tmp_path / "mnist")
    monkeypatch.setenv("THRESHER_DATA", str(tmp_path))
    assert_same(datasets.load("mnist", download=False))


def test_known_datasets_are_downloaded_into_data(tmp_path, monkeypatch):
    mirror = write_idx(tmp_path / "mirror")
    files = tuple(File(path.name, path.stat().st_size, sha256(path.read_bytes()).hexdigest())
                  for path in mirror.iterdir())
    monkeypatch.delenv("THRESHER_DATA", raising=False)
    monkeypatch.setattr(datasets, "ROOT", tmp_path)
    monkeypatch.setitem(KNOWN, "mnist", Known(("0", "1"), (mirror.as_uri(),), files))
    assert_same(datasets.load("mnist"))
    assert len(list((tmp_path / "data" / "mnist").iterdir())) == 4


def test_a_known_dataset_that_is_missing_says_where_to_put_it(tmp_path, monkeypatch):
    monkeypatch.delenv("THRESHER_DATA", raising=False)
    monkeypatch.setattr(datasets, "ROOT", tmp_path)
    with pytest.raises(ValueError, match=rf"^Dataset 'mnist' must be in {tmp_path}/data/mnist "
                       r"\(set THRESHER_DATA to the folder that has it\)$"):
        datasets.load("mnist", download=False)


def test_unknown_datasets_are_refused():
    with pytest.raises(ValueError, match=r"^Dataset must be mnist, fashion-mnist or a path that "
                       r"exists: emnist$"):
        datasets.load("emnist")


@pytest.mark.parametrize(("octets", "message"), [
    (b"<html>", r"must be an IDX file: it begins with 3c68746d \(download it again\)"),
    (b"", r"must be an IDX file: it begins with nothing \(download it again\)"),
    (encoded(TEST[0], kind=13), r"must hold unsigned bytes \(IDX type 08\): type 0d"),
    (encoded(TEST[1]), r"must have 2 to 4 dimensions: 1 \(are images and labels exchanged\?\)"),
    (encoded(TEST[0])[:9], r"must be whole: it ends inside its header \(download it again\)"),
    (encoded(TEST[0])[:-1], r"must hold 72 bytes after its header: 71 \(download it again\)"),
    (encoded(TEST[0]) + b"!", r"must hold 72 bytes after its header: more than 72 "
     r"\(download it again\)"),
    (b"\0\0\x08\x03" + b"\xff" * 12, r"must hold 1 byte to 512 MiB: its header says "
     r"4294967295 x 4294967295 x 4294967295"),
])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_damaged_idx_files_are_refused(tmp_path, octets, message, suffix):
    path = tmp_path / f"images{suffix}"
    path.write_bytes(gzip.compress(octets) if suffix else octets)
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} {message}$"):
        idx.read(path)


def test_a_truncated_gzip_is_refused(tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(encoded(TEST[0]))[:-12])
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} must be an intact gzip file: "
                       r"Compressed file ended before the end-of-stream marker was reached "
                       r"\(download it again\)$"):
        idx.read(path)


def test_a_gzip_bomb_is_unpacked_no_further_than_its_header_says(tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(encoded(TEST[0]) + bytes(2**26)))
    with pytest.raises(ValueError, match=r"72 bytes after its header: more than 72"):
        idx.read(path)


def test_labels_of_another_set_are_refused(tmp_path):
    folder = write_idx(tmp_path)
    wrong = folder / "train-labels-idx1-ubyte.gz"
    wrong.write_bytes(gzip.compress(encoded(TEST[1])))
    with pytest.raises(ValueError, match=f"^{re.escape(str(wrong))} must have one label for each "
                       r"of the 20 images: 6 \(the files are not of one set\)$"):
        datasets.load(folder)


@pytest.mark.parametrize("keys", list(zip(*datasets.ARRAY_NAMES.values(), strict=True)))
def test_an_npz_is_a_dataset(tmp_path, keys):
    np.savez(tmp_path / "set.npz", **dict(zip(keys, FILES.values(), strict=True)))
    assert_same(datasets.load(tmp_path / "set.npz"))


def test_an_npz_can_name_its_classes(tmp_path):
    np.savez(tmp_path / "set.npz", **FILES, labels=np.array(["cat", "dog"]))
    assert datasets.load(tmp_path / "set.npz").labels == ("cat", "dog")


@pytest.mark.parametrize(("change", "message"), [
    ({"train_images": TRAIN[0] / 255}, r"must have train_images of integers in at least two "
     r"dimensions: float64 of shape \(20, 4, 3\) \(scale to 0\.\.255 and round\)"),
    ({"test_images": TEST[0].astype(int) + 9}, r"must have test_images in 0\.\.255: 9\.\.263"),
    ({"train_labels": np.eye(20)}, r"must have train_labels of integers or strings in one "
     r"dimension: float64 of shape \(20, 20\)"),
    ({"train_labels": None}, r"must have the array train_labels or y_train or Y_train: it has "
     r"train_images, test_images, test_labels"),
])
def test_wrong_npz_arrays_are_refused(tmp_path, change, message):
    path = tmp_path / "set.npz"
    np.savez(path, **{name: array for name, array in (FILES | change).items()
                      if array is not None})
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} {message}$"):
        datasets.load(path)


def test_classes_that_only_the_test_part_has_are_refused(tmp_path):
    np.savez(tmp_path / "set.npz", **FILES | {"test_labels": TEST[1] + 1})
    with pytest.raises(ValueError, match=r"^Dataset 'set' must not have classes in its test part "
                       r"that its training part lacks: 2$"):
        datasets.load(tmp_path / "set.npz")


def write_pictures(folder, images, labels):
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / f"c{label}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"c{label}" / f"{index:03}.png")


def test_a_folder_of_pictures_is_a_dataset(tmp_path):
    write_pictures(tmp_path / "train", *TRAIN)
    write_pictures(tmp_path / "test", *TEST)
    dataset = datasets.load(tmp_path)
    order = np.argsort(TRAIN[1], kind="stable")
    np.testing.assert_array_equal(dataset.train_images, TRAIN[0][order])
    np.testing.assert_array_equal(dataset.train_labels, TRAIN[1][order])
    assert dataset.labels == ("c0", "c1")


def test_pictures_without_a_test_part_are_split_by_class(tmp_path):
    write_pictures(tmp_path, *TRAIN)
    dataset = datasets.load(tmp_path)
    np.testing.assert_array_equal(dataset.test_images, TRAIN[0][[16, 18, 17, 19]])
    np.testing.assert_array_equal(dataset.test_labels, [0, 0, 1, 1])


def test_pictures_of_different_sizes_are_refused(tmp_path):
    write_pictures(tmp_path, *TRAIN)
    Image.new("L", (5, 4)).save(tmp_path / "c1" / "z.png")
    with pytest.raises(ValueError, match=rf"^{tmp_path}/c1/z\.png must be 3 x 4 pixels like the "
                       rf"others \({tmp_path}/c0/000\.png\): 5 x 4 \(resize the pictures\)$"):
        datasets.load(tmp_path)


def test_damaged_pictures_are_refused(tmp_path):
    write_pictures(tmp_path, *TRAIN)
    (tmp_path / "c1" / "z.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=rf"^{tmp_path}/c1/z\.png must be an intact picture "
                                         r"\(BMP, .*\): its content is none of them$"):
        datasets.load(tmp_path)


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(ValueError, match=rf"^{tmp_path} must hold pictures in one subfolder a "
                       rf"class, as in {tmp_path}/cat/1\.png$"):
        datasets.load(tmp_path)


def test_a_postscript_file_is_no_picture(tmp_path):
    """Pillow would call Ghostscript for it."""
    write_pictures(tmp_path, *TRAIN)
    (tmp_path / "c1" / "z.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    with pytest.raises(ValueError, match=r"z\.png must be an intact picture \(.*\): its content is "
                                         r"none of them$"):
        datasets.load(tmp_path)


def test_labels_beyond_the_names_are_refused(tmp_path, monkeypatch):
    write_idx(tmp_path / "mnist")
    for part, labels in (("train", np.arange(20) % 11), ("test", np.arange(6) * 2 + 1)):
        (tmp_path / "mnist" / f"{datasets.IDX_NAMES[f'{part}_labels']}.gz").write_bytes(
            gzip.compress(encoded(labels)))
    monkeypatch.setenv("THRESHER_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=r"^Dataset 'mnist' must have labels in 0\.\.9: 0\.\.10 in "
                                         r"its train part$"):
        datasets.load("mnist")
    with pytest.raises(ValueError, match=r"^Dataset 'mnist' must have labels in 0\.\.9: 1\.\.11 "):
        datasets.load_test("mnist")


@pytest.mark.parametrize(("changes", "message"), [
    ({"y_test": np.array(["0", "1"])}, r"a\.npz must have integers or strings as labels of both "
                                       r"parts, not one of each$"),
    ({"x_train": np.zeros((4, 0), np.uint8), "x_test": np.zeros((2, 0), np.uint8)},
     r"^Dataset 'a' must have images of at least one pixel: \(0,\) in its train part$")])
def test_arrays_that_do_not_fit_are_refused(tmp_path, changes, message):
    np.savez(tmp_path / "a.npz", **{
        "x_train": np.zeros((4, 3), np.uint8), "y_train": np.arange(4) % 2,
        "x_test": np.zeros((2, 3), np.uint8), "y_test": np.arange(2), **changes})
    with pytest.raises(ValueError, match=message):
        datasets.load(tmp_path / "a.npz")
