"""The Makefile hands names with spaces and quotes on as they are."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sw.network import save
from tests.networks import random_network


ROOT = Path(__file__).parents[1]
NET = "build/my net/it's.net.npz"
COMMANDS = {
    "bitstream": ("boards.build", "ulx3s", NET), "virtual": ("sim.virtual", "ulx3s", NET),
    "fold": ("sw.inspect", NET), "evaluate": ("sw.evaluate", NET),
    "c": ("sw.c", NET, "--check"),
    "verilog": ("hw.generate", NET, "--board", "ulx3s"),
    "sim-full": ("sim.full", NET, "--board", "ulx3s"),
    "sim-netlist": ("sim.netlist", NET, "--board", "ulx3s"),
    "reproduce": ("boards.reproduce", "ulx3s", NET)}


def make(*words, folder=ROOT, python=sys.executable):
    """Run make; return what it prints."""
    environment = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    done = subprocess.run(["make", "--no-print-directory", *words, f"PYTHON={python}"],
                          cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("target", COMMANDS)
def test_a_network_in_a_folder_with_spaces_is_one_word(target):
    words = shlex.split(make("-n", target, f"NETWORK={NET}"))
    module, *arguments = COMMANDS[target]
    assert words == [sys.executable, "-m", module, *arguments]


def test_options_are_split_as_a_shell_splits_them():
    words = shlex.split(make("-n", "bitstream", "NETWORK=tfc.net.npz",
                             """OPTIONS=--schedule "my schedule.json" --output 'a b'"""))
    assert words[5:] == ["--schedule", "my schedule.json", "--output", "a b"]


def test_a_board_may_be_left_to_the_options():
    words = shlex.split(make("-n", "sim-full", "BOARD=", "NETWORK=n.net.npz",
                             "OPTIONS=--board-file my.py"))
    assert words[1:] == ["-m", "sim.full", "n.net.npz", "--board-file", "my.py"]


def test_the_networks_of_the_repository_are_found_by_name():
    words = shlex.split(make("-n", "train", "NETWORK=tfc"))
    assert words[:1] == ["file=data/networks/tfc.net.npz;"]
    assert words[-2:] == ["--output", "build/tfc/"]


@pytest.fixture
def repository(tmp_path):
    """The repository in a folder with spaces, and a Python in another one."""
    folder, python = tmp_path / "my repository", tmp_path / "my tools" / "bin" / "python"
    folder.mkdir()
    for name in ("Makefile", "sw", "data", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    save(folder / "my net.net.npz", random_network(np.random.default_rng(1), (9, 4, 2)))
    return folder, python


def test_repository_and_python_may_lie_in_folders_with_spaces(repository):
    folder, python = repository
    assert "my net.net.npz" in make("fold", "NETWORK=my net.net.npz", folder=folder,
                                    python=python)
