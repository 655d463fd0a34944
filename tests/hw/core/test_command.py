"""python -m hw.core: every file of a core is good for the tool that it is for."""

import csv
import json
import os
import re
import subprocess
import sys
import sysconfig
from xml.etree import ElementTree

import numpy as np
import pytest

from hw.core.__main__ import main
from hw.core.register import registers
from sim.model.verilator import root
from sw.network import save
from tests.networks import random_network


NETWORK = random_network(np.random.default_rng(1), [12, 6, 3], levels=(64, 128, 192))
SCHEDULE = {"format": "thresher-schedule/1", "pixels": 5, "layers": {
    "fc0": {"kind": "scheduled", "pe": 2, "simd": 9, "rom": "block"},
    "scores": {"kind": "scheduled", "pe": 1, "simd": 3, "rom": "distributed"}}}


def make(folder, bus, *options):
    """Write a core of the small network into a folder."""
    save(folder / "small.net.npz", NETWORK)
    (folder / "schedule.json").write_text(json.dumps(SCHEDULE))
    main([str(folder / "small.net.npz"), "--device", "LFE5U-25F", "--schedule",
          str(folder / "schedule.json"), "--bus", bus, "-o", str(folder / "out"), "--name", "tiny",
          *options])
    return folder / "out"


@pytest.fixture(scope="module")
def wishbone(tmp_path_factory):
    return make(tmp_path_factory.mktemp("wishbone"), "wishbone")


def fusesoc(folder, target):
    """Run a target of the core with FuseSoC; return its output."""
    config = [sys.executable, "-m", "cocotb_tools.config"]
    users = [subprocess.run([*config, option], capture_output=True, text=True,
                            check=True).stdout.strip()
             for option in ("--libpython", "--pygpi-entry-point")]
    path = [sysconfig.get_path("scripts"), str(root() / "bin"), os.environ["PATH"]]
    done = subprocess.run(
        ["fusesoc", "--cores-root", ".", "run", "--target", target, "thresher:network:tiny"],
        cwd=folder, capture_output=True, text=True, timeout=600, check=False, env={
            **os.environ, "PATH": os.pathsep.join(path), "VERILATOR_ROOT": str(root()),
            "PYTHONPATH": os.getcwd(), "GPI_USERS": ";".join(users), "IMAGES": "4",
            "MAKEFLAGS": " -- OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0"})  # short work
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout + done.stderr


@pytest.mark.parametrize(("bus", "tests"), [("axis", 4), ("wishbone", 2)])
def test_fusesoc_lints_and_simulates(tmp_path, bus, tests):
    folder = make(tmp_path, bus)
    assert "%Error" not in fusesoc(folder, "lint")
    assert re.search(rf"TESTS={tests} PASS={tests} FAIL=0 SKIP=0", fusesoc(folder, "sim"))


def test_all_maps_say_the_same(wishbone):
    rows = registers(3, loads=False)
    described = json.loads((wishbone / "tiny.csr.json").read_text())["registers"]
    assert [(row["name"], row["offset"], row["access"]) for row in described] == [
        (row.name, row.offset, row.access) for row in rows]
    with open(wishbone / "tiny.csr.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(line["register"], int(line["offset"], 16)) for line in lines if not line["field"]] == [
        (row.name, row.offset) for row in rows]
    tree = ElementTree.parse(wishbone / "tiny.svd")
    found = [(node.findtext("name").removesuffix("[%s]").lower(),
              int(node.findtext("addressOffset"), 16), node.findtext("access"),
              [(field.findtext("name").lower(), int(field.findtext("bitOffset")))
               for field in node.iter("field")]) for node in tree.iter("register")]
    assert found == [(row.name, row.offset, row.access,
                      [(field.name, field.bit) for field in row.fields]) for row in rows]
    header = (wishbone / "tiny.h").read_text()
    assert all(f"#define TINY_{row.name.upper()} {row.offset:#x}u" in header for row in rows)
    assert json.loads((wishbone / "tiny.hw.json").read_text())["registers"] == described


