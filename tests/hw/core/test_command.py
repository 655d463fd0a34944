"""python -m hw.core: every file of a core is good for the tool that it is for."""

import csv
import json
import os
import re
import subprocess
import sysconfig
from pathlib import Path
from xml.etree import ElementTree

import cmsis_svd
import numpy as np
import pytest
from cmsis_svd.parser import SVDParser
from lxml import etree

from hw.core.__main__ import main
from hw.core.register import registers
from sw.network import save
from tests.networks import random_network


NETWORK = random_network(np.random.default_rng(1), [12, 6, 3], levels=(64, 128, 192))
SCHEDULE = {"format": "thresher-schedule/1", "pixels": 5, "layers": {
    "fc0": {"kind": "scheduled", "pe": 2, "simd": 9, "rom": "block"},
    "scores": {"kind": "scheduled", "pe": 1, "simd": 3, "rom": "distributed"}}}


def make(folder, bus, *options, rom=None, pixels=5, device="LFE5U-25F", name="tiny"):
    """Write a core of the small network into a folder, with all weights in one kind of memory."""
    save(folder / "small.net.npz", NETWORK)
    layers = {layer: {**mode, "rom": rom or mode["rom"]}
              for layer, mode in SCHEDULE["layers"].items()}
    (folder / "schedule.json").write_text(json.dumps(
        {**SCHEDULE, "pixels": pixels, "layers": layers}))
    main([str(folder / "small.net.npz"), "--device", device, "--schedule",
          str(folder / "schedule.json"), "--bus", bus, "-o", str(folder / "out"), "--name", name,
          *options])
    return folder / "out"


@pytest.fixture(scope="module")
def wishbone(tmp_path_factory):
    return make(tmp_path_factory.mktemp("wishbone"), "wishbone")


def fusesoc(folder, target, **others):
    """Run a target as the core's own page says; return exit status and output."""
    page = (folder / "tiny.README.md").read_text().replace("CHECKOUT", os.getcwd())
    lines = re.search(r"```sh\n(.*?)```", page, re.DOTALL)[1].splitlines()
    script = [line for line in lines if line.startswith("export ") or f" {target} " in line]
    assert len(script) == 3
    done = subprocess.run(
        ["bash", "-ec", "\n".join(script)], cwd=folder, capture_output=True, text=True,
        timeout=600, check=False, env={
            **os.environ, "PATH": f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}",
            "IMAGES": "4", "MAKEFLAGS": " -- OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0",
            **others})  # optimization does not pay for so few images
    return done.returncode, done.stdout + done.stderr


def simulated(folder):
    """Run the bench of a core; return the line of its verdict."""
    status, out = fusesoc(folder, "sim")
    assert status == 0, out[-3000:]
    return re.search(r"TESTS=.*SKIP=\d+", out)[0]


@pytest.mark.parametrize(("bus", "verdict"), [("axis", "TESTS=6 PASS=6 FAIL=0 SKIP=0"),
                                              ("wishbone", "TESTS=3 PASS=2 FAIL=0 SKIP=1")])
def test_fusesoc_lints_and_simulates(tmp_path, bus, verdict):
    folder = make(tmp_path, bus)
    status, out = fusesoc(folder, "lint")
    assert (status, "%Warning" in out) == (0, False), out[-3000:]
    assert simulated(folder) == verdict


def test_a_bench_that_fails_or_does_not_run_is_no_success(tmp_path):
    folder = make(tmp_path, "axis", pixels=12)  # an image is a beat
    assert simulated(folder) == "TESTS=6 PASS=5 FAIL=0 SKIP=1"
    said = "Tests of bench_tiny must run and pass: see results.xml and the lines above\n"
    status, out = fusesoc(folder, "sim", GPI_USERS="no.so,start")
    assert (status, said in out, "TESTS=" in out) == (1, True, False)
    bench = folder / "bench_tiny.py"
    bench.write_text(bench.read_text().replace("== label\n", "!= label\n"))
    status, out = fusesoc(folder, "sim")
    assert (status, said in out, "FAIL=5" in out) == (1, True, True)


@pytest.mark.parametrize(("rom", "device", "options"), [
    ("spram", "iCE40UP5K", []), ("loaded", "LFE5U-25F", ["--pipelined"])])
def test_the_bench_of_a_core_loads_its_weights(tmp_path, rom, device, options):
    folder = make(tmp_path, "wishbone", *options, rom=rom, device=device)
    assert simulated(folder) == "TESTS=3 PASS=3 FAIL=0 SKIP=0"


def test_the_svd_is_valid_and_read_by_its_parser(wishbone):
    schemas = sorted(Path(cmsis_svd.__file__).parent.glob("schemas/CMSIS-SVD_1_3_*.xsd"))
    document = etree.parse(wishbone / "tiny.svd")
    assert len(schemas) > 5
    for schema in schemas:
        etree.XMLSchema(file=str(schema)).assertValid(document)
    core, = SVDParser.for_xml_file(str(wishbone / "tiny.svd")).get_device().peripherals
    found = {register.name: register.address_offset for register in core.get_registers()}
    assert found == {
        row.name.upper() + (f"[{place}]" if row.count > 1 else ""): row.offset + 4 * place
        for row in registers(3, loads=False) for place in range(row.count)}


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


@pytest.mark.parametrize("standard", ["c99", "c17", "c++11", "c++20"])
def test_the_header_compiles_without_warnings(tmp_path, standard):
    folder = make(tmp_path, "wishbone", rom="loaded")
    program = """#include "tiny.h"
    int main(void) {
        tiny_send(0, 0);
        return (int)tiny_receive(0, 0) + tiny_ready(0) + tiny_load(0, 0, 0);
    }
    """
    plus = "++" in standard
    subprocess.run(["c++" if plus else "cc", "-x", "c++" if plus else "c", f"-std={standard}",
                    "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion",
                    "-Wshadow", "-Wcast-qual", "-Werror", "-fsyntax-only", "-I", folder, "-"],
                   input=program, text=True, check=True, timeout=60)


