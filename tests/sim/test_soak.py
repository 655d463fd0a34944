# amaranth: UnusedElaboratable=no
"""sim.soak: faults on the line cost retries, never a wrong answer; and what the soak must catch."""

import json
import random
import re
import zlib
from types import SimpleNamespace

import pytest

from sim import soak as soaks
from sim.board.linefault import DOWNWARD, UPWARD, Faults
from sim.board.octetboard import ERROR, GAP
from sim.soak import soak
from sw.line import protocol
from sw.line.protocol import Frame, Type


def replacing(pattern, replacement):
    """Return an edit of Verilog that must find something to replace."""
    def edit(text):
        edited, count = re.subn(pattern, replacement, text)
        assert count, f"no {pattern} in the Verilog"
        return edited
    return edit


def test_two_thousand_requests_with_faults_lose_nothing(tmp_path, capsys):
    record = tmp_path / "soak.json"
    assert soaks.main(["--frames", "2000", "--seed", "7", "--record", str(record)]) == 0
    written = json.loads(record.read_text())
    assert list(written) == ["frames", "faults", "answers_right", "explicit_errors", "retries",
                             "wrong", "lost", "cycles", "seconds", "seed", "date", "command"]
    assert written["frames"] == 2000 == written["answers_right"] + written["explicit_errors"]
    assert (written["wrong"], written["lost"]) == (0, 0)
    assert written["retries"] > 200
    assert set(written["faults"]) == {
        *(f"down {kind}" for kind in DOWNWARD), *(f"up {kind}" for kind in UPWARD),
        "host reset in a frame", "host reset while the board answers"}
    assert written["command"] == f"python -m sim.soak --frames 2000 --seed 7 --record {record}"
    assert capsys.readouterr().out.splitlines()[-1] == f"wrote {record}"


def test_a_seed_gives_the_same_run_to_the_last_cycle():
    first, second = (soak(300, 5) for _ in range(2))
    assert first == second
    assert soak(300, 6).cycles != first.cycles


def test_a_line_without_faults_takes_no_retry():
    tally = soak(300, 1, rate=0.0)
    assert (tally.answers_right, tally.explicit_errors) == (300, 0)
    assert set(tally.faults) <= {"host reset in a frame", "host reset while the board answers"}
    assert tally.retries <= tally.faults.total()  # a request is dropped while the board answers


def test_a_board_that_ignores_the_crc_is_caught():
    tally = soak(2000, 7, edit=replacing(r"(assign match_detected = )\{[^;]*;", r"\g<1>1'h1;"))
    assert tally.wrong > 5
    assert not tally.passed
    assert tally.notes[0].endswith("wrong")


def test_a_host_that_ignores_the_crc_is_caught(monkeypatch):
    class Agreeing(int):
        def __eq__(self, other):
            return True

        __hash__ = int.__hash__

    monkeypatch.setattr(protocol, "zlib", SimpleNamespace(
        crc32=lambda octets: Agreeing(zlib.crc32(octets))))
    tally = soak(2000, 7)
    assert tally.wrong > 5
    assert not tally.passed


def test_a_board_that_never_recovers_is_caught():
    """It drops all frames after the first octet with a wrong stop bit."""
    tally = soak(2000, 7, edit=replacing(r"spoilt <= ([^;]*);", r"spoilt <= spoilt | \1;"))
    assert tally.lost == 1
    assert not tally.passed
    assert "no answer after it: Board at simulated line must answer " in tally.notes[-1]


def test_a_board_that_never_answers_is_caught():
    tally = soak(2000, 7, edit=replacing(r"assign match_detected = \{[^;]*;",
                                         "assign match_detected = 1'h0;"))
    assert (tally.lost, tally.notes) == (1, ["request 0: none of 50 hosts heard of the board"])
    assert not tally.passed


@pytest.mark.parametrize("kind", DOWNWARD)
def test_each_fault_downward_changes_what_is_sent(kind):
    faults = chosen(kind, "down")
    frame = Frame(Type.CLASSIFY, 3, bytes(range(40))).encode()
    words = [faults.downward(frame) for _ in range(20)]
    assert faults.counts[f"down {kind}"] >= 20
    assert any(each != list(frame) for each in words)
    assert any(word & ERROR for each in words for word in each) == (kind == "stop bit")
    assert any(word >> GAP for each in words for word in each) == (kind == "gap")


@pytest.mark.parametrize("kind", UPWARD)
def test_each_fault_upward_changes_what_arrives(kind):
    faults = chosen(kind, "up")
    frame = Frame(Type.CLASSIFY, 3, bytes(range(40))).encode()
    arrived = [faults.upward(frame) for _ in range(20)]
    joined = [b"".join(octets for _, octets in parts) for parts in arrived]
    assert any(octets != frame for octets in joined) == (kind not in ("split", "delay"))
    assert any(len(parts) > 1 for parts in arrived) == (kind == "split")
    assert any(later > 1 for parts in arrived for later, _ in parts) == (kind == "delay")


def chosen(kind, direction):
    """Return faults that are all of one kind."""
    faults = Faults(random.Random(1), 1.0)
    faults._kinds[direction] = [kind], [1]
    return faults


@pytest.mark.parametrize(("option", "value", "message"), [
    ("--frames", "1", r"^Frames must be at least 2, one for each board: 1$"),
    ("--rate", "2", r"^Rate of faults must be in 0\.\.1: 2\.0$")])
def test_numbers_out_of_range_are_refused(option, value, message):
    with pytest.raises(ValueError, match=message):
        soaks.main([option, value])
