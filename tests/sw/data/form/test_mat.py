import numpy as np
import pytest
from scipy import io

from sw.data.form import mat
from sw.data.options import NONE


def write(folder, name, count=20, **given):
    pictures = np.arange(32 * 32 * 3 * count, dtype=np.uint32).astype(np.uint8)
    labels = np.arange(count) % 10 + 1
    arrays = given or {"X": pictures.reshape(32, 32, 3, count), "y": labels[:, None]}
    io.savemat(folder / name, arrays, do_compression=True)
    return folder / name


def test_svhn_reads_from_folder_and_file(tmp_path):
    train = write(tmp_path, "train_32x32.mat")
    write(tmp_path, "test_32x32.mat", count=10)
    write(tmp_path, "extra_32x32.mat")
    for path in (tmp_path, train):
        assert mat.matches(path)
        raw = mat.read(path, NONE)
        assert raw.train.examples.shape == (20, 32, 32, 3)
        assert raw.train.labels.tolist() == [*range(1, 10), 0] * 2
        assert (len(raw.test), raw.test_from) == (10, "test_32x32.mat: X")
        assert "label 10 means the digit 0, as in SVHN" in raw.guessed


def test_pictures_of_svhn_keep_their_order(tmp_path):
    path = write(tmp_path, "train_32x32.mat")
    wanted = io.loadmat(path)["X"]
    np.testing.assert_array_equal(mat.read(path, NONE).train.examples[3], wanted[..., 3])


def test_other_names_of_arrays_read(tmp_path):
    path = write(tmp_path, "digits.mat", data=np.eye(4), labels=np.arange(4)[None])
    raw = mat.read(path, NONE)
    assert raw.train.examples.shape == (4, 4)
    assert raw.train.labels.tolist() == [0, 1, 2, 3]


def test_damaged_files_are_refused(tmp_path):
    path = write(tmp_path, "x.mat")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=f"^{path} must be an intact MATLAB file of arrays: .* "
                       r"\(save it again with save -v7\)$"):
        mat.read(path, NONE)


def test_large_arrays_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(mat, "LIMIT", 2**20)
    path = write(tmp_path, "x.mat", X=np.zeros(2**18), y=np.zeros(2**18))
    with pytest.raises(ValueError, match=r"its arrays take more than 1 MiB, '[Xy]' among them "):
        mat.read(path, NONE)
