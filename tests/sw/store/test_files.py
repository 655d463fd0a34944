"""Files: nothing half-written stays behind, nothing foreign is read, nothing huge allocated."""

import errno
import io
import os
import pickle
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest
import torch

from sw.store.files import parse_json, read_arrays, replacing, write_arrays, write_text


ADVICE = r"\(make it again, or check the download\)"


def npy_header(shape, dtype="<f4"):
    """Return the bytes of an .npy file that declares a shape and holds no data."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": dtype, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def test_arrays_come_back_equal(tmp_path):
    arrays = {"bits": np.arange(6, dtype=np.uint8).reshape(2, 3), "name": np.array("fc0")}
    write_arrays(tmp_path / "a.npz", arrays)
    read = read_arrays(tmp_path / "a.npz", "an example")
    assert list(read) == list(arrays)
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


def test_equal_arrays_give_equal_bytes(tmp_path):
    for name in ("a.npz", "b.npz"):
        write_arrays(tmp_path / name, {"x": np.arange(100)})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize("existing", [None, "old"])
def test_a_failed_write_leaves_what_was_there(tmp_path, existing):
    path = tmp_path / "report.json"
    if existing:
        path.write_text(existing)
    def interrupted():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ([existing] if existing else [])


def test_a_temporary_file_keeps_the_suffix(tmp_path):
    with replacing(tmp_path / "curve.png") as temporary:
        assert temporary.suffix == ".png"
        assert temporary.parent == tmp_path
        temporary.write_text("x")


def test_text_replaces_the_old_and_makes_folders(tmp_path):
    path = tmp_path / "new" / "a.txt"
    write_text(path, "one")
    write_text(path, "zwölf")
    assert path.read_text(encoding="utf-8") == "zwölf"
    assert len(list(path.parent.iterdir())) == 1


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "none.npz", "an example")


@pytest.mark.parametrize(("content", "reason"), [
    (b"", "it is empty"), (b"PK", "File is not a zip file"), (bytes(99), "File is not a zip file")])
def test_foreign_files_are_refused(tmp_path, content, reason):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"^.*a\.npz must be an example \(\.npz\): {reason} "
                                         rf"{ADVICE}$"):
        read_arrays(path, "an example")


def test_every_truncation_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    write_arrays(path, {"x": np.arange(50), "y": np.array("text")})
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=rf"^.*a\.npz must be an example \(\.npz\): .* "
                                             rf"{ADVICE}$"):
            read_arrays(path, "an example")


def test_every_flipped_byte_is_refused_or_harmless(tmp_path):
    """Zip's CRC covers the arrays; what is left are dates and attributes that nothing reads."""
    path = tmp_path / "a.npz"
    array = np.arange(50)
    write_arrays(path, {"x": array})
    whole = bytearray(path.read_bytes())
    outcomes = []
    for index in range(len(whole)):
        whole[index] ^= 0xFF
        path.write_bytes(whole)
        whole[index] ^= 0xFF
        try:
            read = read_arrays(path, "an example")
            outcomes.append([values.tolist() for values in read.values()] == [array.tolist()])
        except ValueError as error:
            outcomes.append(str(error).startswith(f"{path} must be an example (.npz): "))
    assert all(outcomes), outcomes.index(False)


def test_pickled_objects_are_refused_unread(tmp_path):
    path, trace = tmp_path / "a.npz", tmp_path / "ran"

    class Payload:
        def __reduce__(self):
            return os.mkdir, (str(trace),)

    np.savez(path, x=np.array([Payload()], dtype=object))
    with pytest.raises(ValueError, match=r"^.*a\.npz must be an example \(\.npz\): array 'x\.npy' "
                                         rf"holds Python objects; save it with \.astype"
                                         rf"\(str\) or \.astype\(float\) {ADVICE}$"):
        read_arrays(path, "an example")
    assert not trace.exists()


def test_a_bare_pickle_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(pickle.dumps({"x": 1}))
    with pytest.raises(ValueError, match=r"^.*: it is a Python pickle \(networks here come from "
                                         r"train\.bnn_mnist and sw\.fold, or from plain arrays: "
                                         r"see docs/format\.md\)$"):
        read_arrays(path, "an example")


def torch_file(path):
    torch.save({"weight": torch.zeros(3)}, path)


def old_torch_file(path):
    torch.save({"weight": torch.zeros(3)}, path, _use_new_zipfile_serialization=False)


def zip_file(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "nothing")


@pytest.mark.parametrize(("name", "content", "what"), [
    ("a.pt", torch_file, "a PyTorch file (.pt)"),
    ("a.pth", old_torch_file, "a PyTorch file (.pt, of before 1.6)"),
    ("a.zip", zip_file, "a zip archive"),
    ("a.h5", b"\x89HDF\r\n\x1a\n" + bytes(99), "an HDF5 file"),
    ("a.parquet", b"PAR1" + bytes(99), "a Parquet file"),
    ("a.npy", b"\x93NUMPY\x01\0", "a NumPy array (.npy)"),
    ("a.net.npz", b"{\"format\": 1}", "a JSON file"),
    ("a.net.npz", b"<!DOCTYPE html><html>", "a web page (HTML)"),
    ("a.csv", b"x,y,label\r\n1,2,a\r\n", "a text file"),
])
def test_files_of_other_programs_are_named(tmp_path, name, content, what):
    path = tmp_path / name
    path.write_bytes(content) if isinstance(content, bytes) else content(path)
    with pytest.raises(ValueError, match="must be") as caught:
        read_arrays(path, "an example", origin="ask its author")
    assert str(caught.value) == f"{path} must be an example (.npz): it is {what} (ask its author)"


