"""Tests of boards.bench and boards.record.row: the steps of a row, kept, failed; a whole run."""

import io
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from boards import bench
from boards.record.presets import PRESETS, Preset, find
from boards.record.row import Row
from boards.toolchain.steps import Steps
from sw import artefact
from sw import network as networks
from sw.store.lock import alone
from tests.networks import random_network


PRESET = Preset("row", "tfc", "icebreaker", 40, placer_seeds=(1, 2))
CONSUMED = {"design": "1" * 64, "tools": {"yosys": "1 (native)"}}
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
        if tool.name == self.fails:
            raise ValueError(f"{tool.name} must succeed: out of luck (log: {log})")
        getattr(self, tool.name.replace(".", "_"))(dict(pairwise(arguments)), arguments)

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
        network = {"identity": networks.load(arguments[1]).identity, "synapses": 200,
                   "parts": {"synapses": 200}}
        (folder / "report.json").write_text(json.dumps({
            **REPORT, "network": network, "seed": int(options["--seed"]),
            "provenance": {"consumed": CONSUMED}}))

    def sim_full(self, options, arguments):
        assert json.loads(Path(options["--schedule"]).read_text()) == {"pixels": 4}
        Path(options["--record"]).write_text(json.dumps(
            {"equal": 10_000, "images": 10_000, "interval": 3, "latency": 7, "wall_seconds": 8.0,
             "inputs": {"verilog": "2" * 64}}))


def make(folder, steps=None, preset=PRESET):
    made = random_network(np.random.default_rng(5), (16, 4, 3))
    path = folder / "tfc.net.npz"
    networks.save(path, networks.Network(made.layers, made.labels, made.input_shape, {"seed": 3}))
    steps = steps or FakeSteps()
    return Row(preset, path, folder, steps).run(), steps.ran


