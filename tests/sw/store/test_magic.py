import gzip
import io
import pickle
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from sw.store import magic


def zipped(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


def tarred():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a/1.png"))
    return buffer.getvalue()


def picture(form):
    buffer = io.BytesIO()
    Image.new("L", (4, 4)).save(buffer, form)
    return buffer.getvalue()


CASES = [
    (zipped("a/1.png"), "a zip archive"),
    (zipped("xl/workbook.xml"), "an Excel file (.xlsx)"),
    (zipped("archive/data.pkl", "archive/data/0"), "a PyTorch file (.pt)"),
    (zipped("config.json", "model.weights.h5"), "a Keras network"),
    (zipped("x.npy"), "a NumPy archive (.npz)"),
    (zipped("a")[:40], "a damaged zip archive"),
    (tarred(), "a tar archive"),
    (gzip.compress(tarred(), mtime=0), "a tar archive (.tar.gz)"),
    (gzip.compress(b"1,2,3\n", mtime=0), "a gzip file"),
    (gzip.compress(b"PAR1xx", mtime=0), "a Parquet file, packed by gzip"),
    (gzip.compress(b"x" * 99, mtime=0)[:20], "a damaged gzip file"),
    (b"PAR1\x15\x04", "a Parquet file"),
    (b"\x89HDF\r\n\x1a\n\0", "an HDF5 file"),
    (b"MATLAB 7.3 MAT-file, Platform", "a MATLAB 7.3 file, which is HDF5"),
    (b"MATLAB 5.0 MAT-file, Platform", "a MATLAB file"),
    (b"7z\xbc\xaf\x27\x1c\0\4", "a 7z archive"),
    (b"Rar!\x1a\x07\x01\0", "a RAR archive"),
    (b"\xfd7zXZ\0\0\4", "an xz file"),
    (pickle.dumps({"data": [1]}), "a Python pickle"),
    (pickle.dumps([1], protocol=2), "a Python pickle"),
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M", "a PyTorch file (.pt, of before 1.6)"),
    (b"\x08\x08\x12\x07pytorch\x1a\x05", "an ONNX network"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"%PDF-1.7", "a PDF file"),
    (b"\x93NUMPY\1\0", "a NumPy array (.npy)"),
    (picture("PNG"), "a picture (PNG)"),
    (picture("JPEG"), "a picture (JPEG)"),
    (b"\n <!DOCTYPE html><html>", "a web page (HTML)"),
    (b'{"data": [1, 2]}', "a JSON file"),
    (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer, not the file itself"),
]


@pytest.mark.parametrize(("octets", "what"), CASES, ids=[what for _, what in CASES])
def test_foreign_files_are_named(tmp_path, octets, what):
    (tmp_path / "file").write_bytes(octets)
    found, way = magic.name(tmp_path / "file")
    assert found == what
    assert way


@pytest.mark.parametrize("octets", [b"", b"1,2,0\n3,4,1\n", b"a;b;label\n1;2;x\n",
                                    b"\0\0\x08\x03\0\0\0\1", b"\xff\xfea\0,\0b\0\n\0",
                                    b"8,1,2\n", np.arange(99, dtype=np.uint8).tobytes()])
def test_other_files_have_no_name(tmp_path, octets):
    (tmp_path / "file").write_bytes(octets)
    assert magic.name(tmp_path / "file") is None


def test_ways_out_name_the_file(tmp_path):
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1")
    assert magic.name(path)[1] == (f'save it as CSV: pandas.read_parquet("{path}").to_csv('
                                   f'"rows.csv", index=False)')


def test_formats_without_a_mark_are_known_by_name(tmp_path):
    for name, what in (("x.onnx", "an ONNX network"), ("x.tfrecord", "a TFRecord file")):
        (tmp_path / name).write_bytes(b"\xf0\x01")
        assert magic.name(tmp_path / name)[0] == what
