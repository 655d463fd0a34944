import gzip
import io
import pickle
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from sw.data.form.form import read
from sw.data.options import Options


def zipped(name):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "x")
    return buffer.getvalue()


def picture():
    buffer = io.BytesIO()
    Image.new("L", (3, 3)).save(buffer, "PNG")
    return buffer.getvalue()


FOREIGN = [
    (zipped("cat/1.mp3"), "a zip archive (unpack it, and give the folder that comes out)"),
    (b"PAR1", 'a Parquet file (save it as CSV: pandas.read_parquet("{path}").to_csv("x.csv", '
              "index=False))"),
    (zipped("xl/a.xml"), "an Excel file (.xlsx) (save the sheet as CSV (Save as …))"),
    (zipped("a/data.pkl"), "a PyTorch file (.pt) (load it with torch.load and save its arrays: "
                           'numpy.savez("x.npz", x=…, y=…))'),
    (pickle.dumps({}), "a Python pickle (load it with pickle, if you trust it, and save its "
                       'arrays: numpy.savez("x.npz", x=…, y=…))'),
    (picture(), "a picture (PNG) (give a folder with one subfolder of pictures a class)"),
]


@pytest.mark.parametrize(("octets", "what"), FOREIGN)
def test_files_of_other_formats_are_named(tmp_path, octets, what):
    path = tmp_path / "x.csv"  # the content counts
    path.write_bytes(octets)
    message = f"{path} must be a table, arrays, IDX or MATLAB file: it is {what.format(path=path)}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read(path)


@pytest.mark.parametrize(("octets", "what"), FOREIGN[:5])
def test_files_of_other_formats_in_a_folder_are_named(tmp_path, octets, what):
    path = tmp_path / "x.bin"
    path.write_bytes(octets)
    message = (f"{tmp_path} must hold pictures, tables or arrays: x.bin is "
               f"{what.format(path=path)}")
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read(tmp_path)


def test_empty_files_and_folders_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r": it is empty$"):
        read(tmp_path)
    (tmp_path / "x.csv").write_bytes(b"")
    with pytest.raises(ValueError, match=f"^{tmp_path}/x.csv must be a dataset: it is empty$"):
        read(tmp_path / "x.csv")


@pytest.mark.parametrize("name", ["x.csv", "x.npz", "x", "x.gz"])
@pytest.mark.parametrize("write", [
    lambda path: path.write_text("1,2,a\n3,4,b\n"),
    lambda path: path.write_bytes(gzip.compress(b"1,2,a\n3,4,b\n")),
    lambda path: np.savez(path.open("wb"), x=[[1, 2], [3, 4]], y=["a", "b"])])
def test_the_content_tells_the_form_and_not_the_name(tmp_path, name, write):
    write(tmp_path / name)
    raw = read(tmp_path / name)
    assert raw.train.examples.tolist() == [[1, 2], [3, 4]]
    assert raw.train.labels.tolist() == ["a", "b"]


@pytest.mark.parametrize(("options", "message"), [
    ({"test": "nowhere"}, "Test part must be a file or folder that exists, or a share such as 0.2 "
     "or 20%: nowhere"),
    ({"drop": ("a",)}, "--drop must be given for a table alone: {path} is none"),
    ({"label": "a"}, "--label must be given for a table alone: {path} is none")])
def test_options_that_do_not_fit_are_refused(tmp_path, options, message):
    path = tmp_path / "x.npz"
    np.savez(path, x=np.eye(2), y=[0, 1])
    with pytest.raises(ValueError, match=f"^{re.escape(message.format(path=path))}$"):
        read(path, Options(**options))


def test_folders_above_a_dataset_are_looked_through(tmp_path):
    (tmp_path / "MNIST" / "raw").mkdir(parents=True)
    (tmp_path / "MNIST" / "processed").mkdir()
    np.savez(tmp_path / "MNIST" / "raw" / "x.npz", x=np.eye(2), y=[0, 1])
    raw = read(tmp_path)
    assert (len(raw.train), raw.path) == (2, tmp_path)


def test_several_datasets_below_a_folder_are_refused_by_name(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        np.savez(tmp_path / name / "x.npz", x=np.eye(2), y=[0, 1])
    with pytest.raises(ValueError, match=f"^{tmp_path} must hold one dataset: it holds a, b "
                       rf"\(give one of them: {tmp_path}/a\)$"):
        read(tmp_path)
