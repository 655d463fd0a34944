"""docs/format.md: its examples run, and every array that is written is described."""

import re
from pathlib import Path

import numpy as np
import pytest

from hw.plan.schedule import read_schedule
from sw import checkpoint, network
from sw.golden import Model
from sw.layer.kind import kinds
from sw.layer.page import table
from sw.network import load

from .networks import plain_trace, random_checkpoint, random_images, random_network


TEXT = (Path(__file__).parents[1] / "docs" / "format.md").read_text(encoding="utf-8")


def block(language):
    """Return the one block of code in a language."""
    found, = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return found


@pytest.fixture
def letters(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(block("python"), "docs/format.md", "exec"), {})
    return load("letters.net.npz")


def test_the_example_makes_the_network_it_describes(letters, capsys):
    assert [layer.outputs for layer in letters.layers] == [256, 64, 26]
    assert letters.hidden[0].fan_in.tolist() == [40] * 64
    images = random_images(np.random.default_rng(1), 50, letters)
    for (name, have), want in zip(Model(letters).trace(images), plain_trace(letters, images),
                                  strict=True):
        np.testing.assert_array_equal(have, want, err_msg=name)


def test_the_example_prints_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(block("python"), "docs/format.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["True", "(5, 26)"]
    assert re.fullmatch(r"\[('[A-Z]'(, )?){5}\]", lines[2])


def test_the_example_schedule_fits_the_example_network(letters):
    schedule = read_schedule(block("json"), letters)
    assert schedule.interval(letters) == 64
    assert read_schedule(schedule.to_json(), letters) == schedule


def test_the_arrays_of_every_kind_are_those_that_it_states():
    missing = [kind.kind for kind in kinds().values() if table(kind) not in TEXT]
    assert missing == []  # python -m sw.layer.page prints the tables


@pytest.mark.parametrize("kind", ["network", "checkpoint"])
def test_every_array_of_a_file_is_described(tmp_path, kind):
    rng = np.random.default_rng(2)
    path = tmp_path / "a.npz"
    if kind == "network":
        network.save(path, random_network(rng, [4, 3, 2]))
    else:
        checkpoint.save(path, random_checkpoint(rng, [4, 3, 2], test_scores=np.zeros((1, 2),
                                                                                    np.int32)))
    with np.load(path) as file:
        names = {re.sub(r"^[1-9]_", "i_", name) for name in file}
    missing = {name for name in names
               if f"`{name}`" not in TEXT and f"`{re.sub('^0_', 'i_', name)}`" not in TEXT}
    assert missing == set()
