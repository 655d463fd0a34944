"""Tests of boards.program: the right file, the first program there is, a clear word if none."""

import json
import sys

import pytest

from boards import program
from boards.board import find


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A folder as boards.build leaves it, and a PATH without programs."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    folder = tmp_path / "ulx3s-85f"
    folder.mkdir()
    (folder / "sfc.bit").write_bytes(b"bits")
    (folder / "report.json").write_text(json.dumps({"bitstream": "sfc.bit"}))
    return tmp_path


def install(folder, name, status=0):
    """Put a program on the PATH that writes down what it is called with."""
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!{sys.executable}\nimport sys\n"
                    f"open({str(folder / 'called')!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
                    f"sys.exit({status})\n")
    path.chmod(0o755)


def test_openfpgaloader_gets_the_board_and_the_latest_bitstream(built, capsys):
    install(built, "openFPGALoader")
    install(built, "fujprog")
    program.main(["ulx3s", "--output", str(built)])
    bitstream = built / "ulx3s-85f" / "sfc.bit"
    assert (built / "called").read_text() == f"-b ulx3s {bitstream}\n"
    assert capsys.readouterr().out.splitlines() == [
        f"openFPGALoader -b ulx3s {bitstream}", f"loaded {bitstream} into ulx3s-85f"]


def test_another_program_is_taken_if_there_is_one(built):
    install(built, "fujprog")
    program.main(["ulx3s", "--output", str(built)])
    assert (built / "called").read_text() == f"{built / 'ulx3s-85f' / 'sfc.bit'}\n"


@pytest.fixture
def with_weights(built):
    """An iCEBreaker's build with weights for the flash."""
    folder = built / "icebreaker"
    folder.mkdir()
    (folder / "sfc.bin").write_bytes(b"bits")
    (folder / "sfc.flash.bin").write_bytes(b"weights")
    (folder / "report.json").write_text(json.dumps(
        {"bitstream": "sfc.bin", "weights": {"file": "sfc.flash.bin"}}))
    return folder


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize(("name", "offset", "options"), [
    ("openFPGALoader", "-b ice40_generic -f -o 1048576", "-b ice40_generic "),
    ("iceprog", "-o 1048576", "")])
def test_weights_are_written_before_the_bitstream(with_weights, built, capsys, name, offset,
                                                  options, given):
    install(built, name)
    bitstream, weights = with_weights / "sfc.bin", with_weights / "sfc.flash.bin"
    program.main(["icebreaker", *(["--bitstream", str(bitstream)] if given else
                                  ["--output", str(built)])])
    assert (built / "called").read_text().splitlines() == [
        f"{offset} {weights}", f"{options}{bitstream}"]
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"loaded {bitstream} and {weights} into icebreaker")


def test_missing_weights_are_noticed(with_weights, built):
    install(built, "iceprog")
    (with_weights / "sfc.flash.bin").unlink()
    with pytest.raises(ValueError, match=r"^Bitstream of icebreaker must be built first: there is "
                       r"no \S*sfc\.flash\.bin \(make bitstream BOARD=icebreaker\)$"):
        program.main(["icebreaker", "--output", str(built)])
    assert not (built / "called").exists()


def test_without_a_program_the_ways_to_get_one_are_named(built):
    file = built / "ulx3s-85f" / "sfc.bit"
    with pytest.raises(ValueError, match=r"^A program for ulx3s-85f must be installed ") as caught:
        program.main(["ulx3s", "--output", str(built)])
    assert str(caught.value) == (
        f"A program for ulx3s-85f must be installed to load {file}: 'openFPGALoader -b ulx3s "
        f"{file}' (apt install openfpgaloader, or https://github.com/trabucayre/openFPGALoader); "
        f"or 'fujprog {file}' (https://github.com/kost/fujprog)")


def test_a_failing_program_is_a_failure(built):
    install(built, "openFPGALoader", status=1)
    with pytest.raises(ValueError, match=r"^openFPGALoader must succeed: it ended with status 1 "
                       r"\(is the board plugged in and may you open it\? 'make doctor' looks\)$"):
        program.main(["ulx3s", "--output", str(built)])


def test_a_board_without_bitstream_is_told_to_build_one(built):
    with pytest.raises(ValueError, match=r"^Bitstream of icebreaker must be built first: there is "
                       r"no \S*icebreaker/report\.json \(make bitstream BOARD=icebreaker\)$"):
        program.main(["icebreaker", "--output", str(built)])
    (built / "ulx3s-85f" / "sfc.bit").unlink()
    with pytest.raises(ValueError, match=r"^Bitstream of ulx3s-85f must be built first: there is "
                       r"no \S*sfc\.bit \(make bitstream BOARD=ulx3s-85f\)$"):
        program.main(["ulx3s", "--output", str(built)])


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_damaged_report_is_refused(built, text):
    (built / "ulx3s-85f" / "report.json").write_text(text)
    with pytest.raises(ValueError, match=r"^\S*report\.json must be a report of boards\.build: it "
                       r"is damaged \(make bitstream BOARD=ulx3s-85f\)$"):
        program.latest(find("ulx3s"), built)


def test_a_given_bitstream_must_be_there(built):
    with pytest.raises(ValueError, match=r"^Bitstream must be a file: gone\.bit \(build one with "
                       r"'make bitstream BOARD=ulx3s-85f'\)$"):
        program.main(["ulx3s", "--bitstream", "gone.bit"])
