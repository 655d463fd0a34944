"""Tests of sw.artefact: networks by name, and that the repository's are what their files say."""

import json
import subprocess
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from sw import artefact, checkpoint, evaluate, network
from sw.layer.parts import worded


def test_a_name_is_the_artefact_and_a_path_stays_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(artefact.ROOT)
    assert artefact.network_file("tfc") == Path("data/networks/tfc.net.npz")
    assert artefact.network_file("none/tfc") == Path("none/tfc")
    assert artefact.network_file("none.net.npz") == Path("none.net.npz")
    monkeypatch.chdir(tmp_path)
    assert artefact.network_file("tfc") == artefact.FOLDER / "tfc.net.npz"
    (tmp_path / "tfc").touch()
    assert artefact.network_file("tfc") == Path("tfc")


def test_an_unknown_name_is_refused_with_those_that_there_are():
    with pytest.raises(ArgumentTypeError, match=r"^Network must be a file or one of .*, "
                       r"icebreaker, lfc, .*, tfc, .*: 'tcf' \(python -m train\.bnn_mnist "
                       r"trains a new one\)$"):
        artefact.network_file("tcf")


def test_an_unknown_name_ends_a_command_line_without_traceback(capsys):
    with pytest.raises(SystemExit) as caught:
        evaluate.main(["tcf"])
    assert caught.value.code == 2
    assert "argument NETWORK: Network must be a file or one of " in capsys.readouterr().err


# Options of recipes that are younger than some networks, which were trained without them.
LATER = {"heard": False}

LARGE = ("lfc", "cifar-accurate", "cifar-fast", "cnv")  # their checkpoints are left out


def test_what_is_made_of_an_artefact_goes_to_the_build_folder():
    path = artefact.FOLDER / "tfc.net.npz"
    assert artefact.made(path, ".eval.json") == Path("build/tfc/tfc.eval.json")
    assert artefact.made(Path("x/tfc.net.npz"), ".v") == Path("x/tfc.v")


def test_artefacts_are_whole_and_trained_by_the_recipes_of_their_names():
    done = subprocess.run([sys.executable, "-m", "train.recipes"], cwd=artefact.ROOT, check=True,
                          capture_output=True)
    recipes = json.loads(done.stdout)
    for name in artefact.names():
        provenance = network.load(artefact.artefact(name)).provenance
        assert (provenance["seed"], provenance["limit"], provenance["interrupted"]) == (1, None,
                                                                                        False)
        recipe = recipes[name] | {"levels": provenance["recipe"]["levels"]}
        # A time limit makes the epochs fewer than were planned; the recipe plans those.
        epochs = min(provenance["recipe"]["epochs"], provenance["epochs"])
        assert LATER | provenance["recipe"] | {"epochs": epochs} == recipe
        integers = recipe["levels"] is None  # a first layer of integers has no levels
        assert integers or (recipes[name]["levels"] or 1) == recipe["levels"]


def test_the_page_of_the_artefacts_has_their_identities():
    page = (artefact.FOLDER / "README.md").read_text(encoding="utf-8")
    for name in artefact.names():
        loaded = network.load(artefact.artefact(name))
        assert f"| `{name}` | {loaded.identity[:12]} | {loaded.provenance['dataset']} | " in page
        assert f"| {loaded.provenance['test_accuracy']:.2f} % | {worded(loaded.parts)} |" in page


def test_checkpoints_of_artefacts_are_below_two_megabytes_and_hold_scores():
    found = sorted(artefact.FOLDER.glob("*.ckpt.npz"))
    assert sorted(artefact.stem(path) for path in found) == [
        name for name in artefact.names() if name not in LARGE]
    for path in found:
        assert path.stat().st_size < 2_000_000
        assert checkpoint.load(path).test_scores is not None
