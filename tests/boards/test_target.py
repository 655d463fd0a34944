# amaranth: UnusedElaboratable=no
"""boards.target, hw.plan.boardfile: boards of the user's own file, and every way it is refused."""

import json
import re
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from boards import build, program
from boards.board import find
from boards.request import Request
from boards.target import board_of
from hw import generate
from hw.plan import boardfile
from sim.model.design import schedule_for
from sw.network import save
from tests.networks import random_network

from .test_board import NETWORK, located, network_top, pins, prepared


ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "boards.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
BARE = dict.fromkeys(("device", "package", "clock_pin", "clock_mhz", "rx_pin", "tx_pin", "leds",
                      "speed", "io_standard"))


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a board file."""
    def write(text):
        path = tmp_path / "my.py"
        path.write_text(text, encoding="utf-8")
        return path
    return write


def board_in(path, name=None):
    return board_of(Namespace(board_file=path, board=name, **BARE))


def test_the_example_of_the_docs_is_a_board(write):
    board = board_in(write(EXAMPLE))
    assert (board.name, board.oscillator, board.fpga.lut4) == ("my-board", 25_000_000, 24_288)
    netlist, constraints = prepared(board, 50, network_top(board, 50))
    assert "EHXPLLL" in netlist
    for port, pin in zip(("rx", "tx"), pins(board, "rx", "tx"), strict=True):
        assert located(board, f"uart_0__{port}__io", pin) in constraints


def test_the_example_gets_a_bitstream(write, tmp_path, monkeypatch):
    path = write(EXAMPLE)
    save(tmp_path / "n.net.npz", random_network(np.random.default_rng(5), (64, 16, 4), (8, 8)))
    build.main(["--board-file", str(path), str(tmp_path / "n.net.npz"), "--output", str(tmp_path),
                "--images-per-second", "1000", "--quiet"])
    report = json.loads((tmp_path / "my-board" / "report.json").read_text())
    assert (tmp_path / "my-board" / report["bitstream"]).stat().st_size > 50_000
    assert report["provenance"]["command"].startswith(
        f"python -m boards.build --board-file {path} my-board {tmp_path}/n.net.npz ")
    monkeypatch.setattr(program.shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match=rf"^A program for my-board must be installed to load "
                       rf"{tmp_path}/my-board/n\.bit: 'openFPGALoader -c ft2232 "):
        program.main(["--board-file", str(path), "--output", str(tmp_path)])


@pytest.mark.parametrize("name", ["icebreaker", "ulx3s"])
def test_a_copy_of_a_file_of_the_catalog_is_a_board_file(write, name):
    text = (ROOT / "boards" / "catalog" / f"{name}.py").read_text(encoding="utf-8")
    known = find(name)
    board = board_in(write(text), known.name)
    assert (board.name, board.platform, board.fpga) == (known.name, known.platform, known.fpga)
    assert Request(board, None, Path("n.npz")).words[:4] == [
        "--board-file", board.arguments[1], known.name, "n.npz"]


def test_a_file_of_one_board_leaves_the_only_argument_to_the_network(write, tmp_path, capsys):
    path = write(EXAMPLE)
    save(tmp_path / "n.net.npz", NETWORK)
    build.main(["--board-file", str(path), "--default-network"])
    assert capsys.readouterr().out == "ulx3s-25f\n"
    build.main(["--board-file", str(path), str(tmp_path / "n.net.npz"), "--inputs",
                str(tmp_path / "inputs.json")])
    assert json.loads((tmp_path / "inputs.json").read_text())["network"] == NETWORK.identity


def test_generate_schedules_for_a_board_file_as_the_simulations_do(write, tmp_path):
    text = (ROOT / "boards" / "catalog" / "icebreaker.py").read_text(encoding="utf-8")
    path = write(text)
    save(tmp_path / "n.net.npz", NETWORK)
    generate.main([str(tmp_path / "n.net.npz"), "--board-file", str(path)])
    described = json.loads((tmp_path / "n.hw.json").read_text())
    assert described["schedule"] == json.loads(
        schedule_for(NETWORK, board=board_in(path)).to_json())


def changed(old, new):
    assert old in EXAMPLE
    return EXAMPLE.replace(old, new)


@pytest.mark.parametrize(("text", "message"), [
    ("x = 1\n", r"^Board file {path} must define BOARDS, a tuple of at least one Board, or BOARD: "
                r"it defines x \(docs/boards\.md has an example\)$"),
    ("BOARDS = ()", r"^Board file {path} must define BOARDS, a tuple of at least one Board, or "
                    r"BOARD: BOARDS is \(\) \(docs/boards\.md has an example\)$"),
    ("BOARDS = (3,)", r"^Board file {path} must have a Board in BOARDS: 3 \(docs/boards\.md has an "
                      r"example\)$"),
    ("a = 1\nb = c\n", r"^Board file {path} must run to its end: line 2: NameError: name 'c' is "
                       r"not defined$"),
    ("def f():\n    import nothing_of_this_name\n\nf()\n",
     r"^Board file {path} must run to its end: line 2: ModuleNotFoundError: No module named "
     r"'nothing_of_this_name'$"),
    ("a = (1,\n", r"^Board file {path} must be Python: line 1: '\(' was never closed$"),
    ("raise SystemExit(0)", r"^Board file {path} must run to its end: line 1: SystemExit: 0$"),
    (changed('device="LFE5U-25F"', 'device="LFE5U-26F"'),
     r"^Device of board 'my-board' in {path} must be one of LFE5U-12F, .*: 'LFE5U-26F' \(similar: "
     r"LFE5U-25F, "),
    (changed('device="LFE5U-25F"', 'device="iCE40UP5K"'),
     r"^Platform of board 'my-board' in {path} must be one of iCE40UP5K's family, ice40: its own "
     r"is ecp5$"),
    (changed('default_clk = "clk25"', "default_clk = None"),
     r"^Platform of board 'my-board' in {path} must have a clock: its default_clk is None \(name "
     r"the resource of the oscillator, which has a Clock\)$"),
    (changed('default_clk = "clk25"', 'default_clk = "clk"'),
     r"^Platform of board 'my-board' in {path} must have the clock: there is no resource 'clk 0'$"),
    (changed(", Clock(25e6)", ""),
     r"^Clock of board 'my-board' in {path} must have a frequency: resource 'clk25' has no Clock "
     r"\(add Clock\(25e6\) to it\)$"),
    (changed("UARTResource(0, ", "UARTResource(1, "),
     r"^Platform of board 'my-board' in {path} must have the serial port: there is no resource "
     r"'uart 0' \(or give the Board pins=\{{'rx': …, 'tx': …\}}\)$"),
    (changed("leds(2)", "leds(3)"),
     r"^Platform of board 'my-board' in {path} must have a LED: there is no resource 'led 2'$"),
    (changed("{file}\",)", "{file}\")"),
     r"^Field programmers of board 'my-board' in {path} must be a tuple of texts: "
     r"'openFPGALoader -c ft2232 \{{file\}}' \(a tuple of one has a comma behind it\)$"),
    (changed('"my-board"', '"my/board"'),
     r"^Name of board 'my/board' in {path} must be letters, digits, - and _, because a folder has "
     r"it: 'my/board'$"),
    (changed("megahertz=50", "megahertz=0"),
     r"^Field megahertz of board 'my-board' in {path} must be a number above 0: 0$"),
    (changed("platform=MyPlatform", "platform=MyPlatform()"),
     r"^Platform of board 'my-board' in {path} must be a class of an Amaranth platform: .* \(no "
     r"brackets behind its name\)$"),
    (changed("device, package, speed", "device, size, speed"),
     r"^Platform of board 'my-board' in {path} must be complete: Can't instantiate abstract class "
     r"MyPlatform .*package")])
def test_what_is_wrong_in_a_board_file_is_said(write, text, message):
    path = write(text)
    with pytest.raises(ValueError, match=message.replace("{path}", re.escape(str(path)))
                       .replace("{{", "{").replace("}}", "}")):
        board_in(path)


def test_a_file_that_is_not_there_is_no_board_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        boardfile.read(tmp_path / "none.py")
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=rf"^Board file {tmp_path}/binary\.py must be Python in "
                       r"UTF-8: it holds other octets \(docs/boards\.md has an example\)$"):
        boardfile.read(tmp_path / "binary.py")


def test_a_board_of_several_must_be_named(write):
    path = write(EXAMPLE + "\nfrom dataclasses import replace\n"
                           'BOARDS = (BOARD, replace(BOARD, name="other"))\n')
    assert board_in(path, "Other").name == "other"
    with pytest.raises(ValueError, match=rf"^Board of {path} must be named: the file has my-board, "
                                         r"other \(give one of them as BOARD\)$"):
        board_in(path)
    with pytest.raises(ValueError, match=rf"^Board of {path} must be one of my-board, other: "
                                         r"'ulx3s'$"):
        board_in(path, "ulx3s")
