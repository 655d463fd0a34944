"""boards.verify: steps, their records, and the page made of them."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from boards import verify
from boards.record import scorecard as verify_table
from boards.record.checks import Step, recorded, steps
from boards.record.presets import PRESETS
from sw import network as networks
from sw.store.lock import alone

from ..networks import random_network


NETWORK = Path("build/bench/networks/tfc/tfc.net.npz")


def all_steps():
    return steps(PRESETS.values(), lambda preset: NETWORK, lambda preset: 100)


def record(**result):
    return {"command": "python -m x", "key": "k", "date": "2026-01-01", "seconds": 1.0,
            "result": result}


def test_every_preset_has_all_rungs():
    names = {step.name for step in all_steps()}
    assert {f"{preset}-{rung}" for preset in PRESETS
            for rung in ("pytorch", "arithmetic", "rtl", "netlist")} <= names
    assert set(verify_table.OVERALL) <= names


def test_commands_are_shown_as_typed():
    step = next(step for step in all_steps() if step.name == "tfc-icebreaker-rtl")
    assert step.shown == (f"python -m sim.full {NETWORK} --board icebreaker --freq 24 "
                          f"--stall")


def test_modules_of_all_steps_exist():
    for step in all_steps():
        assert re.fullmatch("[0-9a-f]{64}", verify.digest(*step.modules))


def test_what_was_not_run_says_so():
    page = verify_table.render({}, [step.name for step in all_steps()])
    assert page.count("*not run*") >= 4 * len(PRESETS)


def test_records_become_cells_and_old_ones_are_marked():
    page = verify_table.render(
        {"a-rtl": record(images=10, equal=10, interval=1, latency=17, cycles=27)},
        ["a-pytorch", "a-arithmetic", "a-rtl", "a-netlist"], stale={"a-rtl"})
    assert "| a | *not run* | *not run* | 10 of 10, interval 1, latency 17, as predicted† |" in page
    assert "† of an earlier state" in page


def test_a_survivor_without_a_reason_says_so():
    survivor = {"schedule": "wired", "target": "x", "original": "a | b", "mutated": "a & b",
                "reason": ""}
    lines = verify_table.survivors(record(survivors=[survivor]))
    assert lines[-2] == "| wired | `x = a &#124; b` | `a & b` | not explained |"


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setattr(verify, "RECORDS", tmp_path / "records")
    monkeypatch.setattr(verify, "WORK", tmp_path / "work" / "bench")
    return tmp_path


def step_of(code):
    return Step("x", (("-c", code, "--record", "RECORD"),), ("sw.bits",), recorded("n"))


def test_a_step_is_run_once(folders, capsys):
    step = step_of(WRITES)
    assert verify.perform(step)
    assert verify.perform(step)
    assert "x: kept, of " in capsys.readouterr().out
    assert json.loads((folders / "records" / "x.json").read_text())["result"] == {"n": 3}


def save(path, preset="sfc-icebreaker", **changes):
    """Save a network that says it was trained for a preset."""
    made = random_network(np.random.default_rng(1), (16, 4, 3))
    recipe = verify.known_recipes()[PRESETS[preset].network]
    provenance = {"recipe": recipe, "dataset": PRESETS[preset].dataset, "seed": 1, "limit": None}
    path.parent.mkdir(parents=True, exist_ok=True)
    networks.save(path, networks.Network(made.layers, made.labels, made.input_shape,
                                         provenance | changes))


WRITES = "import sys; open(sys.argv[2], 'w').write('{\"n\": 3}')"


def test_another_network_under_the_same_name_is_looked_at_again(folders, capsys):
    network = folders / "sfc" / "sfc.net.npz"
    step = Step("x", (("-c", WRITES, "--record", "RECORD", str(network)),), ("sw.bits",),
                recorded("n"))
    for note, kept in (("one", False), ("one", True), ("two", False)):
        save(network, note=note)
        assert verify.perform(step)
        assert ("x: kept, of " in capsys.readouterr().out) == kept


def test_a_step_that_fails_leaves_no_record(folders, capsys):
    assert verify.perform(step_of(WRITES))
    assert not verify.perform(step_of("raise SystemExit(3)"))
    assert not (folders / "records" / "x.json").exists()
    assert "error: x: it ended with 3 (log: " in capsys.readouterr().err


@pytest.mark.parametrize("before", [None, {"seed": 2}, {"recipe": {"hidden": [3]}},
                                    {"interrupted": True}])
def test_a_network_that_is_not_there_or_another_is_trained(folders, monkeypatch, before):
    preset = PRESETS["ulx3s-85f-fashion"]

    class FakeRow:
        def __init__(self, preset, recipe, work, steps):
            assert recipe["name"] == preset.network
            self.path = verify.network_of(preset, [work / "networks"])

        def prepare(self):
            save(self.path, "ulx3s-85f-fashion", note="trained")

    monkeypatch.setattr(verify, "Row", FakeRow)
    network = verify.network_of(preset, [verify.WORK / "networks"])
    if before:
        save(network, "ulx3s-85f-fashion", **before)
    verify.prepare(network)
    assert networks.load(network).provenance["note"] == "trained"
    monkeypatch.setattr(verify, "Row", None)
    verify.prepare(network)  # it is there now


@pytest.mark.parametrize(("seed", "what"), [
    (None, "there"), (2, "the one of preset sfc-icebreaker")])
def test_a_wrong_network_in_a_named_folder_is_an_error(folders, seed, what):
    network = folders / "sfc" / "sfc.net.npz"
    if seed:
        save(network, seed=seed)
    step = Step("x", (("-m", "sw.evaluate", str(network)),), ("sw.bits",), recorded())
    with pytest.raises(ValueError, match=rf"^Network must be {what}: {network} \(remove it, or "
                                         r"name another folder with --networks; without it, "
                                         r"networks are trained\)$"):
        verify.perform(step)


def test_networks_are_found_in_the_first_folder_that_has_them(tmp_path):
    preset = PRESETS["sfc-icebreaker"]
    folders = [tmp_path / "one", tmp_path / "two"]
    assert verify.network_of(preset, folders) == folders[0] / "sfc" / "sfc.net.npz"
    path = folders[1] / "sfc" / "sfc.net.npz"
    path.parent.mkdir(parents=True)
    path.touch()
    assert verify.network_of(preset, folders) == path


def test_the_page_is_what_the_records_say():
    known = {step.name: step for step in all_steps()}
    records = {name: kept for name in known
               if (kept := verify._kept(verify.RECORDS / f"{name}.json"))}
    page = verify_table.render(records, list(known))
    have = verify.DOCUMENT.read_text(encoding="utf-8").partition("\n† of ")[0]
    assert have.replace("†", "").rstrip() == page.rstrip()


def test_a_step_that_runs_already_is_refused(folders):
    step = Step("a-rtl", (("-c", "pass"),), ("sw.network",), recorded())
    raw = verify.WORK.parent / "verify" / "a-rtl"
    with alone(raw.with_suffix(".lock"), "x"), pytest.raises(
            ValueError, match=r"^Step a-rtl must be one at a time: another run is at it \(wait for "
                              r"it, or choose another folder\)$"):
        verify.perform(step)
