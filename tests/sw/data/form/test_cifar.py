import re

import numpy as np
import pytest

from sw.data.form import cifar
from sw.data.options import NONE


PICTURES = np.random.default_rng(3).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)


def record(picture, *labels):
    return bytes(labels) + picture.transpose(2, 0, 1).tobytes()


def test_cifar_10_reads(tmp_path):
    for name, places in (("data_batch_1", (0, 1)), ("data_batch_2", (2,)), ("test_batch", (3,))):
        (tmp_path / f"{name}.bin").write_bytes(b"".join(record(PICTURES[place], place + 1)
                                                        for place in places))
    (tmp_path / "batches.meta.txt").write_text("airplane\nautomobile\n\n")
    assert cifar.matches(tmp_path)
    raw = cifar.read(tmp_path, NONE)
    np.testing.assert_array_equal(raw.train.examples, PICTURES[:3])
    np.testing.assert_array_equal(raw.test.examples, PICTURES[3:])
    assert (raw.train.labels.tolist(), raw.test.labels.tolist()) == ([1, 2, 3], [4])
    assert (raw.class_names, raw.test_from) == (("airplane", "automobile"), "test_batch.bin")


def test_cifar_100_reads_its_fine_classes(tmp_path):
    for name, place in (("train", 0), ("test", 1)):
        (tmp_path / f"{name}.bin").write_bytes(record(PICTURES[place], 5, 70 + place))
    raw = cifar.read(tmp_path, NONE)
    np.testing.assert_array_equal(raw.test.examples, PICTURES[1:2])
    assert (raw.train.labels.tolist(), raw.test.labels.tolist()) == ([70], [71])


def test_the_python_version_is_refused_by_name(tmp_path):
    (tmp_path / "data_batch_1").write_bytes(b"\x80\x04}")
    assert cifar.matches(tmp_path)
    message = (f"{tmp_path} must hold the binary version of CIFAR-10, not the Python version, "
               "whose pickles can run code (download cifar-10-binary.tar.gz from "
               "https://www.cs.toronto.edu/~kriz/cifar.html)")
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        cifar.read(tmp_path, NONE)


def test_cut_files_are_refused(tmp_path):
    (tmp_path / "data_batch_1.bin").write_bytes(record(PICTURES[0], 1))
    (tmp_path / "test_batch.bin").write_bytes(record(PICTURES[0], 1)[:-1])
    with pytest.raises(ValueError, match=r"test_batch\.bin must hold pictures of 3073 bytes each, "
                       r"up to 512 MiB: 3072 bytes \(download it again\)$"):
        cifar.read(tmp_path, NONE)
