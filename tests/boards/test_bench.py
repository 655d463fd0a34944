"""Tests of boards.bench and boards.record.row: the steps of a row, kept, resumed, failed; a run."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from boards import bench
from boards.record import row as bench_row
from boards.record.presets import PRESETS, Preset, find
from boards.toolchain.steps import Steps
from sw import network as networks
from sw.store.lock import alone
from tests.networks import random_network


PRESET = Preset("row", "tfc", "icebreaker", 40, placer_seeds=(1, 2))
RECIPE = {"name": "tfc", "epochs": 3, "levels": None}
PROVENANCE = {"recipe": {**RECIPE, "levels": 1}, "dataset": "mnist", "seed": 1, "limit": None,
              "interrupted": False}
REPORT = {
    "board": "icebreaker", "schedule": {"pixels": 4},
    "clock": {"megahertz": 24.0, "reached": 25.5}, "lut4_per_synapse": 0.5,
    "resources": {kind: {"used": 100, "estimate": 110, "estimate_error_percent": 10.0}
                  for kind in ("lut4", "ff", "block_ram")},
    "tools": {"yosys": {"version": "1", "origin": "native"}},
    "seconds": {"synthesize": 5.0, "route": 6.0}}


class FakeSteps(Steps):
    """Makes the files of each command instead of running it."""

    def __init__(self, reached=()):
        super().__init__(io.StringIO())
        self.ran = []
        self.reached = list(reached)  # of each build that misses its clock
        self.fails = None

    def run(self, tool, arguments, *, directory, log):
        self.ran.append((tool.name, *arguments))
        log.parent.mkdir(parents=True, exist_ok=True)
        if tool.name == self.fails:
            raise ValueError(f"{tool.name} must succeed: out of luck (log: {log})")
        getattr(self, tool.name.replace(".", "_"))(dict(pairwise(arguments)), arguments)

    def train_bnn_mnist(self, options, arguments):
        folder = Path(options["--output"])
        (folder / f"{options['--name']}.ckpt.npz").write_text(f"checkpoint {options['--seed']}")

    def sw_fold(self, options, arguments):
        save(options["-o"])

    def sw_evaluate(self, options, arguments):
        path = Path(arguments[0].replace(".net.npz", ".eval.json"))
        path.write_text(json.dumps({"accuracy": 95.0, "images_per_second": 70_000}))

    def boards_build(self, options, arguments):
        if self.reached:
            raise ValueError(f"boards.build must succeed: error: Clock must be at most "
                             f"{self.reached.pop(0)} MHz, reached after place and route: "
                             f"{options['--freq']} MHz (log: x)")
        folder = Path(options["--output"]) / "icebreaker"
        folder.mkdir(parents=True, exist_ok=True)
        network = {"identity": networks.load(arguments[1]).identity, "synapses": 200}
        (folder / "report.json").write_text(json.dumps({**REPORT, "network": network}))

    def sim_full(self, options, arguments):
        assert json.loads(Path(options["--schedule"]).read_text()) == {"pixels": 4}
        Path(options["--record"]).write_text(json.dumps(
            {"equal": 10_000, "images": 10_000, "interval": 3, "latency": 7}))


def save(path, provenance=PROVENANCE):
    made = random_network(np.random.default_rng(5), (16, 4, 3))
    networks.save(path, networks.Network(made.layers, made.labels, made.input_shape, provenance))


def make(folder, steps=None, preset=PRESET, recipe=RECIPE, **others):
    steps = steps or FakeSteps()
    return bench_row.Row(preset, recipe, folder, steps, **others).run(), [
        name for name, *_ in steps.ran]


ALL = ["train.bnn_mnist", "sw.fold", "sw.evaluate", "boards.build", "sim.full"]


def test_a_row_has_the_fields_of_the_documentation(tmp_path):
    row, ran = make(tmp_path)
    assert ran == ALL
    text = (bench.ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    for field in row:
        assert f"`{field}`" in text
    assert (row["accuracy"], row["rtl_equal"], row["latency_cycles"]) == (95.0, 10_000, 7)
    assert row["images_per_second"] == 24e6 / 3
    assert row["estimate"]["ff"] == {"value": 110, "error_percent": 10.0}
    assert list(row["seconds"]) == ["train", "fold", "evaluate", "synthesize", "route", "simulate"]
    assert row["seed"] == {"training": 1, "placer": 1}


def test_nothing_runs_twice(tmp_path):
    first, _ = make(tmp_path)
    second, ran = make(tmp_path)
    assert ran == []
    assert second == first


@pytest.mark.parametrize(("change", "again"), [
    ({"recipe": {**RECIPE, "epochs": 4}}, ["train.bnn_mnist"]),
    ({"preset": replace(PRESET, seed=2)}, ["train.bnn_mnist", "sw.fold", "sw.evaluate"]),
    ({"preset": replace(PRESET, megahertz=41)}, ["boards.build"]),
    ({"preset": replace(PRESET, images_per_second=1e6)}, ["boards.build"]),
    ({"preset": replace(PRESET, test_images=5)}, ["sim.full"]),
    ({"preset": replace(PRESET, name="other")}, ["boards.build", "sim.full"])])
def test_what_depends_on_a_change_runs_again(tmp_path, change, again):
    """A training that gives the same checkpoint again changes nothing after it."""
    before, _ = make(tmp_path)
    after, ran = make(tmp_path, **change)
    assert ran == again
    assert after["key"] != before["key"]


@pytest.mark.parametrize("step", list(bench_row.CODE))
def test_changed_code_runs_its_step_again(tmp_path, monkeypatch, step):
    before, _ = make(tmp_path)
    code = bench_row._code
    monkeypatch.setattr(bench_row, "_code", lambda name: "new" if name == step else code(name))
    after, ran = make(tmp_path)
    assert ran == [ALL[list(bench_row.CODE).index(step)]]
    assert after["key"] != before["key"]


@pytest.mark.parametrize(("name", "again"), [
    ("networks/tfc/tfc.net.npz", "sw.fold"), ("networks/tfc/tfc.eval.json", "sw.evaluate"),
    ("row/40MHz-seed1/icebreaker/report.json", "boards.build"),
    ("row/simulation.json", "sim.full")])
def test_what_was_removed_is_made_again(tmp_path, name, again):
    make(tmp_path)
    (tmp_path / name).unlink()
    assert make(tmp_path)[1] == [again]


def test_a_failed_step_names_row_and_step_and_loses_itself_alone(tmp_path):
    steps = FakeSteps()
    steps.fails = "boards.build"
    with pytest.raises(ValueError, match=r"^Row 'row', step 'build 40 MHz seed 1': boards\.build "
                       r"must succeed: out of luck \(log: .*build-40-MHz-seed-1\.log\)$"):
        make(tmp_path, steps)
    assert make(tmp_path)[1] == ["boards.build", "sim.full"]


@pytest.mark.parametrize(("left", "resumed"), [(True, True), (False, False)])
def test_an_interrupted_training_goes_on(tmp_path, left, resumed):
    class Interrupted(FakeSteps):
        def train_bnn_mnist(self, options, arguments):
            if left:
                (Path(options["--output"]) / "tfc.resume.pt").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, Interrupted())
    steps = FakeSteps()
    make(tmp_path, steps)
    assert ("--resume" in steps.ran[0]) is resumed


def test_seeds_and_then_a_lower_clock_are_tried(tmp_path):
    steps = FakeSteps(reached=[30.1, 31.9, 29.9])
    row, _ = make(tmp_path, steps)
    builds = [(call[call.index("--freq") + 1], call[call.index("--seed") + 1])
              for call in steps.ran if call[0] == "boards.build"]
    assert builds == [("40", "1"), ("40", "2"), ("30", "2"), ("29", "2")]
    assert row["seed"]["placer"] == 2
    assert make(tmp_path)[1] == []


def test_a_row_that_meets_no_clock_is_given_up(tmp_path):
    with pytest.raises(ValueError, match=r"^Row 'row', step 'build': a clock must be met: the last "
                       r"of 4 builds reached 17\.0 MHz \(wish for less in boards/presets\.py\)$"):
        make(tmp_path, FakeSteps(reached=[30.1, 31.9, 20.0, 17.0]))


@pytest.mark.parametrize(("changed", "adopted"), [
    ({}, True), ({"seed": 2}, False), ({"dataset": "other"}, False), ({"limit": 5}, False),
    ({"interrupted": True}, False), ({"recipe": {**RECIPE, "epochs": 4}}, False),
    ({"recipe": {"name": "tfc"}}, True)])
def test_networks_trained_before_are_adopted_if_they_are_the_same(tmp_path, changed, adopted):
    source = tmp_path / "build" / "tfc"
    source.mkdir(parents=True)
    save(source / "tfc.net.npz", {**PROVENANCE, **changed})
    (source / "tfc.ckpt.npz").write_text("checkpoint")
    (source / "tfc.json").write_text('{"seconds": 77.5}')
    row, ran = make(tmp_path / "bench", adopt=tmp_path / "build")
    assert ("train.bnn_mnist" not in ran) is adopted
    assert (row["seconds"]["train"] == 77.5) is adopted


def test_nothing_to_adopt_is_no_error(tmp_path):
    assert make(tmp_path / "bench", adopt=tmp_path)[1] == ALL


def test_rows_of_other_runs_are_kept_and_marked():
    before = {"a": {"preset": "a", "key": "1"}, "b": {"preset": "b", "key": "1"},
              "gone": {"preset": "gone", "key": "1"}}
    rows = bench.merge(before, {"b": {"preset": "b", "key": "2"}}, {"b": "2", "a": "3", "c": "4"})
    assert [(row["preset"], row["current"]) for row in rows] == [("b", True), ("a", False)]


@pytest.mark.parametrize("text", [
    "", "[]", "{}", '{"rows": [1]}', "[" * 100_000, '{"rows": [{"preset": []}]}',
    '{"rows": [{"preset": "x"}]}'])
def test_a_broken_file_of_rows_is_refused(tmp_path, text):
    (tmp_path / "bench.json").write_text(text)
    with pytest.raises(ValueError, match=r"bench\.json must hold rows of the benchmark "
                       r"\(thresher-bench/1\) \(remove it, or get it back\)$"):
        bench.read_rows(tmp_path / "bench.json")


def test_unknown_presets_are_refused():
    with pytest.raises(ValueError, match=r"^Preset must be one of .*, sfc-icebreaker, .*: 'none'$"):
        find(["none"])
    assert find(["lfc-ulx3s"]) == [PRESETS["lfc-ulx3s"]]
    assert find([]) == list(PRESETS.values())


def test_every_preset_has_a_recipe():
    known = bench.recipes()
    for preset in PRESETS.values():
        assert bench.recipe_of(preset, known)["name"] == preset.network
    with pytest.raises(ValueError, match=r"^Network of preset 'row' must be one of .*: 'x'$"):
        bench.recipe_of(replace(PRESET, network="x"), known)


def test_a_benchmark_in_a_folder_in_use_is_refused(tmp_path):
    with alone(tmp_path / ".lock", "x"), pytest.raises(
            ValueError, match=rf"^Benchmark in {tmp_path} must be one at a time: another run is at "
                              r"it \(wait for it, or choose another folder\)$"):
        bench.main(["--quick", "--work", str(tmp_path)])


def test_a_quick_run_makes_all_and_a_second_one_nothing(tmp_path):
    """The real thing, on a tiny network: the only test here that trains, builds and simulates."""
    def quick():
        return subprocess.run([sys.executable, "-m", "boards.bench", "--quick", "--work", tmp_path],
                              cwd=bench.ROOT, capture_output=True, text=True, timeout=800)

    first = quick()
    assert first.returncode == 0, first.stderr
    (row,) = json.loads((tmp_path / "quick" / "bench.json").read_text())["rows"]
    assert row["rtl_equal"] == row["rtl_images"] == 300
    assert row["accuracy"] > 60
    assert row["fmax_mhz"] >= row["clock_mhz"] == 18
    assert row["images_per_second"] == 18e6 / row["interval"]
    assert row["current"] is True
    assert (tmp_path / "quick" / "bench.png").exists()
    assert "| `quick` |" in (tmp_path / "quick" / "bench.md").read_text()
    assert quick().stderr.count(" kept: ") == len(bench_row.CODE)