def test_a_row_has_the_fields_of_the_documentation(tmp_path):
    row, ran = make(tmp_path)
    assert [name for name, *_ in ran] == ["sw.evaluate", "boards.build", "sim.full"]
    text = (bench.ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    for field in row:
        assert f"`{field}`" in text
    assert (row["accuracy"], row["rtl_equal"], row["latency_cycles"]) == (95.0, 10_000, 7)
    assert row["images_per_second"] == 24e6 / 3
    assert row["estimate"]["ff"] == {"value": 110, "error_percent": 10.0}
    assert list(row["seconds"]) == ["evaluate", "synthesize", "route", "simulate"]
    assert row["seed"] == {"training": 3, "placer": 1}
    assert row["inputs"] == {"build": {"network": row["identity"], **CONSUMED},
                             "simulation": {"verilog": "2" * 64}}


def test_recorded_rows_have_the_fields_of_new_ones(tmp_path):
    row, _ = make(tmp_path)
    for recorded in bench.read_rows(bench.RESULTS / "bench.json").values():
        assert recorded.keys() - {"spram"} | {"parts"} == row.keys()


def test_a_row_without_area_a_synapse_has_none(tmp_path, monkeypatch):
    monkeypatch.setitem(REPORT, "lut4_per_synapse", None)
    assert make(tmp_path)[0]["lut4_per_synapse"] is None


def test_rows_of_other_machines_are_not_measured_again(tmp_path, monkeypatch):
    ran, written = [], []

    class Measured:
        def __init__(self, preset, network, folder, steps):
            self.name = preset.name

        def run(self):
            ran.append(self.name)
            if self.name == "sfc-icebreaker":
                raise ValueError("out of luck")
            return {"preset": self.name}

    monkeypatch.setattr(bench, "Row", Measured)
    monkeypatch.setattr(bench, "merge", lambda before, rows: list(rows))
    monkeypatch.setattr(bench, "write", lambda rows, results, readme: written.append(rows))
    monkeypatch.setattr(bench.bench_table, "render", lambda rows: "")
    url = ["--storage", f"sqlite:///{tmp_path / 'rows.db'}"]
    assert bench.main(["--only", "icebreaker", "--work", str(tmp_path / "one"), *url]) == 0
    with pytest.raises(ValueError, match=r"^1 of 3 rows failed: out of luck$"):
        bench.main(["--only", "icebreaker,tfc-icebreaker,sfc-icebreaker", "--work",
                    str(tmp_path / "two"), *url])
    assert ran == ["icebreaker", "tfc-icebreaker", "sfc-icebreaker"]
    assert written[-1] == ["icebreaker", "tfc-icebreaker"]


def test_a_failed_step_names_row_and_step(tmp_path):
    steps = FakeSteps()
    steps.fails = "boards.build"
    with pytest.raises(ValueError, match=r"^Row 'row', step 'build 40 MHz seed 1': boards\.build "
                       r"must succeed: out of luck \(log: .*build-40-MHz-seed-1\.log\)$"):
        make(tmp_path, steps)


def test_seeds_and_then_a_lower_clock_are_tried(tmp_path):
    steps = FakeSteps(reached=[30.1, 31.9, 29.9])
    row, _ = make(tmp_path, steps)
    builds = [(call[call.index("--freq") + 1], call[call.index("--seed") + 1])
              for call in steps.ran if call[0] == "boards.build"]
    assert builds == [("40", "1"), ("40", "2"), ("30", "2"), ("29", "2")]
    assert row["seed"]["placer"] == 2
    assert (row["wished_mhz"], row["asked_mhz"]) == (40, 29)


def test_a_row_that_meets_no_clock_is_given_up(tmp_path):
    with pytest.raises(ValueError, match=r"^Row 'row', step 'build': a clock must be met: the last "
                       r"of 4 builds reached 17\.0 MHz \(wish for less in "
                       r"boards/record/presets\.py\)$"):
        make(tmp_path, FakeSteps(reached=[30.1, 31.9, 20.0, 17.0]))


def test_rows_of_other_runs_are_kept_and_trainings_remembered():
    old, new = ({"identity": identity, "training_seconds": seconds}
                for identity, seconds in (("a", 5.0), ("a", None)))
    before = {"icebreaker": old, "tfc-icebreaker": {**old, "identity": "b"}, "gone": old}
    rows = bench.merge(before, {"tfc-icebreaker": {**new}, "ulx3s-25f": {**new}})
    assert rows == [new, old, new]
    assert bench.merge(before, {"icebreaker": {**new}})[0]["training_seconds"] == 5.0


@pytest.mark.parametrize("text", [
    "", "[]", "{}", '{"rows": [1]}', "[" * 100_000, '{"rows": [{"preset": []}]}',
    '{"rows": [{"preset": "x"}]}'])
def test_a_broken_file_of_rows_is_refused(tmp_path, text):
    (tmp_path / "bench.json").write_text(text)
    with pytest.raises(ValueError, match=r"bench\.json must hold rows of the benchmark "
                       r"\(thresher-bench/2\) \(remove it, or get it back\)$"):
        bench.read_rows(tmp_path / "bench.json")


def test_unknown_presets_are_refused():
    with pytest.raises(ValueError, match=r"^Preset must be one of .*, sfc-icebreaker, .*: 'none'$"):
        find(["none"])
    assert find(["lfc-ulx3s"]) == [PRESETS["lfc-ulx3s"]]
    assert find([]) == list(PRESETS.values())


def test_every_preset_has_a_network_of_its_dataset():
    for preset in PRESETS.values():
        assert preset.recipe in artefact.names()
        assert networks.load(preset.network).provenance["dataset"] == preset.dataset


def test_a_benchmark_in_a_folder_in_use_is_refused(tmp_path):
    with alone(tmp_path / ".lock", "x"), pytest.raises(
            ValueError, match=rf"^Benchmark in {tmp_path} must be one at a time: another run is at "
                              r"it \(wait for it, or choose another folder\)$"):
        bench.main(["--quick", "--work", str(tmp_path)])


def test_a_quick_run_makes_all_and_a_second_one_only_what_is_short(tmp_path):
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
    again = quick()
    assert "train" not in again.stderr
    logs = tmp_path / "quick"
    assert (logs / "build-18-MHz-seed-1.log").read_text().count(" kept: ") == 4
    assert "equal to golden already: " in (logs / "simulate.log").read_text()
    (after,) = json.loads((tmp_path / "quick" / "bench.json").read_text())["rows"]
    assert after["inputs"] == row["inputs"]
