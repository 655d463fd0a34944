"""Tests of boards.verify: checks, their records, and the page made of them."""

import json
import re

import pytest

from boards import verify
from boards.record import scorecard, standing
from boards.record.checks import Check, checks, recorded
from boards.record.presets import PRESETS
from boards.toolchain.sources import TESTED, digest
from sw.store.lock import alone


WRITES = "import sys; open(sys.argv[2], 'w').write('{\"n\": 3, \"inputs\": {}}')"


def all_checks():
    return checks(PRESETS.values(), lambda preset: 100)


def record(current=True, **result):
    return {"command": "python -m x", "inputs": {}, "date": "2026-01-01", "seconds": 1.0,
            "current": current, "result": result}


def test_every_preset_has_all_rungs():
    names = {check.name for check in all_checks()}
    assert {f"{preset}-{rung}" for preset in PRESETS
            for rung in ("pytorch", "arithmetic", "rtl", "netlist")} <= names
    assert set(scorecard.OVERALL) <= names


def test_commands_are_shown_as_typed():
    check = next(check for check in all_checks() if check.name == "tfc-icebreaker-rtl")
    assert check.shown == "python -m sim.full tfc --board icebreaker --freq 24 --stall"


def test_long_images_are_fewer_in_simulations():
    """Those of cifar-icebreaker take half a million cycles each."""
    commands = {check.name: check.shown for check in checks(PRESETS.values(), lambda _: 589_824)}
    assert " --limit 100" in commands["cifar-icebreaker-rtl"]
    assert commands["cifar-icebreaker-netlist"].endswith(" --limit 4")
    assert "--limit" not in commands["tfc-icebreaker-rtl"]


def test_every_check_depends_on_something():
    for check in all_checks():
        assert check.always + bool(check.questions) + bool(check.modules) >= 1
        if check.modules:
            assert re.fullmatch("[0-9a-f]{64}", digest(*check.modules, packages=TESTED))


def test_what_was_not_run_says_so():
    page = scorecard.render({}, [check.name for check in all_checks()])
    assert page.count("*not run*") >= 4 * len(PRESETS)


def test_records_become_cells_and_old_ones_are_marked():
    page = scorecard.render(
        {"a-rtl": record(False, images=10, equal=10, interval=1, latency=17, cycles=27)},
        ["a-pytorch", "a-arithmetic", "a-rtl", "a-netlist"])
    assert "| a | *not run* | *not run* | 10 of 10, interval 1, latency 17, as predicted† |" in page
    assert "† of an earlier state" in page


def test_a_survivor_without_a_reason_says_so():
    survivor = {"schedule": "wired", "target": "x", "original": "a | b", "mutated": "a & b",
                "reason": ""}
    lines = scorecard.survivors(record(survivors=[survivor]))
    assert lines[-2] == "| wired | `x = a &#124; b` | `a & b` | not explained |"


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setattr(verify, "RECORDS", tmp_path / "records")
    monkeypatch.setattr(verify, "WORK", tmp_path / "work" / "bench")
    return tmp_path


def check_of(code, **others):
    return Check("x", (("-c", code, "--record", "RECORD"),), recorded("n"),
                 **{"modules": ("sw.bits",), **others})


def test_a_check_is_run_once(folders, capsys):
    check = check_of(WRITES)
    assert verify.perform(check)
    assert verify.perform(check)
    assert "x: kept, of " in capsys.readouterr().out
    written = json.loads((folders / "records" / "x.json").read_text())
    assert (written["result"], written["current"]) == ({"n": 3}, True)
    assert written["inputs"] == {"code": {"code": digest("sw.bits", packages=TESTED)}}


def test_a_check_runs_again_when_what_it_depends_on_changes(folders, monkeypatch, capsys):
    check = check_of(WRITES, modules=(), questions={"part": ("-m", "x")})
    for answer, kept in (("1", False), ("1", True), ("2", False)):
        monkeypatch.setattr(standing, "ask", lambda words, answer=answer: {"verilog": answer})
        assert verify.perform(check)
        assert ("x: kept, of " in capsys.readouterr().out) == kept


def test_a_short_check_always_runs(folders, capsys):
    check = check_of(WRITES, modules=(), recipe="tfc", always=True)
    assert verify.perform(check)
    assert verify.perform(check)
    assert "kept" not in capsys.readouterr().out


def test_a_check_without_its_checkpoint_keeps_its_record(folders, capsys):
    check = check_of(WRITES, modules=(), recipe="tfc", always=True)
    without = check_of(WRITES, modules=(), recipe="tfc", always=True,
                       checkpoint=folders / "none.ckpt.npz")
    with pytest.raises(ValueError, match=rf"^Checkpoint must be there: {without.checkpoint} \(it "
                       r"is too large for the repository: see data/networks/README\.md\)$"):
        verify.perform(without)
    verify.perform(check)
    assert verify.perform(without)
    assert ", without none.ckpt.npz" in capsys.readouterr().out


def test_a_check_that_fails_leaves_no_record(folders, capsys):
    assert verify.perform(check_of(WRITES))
    assert not verify.perform(check_of("raise SystemExit(3)"))
    assert not (folders / "records" / "x.json").exists()
    assert "error: x: it ended with 3 (log: " in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{}", "not JSON", json.dumps(record() | {"inputs": []}),
                                  json.dumps(record() | {"inputs": {"a": 1}})])
def test_a_damaged_record_counts_as_none(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    assert verify.read_record(tmp_path / "x.json") is None


def test_the_page_is_what_the_records_say():
    known = verify.known_checks()
    page = scorecard.render(verify.read_records(known), list(known))
    assert verify.DOCUMENT.read_text(encoding="utf-8") == page


def test_a_check_that_runs_already_is_refused(folders):
    check = check_of("pass")
    raw = verify.WORK.parent / "verify" / "x"
    with alone(raw.with_suffix(".lock"), "x"), pytest.raises(
            ValueError, match=r"^Check x must be one at a time: another run is at it \(wait for "
                              r"it, or choose another folder\)$"):
        verify.perform(check)
