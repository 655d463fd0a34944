"""A small trained network and its bitstream for two boards: made once for all tests of a run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from sw.store.lock import alone


ROOT = Path(__file__).parents[1]
NAME = "tiny"
BOARDS = ("icebreaker", "ulx3s-12f")  # one of each family
OPTIONS = ("--images-per-second", "1000")  # far less than fits: a small design


def command(module, *arguments, folder=ROOT):
    """Run ``python -m module`` in a folder; return its lines."""
    done = subprocess.run([sys.executable, "-m", module, *map(str, arguments)], cwd=folder,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
                          text=True, timeout=800)
    assert done.returncode == 0, f"{module}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout.splitlines()


class Bitstreams:
    """Folders that are made when a test first needs them; all workers of a run share them.

    A test that changes a file works on a copy.

    Parameters
    ----------
    root : Path
        Folder of the run.
    """

    def __init__(self, root):
        self.root = root

    def network(self):
        """Return the folder with the trained, folded and evaluated network ``tiny``."""
        return self._once("network", train)

    def built(self, board):
        """Return a folder with the network, and with ``build/BOARD`` as boards.build leaves it.

        The build was started in this folder: its report names no other one.
        """
        network = self.network()

        def build(folder):
            for suffix in (".net.npz", ".eval.json"):
                shutil.copy(network / f"{NAME}{suffix}", folder)
            command("boards.build", board, f"{NAME}.net.npz", *OPTIONS, folder=folder)

        return self._once(board, build)

    def _once(self, name, make):
        """Return a folder of that name, filled by the first worker that asks for it."""
        made = self.root / name
        with alone(self.root / f"{name}.lock", f"Folder {made}", wait=True):
            if not made.exists():
                part = self.root / f"{name}.part"
                shutil.rmtree(part, ignore_errors=True)
                part.mkdir(parents=True)
                make(part)
                part.rename(made)
        return made


def copy(folder, place):
    """Return a copy of a shared folder, in ``place``, for a test that changes something."""
    return Path(shutil.copytree(folder, place / "copy"))


def train(folder):
    """Train, fold and evaluate the network by the commands that users type."""
    last = command("train.bnn_mnist", "--network", NAME, "--limit", 4000, "--output", folder)[-1]
    assert last.startswith("test accuracy ")
    assert float(last.split()[2]) > 60
    command("sw.fold", folder / f"{NAME}.ckpt.npz")
    lines = command("sw.evaluate", folder / f"{NAME}.net.npz")
    assert "equal to PyTorch: 10000 of 10000 labels and scores" in lines