def test_the_module_of_litex_is_python(tmp_path):
    folder = make(tmp_path, "litex")
    text = (folder / "tiny_litex.py").read_text()
    compile(text, "tiny_litex.py", "exec")
    assert f'IDENTITY = "{NETWORK.identity}"' in text
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
        "bench_tiny.cpp", "bench_tiny.py", "tiny.README.md", "tiny.core", "tiny.csr.csv",
        "tiny.csr.json", "tiny.h", "tiny.hw.json", "tiny.net.npz", "tiny.svd", "tiny.v",
        "tiny_litex.py"]


WIDE = random_network(np.random.default_rng(4), [200, 16, 4])


@pytest.mark.parametrize(("options", "cycles"), [
    (["--bus", "litex"], 14), (["--bus", "wishbone", "--pipelined"], 7), (["--bus", "axis"], 7),
    (["--data-width", "64"], 4)])
def test_a_core_is_as_fast_as_its_bus_and_no_faster(tmp_path, capsys, options, cycles):
    save(tmp_path / "wide.net.npz", WIDE)

    def interval(*more):
        main([str(tmp_path / "wide.net.npz"), "--device", "LFE5U-85F", "-o", str(tmp_path),
              *options, *more])
        content = json.loads((tmp_path / "thresher_core.hw.json").read_text())
        return content["interval"], content["estimate"]["lut4"]

    chosen, lut4 = interval()
    assert cycles / 2 < chosen <= cycles
    assert f" brings an image in {cycles} cycles: " in capsys.readouterr().out
    slower, less = interval("--images-per-second", f"{50e6 / (2 * cycles)}")
    assert slower > cycles
    assert less < lut4
    assert f" {50e6 / slower:,.0f} images/s " in capsys.readouterr().out
    if cycles == 14:  # faster than its bus: the bus bounds it
        assert interval("--images-per-second", f"{50e6 / 7}")[0] <= 7
        assert f" {50e6 / cycles:,.0f} images/s " in capsys.readouterr().out


def test_two_cores_share_a_folder(tmp_path):
    make(tmp_path, "wishbone", name="first")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    make(tmp_path, "axis", name="second")
    after = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert before.items() < after.items()
    assert {name for name in set(after) - set(before) if "second" not in name} == set()


def test_files_of_an_earlier_core_of_the_name_are_removed(tmp_path):
    folder = make(tmp_path, "wishbone", rom="loaded")
    assert (folder / "tiny.shape.json").exists()
    make(tmp_path, "axis")
    assert sorted(path.name for path in folder.iterdir()) == [
        "bench_tiny.cpp", "bench_tiny.py", "tiny.README.md", "tiny.core", "tiny.hw.json",
        "tiny.net.npz", "tiny.v"]


@pytest.mark.parametrize(("options", "message"), [
    (["--name", "Tiny"], r"Name of a core must be an identifier of small letters that is no word "
                         r"of Verilog, C or Python: 'Tiny'"),
    (["--name", "reg"], r"Name of a core must be an identifier of small letters that is no word "
                        r"of Verilog, C or Python: 'reg'"),
    (["--pipelined"], r"Bus of a pipelined core must be wishbone: 'axis' \(leave --pipelined "
                      r"out\)"),
    (["--images-per-second", "5"], r"Schedule must be given or chosen: .*schedule\.json stands "
                                   r"beside --images-per-second \(leave one of them out\)"),
    (["--bus", "litex", "--data-width", "64"], r"Bus of a data width must be axis: 'litex' has "
                                               r"words of 32 bits \(leave --data-width out\)")])
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


@pytest.mark.parametrize(("width", "message"), [
    ("0", r"Data width must be at least 1, the bits of a pixel: 0"),
    ("8", r"Images per second must be at most 2,000,000, as an image comes in 25 beats of 8 pixels "
          r"at 50 MHz: 3,000,000 \(raise --freq or --data-width\)")])
def test_data_widths_that_are_too_small_are_refused(tmp_path, width, message):
    save(tmp_path / "wide.net.npz", WIDE)
    with pytest.raises(ValueError, match=f"^{message}$"):
        main([str(tmp_path / "wide.net.npz"), "--device", "LFE5U-85F", "-o", str(tmp_path / "out"),
              "--data-width", width, "--images-per-second", "3e6"])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("options", [
    ["--bus", "axis"], ["--name", "thresher_core"], ["--pipelined"], ["--device", "LFE5U-25F"],
    ["--schedule", "s.json"], ["--freq", "50"], ["--images-per-second", "9"],
    ["--data-width", "8"]])
def test_options_that_a_load_does_not_need_are_refused(tmp_path, options):
    save(tmp_path / "small.net.npz", NETWORK)
    with pytest.raises(ValueError, match=rf"^Options beside --load-for must be --output alone: "
                                         rf"{options[0]} \(leave out: tiny\.shape\.json says for "
                                         rf"what core the weights are\)$"):
        main([str(tmp_path / "small.net.npz"), "--load-for", "tiny.shape.json", "-o",
              str(tmp_path / "small.load.bin"), *options])
    assert not (tmp_path / "small.load.bin").exists()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(ValueError, match=r"^Output must be a folder: .*out is a file \(choose "
                                         r"another folder\)$"):
        make(tmp_path, "axis")
