"""Trains a float network: ``python -m train.bnn_mnist --float --network lenet5``."""

import re
import sys
from pathlib import Path

import torch

from sw.command import Parser, run
from sw.data import datasets
from sw.data import options as choices
from sw.data.known import KNOWN
from sw.store.lock import alone

from ..determinism import deterministic
from . import checkpoint, data, fit
from .network import NETWORKS, build
from .text import FORM


SETTINGS = {  # dataset, epochs, augmentation, bfloat16 of the named networks; of others the first
    "": ("mnist", 10, "none", False), "lenet300": ("mnist", 15, "none", False),
    "lenet5": ("mnist", 8, "none", False), "lenet": ("mnist", 8, "none", False),
    "cifar": ("cifar10-jpeg", 12, "mirror", True)}


def main(argv=None):
    options = _parser().parse_args(argv)
    dataset_name, epochs, augment, half = SETTINGS.get(options.network, SETTINGS[""])
    name = options.name or re.sub(r"[^A-Za-z0-9._-]+", "-", options.network)[:40]
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise ValueError(f"Name must be up to 64 letters, digits, '.', '_' and '-': {name!r}")
    path = Path(options.output or Path("build") / name) / f"{name}.float.npz"
    lock = path.with_name(f".{path.name}.lock")
    with deterministic(), alone(lock, f"Training of {path}"):
        if options.threads:  # equal bits for equal numbers of threads
            torch.set_num_threads(options.threads)
        trained = train(options.network, options.dataset or dataset_name, seed=options.seed,
                        epochs=options.epochs or epochs, augment=options.augment or augment,
                        rate=options.rate, limit=options.limit, name=name, half=half,
                        said=choices.from_arguments(options))
        checkpoint.save(path, trained)
    print(f"wrote {path} (validation {trained.provenance['validation_accuracy']:.2f} %)")
    print(f"test accuracy {trained.provenance['test_accuracy']:.2f} %")


def train(network, dataset_name, *, seed, epochs, augment="none", rate=2e-3, limit=None, name="",
          half=False, said=choices.NONE):
    """Return a trained network, a :class:`train.compress.checkpoint.FloatCheckpoint`.

    Parameters
    ----------
    network : str
        Name in :data:`train.compress.network.NETWORKS`, or layers.
    dataset_name : str
        Name or path of a dataset.
    seed, epochs : int
        Seed of parts, weights and order; passes.
    augment : str
        One of :data:`train.compress.fit.AUGMENTS`.
    rate : float
        First learning rate.
    limit : int or None
        Use only so many training images.
    name : str
        Name of the network.
    half : bool
        Whether products may be of bfloat16.
    said : sw.data.options.Options
        Facts about the dataset.
    """
    dataset = datasets.load(dataset_name, said)
    if augment != "none" and len(dataset.input_shape) == 1:
        raise ValueError(f"Augmentation must be none where inputs are no pictures: {augment}")
    parts = data.split(dataset, seed, limit=limit)
    made = build(network, data.input_shape(dataset.input_shape), len(dataset.labels), seed)
    history = fit.fit(made, parts.train, epochs=epochs, rate=rate, seed=seed, decay=1e-2,
                      augment=fit.AUGMENTS[augment], validation=parts.validation, half=half,
                      what=f"training {name or network}")
    provenance = {
        "network": network, "dataset": str(dataset_name), "seed": seed, "epochs": epochs,
        "rate": rate, "augment": augment, "limit": limit, "torch": str(torch.__version__),
        "threads": torch.get_num_threads(),
        "validation_accuracy": round(history[-1]["validation"], 4),
        "test_accuracy": round(fit.accuracy(made, data.test_part(dataset)), 4)}
    return checkpoint.FloatCheckpoint(made, dataset.labels, tuple(dataset.input_shape), provenance,
                                      name)


def _parser():
    made = Parser(prog="python -m train.bnn_mnist --float",
                  description="Train a float network, to be compressed.")
    add = made.add_argument
    add("--network", default="lenet5", metavar="NAME|TEXT",
        help=f"{', '.join(NETWORKS)}, or layers: {FORM} (default: lenet5)")
    add("--dataset", help=f"{', '.join(KNOWN)}, or a path (default: what the network is for)")
    add("--epochs", type=_positive(int), metavar="N", help="passes over the training images")
    add("--rate", type=_positive(float), default=2e-3, metavar="X", help="first learning rate")
    add("--augment", choices=sorted(fit.AUGMENTS), help="distortion of training pictures")
    add("--limit", type=_positive(int), metavar="N", help="use only N training images")
    add("--seed", type=int, default=1, choices=range(2**16), metavar="N",
        help="seed of all that is random (default: 1)")
    add("--threads", type=_positive(int), metavar="N",
        help="processor cores (default: 1); another number gives other last bits")
    add("--output", metavar="DIR", help="folder for the result (default: build/NAME)")
    add("--name", help="name of the file (default: the network's)")
    choices.add_arguments(made, mapped=False)
    return made


def _positive(kind):
    def parse(text):
        value = kind(text)
        if not 0 < value < 2**31:
            raise ValueError(text)
        return value
    parse.__name__ = f"positive {kind.__name__}"
    return parse


if __name__ == "__main__":
    run(main, sys.argv[1:])
