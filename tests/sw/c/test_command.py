"""The command line of ``python -m sw.c``: what it writes, compiles, checks and refuses."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from sw.c.__main__ import main
from sw.c.bench import filled, table
from sw.network import save
from tests.networks import conv_network, lookup_network, random_network


@pytest.fixture
def network():
    """A network whose name C does not have."""
    return lookup_network(np.random.default_rng(7), 784, [(40, 4), (20, 4)], classes=10)


@pytest.fixture
def file(network, tmp_path):
    save(tmp_path / "my-net.net.npz", network)
    return tmp_path / "my-net.net.npz"


def test_it_writes_source_by_default(file, network, tmp_path, capsys):
    assert main([str(file)]) is None
    made = tmp_path / "my-net-host"
    assert sorted(path.name for path in made.iterdir()) == [
        "CMakeLists.txt", "Makefile", "README.md", "my_net.c", "my_net.h", "my_net_batch.c",
        "thresher-c.json"]
    about = json.loads((made / "thresher-c.json").read_text())
    assert about["identity"] == network.identity
    assert f'MY_NET_IDENTITY "{network.identity}"' in (made / "my_net.h").read_text()
    assert capsys.readouterr().out.startswith("note: C has no 'my-net': identifiers begin with "
                                              "'my_net'\n")


def test_equal_networks_give_equal_files(file, tmp_path):
    for name in ("a", "b"):
        main([str(file), "--output", str(tmp_path / name)])
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_it_is_checked_against_golden(file, tmp_path, capsys):
    main([str(file), "--kind", "program", "--check", "--limit", "70"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "equal to golden: 70 of 70 scores"
    assert lines[2].startswith("my_net: ")
    assert not (tmp_path / "my-net-host" / "libmy_net.so").exists()


@pytest.mark.parametrize(("kind", "made"), [("static", "libmy_net.a"), ("shared", "libmy_net.so")])
def test_libraries_are_built(kind, made, file, tmp_path):
    main([str(file), "--kind", kind, "--target", "generic"])
    assert (tmp_path / "my-net-generic" / made).stat().st_size > 1000


def test_cmake_builds_the_program(file, tmp_path):
    assert shutil.which("cmake"), "apt install cmake"
    main([str(file), "--kind", "program"])
    for words in (["-S", ".", "-B", "build"], ["--build", "build"]):
        done = subprocess.run(["cmake", *words], cwd=tmp_path / "my-net-host", capture_output=True,
                              encoding="utf-8", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "warning" not in done.stdout + done.stderr
    assert (tmp_path / "my-net-host" / "build" / "my_net_program").exists()


def test_cpp_takes_the_header(file, tmp_path):
    main([str(file)])
    (tmp_path / "x.cpp").write_text('#include "my_net.h"\nint main() { my_net_memory memory; '
                                    'my_net_scores_in(0, 0, &memory); return MY_NET_CLASSES; }\n')
    subprocess.run(["c++", "-Wall", "-Werror", "-fsyntax-only", "-I", tmp_path / "my-net-host",
                    tmp_path / "x.cpp"], check=True)


def test_two_networks_fit_into_one_program(file, tmp_path):
    other = random_network(np.random.default_rng(8), [784, 9, 10])
    save(tmp_path / "other.net.npz", other)
    for path in (file, tmp_path / "other.net.npz"):
        main([str(path), "--output", str(tmp_path / path.name.split(".")[0])])
    (tmp_path / "x.c").write_text('#include "my-net/my_net.h"\n#include "other/other.h"\n'
                                  'int main(void) { uint8_t x[784] = {0};\n'
                                  'return (int)(my_net_label(x) + other_label(x)) > 99; }\n')
    sources = [str(path) for folder in ("my-net", "other")
               for path in (tmp_path / folder).glob("*.c")]
    subprocess.run(["cc", "-std=c99", str(tmp_path / "x.c"), *sources, "-o", tmp_path / "x"],
                   check=True)
    assert subprocess.run([tmp_path / "x"], check=False).returncode == 0


def test_unusual_labels_are_kept(tmp_path):
    labels = ['a"b\\', "*/ ??/ x", "größe %d", "@NAME@"]
    network = random_network(np.random.default_rng(9), [20, 9, 4], labels=labels)
    save(tmp_path / "n.net.npz", network)
    main([str(tmp_path / "n.net.npz"), "--kind", "program"])
    (tmp_path / "x.raw").write_bytes(bytes(20 * 4))
    done = subprocess.run([tmp_path / "n-host" / "n", "--raw", tmp_path / "x.raw"], check=True,
                          capture_output=True, encoding="utf-8")
    assert set(done.stdout.splitlines()) <= set(labels)
    assert "@NAME@" in (tmp_path / "n-host" / "n.c").read_text()


@pytest.mark.parametrize("octets", [1, 2])
def test_the_program_reads_raw_images(octets, tmp_path):
    bits = 8 * octets - 1
    network = conv_network(np.random.default_rng(octets), (3, 4, 1),
                           [("integer_dense", 9, {"input_bits": bits})])
    save(tmp_path / "n.net.npz", network)
    main([str(tmp_path / "n.net.npz"), "--kind", "program", "--target", "generic"])
    program = tmp_path / "n-generic" / "n"

    def answer(content):
        (tmp_path / "x").write_bytes(content)
        done = subprocess.run([program, "--raw", tmp_path / "x"], capture_output=True,
                              encoding="utf-8", check=False)
        return done.returncode, len(done.stdout.split()), done.stderr.strip()

    whole = bytes(12 * octets)
    assert answer(b"") == (0, 0, "")
    assert answer(3 * whole) == (0, 3, "")
    assert answer(whole + bytes(1)) == (2, 1, f"error: {tmp_path / 'x'} must hold whole images: it "
                                              f"ends too early (is it raw? give --raw)")
    assert answer(b"\xff" * 12 * octets) == (
        2, 0, f"error: {tmp_path / 'x'} must hold pixels of as many bits as the network takes")


IDX = bytes.fromhex("00000803 00000002 0000001c 0000001c")


@pytest.mark.parametrize(("content", "code", "lines", "error"), [
    (IDX + bytes(1568), 0, 2, ""),
    (IDX + bytes(1567), 2, 1, "must hold whole images: it ends too early (is it raw? give --raw)"),
    (IDX[:8] + IDX[8:12] * 2 + bytes(1568), 0, 2, ""),
    (IDX[:11] + b"\x1b" + IDX[12:] + bytes(1512), 2, 0,
     "must hold images of as many pixels as the network takes"),
    (IDX[:8] + b"\xff" * 8 + bytes(900), 2, 0,
     "must hold images of as many pixels as the network takes"),
    (IDX[:4] + b"\xff" * 4 + IDX[8:], 2, 0,
     "must hold images of as many pixels as the network takes"),
    (bytes(784), 0, 1, "")])
def test_the_program_reads_idx_files(content, code, lines, error, file, tmp_path):
    main([str(file), "--kind", "program", "--target", "generic", "--batch", "loop"])
    path = tmp_path / "x"
    path.write_bytes(content)
    done = subprocess.run([tmp_path / "my-net-generic" / "my_net", path], capture_output=True,
                          encoding="utf-8", check=False)
    assert (done.returncode, len(done.stdout.split())) == (code, lines)
    assert done.stderr == (f"error: {path} {error}\n" if error else "")


def test_a_missing_compiler_is_named_before_the_work(file, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(ValueError, match=r"^Target cortex-m must have a C compiler for --kind "
                                         r"static: no arm-none-eabi-gcc is on the PATH \(apt "
                                         r"install gcc-arm-none-eabi libnewlib-arm-none-eabi, or "
                                         r"--kind source\)$"):
        main([str(file), "--target", "cortex-m", "--kind", "static"])
    assert not (tmp_path / "my-net-cortex-m").exists()


def test_a_missing_emulator_is_named(file, tmp_path, monkeypatch):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("aarch64-linux-gnu-gcc", "make", "sh", "rm"):
        path = shutil.which(name)
        assert path, f"{name} must be on the PATH (apt install gcc-aarch64-linux-gnu make)"
        (tools / name).symlink_to(path)
    monkeypatch.setenv("PATH", str(tools))
    with pytest.raises(ValueError, match=r"^Target cortex-a must have its emulator to run here: no "
                                         r"qemu-aarch64 is on the PATH \(apt install qemu-user, or "
                                         r"leave --check out\)$"):
        main([str(file), "--target", "cortex-a", "--kind", "program", "--check", "--limit", "1"])
    assert not (tmp_path / "my-net-cortex-a").exists()


@pytest.mark.parametrize(("words", "message"), [
    (["--target", "cortex-m", "--kind", "shared"],
     r"^Target cortex-m must have --kind static or program: it has no shared libraries$"),
    (["--target", "cortex-a", "--check"],
     r"^Target cortex-a must have --kind program for --check: its emulator runs programs only$"),
    (["--limit", "0"], r"^Limit must be at least 1: 0$")])
def test_what_cannot_be_is_refused(words, message, file, tmp_path):
    with pytest.raises(ValueError, match=message):
        main([str(file), *words])
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_a_library_too_large_for_the_flash_is_refused(tmp_path):
    save(tmp_path / "n.net.npz", random_network(np.random.default_rng(1), [4000, 2600, 2]))
    with pytest.raises(ValueError, match=r"^Target cortex-m must compile the library: .*region "
                                         r"`flash' overflowed by \d+ bytes \(look into it with "
                                         r"--kind source, then make\)$"):
        main([str(tmp_path / "n.net.npz"), "--target", "cortex-m", "--kind", "program"])
    assert [path.name for path in tmp_path.iterdir()] == ["n.net.npz"]


def test_the_table_of_measurements_has_a_line_a_network():
    host = {"equal": 10, "one": 300, "256": 400, "4096": 500, "flash": 1000, "batch_flash": 0}
    row = {"network": "n", "images": 10, "host": host,
           "cortex-m": {"flash": 9, "ram": 8, "instructions": 7}}
    lines = table([row | {"float": {"one": 3, "256": 40, "bytes": 31000}, "int8": {"bytes": 7750}},
                   row]).splitlines()
    assert lines[2] == "| `n` | 10 of 10 | 300 | 400 | 500 | 3 | 40 | 100 | 10 |"
    assert lines[3] == "| `n` | 10 of 10 | 300 | 400 | 500 | – | – | – | – |"
    assert lines[7] == "| `n` | 1,000 | 31,000 | 7,750 | 31.0 | – | 9 | 8 | 7 |"
    assert filled("a <!-- bench-c -->old<!-- /bench-c --> b", "new") == (
        "a <!-- bench-c -->\nnew\n<!-- /bench-c --> b")
