"""Forms of public datasets, rebuilt small: each from its files to a board's answers."""

import csv
import gzip

import numpy as np
import pytest
import scipy.io
from PIL import Image

from sw import host, network
from sw.data import datasets
from tests.fakeline import Line, board_of
from tests.test_own_data import silent, trained


TRAIN, TEST = 300, 60


@pytest.fixture(scope="module")
def digits():
    """Return pictures and labels of MNIST: for training, and for the test."""
    raw = datasets.read("mnist", download=False)
    return ((raw.train.examples[:TRAIN], raw.train.labels[:TRAIN]),
            (raw.test.examples[:TEST], raw.test.labels[:TEST]))


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + np.ascontiguousarray(array, dtype=np.uint8).tobytes()


def mnist_png(path, digits):
    """``train/7/00012.png``, as many mirrors of MNIST."""
    for part, (pictures, labels) in zip(("train", "test"), digits, strict=True):
        for index, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
            folder = path / "mnist_png" / part / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(folder / f"{index:05}.png")
    return path / "mnist_png", [path / "mnist_png" / "test"]


def kaggle_csv(path, digits):
    """``train.csv`` with classes and ``test.csv`` without, as Kaggle's Digit Recognizer."""
    names = [f"pixel{index}" for index in range(784)]
    for name, (pictures, labels) in zip(("train", "test"), digits, strict=True):
        with open(path / f"{name}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["label", *names] if name == "train" else names)
            for picture, label in zip(pictures, labels, strict=True):
                cells = picture.ravel().tolist()
                writer.writerow([label, *cells] if name == "train" else cells)
    return path / "train.csv", [path / "test.csv"]


def emnist_letters(path, digits):
    """EMNIST's letters: classes from 1, rows and columns exchanged, names in a mapping."""
    folder = path / "emnist"
    folder.mkdir()
    for part, (pictures, labels) in zip(("train", "test"), digits, strict=True):
        for array, kind in ((pictures.swapaxes(1, 2), "images-idx3-ubyte"),
                            (labels + 1, "labels-idx1-ubyte")):
            (folder / f"emnist-letters-{part}-{kind}.gz").write_bytes(gzip.compress(idx(array)))
    (folder / "emnist-letters-mapping.txt").write_text(
        "".join(f"{n} {64 + n} {96 + n}\n" for n in range(1, 11)))
    return folder, [folder / "emnist-letters-test-images-idx3-ubyte.gz", "--classes",
                    folder / "emnist-letters-mapping.txt"]


def kmnist_npz(path, digits):
    """KMNIST's four files, each with one array called ``arr_0``."""
    folder = path / "kmnist"
    folder.mkdir()
    for part, (pictures, labels) in zip(("train", "test"), digits, strict=True):
        np.savez_compressed(folder / f"kmnist-{part}-imgs.npz", pictures)
        np.savez_compressed(folder / f"kmnist-{part}-labels.npz", labels.astype(np.uint8))
    return folder, [folder / "kmnist-test-imgs.npz"]


def fashion_idx(path, digits):
    """IDX files without ``.gz``, light on dark as Fashion-MNIST."""
    folder = path / "fashion"
    folder.mkdir()
    for part, (pictures, labels) in zip(("train", "t10k"), digits, strict=True):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(pictures))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    return folder, [folder / "t10k-images-idx3-ubyte"]


def uci_table(path, place):
    """Rows of measures without header, the class first, last or in the middle, as at UCI."""
    rng = np.random.default_rng(place)
    classes = np.arange(240) % 3
    values = rng.normal(size=(240, 5)) + 2.5 * np.eye(5)[classes] + np.arange(5) * 10
    lines = []
    for row, name in zip(values, np.array(["bus", "opel", "van"])[classes], strict=True):
        cells = [f"{cell:.3f}" for cell in row]
        lines.append(",".join([*cells[:place], name, *cells[place:]]))
    (path / "measures.data").write_text("\n".join(lines[:200]) + "\n")
    (path / "measures.test").write_text("\n".join(lines[200:]) + "\n")
    return path / "measures.data", [path / "measures.test"]


