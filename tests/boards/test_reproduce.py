"""boards.reproduce: two real builds are the same to the last bit, and a difference is named."""

import hashlib
import json
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from boards import reproduce
from boards.board import find
from boards.part import Part, create
from boards.reproduce import first_difference
from boards.request import Request
from tests.bitstreams import OPTIONS

from .test_build import save


@pytest.fixture
def network(tmp_path):
    save(tmp_path / "tiny.net.npz", (64, 16, 4), (8, 8))
    return tmp_path / "tiny.net.npz"


def test_two_builds_are_identical(bitstreams, tmp_path, monkeypatch, capsys):
    """The first is the one that all tests share, built in another folder and environment."""
    folder, call = bitstreams.built("icebreaker"), reproduce._call

    def call_but_for_the_first_build(place, environment, module, *arguments):
        if (module, place.name) == ("boards.build", "first"):
            assert arguments == ("icebreaker", Path("tiny.net.npz"), "--freq", "24",
                                 "--images-per-second", "1000.0", "--seed", "1")
            shutil.copytree(folder / "build" / "icebreaker", place / "build" / "icebreaker")
        else:
            call(place, environment, module, *arguments)

    monkeypatch.setattr(reproduce, "_call", call_but_for_the_first_build)
    network = folder / "tiny.net.npz"
    record = tmp_path / "record.json"
    assert reproduce.main(["icebreaker", str(network), *OPTIONS, "--keep", str(tmp_path / "both"),
                           "--record", str(record)]) == 0
    written = json.loads(record.read_text())
    assert list(written) == ["board", "network", "identical", "date", "command"]
    assert list(written["identical"]) == [
        "schedule.json", "tiny.v", "tiny.hw.json", "top.il", "top.ys", "top.pcf", "top.json",
        "tiny.bin", "resources.png", "report.json"]
    places = [tmp_path / "both" / place for place in reproduce.PLACES]
    for place in places:
        bitstream = (place / "build" / "icebreaker" / "tiny.bin").read_bytes()
        assert hashlib.sha256(bitstream).hexdigest() == written["identical"]["tiny.bin"]
    reports = [json.loads((place / "build" / "icebreaker" / "report.json").read_text())
               for place in places]
    assert reports[0].pop("seconds") != reports[1].pop("seconds")  # it was built twice
    assert reports[0] == reports[1]
    assert str(tmp_path) not in json.dumps(reports[0])
    assert f"identical: 10 files of two builds of {network} for icebreaker" in (
        capsys.readouterr().out)


def test_a_difference_is_named_by_the_first_file_that_has_it(network, tmp_path, monkeypatch,
                                                             capsys):
    """A toolchain that writes the folder's name into the netlist, and so into the bitstream."""
    def build(folder, request, settings):
        made = folder / "build" / request.board.name
        (made / "work").mkdir(parents=True)
        for name, content in (("top.il", "same"), ("top.json", str(folder))):
            (made / "work" / name).write_text(content)
        (made / "tiny.bin").write_text(str(folder))
        (made / "report.json").write_text(json.dumps({"bitstream": "tiny.bin", "seconds": {}}))

    monkeypatch.setattr(reproduce, "build", build)
    record = tmp_path / "record.json"
    assert reproduce.main(["icebreaker", str(network), "--record", str(record)]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith(
        "error: top.json is not the same in two builds: SHA-256 ")
    assert not record.exists()


def test_only_the_seconds_of_a_report_do_not_count(tmp_path, network):
    found = []
    request = Request(find("icebreaker"), None, network)
    for number, seconds in ((1, 3.0), (1, 4.0), (2, 4.0)):
        made = tmp_path / f"{len(found)}" / "build" / "icebreaker"
        made.mkdir(parents=True)
        (made / "tiny.bin").write_bytes(b"bits")
        (made / "report.json").write_text(json.dumps(
            {"bitstream": "tiny.bin", "interval": number, "seconds": {"place": seconds}}))
        found.append(reproduce.collect(tmp_path / f"{len(found)}", request))
    assert first_difference(found[0], found[1]) is None
    assert first_difference(found[1], found[2]) == "report.json"


def test_a_file_that_only_one_build_made_is_a_difference():
    assert first_difference({"a": "1"}, {"a": "1", "b": "2"}) == "b"
    assert first_difference({"a": "1", "b": "2"}, {"a": "1"}) == "b"


def test_a_failing_build_is_said_in_one_line(tmp_path, network):
    with pytest.raises(ValueError, match=r"^boards\.build must succeed: it ended with status 2 "
                                         r"\(its message is above\)$"):
        reproduce.main(["icebreaker", str(network), "--freq", "400"])


def test_a_folder_that_is_there_is_not_overwritten(tmp_path, network):
    with pytest.raises(ValueError, match=rf"^Folder to keep must be a new one: {tmp_path} is "
                                         r"there$"):
        reproduce.main(["icebreaker", str(network), "--keep", str(tmp_path)])


def test_verilog_is_generated_for_the_same_board():
    part = create(Part("iCE40UP5K", "SG48", "35", Fraction(12), "6", "9"))
    file = replace(find("ulx3s"), arguments=("--board-file", "my.py", "mine"))
    assert reproduce.target_words(find("ulx3s")) == ["--board", "ulx3s-85f"]
    assert reproduce.target_words(part) == ["--device", "iCE40UP5K"]
    assert reproduce.target_words(file) == ["--board-file", "my.py", "--board", "mine"]
