"""Outputs of PyTorch, computed in a process of its own because nothing in sw/ imports PyTorch."""

import subprocess
import sys
import tempfile
from pathlib import Path

from .. import checkpoint as checkpoints
from ..fold import fold
from ..store.files import read_arrays, write_arrays
from ..trained.kind import folded


ROOT = Path(__file__).parents[2]


def activations(path, network, images):
    """Return the outputs of each layer in PyTorch's evaluation mode.

    Parameters
    ----------
    path : Path
        Checkpoint of the network.
    network : sw.network.Network
        The folded network. The checkpoint must have the same layers.
    images : ndarray of unsigned integers, shape (n, *input_shape)
        Images.

    Returns
    -------
    list of ndarray, shape (n, outputs)
        As :meth:`sw.golden.Model.trace` returns them: uint8 bits, and int32 scores of the last
        layer.

    Raises
    ------
    ValueError
        If the checkpoint is of another network, or PyTorch is missing or fails.
    """
    _check_layers(path, checkpoints.load(path), network)
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "images.npz", Path(folder) / "activations.npz"
        write_arrays(given, {"images": images})
        command = [sys.executable, "-m", "train.activations", path.resolve(), given, "-o", made]
        done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True,
                              encoding="utf-8", errors="replace",
                              check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise ValueError(f"PyTorch must compute the layers of {path}: "
                             f"{reason.removeprefix('error: ')} (is torch installed? see 'make "
                             f"doctor')")
        arrays = read_arrays(made, "activations")
    return [arrays[str(index)] for index in range(len(network.layers))]


def why_other(path, network):
    """Return why a checkpoint's outputs may differ from those of a network with the same layers."""
    if fold(checkpoints.load(path)).identity != network.identity:
        return (f"{path} folds to another network than this one (fold it again: python -m sw.fold "
                f"{path})")
    return f"{path} folds to this very network: folding, golden or PyTorch is wrong"


def _check_layers(path, checkpoint, network):
    made = [layer for trained in checkpoint.layers for layer in folded(trained)]
    have, want = ([(layer.name, layer.inputs, layer.outputs) for layer in each]
                  for each in (made, network.layers))
    if have != want:
        shown = [", ".join(f"{name} {inputs}-{outputs}" for name, inputs, outputs in each)
                 for each in (have, want)]
        raise ValueError(f"Checkpoint {path} must have the layers of the network: {shown[0]}, not "
                         f"{shown[1]} (give the network's own with --checkpoint)")
