import gzip
import io
import re
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from sw.data import datasets
from sw.data.form import form, unpack


RANDOM = np.random.default_rng(5)
FOLDERS = ("train/cat", "train/dog", "test/cat", "test/dog")


def picture(value):
    buffer = io.BytesIO()
    pixels = RANDOM.integers(0, 256, (4, 5, 3), dtype=np.uint8)
    pixels[0, 0] = value
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def files(folders=FOLDERS, count=3):
    return {f"{folder}/{index}.png": picture(10 * place + index)
            for place, folder in enumerate(folders) for index in range(count)}


def tarred(path, content, mode="w", **changes):
    with tarfile.open(path, mode) as archive:
        for name, octets in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(octets)
            for what, value in changes.items():
                setattr(info, what, value)
            archive.addfile(info, io.BytesIO(octets))
    return path


def zipped(path, content):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in content.items():
            archive.writestr(name, octets)
    return path


def packed(path, content):
    modes = {".tar": "w", ".gz": "w:gz", ".xz": "w:xz"}
    if path.suffix == ".zip":
        return zipped(path, content)
    return tarred(path, content, modes[path.suffix])


def unpacked(folder, content):
    for name, octets in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(octets)
    return folder


def refused(path, message):
    with pytest.raises(ValueError, match=rf"^{re.escape(str(path))} {message}$"):
        form.read(path)


@pytest.mark.parametrize("name", ["set.tar", "set.tar.gz", "set.tar.xz", "set.zip"])
@pytest.mark.parametrize("above", ["", "deep/"])
def test_an_archive_reads_as_the_folder_that_it_packs(tmp_path, name, above):
    content = files([above + folder for folder in FOLDERS])
    path = packed(tmp_path / name, content)
    dataset = datasets.load(path)
    expected = datasets.load(unpacked(tmp_path / "set", content))
    assert (dataset.name, dataset.labels) == ("set", ("cat", "dog"))
    assert dataset.facts.form == "archive of pictures"
    for part in ("train", "test"):
        for what in ("images", "labels"):
            np.testing.assert_array_equal(getattr(dataset, f"{part}_{what}"),
                                          getattr(expected, f"{part}_{what}"))


def test_class_folders_without_parts_read(tmp_path):
    raw = form.read(zipped(tmp_path / "x.zip", files(["cat", "dog"])))
    assert raw.train.labels.tolist() == ["cat"] * 3 + ["dog"] * 3
    assert raw.train.names[0] == f"{tmp_path}/x.zip/cat/0.png"
    assert raw.test is None


def test_a_folder_with_one_archive_is_the_archive(tmp_path):
    tarred(tmp_path / "x.tar", files())
    (tmp_path / "README.md").write_text("From there.\n")
    assert len(form.read(tmp_path).train) == 6


def test_a_folder_with_two_archives_is_refused(tmp_path):
    for name in ("x.tar", "y.tar"):
        tarred(tmp_path / name, files())
    refused(tmp_path, rf"must hold one archive: it holds x\.tar, y\.tar \(give one of them: "
            rf"{tmp_path}/x\.tar\)")


def test_hidden_files_and_other_files_are_ignored_aloud(tmp_path):
    content = {**files(), "__MACOSX/train/cat/._0.png": b"x", "train/notes.txt": b"mine"}
    raw = form.read(zipped(tmp_path / "x.zip", content))
    assert raw.hidden == 1
    assert raw.ignored == [f"{tmp_path}/x.zip/train/notes.txt: no picture"]


def test_damaged_pictures_are_named(tmp_path):
    content = {**files(), "train/cat/0.png": b"no picture"}
    dataset = datasets.load(zipped(tmp_path / "x.zip", content))
    assert len(dataset.train_images) == 5
    assert dataset.facts.ignored == [
        f"{tmp_path}/x.zip/train/cat/0.png must be an intact picture (PNG, JPEG, ...): its content "
        f"is no format that Pillow reads"]


@pytest.mark.parametrize("name", ["../cat/1.png", "/cat/1.png", "cat/../../1.png", "cat\\1.png"])
@pytest.mark.parametrize("pack", [tarred, zipped])
def test_names_that_lead_out_are_refused(tmp_path, name, pack):
    path = pack(tmp_path / "x", {name: picture(1)})
    refused(path, rf"must hold files inside it: {re.escape(repr(name))} leads out \(pack it "
            rf"again\)")


