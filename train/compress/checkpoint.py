"""Float checkpoints, ``NAME.float.npz``: layers as a text and their arrays; or a user's module."""

import importlib
import importlib.util
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn

from sw.network import check_labels
from sw.store import fields
from sw.store.files import read_arrays, write_arrays

from .network import FloatNetwork


FORMAT = "thresher-float/1"
ORIGIN = "float checkpoints come from python -m train.bnn_mnist --float"
ARRAY = "parameter."  # begins the names of a network's arrays in a file


@dataclass(frozen=True, eq=False)
class FloatCheckpoint:
    """A trained float network.

    Attributes
    ----------
    network : nn.Module
        The network in evaluation mode.
    labels : tuple of str
        Name of each class; empty for a user's module.
    image_shape : tuple of int
        Shape of an image of the dataset; empty for a user's module.
    provenance : dict
        Dataset, seed, accuracies: anything JSON can hold.
    name : str
        Short name, for files and reports.
    """

    network: nn.Module
    labels: tuple = ()
    image_shape: tuple = ()
    provenance: dict = field(default_factory=dict)
    name: str = ""


def save(path, checkpoint):
    """Write a checkpoint of a :class:`.FloatNetwork` as ``.npz``; a failure leaves no file."""
    network = checkpoint.network
    write_arrays(path, {
        "format": np.array(FORMAT), "layers": np.array(network.text),
        "labels": np.array(checkpoint.labels),
        "image_shape": np.array(checkpoint.image_shape, dtype=np.int64),
        "input_shape": np.array(network.input_shape, dtype=np.int64),
        "provenance": np.array(json.dumps(checkpoint.provenance, sort_keys=True)),
        **{f"{ARRAY}{name}": value.detach().numpy()
           for name, value in network.state_dict().items()}})


def load(path):
    """Read a checkpoint and check everything in it, a :class:`FloatCheckpoint`.

    Raises
    ------
    ValueError
        If the file is no checkpoint or breaks a rule.
    """
    arrays = read_arrays(path, f"a float checkpoint ({FORMAT})", origin=ORIGIN)
    tag = str(arrays["format"].tolist()) if "format" in arrays else ""
    if tag != FORMAT:
        raise ValueError(f"{path} must be a float checkpoint ({FORMAT}): its format tag is "
                         f"{tag[:60]!r} ({ORIGIN})")
    try:
        labels = fields.texts(arrays, "labels")
        check_labels(labels, len(labels))
        network = FloatNetwork(fields.text(arrays, "layers"),
                               _shape(arrays, "input_shape"), len(labels))
        _fill(network, arrays)
        return FloatCheckpoint(network.eval(), labels, _shape(arrays, "image_shape"),
                               fields.content(arrays, "provenance"), short_name(path))
    except (KeyError, ValueError) as error:
        reason = f"array {error} is missing" if isinstance(error, KeyError) else error
        raise ValueError(f"{path} must be an intact float checkpoint: {reason}") from None


def _shape(arrays, name):
    shape = fields.integers(arrays, name)
    if not 1 <= len(shape) <= 3 or not all(1 <= size <= 2**12 for size in shape):
        raise ValueError(f"Field {name!r} must be 1 to 3 sizes in 1..{2**12}: {shape}")
    return shape


def _fill(network, arrays):
    """Put the arrays of a file into a network, after their names, types and shapes are checked."""
    own = network.state_dict()
    given = {name.removeprefix(ARRAY): value for name, value in arrays.items()
             if name.startswith(ARRAY)}
    if other := sorted(set(given) ^ set(own)):
        raise ValueError(f"Arrays must be those of its layers: {', '.join(other[:4])} "
                         f"{'is' if len(other) == 1 else 'are'} missing or too many")
    for name, value in given.items():
        wanted = own[name].numpy()
        if value.dtype != wanted.dtype or value.shape != wanted.shape:
            raise ValueError(f"Array {name!r} must be {wanted.dtype} of shape {wanted.shape}: "
                             f"{value.dtype} of shape {value.shape}")
        if not np.isfinite(value).all():
            raise ValueError(f"Array {name!r} must be finite")
        own[name].copy_(torch.from_numpy(value))


def short_name(path):
    """Return the name of a checkpoint's file without folder and endings."""
    return Path(path).name.removesuffix(".npz").removesuffix(".float")


def of_model(text):
    """Return the checkpoint that a command line means, a :class:`FloatCheckpoint`.

    Parameters
    ----------
    text : str
        Path of a checkpoint, or ``module:function`` where the function returns an ``nn.Module``
        with its weights. The module may be a file: ``folder/file.py:function``.
    """
    if Path(text).is_file() or ":" not in text:
        return load(text)
    network = function(text, "Model")()
    if not isinstance(network, nn.Module):
        raise ValueError(f"Model must be an nn.Module: {text} returns {type(network).__name__}")
    return FloatCheckpoint(network.eval(), name=text.rpartition(":")[2])


def function(text, what):
    """Return a function that a user names as ``module:function`` or ``file.py:function``."""
    module, _, name = text.rpartition(":")
    try:
        found = getattr(_module(module), name)
    except (ImportError, AttributeError, FileNotFoundError) as error:
        raise ValueError(f"{what} must be module:function, or file.py:function: {text}: {error} "
                         f"(run from the folder that has the module)") from None
    if not callable(found):
        raise ValueError(f"{what} must be a function: {text} is {type(found).__name__}")
    return found


def _module(name):
    if name.endswith(".py"):
        spec = importlib.util.spec_from_file_location(Path(name).stem, name)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    if "" not in sys.path:
        sys.path.insert(0, "")  # modules in the current folder, as python -m finds them
    return importlib.import_module(name)