def colours(count, size, seed):
    """Return pictures of three classes, each with a patch in a colour of its own."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    pictures = rng.integers(0, 120, (count, size, size, 3), dtype=np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        picture[4:size - 4, 4 + 3 * label:size // 2, label] = 250
    return pictures, labels


def cifar_binary(path, _):
    """CIFAR-10's binary version: a label and 3,072 octets, channel by channel."""
    folder = path / "cifar-10-batches-bin"
    folder.mkdir()
    for name, count, seed in (("data_batch_1", 160, 1), ("data_batch_2", 140, 2),
                              ("test_batch", TEST, 3)):
        pictures, labels = colours(count, 32, seed)
        planes = np.moveaxis(pictures, 3, 1).reshape(count, -1)
        (folder / f"{name}.bin").write_bytes(
            np.column_stack([labels.astype(np.uint8), planes]).tobytes())
    (folder / "batches.meta.txt").write_text("airplane\nautomobile\nbird\n")
    return folder, [folder / "test_batch.bin"]


def svhn_mat(path, _):
    """SVHN's files: X of 32 x 32 x 3 x n, y of n x 1 in which 10 is the digit 0."""
    for name, count, seed in (("train", TRAIN, 1), ("test", TEST, 2)):
        pictures, labels = colours(count, 32, seed)
        scipy.io.savemat(path / f"{name}_32x32.mat", {
            "X": np.moveaxis(pictures, 0, 3), "y": np.where(labels, labels, 10)[:, None]},
            do_compression=True)
    return path / "train_32x32.mat", [path / "test_32x32.mat"]


def gtsrb_ppm(path, _):
    """Folders of PPM pictures of many sizes, with a table in each, as GTSRB."""
    rng = np.random.default_rng(1)
    pictures, labels = colours(240, 30, 4)
    for part, rows in (("Train", range(180)), ("Test", range(180, 240))):
        for row in rows:
            folder = path / "GTSRB" / part / f"{labels[row]:05}"
            folder.mkdir(parents=True, exist_ok=True)
            size = tuple(rng.integers(28, 60, 2).tolist())
            Image.fromarray(pictures[row]).resize(size).save(folder / f"{row:05}.ppm")
            with open(folder / f"GT-{folder.name}.csv", "a") as table:
                table.write(f"{row:05}.ppm;{size[0]};{size[1]}\n")
    return path / "GTSRB", [path / "GTSRB" / "Test"]


FORMS = {
    "MNIST as folder of PNG": mnist_png,
    "Kaggle's CSV": kaggle_csv,
    "EMNIST letters": emnist_letters,
    "KMNIST npz": kmnist_npz,
    "Fashion-MNIST unpacked": fashion_idx,
    "UCI, class first": lambda path, _: uci_table(path, 0),
    "UCI, class in the middle": lambda path, _: uci_table(path, 2),
    "UCI, class last": lambda path, _: uci_table(path, 5),
    "CIFAR-10 binary": cifar_binary,
    "SVHN": svhn_mat,
    "GTSRB": gtsrb_ppm,
}


@pytest.mark.parametrize("name", FORMS)
def test_a_public_form_reaches_a_board(name, digits, tmp_path):
    dataset, files = FORMS[name](tmp_path, digits)
    path, said = trained(dataset, tmp_path / "out", "--epochs", "12")
    net = network.load(path)
    zeros = np.zeros((3, *net.input_shape), np.uint8)
    with Line(board_of(net, zeros)) as line:
        out = silent(host.main, "--port", line.path, "--network", path, "classify", *files,
                     "--csv", tmp_path / "answers.csv").splitlines()
    with open(tmp_path / "answers.csv", newline="") as file:
        given = [row["label"] for row in csv.DictReader(file)]
    count = len(given)
    assert out[-1] == f"equal       {count} of {count} labels, {count} of {count} images' scores"
    share = float(said.splitlines()[-1].split()[2])
    assert share > 60
    told = any(line.startswith(f"accuracy {share:.2f} %: ") for line in out)
    if name == "KMNIST npz":  # its classes lie in another file
        right = np.array(given) == digits[1][1].astype(str)
        assert f"{100 * right.mean():.2f}" == f"{share:.2f}"
    assert told == (name not in ("Kaggle's CSV", "KMNIST npz"))
