"""Folders of C libraries are whole or not there; sizes of ELF files."""

import struct
import subprocess

import numpy as np
import pytest

from sw.c.elf import Sizes, sizes
from sw.c.folder import ABOUT, replacing_folder


def test_a_failure_leaves_the_old_folder(tmp_path):
    path = tmp_path / "made"
    with replacing_folder(path) as place:
        (place / ABOUT).write_text("{}")
    with pytest.raises(IsADirectoryError), replacing_folder(path) as place:
        place.write_text("half of a folder")
    assert [file.name for file in path.iterdir()] == [ABOUT]
    assert [file.name for file in tmp_path.iterdir()] == ["made"]


def test_a_folder_of_this_command_is_replaced(tmp_path):
    path = tmp_path / "made"
    for name in ("old", "new"):
        with replacing_folder(path) as place:
            (place / ABOUT).write_text("{}")
            (place / name).write_text("")
    assert sorted(file.name for file in path.iterdir()) == ["new", ABOUT]
    assert [file.name for file in tmp_path.iterdir()] == ["made"]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_anything_else_is_refused(kind, tmp_path):
    path = tmp_path / "mine"
    if kind == "folder":
        path.mkdir()
        (path / "thesis.txt").write_text("")
    else:
        path.write_text("")
    with pytest.raises(ValueError, match=rf"^Output must be a new folder, or one that this command "
                                         rf"made: {path} \(choose another with --output\)$"):
        with replacing_folder(path):
            pass
    assert path.exists()


def test_sizes_are_those_of_the_compilers_own_tool(tmp_path):
    source = tmp_path / "x.c"
    source.write_text("const char table[1000] = {1}; char zeros[300]; int set = 4;\n"
                      "int f(int x) { return x + set + zeros[x] + table[x]; }\n")
    made = tmp_path / "x.o"
    subprocess.run(["cc", "-c", source, "-o", made], check=True)
    text = subprocess.run(["size", made], check=True, capture_output=True, encoding="utf-8").stdout
    code, data, bss = map(int, text.splitlines()[1].split()[:3])
    assert sizes(made) == Sizes(code + data, data + bss)


def test_other_files_are_refused(tmp_path):
    file = tmp_path / "x"
    file.write_bytes(b"MZ" + bytes(100))
    with pytest.raises(ValueError, match=rf"^{file} must be an ELF file: it begins with 4d5a0000 "
                                         rf"\(build it again\)$"):
        sizes(file)


def test_damaged_files_end_in_an_error_or_in_sizes(tmp_path):
    source = tmp_path / "x.c"
    source.write_text("int x = 1;\n")
    subprocess.run(["cc", "-c", source, "-o", tmp_path / "x.o"], check=True)
    whole = bytearray((tmp_path / "x.o").read_bytes())
    rng = np.random.default_rng(3)
    damaged = tmp_path / "damaged"
    refused = 0
    for _ in range(300):
        octets = bytearray(whole)
        for place in rng.integers(0, 64, 3):
            octets[place] = rng.integers(256)
        damaged.write_bytes(octets[:rng.integers(20, len(octets) + 1)])
        try:
            sizes(damaged)
        except ValueError:
            refused += 1
    assert refused > 100
    damaged.write_bytes(bytes(whole[:0x28]) + struct.pack("<Q", 2**63) + bytes(whole[0x30:]))
    with pytest.raises(ValueError, match="section headers lie outside it"):
        sizes(damaged)
