"""Binarizes a float network: ``python -m train.compress.binarize MODEL --data D``.

The binarized network has the same topology and begins with the float weights; a look-up network
begins with each neuron's strongest inputs. Both are trained by the project's own trainers.
"""

import sys
from math import prod
from pathlib import Path

import numpy as np
import torch

from sw import checkpoint as folding
from sw.command import run
from sw.data.thresholds import encoder_for

from .. import loop
from ..conv import trainer as conv
from ..lookup import trainer as lookup
from ..lookup.recipe import LookupRecipe, Tables
from ..recipes import Recipe
from . import task
from .result import Compressed, Pixels
from .topology import recipe_of, start_tables, start_weights
from .trace import trace


EPOCHS = 20
BITS = 16  # of a stored threshold
WIRES = 4  # inputs of a look-up neuron


def trainer_of(network, parts, epochs, classes, seed, *, tables=False, teacher=None):
    """Return a trainer whose network begins with a float network's weights."""
    traced = trace(network, parts.train.shape)
    encoder = encoder_for(parts.train.images, 1)
    pairs = [(torch.from_numpy(part.images.copy()), torch.from_numpy(part.labels.copy()))
             for part in (parts.train, parts.validation)]
    recipe = recipe_of(traced, parts, epochs)
    if tables:
        if not isinstance(recipe, Recipe):
            raise ValueError("Network must be dense layers to begin look-up layers with: it has "
                             "convolutions (leave --lookup out)")
        *before, last = recipe.hidden
        last = max(classes, -(-last // classes) * classes)  # equally many votes a class
        made = LookupRecipe("look-up", (*(Tables(size, WIRES) for size in before),
                                        Tables(last, WIRES)), epochs=epochs, rounds=0, augment=0)
        kind = lookup.Trainer
    else:
        made, kind = recipe, loop.Trainer if isinstance(recipe, Recipe) else conv.Trainer
    if teacher is not None:
        made = made.changed(distill=0.5, temperature=4.0)
    if getattr(made, "integer", False):
        encoder = None
    made.check(encoder.outputs if encoder else prod(parts.train.images.shape[1:]), classes)
    trainer = kind(made, encoder, *pairs, classes, seed)
    (start_tables if tables else start_weights)(trainer.network, traced)
    trainer.teacher = teacher
    return trainer


def compress(network, parts, retrain, *, classes, tables=False):
    """Binarize a network; return :class:`.Compressed`, whose network has the trainer.

    Parameters
    ----------
    network : nn.Module
        Layers in a row. Unchanged.
    parts : Parts
        Training images, and validation images that choose the epoch.
    retrain : Retrain
        Epochs and seed.
    classes : int
        Number of classes.
    tables : bool
        Whether neurons become look-up tables instead of signs.
    """
    trainer = trainer_of(network, parts, max(1, retrain.epochs), classes, retrain.seed,
                         tables=tables)
    trainer.run(on_epoch=lambda state: None)
    trainer.use_best()
    made = Pixels(trainer.scores)
    made.trainer = trainer
    if tables:
        layers = trainer.network.layers
        wires, cells = (sum(part[place].numel() for part in layers) for place in (0, 1))
        return Compressed("look-up tables", made, cells, 1, (wires * BITS + cells + 7) // 8, 0,
                          {"tables": sum(len(part[1]) for part in layers)})
    traced = trace(network, parts.train.shape)
    bits = sum(layer.weight.numel() for layer in traced.weighted)
    thresholds = sum(layer.weight.shape[0] for layer in traced.weighted[:-1])
    return Compressed("binarize", made, bits + thresholds, 1, (bits + BITS * thresholds + 7) // 8,
                      traced.macs)


def checkpoint_of(made, found):
    """Return a binarized network as a checkpoint for sw.fold, with the scores of the test set."""
    trainer = made.network.trainer
    scores = trainer.scores(torch.from_numpy(found.test.images.copy()))
    return trainer.checkpoint(
        labels=found.labels, input_shape=found.image_shape, conversion=found.dataset.conversion,
        test_scores=scores.numpy().astype(np.int32),
        provenance={"dataset": found.dataset.name, "method": "train.compress.binarize",
                    "seed": found.retrain.seed, "from": found.name})


def main(argv=None):
    parser = task.parser("train.compress.binarize", "Binarize a float network.", epochs=EPOCHS)
    parser.add_argument("--lookup", action="store_true", help="look-up tables instead of signs")
    parser.add_argument("--checkpoint", metavar="FILE",
                        help="file for sw.fold: NAME.ckpt.npz (default: none)")
    args = parser.parse_args(argv)
    found = task.task(args)
    made, row = found.run(compress, classes=len(found.labels), tables=args.lookup)
    if args.checkpoint:
        folding.save(Path(args.checkpoint), checkpoint_of(made, found))
        print(f"wrote {args.checkpoint}: python -m sw.fold {args.checkpoint}")
    task.finish(args, found, [row])


if __name__ == "__main__":
    run(main, sys.argv[1:])