def test_onnx_files_are_named_with_the_command_that_reads_them(tmp_path):
    path = tmp_path / "a.onnx"
    path.write_bytes(b"\x08\x08\x12\x07pytorch")
    with pytest.raises(ValueError, match="must be") as caught:
        read_arrays(path, "an example", origin="ask its author")
    assert str(caught.value) == (
        f"{path} must be an example (.npz): it is an ONNX network (python -m sw.exchange {path} -o "
        f"a.net.npz makes a network of it)")


def limited(path, work):
    """Run code in a process whose files may have 5,000 octets, as on a disk that gets full."""
    code = ("import resource; from pathlib import Path; import numpy as np\n"
            "from sw.command import run; from sw.store.files import *\n"
            f"path = Path({str(path)!r})\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))\n"
            f"run(lambda: {work})")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
                          check=False)
    return done.returncode, done.stderr


def test_a_pipe_stays_a_pipe_and_gets_the_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE) as reader:
        write_text(tmp_path / "pipe", "rows")
        assert reader.communicate(timeout=60) == (b"rows", None)
    assert (tmp_path / "pipe").is_fifo()
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("work", [
    "write_text(path, 'x' * 9999)", "write_arrays(path, {'x': np.random.bytes(9999)})",
    "__import__('train.resume').resume.save(path, __import__('train.loop').loop.State("
    "9, network={'x': __import__('torch').rand(9999)}), {})",
])
def test_a_disk_that_gets_full_is_named_and_nothing_is_left(tmp_path, work):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    assert limited(path, work) == (
        2, f"error: {path}: File too large (choose a place where files may be as large)\n")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a.bin", b"old")]


@pytest.mark.parametrize("name", ["a.v", "a", "a.b.json", ".a"])
def test_a_full_disk_in_an_inner_block_names_the_outer_file(tmp_path, name):
    with pytest.raises(OSError, match="No space left") as caught, \
            replacing(tmp_path / name) as outer, replacing(outer):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.filename == str(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_errors_of_a_full_disk_get_the_files_name(tmp_path, number):
    path = tmp_path / "new" / "a.bin"
    with pytest.raises(OSError, match=os.strerror(number)) as caught, replacing(path):
        raise OSError(number, os.strerror(number))
    assert caught.value.filename == str(path)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(("shape", "message"), [
    ((2**20, 2**20), r"its arrays take more than 512 MiB, 'x\.npy' alone 4194304"),
    ((2**26,), r"array 'x\.npy' is cut short"),
    ((10**30, 0), r"array 'x\.npy' is cut short|Python int too large.*"),
    ((-1, 4), r"array 'x\.npy' has the shape \(-1, 4\) of <f4"),
])
def test_a_huge_declared_array_is_refused_before_it_is_allocated(tmp_path, shape, message):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", npy_header(shape) + bytes(64))
    tracemalloc.start()
    with pytest.raises(ValueError, match=rf"^.*a\.npz must be an example \(\.npz\): {message} "
                                         rf"{ADVICE}$"):
        read_arrays(path, "an example")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**22


def test_many_arrays_share_the_limit(tmp_path):
    path = tmp_path / "a.npz"
    write_arrays(path, {"x": np.zeros(600, np.uint8), "y": np.zeros(600, np.uint8)})
    assert len(read_arrays(path, "an example", limit=1200)) == 2
    with pytest.raises(ValueError, match=r"^.*a\.npz must be an example \(\.npz\): its arrays take "
                                         rf"more than 0 MiB, 'y\.npy' alone 0 {ADVICE}$"):
        read_arrays(path, "an example", limit=1199)


@pytest.mark.parametrize("dtype", ["<U0", "|V0"])
def test_elements_without_size_are_refused(tmp_path, dtype):
    """A file of 200 octets could say that it holds 2**60 empty strings."""
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", npy_header((2**60,), dtype))
    with pytest.raises(ValueError, match=r"array 'x\.npy' has the shape \(1152921504606846976,\) "
                                         r"of "):
        read_arrays(path, "an example")


def test_more_than_deflate_can_pack_is_refused_before_it_is_allocated(tmp_path):
    """The zip's directory says what the .npy says: both lie."""
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy_header((2**26,)) + bytes(64))
    octets = bytearray(path.read_bytes())
    at = octets.rindex(b"PK\x01\x02") + 24
    octets[at:at + 4] = (2**28 + 128).to_bytes(4, "little")
    path.write_bytes(octets)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"array 'x\.npy' is cut short"):
        read_arrays(path, "an example")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**22


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(tmp_path, method):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("x.npy", npy_header((4,)) + bytes(16))
    with pytest.raises(ValueError, match=r"array 'x\.npy' is neither stored nor deflated"):
        read_arrays(path, "an example")


@pytest.mark.parametrize("text", ["(" * 3000, "{'descr': '<f4' ((", '"' * 3])
def test_headers_that_are_no_python_are_refused(tmp_path, text):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little")
                         + text.encode() + bytes(64))
    with pytest.raises(ValueError, match=r"^.*a\.npz must be an example \(\.npz\): "):
        read_arrays(path, "an example")


@pytest.mark.parametrize(("text", "reason"), [
    ("[" * 100_000, "it is nested too deep"), ("{", "Expecting property name .*"),
    ("1" * 5000, "Exceeds the limit .*"), (b"\xff", ".*")])
def test_texts_that_are_no_json_are_refused(text, reason):
    with pytest.raises(ValueError, match=rf"^Plan must be JSON: {reason}$"):
        parse_json(text, "Plan")