def test_addresses_do_not_meet():
    for loads in (False, True):
        taken = [row.offset + 4 * place for row in registers(256, loads)
                 for place in range(row.count)]
        assert len(set(taken)) == len(taken)
        assert max(taken) < 2048


@pytest.mark.parametrize("language", ["c", "c++"])
def test_the_header_compiles_without_warnings(wishbone, language):
    program = '#include "tiny.h"\nint main(void) { return (int)tiny_receive(0, 0); }\n'
    subprocess.run(["c++" if language == "c++" else "cc", "-x", language, "-Wall", "-Wextra",
                    "-Werror", "-fsyntax-only", "-I", wishbone, "-"], input=program, text=True,
                   check=True, timeout=60)


def test_the_module_of_litex_is_python(tmp_path):
    folder = make(tmp_path, "litex")
    text = (folder / "tiny_litex.py").read_text()
    compile(text, "tiny_litex.py", "exec")
    assert f'IDENTITY = "{NETWORK.identity}"' in text
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
        "README.md", "bench_tiny.py", "tiny.core", "tiny.csr.csv", "tiny.csr.json", "tiny.h",
        "tiny.hw.json", "tiny.net.npz", "tiny.svd", "tiny.v", "tiny_litex.py"]


@pytest.mark.parametrize(("options", "message"), [
    (["--name", "Tiny"], r"Name of a core must be an identifier of small letters that is no word "
                         r"of Verilog, C or Python: 'Tiny'"),
    (["--name", "reg"], r"Name of a core must be an identifier of small letters that is no word "
                        r"of Verilog, C or Python: 'reg'"),
    (["--pipelined"], r"Bus of a pipelined core must be wishbone: 'axis' \(leave --pipelined "
                      r"out\)")])
def test_what_makes_no_core_is_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        make(tmp_path, "axis", *options)


LOADED = json.loads(json.dumps(SCHEDULE).replace("block", "loaded").replace("distributed",
                                                                           "loaded"))


def test_weights_of_another_network_are_written_for_a_core(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(SCHEDULE, "layers", LOADED["layers"])
    folder = make(tmp_path, "wishbone")
    other = random_network(np.random.default_rng(2), [12, 6, 3], levels=(64, 128, 192))
    save(tmp_path / "other.net.npz", other)
    shape, made = folder / "tiny.shape.json", tmp_path / "other.load.bin"
    arguments = ["--load-for", str(shape), "-o", str(made)]
    main([str(tmp_path / "small.net.npz"), *arguments])
    assert made.read_bytes() == (folder / "tiny.load.bin").read_bytes()
    main([str(tmp_path / "other.net.npz"), *arguments])
    octets = made.read_bytes()
    assert bytes.fromhex(other.identity) in octets
    assert capsys.readouterr().out.endswith(
        f"wrote {made}: {len(octets) // 4:,} words for the register WEIGHTS\n")
    assert "int tiny_load(" in (folder / "tiny.h").read_text()
    damaged = json.loads(shape.read_text())
    damaged["layers"][0]["pe"] = 0
    (tmp_path / "damaged.json").write_text(json.dumps(damaged))
    with pytest.raises(ValueError, match=r"damaged\.json must be whole: pe is 0$"):
        main([str(tmp_path / "other.net.npz"), "--load-for", str(tmp_path / "damaged.json"),
              "-o", str(made)])
    save(tmp_path / "large.net.npz", random_network(np.random.default_rng(2), [12, 7, 3]))
    made.unlink()
    with pytest.raises(ValueError, match=r"^Network .*large\.net\.npz must have the shape of the "
                                         r"board's: .*"):
        main([str(tmp_path / "large.net.npz"), *arguments])
    assert not made.exists()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(ValueError, match=r"^Output must be a folder: .*out is a file \(choose "
                                         r"another folder\)$"):
        make(tmp_path, "axis")
