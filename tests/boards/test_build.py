"""Tests of boards.build: real bitstreams of a tiny network, and every way it says no."""

import hashlib
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from boards import build
from boards.board import find
from boards.request import Request
from boards.toolchain import flow, inputs, placing
from boards.toolchain.steps import Steps
from hw.plan.schedule import Schedule, Scheduled
from hw.serial.flash import WeightImage
from sw import network as networks
from tests.bitstreams import BOARDS, OPTIONS, copy
from tests.networks import random_network


def save(path, sizes, synapses=None):
    """Save a random network of images 16 pixels wide (or as many as there are)."""
    network = random_network(np.random.default_rng(5), sizes, synapses)
    network = networks.Network(network.layers, network.labels, network.input_shape)
    networks.save(path, network)
    return network


# Of steps that are there where nextpnr's first attempt did not come to an end.
OTHER_ATTEMPTS = [attempt.split() for way in placing.WAYS.values() for attempt in way if attempt]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a network of four pixels and a schedule for it."""
    folder = tmp_path_factory.mktemp("build")
    save(folder / "tiny.net.npz", (4, 2, 2), (2, 2))
    schedule = Schedule(1, {"fc0": Scheduled(1, 1), "scores": Scheduled(1, 1)})
    (folder / "tiny.schedule.json").write_text(schedule.to_json())
    return folder


@pytest.fixture(params=BOARDS)
def board(request):
    return find(request.param)


@pytest.fixture
def built(bitstreams, board):
    """The folder of a real build for the board; not to be changed. The network lies two above."""
    return bitstreams.built(board.name) / "build" / board.name


def test_a_bitstream_and_its_report_are_built(built, board):
    report = json.loads((built / "report.json").read_text())
    assert report["bitstream"] == f"tiny{board.suffix}"
    assert (built / report["bitstream"]).stat().st_size > 50_000
    assert report["clock"]["megahertz"] == board.megahertz <= report["clock"]["reached"]
    assert set(report["tools"]) == set(flow.tools.FAMILIES[board.family])
    assert [step for step in report["seconds"] if step.split()[1:] not in OTHER_ATTEMPTS] == [
        "schedule", "elaborate", "synthesize", "place", "route", "pack"]
    # Weights that got lost on the way would leave next to nothing.
    assert report["parts"]["fc1"]["block_ram"] > 0
    assert report["parts"]["fc2"]["lut4"] > 16
    for kind, numbers in report["resources"].items():
        assert numbers["used"] + numbers["free"] == numbers["available"]
        assert numbers["used"] == sum(part[kind] for part in report["parts"].values())
    assert report["images_per_second"]["core"] == pytest.approx(
        board.megahertz * 1e6 / report["interval"])


def test_the_report_has_the_hash_of_all_that_went_in_and_came_out(built, board):
    report = json.loads((built / "report.json").read_text())
    made = report["provenance"]
    work, network = built / "work", built.parents[1] / "tiny.net.npz"
    assert made["command"] == (f"python -m boards.build {board.name} tiny.net.npz --freq "
                               f"{board.megahertz:g} --images-per-second 1000.0 --seed 1")
    hashed = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in (
        ("network", network), ("design", work / "top.il"), ("script", work / "top.ys"),
        ("constraints", work / f"top{inputs.CONSTRAINTS[board.family]}"))}
    assert hashed.items() < made["inputs"].items()
    assert set(made["inputs"]) - set(hashed) == {"schedule", "benchmark_images", "code"}
    consumed = made["consumed"]
    assert {name: consumed[name] for name in ("design", "script", "constraints")}.items() <= (
        hashed.items())
    assert "--seed 1" in consumed["place"]
    assert consumed["tools"].keys() == report["tools"].keys()
    assert made["outputs"] == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in (
            ("netlist", work / "top.json"), ("bitstream", built / report["bitstream"]))}
    assert set(made["versions"]) == {"python", "amaranth", "amaranth-boards", "numpy"}
    assert set(made["arguments"]) == set(report["tools"])
    assert "--seed" in made["arguments"][f"nextpnr-{board.family}"]
    table = (built / "report.txt").read_text()
    assert f"SHA-256 {made['outputs']['bitstream'][:16]}, made by: {made['command']}\n" in table


def test_the_command_in_the_report_has_every_option():
    assert Request(
        find("ulx3s-85f"), None, Path("a b.net.npz"), frequency=Fraction(100_000_000, 3),
        schedule=Path("s.json"), baud=9600, seed=4, rom_images=2).command == (
        "python -m boards.build ulx3s-85f 'a b.net.npz' --freq 100/3 --schedule s.json "
        "--baud 9600 --seed 4 --rom-images 2")


def test_the_table_says_what_the_report_says(built):
    report = json.loads((built / "report.json").read_text())
    evaluation = json.loads((built.parents[1] / "tiny.eval.json").read_text())
    table = dict(line.split("  ", 1) for line in (built / "report.txt").read_text().splitlines())
    table = {name: text.strip() for name, text in table.items()}
    assert table["accuracy"] == (f"{evaluation['accuracy']:.2f} % ({evaluation['correct']} of "
                                 f"10000, mnist)")
    assert report["accuracy"]["percent"] == evaluation["correct"] / 100 > 60
    assert table["synapses"] == f"{16 * 784 + 10 * 16:,}"
    assert table["interval"] == f"{report['interval']} cycles"
    assert f"{report['resources']['lut4']['used']:,} used" in table["LUT4"]
    assert (built / "resources.png").read_bytes().startswith(b"\x89PNG")


def test_no_temporary_file_is_left(built, board):
    assert sorted(path.name for path in built.iterdir()) == sorted([
        "report.json", "report.txt", "resources.png", f"tiny{board.suffix}", "work"])


def test_weights_for_the_flash_lie_behind_the_bitstream(tmp_path):
    image = WeightImage("ab" * 32, (1, 2, 0xffff))
    bitstream, weights = tmp_path / "tiny.bin", tmp_path / "tiny.flash.bin"
    bitstream.write_bytes(bytes(2**20))
    build.write_weights(weights, image, bitstream)
    assert weights.read_bytes() == image.encode()
    bitstream.write_bytes(bytes(2**20 + 1))
    with pytest.raises(ValueError, match=r"^Bitstream must end before the weights, at octet "
                       r"1,048,576 of the flash: \S+tiny\.bin has 1,048,577$"):
        build.write_weights(weights, image, bitstream)


@pytest.fixture
def copied(built, tmp_path, monkeypatch):
    """The same in a copy, two folders below the current one."""
    folder = copy(built.parents[1], tmp_path)
    monkeypatch.chdir(folder)
    return folder / "build" / built.name


def test_reuse_keeps_what_was_made_from_the_same(copied, board, capsys):
    before = json.loads((copied / "report.json").read_text())
    build.main([board.name, "tiny.net.npz", *OPTIONS, "--reuse"])
    lines = capsys.readouterr().err.splitlines()
    kept = [line.split(" kept: it took ")[0] for line in lines if " kept: it took " in line]
    assert [step for step in kept if step.split()[1:] not in OTHER_ATTEMPTS] == [
        "synthesize", "place", "route", "pack"]
    after = json.loads((copied / "report.json").read_text())
    for report in (before, after):
        del report["seconds"]["schedule"], report["seconds"]["elaborate"]
    assert after == before
    assert (copied / after["bitstream"]).exists()


def test_reuse_makes_again_what_depends_on_a_change(copied, board, capsys):
    build.main([board.name, "tiny.net.npz", *OPTIONS, "--reuse", "--seed", "2"])
    kept = [line.split()[0] for line in capsys.readouterr().err.splitlines() if " kept: " in line]
    assert kept == ["synthesize"]
    assert json.loads((copied / "report.json").read_text())["seed"] == 2


def test_missed_timing_is_a_failure_without_bitstream(folder, tmp_path):
    stale = [tmp_path / "icebreaker" / name for name in ("tiny.bin", "report.json")]
    stale[0].parent.mkdir()
    for path in stale:
        path.write_text("of an earlier build")
    with pytest.raises(flow.TimingError, match=r"^Clock must be at most \d+\.\d MHz, reached after "
                       r"place and route: 132 MHz \(lower --freq, or choose another schedule; "
                       r"--seed may gain some per cent\)$"):
        build.main(["icebreaker", str(folder / "tiny.net.npz"), "--freq", "132", "--schedule",
                    str(folder / "tiny.schedule.json"), "--rom-images", "1", "--output",
                    str(tmp_path)])
    assert [path.name for path in (tmp_path / "icebreaker").iterdir()] == ["work"]


def test_what_cannot_fit_is_refused_before_synthesis(tmp_path):
    save(tmp_path / "big.net.npz", (784, 512, 512, 10))
    with pytest.raises(ValueError, match=r"^Schedule must fit iCE40UP5K: .* needed, .* there .*"):
        build.main(["icebreaker", str(tmp_path / "big.net.npz"), "--output", str(tmp_path),
                    "--images-per-second", "24e6"])
    assert [path.name for path in tmp_path.iterdir()] == ["big.net.npz"]


def test_a_failing_tool_leaves_no_bitstream(folder, tmp_path, monkeypatch):
    failing = tmp_path / "yosys"
    failing.write_text("#!/bin/sh\necho 'ERROR: out of luck'\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setenv("YOSYS", str(failing))
    with pytest.raises(ValueError, match=r"^yosys must succeed: out of luck \(log: .*\)$"):
        build.main(["icebreaker", str(folder / "tiny.net.npz"), "--output", str(tmp_path)])
    assert [path.name for path in (tmp_path / "icebreaker").iterdir()] == ["work"]


def test_list_prints_every_board(capsys):
    build.main(["--list"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["board", "device", "LUT4", "block", "RAM", "oscillator", "clock",
                                "serial", "port", "baud"]
    assert [line.split()[0] for line in lines[1:]] == list(build.catalog())
    assert "12 MHz" in next(line for line in lines if line.startswith("icebreaker "))


@pytest.mark.parametrize(("arguments", "message"), [
    (["arty", "x.npz"], r"^Board must be one of those that 'python -m boards\.build --list' shows: "
                        r"'arty'$"),
    (["ulx3s", "x.npz", "--baud", "0"], r"^--baud must be above 0: 0$"),
    (["ulx3s", "x.npz", "--rom-images", "-1"], r"^--rom-images must be above 0: -1$"),
    (["ulx3s", "x.npz", "--images-per-second", "-5"],
     r"^--images-per-second must be above 0: -5$")])
def test_wrong_values_are_refused_in_one_line(arguments, message):
    with pytest.raises(ValueError, match=message):
        build.main(arguments)


def test_frequencies_out_of_reach_are_refused(folder, tmp_path):
    with pytest.raises(ValueError, match=r"^Clock from the iCE40 PLL must be in 16\.\.275 MHz: "
                       r"400 MHz \(or 12 MHz, the oscillator's own\)$"):
        build.main(["icebreaker", str(folder / "tiny.net.npz"), "--freq", "400", "--output",
                    str(tmp_path)])


@pytest.mark.parametrize(("arguments", "words"), [
    ([], "error: BOARD and NETWORK are needed, as in 'python -m boards.build icebreaker tfc' "
         "(boards: python -m boards.build --list, or --board-file, --device; networks: "
         "NAME.net.npz, or a name in data/networks)\n"),
    (["ulx3s"], "error: NETWORK is needed, as in 'python -m boards.build icebreaker tfc' "
                "(networks: NAME.net.npz, or a name in data/networks)\n"),
    (["ulx3s", "tfc", "--freq", "fast"], "must be a number of MHz: 'fast'"),
    (["ulx3s", "tfc", "--freq", "-1"], "must be above 0 MHz and below 10 GHz: -1"),
    (["ulx3s", "tfc", "--schedule", "s", "--images-per-second", "1"],
     "argument --images-per-second: not allowed with argument --schedule")])
def test_wrong_usage_is_explained(capsys, arguments, words):
    with pytest.raises(SystemExit) as caught:
        build.main(arguments)
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_a_quiet_build_shows_no_progress(capsys, monkeypatch):
    monkeypatch.setenv("THRESHER_QUIET", "1")
    with Steps().step("elaborate"):
        pass
    assert capsys.readouterr() == ("", "")


def test_progress_goes_to_stderr(capsys):
    with Steps().step("elaborate"):
        pass
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("elaborate ...")
