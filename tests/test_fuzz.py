"""Every reader of outside files, and both ends of the link: kept inputs, and a few new ones."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import campaign
from tests.fuzz.__main__ import TARGETS
from tests.fuzz.target import Target


ROOT = Path(__file__).parents[1]
KEPT = [(target, path) for target in TARGETS.values() for path in target.corpus]


def test_kept_inputs_are_accepted_or_refused_as_before(tmp_path):
    violations = []
    for number, (target, path) in enumerate(KEPT):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            accepted = target.try_out(path.read_bytes(), folder)
        except Exception as error:
            violations.append(f"{target.name}/{path.name}: {type(error).__name__}: {error}")
        else:
            if accepted != path.name.startswith("accepted-"):
                violations.append(f"{target.name}/{path.name}: "
                                  f"{'accepted' if accepted else 'refused'}")
    assert violations == []


def test_every_target_keeps_inputs():
    assert {target.name for target, _ in KEPT} == set(TARGETS)
    assert {path.name.partition("-")[0] for _, path in KEPT} == {"accepted", "refused"}
    assert sum(path.stat().st_size for _, path in KEPT) < 250_000


def test_a_short_campaign_finds_nothing(tmp_path):
    record = tmp_path / "fuzz.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--examples", "60", "--record", str(record),
         "--output", str(tmp_path / "found")],
        cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    written = json.loads(record.read_text())
    assert [row["name"] for row in written["targets"]] == list(TARGETS)
    for row in written["targets"]:
        assert row["examples"] == row["accepted"] + row["refused"]
        assert row["examples"] >= 50
        assert (row["failures"], row["peak_mib"] < 700) == (0, True)
    assert written["command"].startswith("python -m tests.fuzz --examples 60 ")
    assert not (tmp_path / "found").exists()


def crash(value, path):
    import ctypes
    ctypes.string_at(0)


def eat(value, path):
    return len(bytearray(2 * campaign.MEMORY))


def misread(value, path):
    assert b"7" not in value


def fault(holds):
    """Return a target with a property that does not hold."""
    from hypothesis import strategies as st
    return Target("fault", "x", Path.read_bytes, lambda kept: st.binary(min_size=1, max_size=3),
                  holds)


@pytest.mark.parametrize(("holds", "words"), [
    (crash, "the process ended with -11"), (eat, "MemoryError"), (misread, "AssertionError")])
def test_what_breaks_a_property_is_found_and_kept(tmp_path, holds, words):
    row, problem = campaign.run(fault(holds), 3000, 1, tmp_path)
    assert row["failures"] == 1
    assert words in problem
    kept, = tmp_path.iterdir()
    assert str(kept) in problem
    assert kept.read_bytes() == b"7" or holds is not misread