@pytest.mark.parametrize(("kind", "said"), [
    (tarfile.SYMTYPE, "a link"), (tarfile.LNKTYPE, "a link"), (tarfile.FIFOTYPE, "a device or "
                                                               "pipe")])
def test_links_and_pipes_are_refused(tmp_path, kind, said):
    path = tarred(tmp_path / "x.tar", {"cat/1.png": b""}, type=kind, linkname="/etc/passwd")
    refused(path, rf"must hold files and folders alone: 'cat/1\.png' is {said} \(pack it again "
            rf"without\)")


def test_links_in_zip_archives_are_refused(tmp_path):
    info = zipfile.ZipInfo("cat/1.png")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    refused(tmp_path / "x.zip", r"must hold files and folders alone: 'cat/1\.png' is a link "
            r"\(pack it again without\)")


@pytest.mark.parametrize("pack", [tarred, zipped])
def test_too_much_content_is_refused_before_it_is_read(tmp_path, pack, monkeypatch):
    monkeypatch.setattr(unpack, "LIMIT", 2**20)
    content = {"cat/1.png": bytes(2**20 + 1), "dog/1.png": picture(1)}
    refused(pack(tmp_path / "x", content), r"must hold at most 1 MiB, unpacked \(unpack it, and "
            r"give the folder that comes out\)")


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, "FILES", 3)
    refused(tarred(tmp_path / "x.tar", files()), r"must hold at most 0 million files \(unpack it, "
            r"and give a folder of fewer\)")


def test_too_deep_folders_are_refused(tmp_path):
    name = "a/" * 40 + "1.png"
    refused(tarred(tmp_path / "x.tar", {name: picture(1)}), rf"must hold at most 16 folders in one "
            rf"another: '{name[:60]}' \(pack it again\)")


def test_a_name_of_gigabytes_is_not_read(tmp_path, monkeypatch):
    """A header of GNU's long names may claim any size; what it claims is not allocated."""
    monkeypatch.setattr(unpack, "LIMIT", 2**20)
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 2**32
    (tmp_path / "x.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(2**14))
    refused(tmp_path / "x.tar", r"must be an intact archive: it holds more than 2 MiB \(download "
            r"it again\)")


@pytest.mark.parametrize("name", ["set.tar", "set.tar.gz", "set.tar.xz"])
def test_cut_archives_are_refused_in_one_line(tmp_path, name):
    path = packed(tmp_path / name, {name: RANDOM.bytes(3000) for name in files()})
    octets = path.read_bytes()
    path.write_bytes(octets[:len(octets) // 2])
    refused(path, r"must be an intact archive: .* \(download it again\)")


def test_a_damaged_file_in_a_zip_archive_is_refused(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cat/1.png", b"content")
    path.write_bytes(path.read_bytes().replace(b"content", b"contend"))
    refused(path, r"must be an intact archive: Bad CRC-32 for file 'cat/1\.png' \(download it "
            r"again\)")


def test_encrypted_archives_are_refused(tmp_path):
    path = zipped(tmp_path / "x.zip", {"cat/1.png": b"x"})
    octets = bytearray(path.read_bytes())
    octets[6] |= 1
    octets[octets.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(octets)
    refused(path, r"must be neither encrypted nor packed by rare methods: 'cat/1\.png' is "
            r"\(pack it again\)")


def test_archives_without_pictures_are_refused(tmp_path):
    refused(tarred(tmp_path / "x.tar", {"a.csv": b"1,2"}), r"must hold pictures in one folder a "
            r"class, as in train/cat/1\.png: it holds a\.csv")
    refused(zipped(tmp_path / "x.zip", {"a.csv": b"1,2"}), r"must be a table, arrays, IDX or "
            r"MATLAB file: it is a zip archive \(unpack it, and give the folder that comes out\)")


def test_pictures_without_classes_are_refused(tmp_path):
    path = tarred(tmp_path / "x.tar", {"1.png": picture(1), "2.png": picture(2)})
    refused(path, rf"must hold pictures in one subfolder a class, as in {path}/cat/1\.png, or "
            rf"pictures and a table of file names and classes, as in {path}/labels\.csv: 2 "
            rf"pictures lie in {path} without either")


def test_a_cut_gzip_file_of_something_else_is_refused(tmp_path):
    octets = gzip.compress(RANDOM.integers(32, 127, 3000, dtype=np.uint8).tobytes())
    (tmp_path / "x.gz").write_bytes(octets[:2000])
    refused(tmp_path / "x.gz", r"must be an intact gzip file: Compressed file ended before the "
            r"end-of-stream marker was reached \(download it again\)")
