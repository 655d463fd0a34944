"""Builds of the networks that the user keeps, the command of the build replaced by a stub."""

import json
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from boards.target import find
from sw.share.queue import Interrupted
from sw.share.store import Store
from train.search import build, page
from train.search.hardware import Hardware


MISSED = ("error: Clock must be at most {reached} MHz, reached after place and route: {asked:g} "
          "MHz (lower --freq, or choose another schedule; --seed may gain some per cent)\n")


class Stub:
    """The build of a board whose clock depends on the placer's seed."""

    def __init__(self, reached):
        self.reached = reached
        self.asked = []

    def run(self, command, log, stopped):
        words = dict(pairwise(command))
        asked, seed = float(words.get("--freq", 18)), int(words["--seed"])
        self.asked.append((asked, seed))
        if self.reached[seed] < asked:
            log.write_text(MISSED.format(reached=self.reached[seed], asked=asked))
            return 2
        folder = Path(words["--output"]) / "icebreaker"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "net.bin").write_bytes(b"bits")
        (folder / "report.json").write_text(json.dumps({
            "bitstream": "net.bin", "interval": 5, "seed": seed,
            "clock": {"megahertz": asked, "reached": self.reached[seed]},
            "resources": {"lut4": {"used": 900, "estimate": 880}}}))
        return 0


@pytest.fixture
def built(tmp_path, monkeypatch):
    def made(reached, signals=()):
        stub = Stub(reached)
        monkeypatch.setattr(build.process, "run", stub.run)
        (tmp_path / "full" / "net").mkdir(parents=True)
        (tmp_path / "full" / "net" / "net.net.npz").touch()
        one = build.Build(Store(tmp_path, "name"), Hardware(find("icebreaker")), list(signals))
        return one({"name": "net", "identity": "abc", "trial": 3}), stub.asked
    return made


def test_the_first_seed_that_meets_the_clock_is_taken(built, tmp_path):
    made, asked = built({1: 15.0, 2: 19.5, 3: 30.0})
    assert asked == [(18, 1), (18, 2)]
    assert (made["built"], made["seed"], made["reached"], made["rate"]) == (True, 2, 19.5, 3.6e6)
    assert (tmp_path / made["bitstream"]).read_bytes() == b"bits"
    assert json.loads((tmp_path / made["report"]).read_text())["seed"] == 2
    assert made["command"].startswith("python -m boards.build icebreaker")
    assert made["command"].endswith("--seed 2")


def test_a_missed_clock_is_lowered_with_the_best_seed(built):
    made, asked = built({1: 15.0, 2: 16.0, 3: 14.0})
    assert asked == [(18, 1), (18, 2), (18, 3), (15, 2)]
    assert (made["built"], made["megahertz"]) == (True, 15)


def test_another_failure_is_kept_with_its_reason(built, monkeypatch):
    def run(self, command, log, stopped):
        log.write_text("error: Design must fit up5k\n")
        return 2

    monkeypatch.setattr(Stub, "run", run)
    made, _ = built({})
    assert made["built"] is False
    assert made["message"] == "error: Design must fit up5k"
    text = "".join(page.builds({"builds": [made]}))
    assert "not built: error: Design must fit up5k" in text


def test_a_stopped_worker_leaves_the_build_to_others(built):
    with pytest.raises(Interrupted):
        built({1: 1.0}, signals=[2])


def test_the_page_lists_bitstreams(built):
    made, _ = built({1: 18.5})
    text = "".join(page.builds({"builds": [made]}))
    assert '<a href="networks/net/net.bin">bitstream</a>' in text
    assert "<td>18.50</td><td>18</td><td>900</td><td>880</td><td>3,600,000</td>" in text


def test_the_first_seed_of_a_network_is_built():
    entry = SimpleNamespace(trial=4, seeds={2: {"name": "b", "identity": "y"},
                                            1: {"name": "a", "identity": "x"}})
    assert build.spec_of(entry) == {"name": "a", "identity": "x", "trial": 4}
