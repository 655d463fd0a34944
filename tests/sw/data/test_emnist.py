"""EMNIST: datasets in one archive, downloaded once and checked by MD5."""

import gzip
import zipfile
from dataclasses import replace
from hashlib import md5

import numpy as np
import pytest

from sw.data import datasets
from sw.data.download import Md5File
from sw.data.known import KNOWN

from .test_datasets import encoded


RANDOM = np.random.default_rng(3)
TRAIN = (RANDOM.integers(0, 256, (20, 4, 4), dtype=np.uint8), np.arange(20) % 2)
TEST = (RANDOM.integers(0, 256, (6, 4, 4), dtype=np.uint8), np.arange(6) % 2)


def write_emnist(folder, *, without=""):
    """Write EMNIST's archive with letters of classes 1 and 2; return what downloads it."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "gzip.zip", "w") as archive:
        for part, (images, labels) in (("train", TRAIN), ("test", TEST)):
            for kind, array in (("images-idx3", images.swapaxes(1, 2)),
                                ("labels-idx1", labels + 1)):
                for name in ("letters", "digits"):
                    if kind != without:
                        archive.writestr(f"gzip/emnist-{name}-{part}-{kind}-ubyte.gz",
                                         gzip.compress(encoded(array)))
        archive.writestr("gzip/emnist-letters-mapping.txt", "1 65 97\n2 66 98\n")
    file = folder / "gzip.zip"
    return replace(KNOWN["emnist-letters"], mirrors=(folder.as_uri(),), files=(
        Md5File(file.name, file.stat().st_size, md5(file.read_bytes()).hexdigest()),))


@pytest.fixture
def no_data(tmp_path, monkeypatch):
    monkeypatch.delenv("THRESHER_DATA", raising=False)
    monkeypatch.setattr(datasets, "ROOT", tmp_path)


def test_a_set_of_emnist_is_taken_out_of_the_archive_of_all(tmp_path, monkeypatch, no_data):
    monkeypatch.setitem(KNOWN, "emnist-letters", write_emnist(tmp_path / "mirror"))
    for download in (True, False):
        dataset = datasets.load("emnist-letters", download=download)
        np.testing.assert_array_equal(dataset.train_images, TRAIN[0])
        np.testing.assert_array_equal(dataset.test_labels, TEST[1])
        assert (dataset.name, dataset.labels) == ("emnist-letters", ("A/a", "B/b"))
    assert [path.name for path in (tmp_path / "data" / "emnist").glob("[!.]*")] == ["gzip.zip"]
    assert len(list((tmp_path / "data" / "emnist-letters").iterdir())) == 5


def test_an_archive_of_emnist_that_is_there_is_not_downloaded(tmp_path, monkeypatch, no_data):
    write_emnist(tmp_path / "shared" / "emnist")
    monkeypatch.setenv("THRESHER_DATA", str(tmp_path / "shared"))
    np.testing.assert_array_equal(
        datasets.load("emnist-letters", download=False).train_images, TRAIN[0])


def test_another_archive_than_emnists_is_refused(tmp_path, monkeypatch, no_data):
    known = write_emnist(tmp_path / "mirror", without="labels-idx1")
    monkeypatch.setitem(KNOWN, "emnist-letters", known)
    with pytest.raises(ValueError, match=r"/data/emnist/gzip\.zip must hold emnist-letters-train-"
                                         r"labels-idx1-ubyte\.gz: it does not \(download it "
                                         r"again\)$"):
        datasets.load("emnist-letters")
    other = replace(known, files=(Md5File("gzip.zip", known.files[0].size, "0" * 32),))
    monkeypatch.setitem(KNOWN, "emnist-letters", other)
    (tmp_path / "data" / "emnist" / "gzip.zip").unlink()
    with pytest.raises(OSError, match=r"^gzip\.zip could not be downloaded: : sent another file "
                                      r"\(MD5 [0-9a-f]{12}, not 000000000000\)"):
        datasets.load("emnist-letters")
