"""CIFAR-10 and CIFAR-100 in their binary versions, as files or packed in an archive."""

import re
from os import SEEK_END

import numpy as np

from ..raw import Part, Raw


PIXELS = 3 * 32 * 32
LIMIT = 2**29  # octets of one file
NAMES = ("batches.meta.txt", "fine_label_names.txt")  # files of the classes' names
_TEN, _HUNDRED = "CIFAR-10, binary version", "CIFAR-100, binary version"


def matches(path):
    """Return whether a path is a folder of CIFAR's binary or pickled files, or a binary file."""
    if path.is_dir():
        return bool(_batches(path)) or _pickled(path)
    return path.suffix == ".bin" and _label_octets(path) is not None


def read(path, options):
    """Read the batches of a folder, or one of its files: pictures of 32 x 32 in colour."""
    if path.is_dir() and not _batches(path):
        kind = "CIFAR-100" if (path / "fine_label_names").exists() or (path / "meta").exists() \
            else "CIFAR-10"
        raise ValueError(f"{path} must hold the binary version of {kind}, not the Python version, "
                         f"whose pickles can run code (download "
                         f"{kind.lower()}-binary.tar.gz from "
                         f"https://www.cs.toronto.edu/~kriz/cifar.html)")
    folder = path if path.is_dir() else path.parent
    files = _batches(folder) if path.is_dir() else [path]
    return of_batches(path, files, [folder / name for name in NAMES])


def is_batch(name):
    """Return whether a file's name is that of a batch."""
    return re.fullmatch(r"(data_batch_\d+|test_batch|train|test)\.bin", name) is not None


def of_batches(path, files, others):
    """Return the dataset of batches, paths or members of an archive.

    ``others`` are files among which those of the classes' names may be.
    """
    files = sorted(files, key=lambda file: file.name)
    train = [file for file in files if "test" not in file.name]
    test = [file for file in files if "test" in file.name]
    if not train:
        train, test = test, []
    octets = _label_octets(train[0]) or 1
    raw = Raw(path, _HUNDRED if octets == 2 else _TEN, _part(train, octets))
    if test:
        raw.test, raw.test_from = _part(test, octets), test[0].name
    if octets == 2:
        raw.guessed.append("classes are CIFAR-100's 100 fine ones")
    lines = _lines(others, NAMES[octets - 1])
    if lines:
        raw.class_names = tuple(lines)
    return raw


def _lines(files, name):
    """Return the words of the file of a name among files; none if it is missing."""
    for file in files:
        if file.name == name and file.exists():
            with file.open("rb") as opened:
                return opened.read(LIMIT).decode("utf-8", errors="replace").split()
    return []


def _batches(folder):
    return sorted((file for file in folder.iterdir() if file.is_file() and is_batch(file.name)),
                  key=lambda file: file.name)


def _pickled(folder):
    return any((folder / name).is_file() for name in ("data_batch_1", "batches.meta")) \
        or all((folder / name).is_file() for name in ("meta", "train", "test"))


def _label_octets(path):
    """Return the octets before each picture: 1 in CIFAR-10, 2 in CIFAR-100, None elsewhere."""
    size = _size(path)
    wanted = 2 if path.name in ("train.bin", "test.bin") else 1
    for octets in (wanted, 3 - wanted):
        if size and size % (PIXELS + octets) == 0:
            return octets
    return None


def _size(file):
    """Return the octets of a file."""
    with file.open("rb") as opened:
        return opened.seek(0, SEEK_END)


def _part(files, octets):
    size = PIXELS + octets
    counts = []
    for file in files:
        length = _size(file)
        if length % size or not length or length > LIMIT:
            raise ValueError(f"{file} must hold pictures of {size} bytes each, up to "
                             f"{LIMIT >> 20} MiB: {length} bytes (download it again)")
        counts.append(length // size)
    images = np.empty((sum(counts), 32, 32, 3), dtype=np.uint8)
    labels = np.empty(sum(counts), dtype=np.int64)
    start = 0
    for file, count in zip(files, counts, strict=True):
        with file.open("rb") as opened:
            records = np.frombuffer(opened.read(count * size), np.uint8).reshape(count, size)
        labels[start:start + count] = records[:, octets - 1]
        images[start:start + count] = records[:, octets:].reshape(-1, 3, 32, 32).transpose(
            0, 2, 3, 1)
        start += count
    return Part(images, labels)
