"""Shared by all methods' commands: options, network, data, and the table at the end."""

import json
import time
from argparse import ArgumentTypeError
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from sw.command import Parser
from sw.data import datasets
from sw.data import options as choices
from sw.store.files import write_text

from ..determinism import deterministic
from . import checkpoint, data, fit
from .calibrate import MODEL, load_dataset
from .lesson import Lesson, loss_of
from .result import Row, dense, table
from .retrain import NONE, Retrain


@dataclass(eq=False)
class Task:
    """A network and the data that it is compressed with.

    Attributes
    ----------
    network : nn.Module
        The float network.
    dataset : sw.data.datasets.Dataset
    parts : Parts
        Training, calibration and validation images.
    retrain : Retrain
        Training after a change.
    name : str
        The model's.
    provenance : dict
        Dataset, options and seed of the parts, which a compressed network's file keeps.
    """

    network: nn.Module
    dataset: datasets.Dataset
    parts: data.Parts
    retrain: Retrain = NONE
    name: str = "network"
    provenance: dict = field(default_factory=dict)

    @property
    def labels(self):
        return tuple(self.dataset.labels)

    @property
    def image_shape(self):
        return tuple(self.dataset.input_shape)

    @property
    def test(self):
        """Test images, read for the table at the end."""
        return data.test_part(self.dataset)

    def copy(self):
        """Return a copy of the network."""
        return deepcopy(self.network)

    def float_row(self):
        """Return the row of the network as it is given."""
        return self.row(dense("float32", self.network, self.parts.train.shape), 0.0)

    def row(self, compressed, seconds):
        """Return the row of a compressed network: it is evaluated on the test images."""
        return Row.of(compressed, fit.accuracy(compressed.network, self.test), seconds)

    def run(self, compress, **options):
        """Compress a copy of the network and return :class:`.Compressed` and its row."""
        begin = time.monotonic()
        with deterministic():
            made = compress(self.copy(), self.parts, self.retrain, **options)
        return made, self.row(made, time.monotonic() - begin)


def parser(prog, description, *, epochs=None):
    """Return a parser with the options of all methods."""
    made = Parser(prog=f"python -m {prog}", description=description)
    add = made.add_argument
    add("model", metavar="MODEL", help=MODEL)
    add("--data", metavar="D", help="dataset: a name or a path (default: that of the checkpoint)")
    add("--limit", type=positive, metavar="N", help="use only N training images")
    add("--seed", type=count, metavar="N",
        help="seed of retraining (default: that of the checkpoint)")
    add("--output", metavar="FILE", help="file for the compressed network (NAME.float.npz)")
    add("--json", metavar="FILE", help="file for the table's rows")
    if epochs is not None:
        add("--epochs", type=count, default=epochs, metavar="N",
            help=f"passes over the training images, each time (default: {epochs})")
        add("--rate", type=real(0, 1), default=Retrain.rate, metavar="X",
            help=f"first learning rate (default: {Retrain.rate})")
        add("--augment", choices=sorted(fit.AUGMENTS), default="none",
            help="distortion of training pictures (default: none)")
        add("--distil", action="store_true",
            help="learn from the given network's answers too, not only from the labels")
    choices.add_arguments(made, mapped=False)
    return made


def task(args):
    """Return the task that a command line means."""
    return of_model(checkpoint.of_model(args.model), args)


def of_model(model, args):
    """Return the task of a checkpoint and the options of a command line."""
    dataset = load_dataset(model, args)
    seed = model.provenance.get("seed", 1) if args.seed is None else args.seed
    retrain = NONE if not hasattr(args, "epochs") else Retrain(
        args.epochs, args.rate, seed, args.augment,
        loss_of(model.network, Lesson()) if args.distil else None)
    # Parts are those of the training, so that no validation image has been trained with.
    provenance = {"seed": seed, **_named_data(model, args)}
    limits = [one for one in (args.limit, model.provenance.get("limit")) if one is not None]
    if limits:
        provenance["limit"] = min(limits)
    parts = data.split(dataset, provenance["seed"], limit=provenance.get("limit"))
    found = Task(model.network, dataset, parts, retrain, model.name or "network", provenance)
    check(found)
    return found


def _named_data(model, args):
    """Return what a file says of a network's data: that of the training, or the command line's."""
    said = {key: model.provenance[key] for key in ("dataset", "data", "seed", "limit")
            if key in model.provenance}
    options = choices.from_arguments(args).to_json()
    if (args.data and args.data != said.get("dataset")) or options:
        said |= {"dataset": args.data or said.get("dataset"), "data": options}
    return said


@torch.no_grad()
def check(found):
    """Raise ValueError unless the network gives finite scores, one a class, for the data."""
    first = found.parts.train.first(2).inputs
    try:
        scores = found.network.eval()(first)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        raise ValueError(f"Model must take inputs of shape ('n', "
                         f"{', '.join(map(str, first.shape[1:]))}): {str(error).splitlines()[0]} "
                         f"(give the dataset it was made for with --data)") from None
    if tuple(scores.shape) != (2, len(found.labels)):
        raise ValueError(f"Model must give a score for each of the {len(found.labels)} classes: "
                         f"its output has the shape {tuple(scores.shape)} for 2 images")
    if not torch.isfinite(scores).all():
        raise ValueError("Model must give finite scores: some are NaN or infinite (train it again)")


def finish(args, found, rows, compressed=None):
    """Print the table of rows, and write the files that the command line asks for."""
    base = found.float_row()
    print("\n".join(table([base, *rows], base)))
    wrote = []
    if args.json:
        write_text(args.json, json.dumps([row.to_json() for row in (base, *rows)], indent=1,
                                         default=plain_number) + "\n")
        wrote.append(args.json)
    if args.output and compressed is not None:
        save(args.output, found, compressed)
        wrote.append(args.output)
    if wrote:
        print(f"wrote {', '.join(map(str, wrote))}")


def save(path, found, compressed):
    """Write a compressed network as a float checkpoint."""
    if not hasattr(compressed.network, "text"):
        raise ValueError(f"Network must be layers in a row for a checkpoint: that of "
                         f"{compressed.method!r} is not (call the method's compress() and use "
                         f"torch.save)")
    checkpoint.save(path, checkpoint.FloatCheckpoint(
        compressed.network, found.labels, found.image_shape,
        {**found.provenance, "method": compressed.method},
        checkpoint.short_name(path)))


def plain_number(value):
    """Return what JSON cannot hold as what it can."""
    if isinstance(value, np.generic | torch.Tensor):
        return value.item()
    return vars(value) if hasattr(value, "__dict__") else str(value)


def positive(text):
    """Return a number of a command line that must be 1 or more."""
    if not text.isdecimal() or not 0 < int(text) < 2**31:
        raise ArgumentTypeError(f"must be a whole number from 1 up: {text!r}")
    return int(text)


def count(text):
    """Return a number of a command line that must be 0 or more."""
    if not text.isdecimal() or int(text) >= 2**31:
        raise ArgumentTypeError(f"must be a whole number from 0 up: {text!r}")
    return int(text)


def real(low, high):
    """Return a type of options: a number above ``low``, at most ``high``."""
    def parse(text):
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low < value <= high:
            raise ArgumentTypeError(f"must be a number above {low:g} and at most {high:g}: "
                                    f"{text!r}")
        return value
    return parse
