"""sw.data.samples, sw.data.sources: which examples files hold, their names, and their classes."""

import gzip
import io

import numpy as np
import pytest
from PIL import Image

from sw.conversion import Picture, Row
from sw.data import samples
from sw.data.options import NONE, Options
from sw.data.samples import Samples
from sw.data.sources import form_of


PIXELS = np.random.default_rng(4).integers(0, 256, (5, 4, 6), dtype=np.uint8)
TRUTH = np.array([2, 0, 1, 1, 0], np.uint8)


def read(*sources, conversion=None, shape=(4, 6), classes=("cat", "dog"), options=NONE):
    """Return the samples, and all names, examples and classes that they have."""
    found = Samples(sources, conversion or Picture((4, 6)), shape, classes.__contains__, options)
    names, examples, truth = [], [], []
    for batch in found:
        assert len(batch.names) == len(batch.examples) == len(batch.truth)
        names += batch.names
        examples += list(batch.examples)
        truth += batch.truth
    return found, names, examples, truth


def drawn(path, pixels=PIXELS[0]):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def idx_file(path, array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    path.write_bytes(header + array.tobytes())
    return path


def test_folders_are_read_to_their_depth_without_hidden_files(tmp_path):
    for name in ("a/b/1.png", "2.PNG", ".git/3.png", "a/.4.png", "a/notes.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"text")
    drawn(tmp_path / "a" / "b" / "1.png")
    Image.fromarray(PIXELS[0]).save(tmp_path / "2.PNG")
    found, names, _, truth = read(tmp_path)
    assert sorted(names) == [f"{tmp_path}/2.PNG", f"{tmp_path}/a/b/1.png"]
    assert found.failed == []
    assert found.notes == [f"{tmp_path}: 1 file of other kinds passed over, such as notes.md"]
    assert sorted(map(str, truth)) == ["None", "a"]


@pytest.mark.parametrize(("path", "root", "expected"), [
    ("in/cat/1.png", "in", "cat"), ("in/cat/1.png", "in/cat", "cat"),
    ("in/cat/1.png", "in/cat/1.png", "cat"), ("in/test/cat/old/1.png", "in", "cat"),
    ("in/horse/1.png", "in", "horse"), ("in/horse/1.png", "in/horse", None),
    ("in/horse/1.png", "in/horse/1.png", None), ("in/1.png", "in", None)])
def test_folders_tell_classes(tmp_path, path, root, expected):
    drawn(tmp_path / path)
    assert read(tmp_path / root)[3] == [expected]


def test_the_arrays_of_the_test_part_are_chosen(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=PIXELS[:2], y_train=TRUTH[:2], x_test=PIXELS, y_test=TRUTH)
    found, names, examples, truth = read(tmp_path / "a.npz")
    assert names[-1] == f"{tmp_path}/a.npz[4]"
    np.testing.assert_array_equal(examples, PIXELS)
    assert truth == TRUTH.tolist()
    assert found.notes == [f"{tmp_path}/a.npz: 'x_test' is classified"]


def test_labels_of_arrays_may_be_one_hot_and_have_names(tmp_path):
    np.savez(tmp_path / "a.npz", x=PIXELS, y=np.eye(3)[TRUTH])
    assert read(tmp_path / "a.npz")[3] == TRUTH.tolist()
    np.savez(tmp_path / "b.npz", x_test=PIXELS, y_test=TRUTH, labels=["cat", "dog", "ox"])
    assert read(tmp_path / "b.npz")[3] in (["ox", "cat", "dog", "dog", "cat"], TRUTH.tolist())


def test_labels_beside_an_idx_file_are_used(tmp_path):
    images = idx_file(tmp_path / "t10k-images-idx3-ubyte", PIXELS)
    assert read(images)[3] == [None] * 5
    idx_file(tmp_path / "t10k-labels-idx1-ubyte", TRUTH)
    assert read(images)[3] == TRUTH.tolist()
    idx_file(tmp_path / "t10k-labels-idx1-ubyte", TRUTH[:4])
    found, _, _, truth = read(images)
    assert truth == [None] * 5
    assert found.notes == [f"{tmp_path}/t10k-labels-idx1-ubyte is not of "
                           f"t10k-images-idx3-ubyte: it has 4 labels"]


def test_rows_are_named_by_their_lines(tmp_path):
    (tmp_path / "a.csv").write_text("b,kind,a\n1,dog,2\n3,cat,4\n")
    _, names, examples, truth = read(tmp_path / "a.csv", conversion=Row(columns=("a", "b")),
                                     shape=(2,), options=Options(label="kind"))
    assert names == [f"{tmp_path}/a.csv: line 2", f"{tmp_path}/a.csv: line 3"]
    np.testing.assert_array_equal(examples, [[2, 1], [4, 3]])
    assert truth == ["dog", "cat"]


def test_batches_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "CHUNK", 2)
    for place in range(5):
        drawn(tmp_path / "in" / f"{place}.png", PIXELS[place])
    np.save(tmp_path / "a.npy", PIXELS)
    for source in (tmp_path / "in", tmp_path / "a.npy"):
        found = Samples([source], Picture((4, 6)), (4, 6), str.isdigit, NONE)
        assert [len(batch.examples) for batch in found] == [2, 2, 1]
    np.testing.assert_array_equal(read(tmp_path / "in")[2], PIXELS)


def test_files_named_one_by_one_are_batches_in_their_order(tmp_path):
    paths = [drawn(tmp_path / f"{place}.png", PIXELS[place]) for place in (3, 1, 4)]
    np.save(tmp_path / "a.npy", PIXELS[:1])
    _, names, _, _ = read(paths[0], paths[1], tmp_path / "a.npy", paths[2])
    assert names == list(map(str, [paths[0], paths[1], tmp_path / "a.npy", paths[2]]))


@pytest.mark.parametrize(("form", "content"), [
    ("npy", b"\x93NUMPY\x01\x00"), ("idx", b"\0\0\x08\x03" + bytes(20)),
    ("table", b"1,2,3\n4,5,6\n"), ("table", "größe;2\n".encode("latin-1")),
    ("table", "a,b\n1,2\n".encode("utf-16")),
    ("picture", b"P2\n1 1\n255\n3\n"), ("picture", b"\x89PNG\r\n\x1a\n"),
    ("picture", b"BM\0\0\0\0\0\0\0\0")])
def test_forms_are_known_by_content(tmp_path, form, content):
    (tmp_path / "nameless").write_bytes(content)
    assert form_of(tmp_path / "nameless") == form


def test_packed_tables_and_idx_files_are_unpacked(tmp_path):
    (tmp_path / "a").write_bytes(gzip.compress(b"1,2\n"))
    (tmp_path / "b").write_bytes(gzip.compress(b"\0\0\x08\x01" + bytes(20)))
    assert form_of(tmp_path / "a") == "table"
    assert form_of(tmp_path / "b") == "idx"


def test_damaged_gzip_files_are_named(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(bytes(5000) + b"1,2,3")[:20])
    with pytest.raises(ValueError, match=r"^.*a\.csv\.gz must be an intact gzip file: .* "
                                         r"\(download it again\)$"):
        form_of(tmp_path / "a.csv.gz")


def test_arrays_must_hold_numbers(tmp_path):
    np.save(tmp_path / "a.npy", np.array(["a", "b"]))
    with pytest.raises(ValueError, match=r"^.*a\.npy must be an array of numbers: type str32, "
                                         r"shape \(2,\)$"):
        read(tmp_path / "a.npy")


def test_errors_on_standard_input_name_it(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"PAR1")))
    with pytest.raises(ValueError, match=r"^standard input must be a picture, a recording, a "
                                         r"table or arrays: it is a Parquet file"):
        read("-")
