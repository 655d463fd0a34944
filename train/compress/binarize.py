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
from ..conv.recipe import ConvRecipe
from ..lookup import trainer as lookup
from ..lookup.recipe import LookupRecipe, Tables
from ..recipes import Recipe
from . import task
from .result import Compressed
from .trace import trace


EPOCHS = 20
SPREAD = 0.058  # standard deviation of the first latent weights, that of +-0.1 uniform ones
BITS = 16  # of a stored threshold
WIRES = 4  # inputs of a look-up neuron
SURE = 4.0  # latent weight of the strongest input of a wire, beside random ones around 0


def recipe_of(traced, parts, epochs):
    """Return the recipe of the binarized network with the topology of traced layers."""
    weighted = traced.weighted
    if weighted[0].kind == "fully connected":
        hidden = tuple(layer.weight.shape[0] for layer in weighted[:-1])
        if not hidden or any(layer.kind != "fully connected" for layer in weighted):
            raise ValueError("Network must have a hidden layer to be binarized (train a larger one)")
        return Recipe("binarized", hidden, epochs=epochs, batch=100, rate=5e-3, augment=0)
    said, shape = [], parts.train.images.shape[1:]
    for layer in traced.layers[1:]:
        words = _words(layer, first=not said, last=layer is weighted[-1])
        said += [words] if words else []
    shape = shape if len(shape) == 3 else (*shape, 1)
    return ConvRecipe.of("binarized", ", ".join(said), shape=shape, epochs=epochs, batch=128,
                         augment=0)


def _words(layer, first, last):
    """Return a layer in the text of train.conv.text, or '' for one that it has by itself."""
    if last:
        return "scores"
    if layer.kind == "convolution" and layer.groups == 1 and layer.stride[0] == layer.stride[1]:
        rows, columns = layer.weight.shape[2:]
        stride = f" stride {layer.stride[0]}" if layer.stride[0] > 1 else ""
        valid = " valid" if layer.padding == (0, 0) and (rows, columns) != (1, 1) else ""
        integer = " integer" if first else ""
        return f"conv {layer.weight.shape[0]} {rows}x{columns}{stride}{valid}{integer}"
    if layer.kind == "fully connected":
        return f"dense {layer.weight.shape[0]}"
    if layer.kind == "max pool":
        return "pool" if layer.kernel == (2, 2) else f"pool {layer.kernel[0]}"
    if layer.kind in ("ReLU", "reshape"):
        return ""
    raise ValueError(f"Layer {layer.name!r} must have a binarized form: {layer.kind} has none "
                     f"(convolutions, max pools, dense layers in a row)")


@torch.no_grad()
def start_weights(network, traced):
    """Give the latent weights of a binarized network the float weights, scaled, in its order."""
    own = (network.linear if hasattr(network, "linear") else
           [layer for layer in network.layers if hasattr(layer, "weight")])
    shape = None
    for layer, module in zip(traced.weighted, own, strict=True):
        weight = layer.weight.detach()
        if weight.ndim == 4:
            weight = weight.permute(0, 2, 3, 1)
        elif shape is not None and len(shape) == 3:  # a map is taken position by position
            weight = weight.unflatten(1, shape).permute(0, 2, 3, 1).flatten(1)
        weight = weight * (SPREAD / weight.std().clamp_min(1e-12))
        module.weight.copy_(weight.reshape(module.weight.shape).clamp(-module.limit, module.limit))
        shape = _behind(traced, layer)


def _behind(traced, layer):
    """Return the shape of the map that the next weighted layer takes, in front of a reshape."""
    shape, name = layer.shape, layer.name
    for other in traced.layers:
        if name in other.inputs:
            if other.weighted or other.kind == "reshape":
                return shape
            shape, name = other.shape, other.name
    return shape


@torch.no_grad()
def start_tables(network, traced):
    """Begin a look-up network: each table is the float neuron of its strongest inputs alone."""
    for layer, tables in zip(traced.weighted, network.layers, strict=False):
        weight = layer.weight.detach()
        neurons, wires, _ = tables.candidates.shape
        allowed = torch.zeros(weight.shape[1], dtype=torch.bool)
        allowed[tables.candidates.unique().long()] = True
        size = weight.abs() * allowed
        strongest = size.topk(wires, 1).indices[torch.arange(neurons) % len(weight)]
        tables.candidates[:, :, 0] = strongest.int()
        tables.weight[:, :, 0] = SURE
        chosen = weight[torch.arange(neurons) % len(weight)].gather(1, strongest)
        rows = torch.arange(2**wires)[:, None] >> torch.arange(wires) & 1
        logits = chosen @ (2.0 * rows.T - 1)
        logits = logits / logits.std(1, keepdim=True).clamp_min(1e-12)
        tables.spectrum.copy_(logits @ tables.matrix / 2**wires)


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
    """Binarize a network; return :class:`.Compressed`, whose network is a :class:`Scoring`.

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
    made = Scoring(trainer)
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


class Scoring(torch.nn.Module):
    """A trained network as a module that takes pixel / 255."""

    def __init__(self, trainer):
        super().__init__()
        self.trainer = trainer

    def forward(self, inputs):
        images = (inputs * 255).round().to(torch.uint8)
        images = images[:, 0] if images.ndim == 4 and images.shape[1] == 1 else (
            images.permute(0, 2, 3, 1) if images.ndim == 4 else images)
        return self.trainer.scores(images)


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
