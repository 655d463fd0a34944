"""Targets in text files: tables, schedules, reports, records of builds and of the benchmark."""

import io
import json
import re
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from boards import bench, program
from boards.board import find
from boards.record import plot as bench_plot
from boards.record import standing
from boards.record import table as bench_table
from boards.record.presets import PRESETS
from boards.toolchain import flow, report
from boards.toolchain.ledger import Ledger
from boards.toolchain.steps import Steps
from hw.plan.schedule import Schedule, Scheduled, Wired, read_schedule
from sw.data import datasets
from tests.networks import random_network

from .arrays import dataset_is_whole
from .mutate import damaged, json_files, tables
from .target import Target


RESULTS = Path(__file__).parents[2] / "docs" / "results"
NETWORK = random_network(np.random.default_rng(6), (12, 6, 3))
KEY = "0" * 64


def table_inputs(kept):
    seeds = [b"1,2,a\n3,4,b\n5,6,a\n7,8,b\n", b"x,y,label\n1.5,2,0\n3,-4,1\n5,6,0\n7,8,1\n",
             b"0;1;2\n1;3;4\n0;5;6\n1;7;8\n", b'"1",2,a\n3,4,b\n1,1,a\n2,2,b\n', *kept]
    bombs = [b"1," * 100_000, b"x" * 300_000, b'"' + b"a,\n" * 50_000,
             b"1,a\n" * 5 + b"1," + b"b" * 9999,
             b"1,a\n2,b\n" * 3000 + b"1," + b"c" * 100_000, b"0" * 100_000 + b",1\n0,2\n" * 3]
    return st.one_of(tables(), damaged(seeds), st.sampled_from([*bombs, *kept]))


def table_holds(read, path):
    """Every row comes from the text, with its own numbers where none was scaled."""
    dataset_is_whole(read)
    text = _text(path.read_bytes())
    count = len(read.train_images) + len(read.test_images)
    assert count <= len(re.split(r"[\r\n]+", text.strip()))
    assert np.isfinite([*read.conversion.low, *read.conversion.high]).all()
    if (read.conversion.low, read.conversion.high) == ((0.0,), (255.0,)):
        numbers = sorted(float(cell) for cell in re.findall(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?", text)
                         if cell.count(".") <= 1 and re.search(r"\d", cell))
        given = sorted(np.concatenate([read.train_images, read.test_images]).ravel().tolist())
        assert not _missing(given, numbers)


def _text(octets):
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return octets.decode("utf-16")
    return octets.decode("utf-8-sig", errors="replace")


def _missing(values, among):
    """Return values that are not in a sorted list, each taken once."""
    rest = list(among)
    return [value for value in values if value not in rest or rest.remove(value)]


def schedule_inputs(kept):
    seeds = [Schedule(4, {"fc0": Scheduled(2, 4), "scores": Scheduled(1, 6, "distributed")}),
             Schedule(12, {"fc0": Wired(hops=1), "scores": Wired(2, 0, "luts")})]
    return json_files([seed.to_json().encode() for seed in seeds], kept)


def schedule_holds(read, path):
    """It is one for the network, and says what the file says."""
    read.check(NETWORK)
    assert read.interval(NETWORK) >= 1
    assert read_schedule(read.to_json(), NETWORK) == read
    said = json.loads(path.read_text(encoding="utf-8"))
    assert json.loads(read.to_json())["pixels"] == said["pixels"]
    for name, fields in said["layers"].items():
        given = json.loads(read.to_json())["layers"][name]
        assert {key: given[key] for key in fields} == fields


def accuracy_inputs(kept):
    return json_files([json.dumps({
        "identity": NETWORK.identity, "dataset": "mnist", "images": 10, "correct": 9,
        "accuracy": 90.0}).encode()], kept)


def report_example():
    return json.loads((RESULTS / "ulx3s-85f" / "report.json").read_text(encoding="utf-8"))


def accuracy_holds(read, path):
    """None, or a record whose numbers fit each other and print."""
    table = report.table({**report_example(), "accuracy": read})
    if read is not None:
        assert f"{read['percent']:.2f} % ({read['correct']} of {read['images']}, " in table
        assert 0 <= read["correct"] <= read["images"]
        assert abs(read["percent"] - 100 * read["correct"] / read["images"]) < 0.01


def ledger_inputs(kept):
    return json_files([json.dumps({
        "place": {"key": KEY, "result": {"place": 1.5, "route": 2.5}},
        "pack": {"key": KEY}, "train": {"key": KEY, "result": {"seconds": 7.0}}}).encode()], kept)


def ledger_holds(read, path):
    """A result is one that a build can go on with, else there is none; it can be written to."""
    for step in ("place", "pack"):
        seconds = read.result(step, KEY)
        if seconds is not None:
            Steps(io.StringIO()).keep(seconds)
    read.begin("place", "other")
    read.finish("place", "other", {"place": 1})
    assert flow.Ledger(path).result("place", "other") == {"place": 1}


def bench_inputs(kept):
    content = json.loads((RESULTS / "bench.json").read_text(encoding="utf-8"))
    return json_files([json.dumps({**content, "rows": content["rows"][:2]}).encode()], kept)


def bench_holds(read, path):
    """Its rows can be printed, drawn and compared with today's hardware."""
    rows = bench.merge(read, {})
    for row in rows:
        standing.of_row(row, PRESETS["icebreaker"])
    bench_table.render(rows)
    bench_plot.points(rows, [])


def peers_inputs(kept):
    return damaged([(RESULTS / "peers.csv").read_bytes(), b"system,accuracy,images_per_second,"
                    b"luts,kind,mark,note\nx,98.4,,10,LUT4,,\n", *kept])


def peers_holds(read, path):
    bench_plot.points([], read)
    for row in read:
        assert 0 < row["luts"] < float("inf")
        assert 0 <= row["accuracy"] <= 100


def built_inputs(kept):
    small = {"bitstream": "x.bin", "weights": {"file": "x.flash.bin"}}
    return json_files([json.dumps(content).encode() for content in (small, report_example())],
                      kept)


def read_built(path):
    (path.parent / "icebreaker").mkdir(exist_ok=True)
    for name in ("x.bin", "x.flash.bin"):
        (path.parent / "icebreaker" / name).touch()
    path.replace(path.parent / "icebreaker" / "report.json")
    return program.latest(find("icebreaker"), path.parent)


def built_holds(read, path):
    """Files that it names lie beside the report."""
    for file in filter(None, read):
        assert file.is_file()
        assert file.resolve().parent == (path.parent / "icebreaker").resolve()


TARGETS = [
    Target("table", "x.csv", datasets.load, table_inputs, table_holds),
    Target("schedule", "x.json", lambda path: read_schedule(
        path.read_text(encoding="utf-8"), NETWORK), schedule_inputs, schedule_holds),
    Target("accuracy", "x.eval.json", lambda path: report.accuracy(
        path.with_name("x.net.npz"), NETWORK), accuracy_inputs, accuracy_holds),
    Target("ledger", "steps.json", Ledger, ledger_inputs, ledger_holds),
    Target("bench", "bench.json", bench.read_rows, bench_inputs, bench_holds),
    Target("peers", "peers.csv", bench_plot.read_peers, peers_inputs, peers_holds),
    Target("report", "report.json", read_built, built_inputs, built_holds),
]
