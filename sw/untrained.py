"""Folded networks of a recipe's shape with random weights, to estimate before training."""

from math import prod

import numpy as np

from .layer.lookup import Lookup
from .network import Dense, Encoder, Network, Scores


def network(recipe, input_shape, classes):
    """Return a network that has the layers of a recipe, and nothing learnt.

    Parameters
    ----------
    recipe : dict
        An entry of ``python -m train.recipes``: ``hidden`` and ``synapses`` of threshold layers, or
        ``layers`` of look-up layers, and ``levels``.
    input_shape : sequence of int
        Shape of an input.
    classes : int
        Number of classes.

    Raises
    ------
    ValueError
        If the recipe has other layers.
    """
    rng = np.random.default_rng(0)
    levels = recipe.get("levels") or (1 if len(input_shape) > 1 else 8)
    thresholds = [256 * (level + 1) // (levels + 1) for level in range(levels)]
    encoder = Encoder.uniform(prod(input_shape), thresholds)
    if "hidden" in recipe:
        layers = _threshold_layers(rng, encoder.outputs, recipe, classes)
    elif isinstance(recipe.get("layers"), list | tuple):
        layers = _lookup_layers(rng, encoder.outputs, recipe["layers"], classes)
    else:
        raise ValueError(f"Recipe must have threshold or look-up layers: {recipe.get('name')!r} "
                         f"(train it, then estimate the network)")
    return Network([encoder, *layers], [str(index) for index in range(classes)],
                   tuple(input_shape), positive=True)


def _threshold_layers(rng, inputs, recipe, classes):
    """Yield dense layers and scores; ``synapses`` of a neuron are spread at random."""
    widths = [*recipe["hidden"], classes]
    counts = recipe.get("synapses") or [None] * len(widths)
    for index, (neurons, count) in enumerate(zip(widths, counts, strict=True), 1):
        weights = rng.choice(np.array([-1, 1], np.int8), (neurons, inputs))
        if count is not None and count < inputs:
            order = rng.random((neurons, inputs)).argsort(axis=1)
            weights[order >= count] = 0
        if index == len(widths):
            yield Scores("scores", weights, np.zeros(neurons, np.int32))
            return
        fan_in = np.count_nonzero(weights, axis=1)
        yield Dense(f"fc{index}", weights, (fan_in // 2 + 1).astype(np.int32))
        inputs = neurons


def _lookup_layers(rng, inputs, layers, classes):
    """Yield look-up layers and votes, equally many a class."""
    for index, layer in enumerate(layers, 1):
        neurons, wires = layer["neurons"], layer["inputs"]
        yield Lookup(f"lookup{index}", rng.integers(inputs, size=(neurons, wires), dtype=np.int32),
                     rng.integers(2, size=(neurons, 2**wires), dtype=np.uint8), inputs)
        inputs = neurons
    votes = np.arange(inputs) * classes // inputs == np.arange(classes)[:, None]
    yield Scores("scores", votes.astype(np.int8), np.zeros(classes, np.int32))
