"""A search in one process: trials, full training, report, and going on after Ctrl-C."""

import json
import os
import re
import shlex
import signal

import numpy as np
import pytest

from sw import network
from tests.train.search.toy import table
from train.search import __main__ as search
from train.search import job, proxy, worker
from train.search.hardware import Figures, Hardware


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return table(tmp_path_factory.mktemp("toy") / "toy.csv")


def words(data, folder, *more):
    return ["--board", "icebreaker", "--dataset", str(data), "--families", "dense,lookup",
            "--time", "20m", "--trials", "4", "--full", "1", "--epochs", "2", "--no-build",
            "--output", str(folder), *more]


@pytest.fixture(scope="module")
def searched(toy, tmp_path_factory):
    folder = tmp_path_factory.mktemp("searched")
    assert search.main(words(toy, folder)) == 0
    return folder


def test_the_best_network_is_kept_with_its_command(searched):
    found = json.loads((searched / "search.json").read_text())
    best = found["networks"][0]
    assert found["trials"] == {"complete": 4, "given up": 0, "unfinished": 0}
    assert (best["seeds"], best["front"], best["best"]) == ([1, 2, 3], True, True)
    for name, identity in zip(best["files"], best["identity"], strict=True):
        folded = network.load(searched / "networks" / name / f"{name}.net.npz")
        assert folded.identity.startswith(identity)
    said = json.loads((searched / "full" / best["files"][0] / f"{best['files'][0]}.json"
                       ).read_text())
    options = job.parser().parse_args(["--dataset", "x"])
    assert options.board is None
    assert shlex.split(best["command"])[:3] == ["python", "-m", "train.bnn_mnist"]
    assert f"--seed {said['seed']}" in best["command"]
    assert round(np.mean(best["tests"]), 2) == best["test"]


def test_the_default_recipe_is_compared(searched):
    found = json.loads((searched / "search.json").read_text())
    usual, best = found["default"], found["networks"][0]
    assert (usual["recipe"], usual["layout"]) == ("tfc", "--network tfc")
    assert usual["best_gains"] == pytest.approx(best["validation"] - usual["validation"], abs=0.011)
    assert usual["best_area"] == round(best["lut4"] / usual["lut4"], 3)
    text = (searched / "index.html").read_text()
    assert "The board's default recipe <code>tfc</code> has" in text


def test_figures_are_those_of_the_build(searched):
    found = json.loads((searched / "search.json").read_text())
    best = found["networks"][0]
    hardware = Hardware(job.target.find("icebreaker"))
    each = [hardware.figures(network.load(searched / "networks" / name / f"{name}.net.npz"))
            for name in best["files"]]
    assert best["lut4"] == round(np.mean([figures.lut4 for figures in each]))
    assert best["interval"] == each[0].interval


def test_the_page_has_everything_inside(searched):
    text = (searched / "index.html").read_text()
    outside = set(re.findall(r"(?:src|href)=\"([^\"]*)\"", text))
    assert all(address.startswith("networks/") for address in outside)
    assert all((searched / address).exists() for address in outside)
    data = json.loads(re.search(r'application/json">(.*?)</script>', text)[1])
    rows = {point["row"] for point in data["points"] if point.get("row")}
    assert rows
    assert all(f'id="{row}"' in text for row in rows)
    assert (searched / "front.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_command_changes_nothing_more(searched, toy, capsys):
    before = (searched / "search.json").read_text()
    assert search.main(words(toy, searched)) == 0
    assert (searched / "search.json").read_text() == before


def test_a_search_of_other_data_is_refused(searched, tmp_path):
    other = table(tmp_path / "toy.csv", seed=2)
    with pytest.raises(ValueError, match=r"^Search 'toy-icebreaker' in .*trials.journal must have "
                                         r"the data that it began with, [0-9a-f]{16}: "
                                         r"[0-9a-f]{16} \(give another name with --name\)$"):
        search.main(words(other, searched))


def test_ctrl_c_keeps_all_and_the_same_command_goes_on(toy, tmp_path, monkeypatch, capsys):
    train, calls = proxy.Proxy._train, []

    def interrupted(self, *arguments):
        calls.append(1)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        train(self, *arguments)

    monkeypatch.setattr(proxy.Proxy, "_train", interrupted)
    monkeypatch.setattr(worker.Worker, "_fulls", lambda self: None)  # they take long
    assert search.main(words(toy, tmp_path)) == 130
    out = capsys.readouterr().out
    assert "stopping; all trials are kept" in out
    assert out.endswith("interrupted; the same command goes on\n")
    said = json.loads((tmp_path / "search.json").read_text())
    assert said["trials"] == {"complete": 1, "given up": 0, "unfinished": len(
        said["brief_networks"]) + 2}
    monkeypatch.setattr(proxy.Proxy, "_train", train)
    assert search.main(words(toy, tmp_path)) == 0
    said = json.loads((tmp_path / "search.json").read_text())
    assert said["trials"]["complete"] == 4
    assert len({entry["trial"] for entry in said["brief_networks"]}) == 4


def test_a_budget_without_room_for_a_trial_is_named(toy, tmp_path):
    with pytest.raises(ValueError, match=r"^Time must be enough for one brief training: 0.001 s "
                                         r"were not \(a longer --time, or fewer --images and "
                                         r"--epochs\); what began is kept$"):
        search.main([*words(toy, tmp_path), "--time", "0.001s"])
    assert not (tmp_path / "full").exists()


def test_a_board_that_nothing_fits_is_named(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(Hardware, "figures", lambda self, net: Figures(9000, 1.0, 5, 0.9))
    with pytest.raises(ValueError, match=r"^Board icebreaker must hold one of the networks: none "
                                         r"of 4 fits 4,857 LUT4, the smallest takes 9,000 "
                                         r"\(another --board or other --families, or more "
                                         r"--time\)$"):
        search.main(words(toy, tmp_path))


def test_data_of_one_class_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"must have at least 2 classes"):
        search.main(words(table(tmp_path / "one.csv", classes="a"), tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("20m", 1200), ("1.5h", 5400)])
def test_times_have_a_unit(text, seconds):
    assert job.seconds(text) == seconds


@pytest.mark.parametrize("text", ["20", "0s", "-3m", "1w", "m"])
def test_other_times_are_refused(text, capsys):
    with pytest.raises(SystemExit):
        job.parser().parse_args(["--dataset", "mnist", f"--time={text}"])
    assert "must be a time such as 90s, 20m or 2h" in capsys.readouterr().err


@pytest.mark.parametrize("data", [["--invert", "--size", "5x6"], ["--no-transpose", "--grey"],
                                  ["--label", "3", "--drop", "a,b", "--hold-out", "eve"],
                                  ["--group", "a=b", "--group", "*=c, d", "--categories", "e,2"],
                                  ["--size", "flat", "--range", "0,1.5", "--photo"]])
def test_options_of_the_data_reach_the_training(data):
    args = job.parser().parse_args(["--dataset", "x", *data])
    again = job.parser().parse_args(job.named(args))
    assert job.choices.from_arguments(again) == job.choices.from_arguments(args)
