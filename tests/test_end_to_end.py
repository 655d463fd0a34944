"""A tiny network all the way, by the commands that users type: from images to bitstreams."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from sim import bitstream
from sim.cell.decompile import find_icebox
from sw import checkpoint, golden, network
from sw.data.testset import load_test_set
from tests.bitstreams import NAME, ROOT, command, copy


@pytest.fixture(scope="module")
def folder(bitstreams):
    """A folder with the trained, folded and evaluated network."""
    return bitstreams.network()


def test_golden_equals_pytorch_on_the_whole_test_set(folder):
    record = json.loads((folder / f"{NAME}.eval.json").read_text())
    trained = json.loads((folder / f"{NAME}.json").read_text())
    assert record["correct"] == trained["test_correct"]
    assert record["compared"] == {"images": 10000, "labels_differ": 0, "scores_differ": 0,
                                  "first": None}


def test_golden_scores_are_those_in_the_checkpoint(folder):
    """The same once more without the command, so that it cannot compare a thing with itself."""
    net = network.load(folder / f"{NAME}.net.npz")
    scores = golden.Model(net).scores(load_test_set(net).images)
    np.testing.assert_array_equal(
        scores, checkpoint.load(folder / f"{NAME}.ckpt.npz").test_scores)


def test_verilog_is_generated(folder, tmp_path):
    command("hw.generate", folder / f"{NAME}.net.npz", "--board", "icebreaker", "-o",
            tmp_path / f"{NAME}.v")
    described = json.loads((tmp_path / f"{NAME}.hw.json").read_text())
    assert described["identity"] == network.load(folder / f"{NAME}.net.npz").identity
    text = (tmp_path / f"{NAME}.v").read_text()
    for port in described["ports"]:
        assert port in text


@pytest.mark.parametrize(("board", "suffix"), [("icebreaker", ".bin"), ("ulx3s-12f", ".bit")])
def test_bitstream_is_built(bitstreams, folder, board, suffix):
    """Synthesis, place and route: the network's weights must be in it, not optimized away."""
    built = bitstreams.built(board) / "build" / board
    report = json.loads((built / "report.json").read_text())
    assert (built / report["bitstream"]).suffix == suffix
    assert (built / report["bitstream"]).stat().st_size > 50_000
    assert report["network"]["identity"] == network.load(folder / f"{NAME}.net.npz").identity
    assert report["clock"]["reached"] >= report["clock"]["megahertz"]
    resources = report["resources"]
    assert resources["lut4"]["used"] > 1000 or resources["block_ram"]["used"] > 4
    assert 100 * report["accuracy"]["correct"] / report["accuracy"]["images"] > 60


def icebox_is_there():
    try:
        return bool(find_icebox())
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("board", [
    pytest.param("icebreaker", marks=pytest.mark.skipif(
        not icebox_is_there(), reason="icebox_vlog, from Debian's fpga-icestorm, is not there")),
    "ulx3s-12f"])
def test_the_bitstream_is_read_back(bitstreams, tmp_path, board):
    """Decompiled (iCE40) or unpacked (ECP5), and answering by its pins."""
    folder = copy(bitstreams.built(board), tmp_path)
    (folder / "build" / "sim").symlink_to(ROOT / "build" / "sim")  # objects of Verilator's library
    lines = command("sim.bitstream", board, "--images", 3, folder=folder)
    assert re.search(r"equal to golden: 3 of 3 labels and scores over the serial line", lines[-1])


@pytest.mark.skipif(not icebox_is_there(), reason="icebox_vlog is not there")
def test_a_flipped_bit_of_the_bitstream_is_noticed(bitstreams, tmp_path, monkeypatch):
    monkeypatch.chdir(copy(bitstreams.built("icebreaker"), tmp_path))
    built = bitstream.Built("icebreaker", Path("build"))
    right = built.bitstream.read_bytes()
    middle = len(right) // 2
    built.bitstream.write_bytes(right[:middle] + bytes([right[middle] ^ 1]) + right[middle + 1:])
    with pytest.raises(ValueError, match=r"^Bitstream .*tiny\.bin must be readable: Error: "
                                         r"CRC Check FAILED\.$"):
        bitstream.decompiled(built)
