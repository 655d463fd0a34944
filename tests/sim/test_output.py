"""Simulations write into the folder that --output names, or below the current one: nowhere else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.model.verilator import RUNTIME

from .test_full import files


ROOT = Path(__file__).parents[2]

__all__ = ["files"]  # a fixture


def written(folder):
    """Return all files below a folder, with the times of their last change."""
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")
            if "__pycache__" not in path.parts}


def run(module, *arguments, folder):
    """Run a command from a folder that is not the repository."""
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=folder, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT),
                               "PYTHONDONTWRITEBYTECODE": "1"},
                          capture_output=True, timeout=300)


@pytest.fixture
def here(tmp_path):
    """An empty folder to start commands in."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.fixture
def there(tmp_path):
    """A folder with a space for what commands write; the library of models is in it already."""
    folder = tmp_path / "over there"
    (folder / "sim").mkdir(parents=True)
    RUNTIME.mkdir(parents=True, exist_ok=True)
    (folder / "sim" / "runtime").symlink_to(RUNTIME.resolve())
    return folder


@pytest.mark.parametrize("module", ["sim.full", "sim.trace", "sim.netlist"])
def test_a_simulation_writes_where_it_is_told(files, here, there, module):
    before = written(ROOT / "sim") | written(ROOT / "hw")
    done = run(module, *files, "--output", str(there), folder=here)
    assert done.returncode == 0, done.stderr
    assert list(here.iterdir()) == []
    assert {path.name for path in there.iterdir()} == (
        {"sim", "trace"} if module == "sim.trace" else {"sim"})
    assert written(ROOT / "sim") | written(ROOT / "hw") == before


def test_without_being_told_it_writes_below_the_current_folder(files, here):
    done = run("sim.full", *files, folder=here)
    assert done.returncode == 0, done.stderr
    assert sorted(path.relative_to(here).as_posix() for path in here.glob("*/*/*")) == [
        "build/sim/full", "build/sim/runtime"]


def test_a_virtual_board_puts_its_port_where_it_is_told(files, here, there):
    command = [sys.executable, "-m", "sim.virtual", "icebreaker", files[0], "--output",
               str(there), "--images-per-second", "1000"]
    with subprocess.Popen(command, cwd=here, text=True, stdout=subprocess.PIPE,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
        try:
            line = process.stdout.readline()
            assert line == (f"icebreaker at {there}/virtual/icebreaker; in another terminal, "
                            f"try:\n")
            assert (there / "virtual" / "icebreaker").is_symlink()
            assert list(here.iterdir()) == []
        finally:
            process.terminate()
            assert process.wait(timeout=60) == 0
