"""Networks for benches: random ones, and one made of MNIST by counting."""

from itertools import pairwise

import numpy as np

from sw import golden
from sw.data import datasets
from sw.layer.lookup import Lookup
from sw.network import Dense, Encoder, Network, Scores


def random_layer(neurons, inputs, *, density=1.0, classes=False, seed=0, name="fc"):
    """Return a layer of random weights; thresholds near the middle, where neurons waver."""
    rng = np.random.default_rng(seed)
    weights = rng.choice(np.array([-1, 1], np.int8), size=(neurons, inputs))
    weights[rng.random(weights.shape) >= density] = 0
    if classes:
        return Scores("scores", weights, rng.integers(-3, 4, size=neurons).astype(np.int32))
    fan_in = np.count_nonzero(weights, axis=1)
    thresholds = np.clip(fan_in // 2 + rng.integers(-2, 4, size=neurons), 0, fan_in + 1)
    return Dense(name, weights, thresholds.astype(np.int32))


def random_bits(count, width, seed=1):
    """Return vectors of random bits: uint8, shape (count, width)."""
    return np.random.default_rng(seed).integers(2, size=(count, width), dtype=np.uint8)


def random_network(sizes, *, thresholds=(128,), density=1.0, input_bits=8):
    """Return a network of random weights: inputs, neurons of hidden layers ``fc0``..., classes."""
    encoder = Encoder.uniform(sizes[0], thresholds, input_bits)
    widths = (encoder.outputs, *sizes[1:])
    hidden = [random_layer(outputs, inputs, density=density, seed=index, name=f"fc{index}")
              for index, (inputs, outputs) in enumerate(pairwise(widths[:-1]))]
    last = random_layer(widths[-1], widths[-2], density=density, classes=True)
    return Network((encoder, *hidden, last), [f"class {n}" for n in range(widths[-1])],
                   (encoder.inputs,), positive=True)


def lively_network(sizes, images, *, thresholds=(128,)):
    """Return a random network in which every neuron wavers and every class wins for some images.

    Thresholds are the medians of the popcounts over ``images``, shape (n, inputs); biases make the
    mean scores about equal, and any two classes may tie.
    """
    network = random_network(sizes, thresholds=thresholds)
    layers = [network.first]
    inputs = golden.outputs(network.first, images)
    for layer in network.layers[1:]:
        counts = golden.popcounts(layer, inputs)
        if not layer.gives_scores:
            middle = np.median(counts, axis=0).astype(np.int32)
            layers.append(Dense(layer.name, layer.weights, middle))
            inputs = (counts >= middle).astype(np.uint8)
        else:
            # Popcounts of two classes differ by an even number, always, or by an odd one: biases
            # make the difference of scores a multiple of 4, so that any two classes may tie.
            odd = 2 * (np.count_nonzero(layer.weights != layer.weights[0], axis=1) % 2)
            wished = layer.fan_in - 2 * counts.mean(axis=0)
            biases = 4 * np.round((wished - odd) / 4) + odd
            layers.append(Scores(layer.name, layer.weights, biases.astype(np.int32)))
    return Network(layers, network.labels, network.input_shape, positive=True)


def table_network(classes=6, *, groups=6, votes=8, seed=3):
    """Return a network of look-up layers whose rows random images all reach, and votes.

    A group is six tables of four inputs that read 24 of the 30 pixels, a pixel each input. Those
    that read the same pixel take its two levels in turn, so that tables depend on all bits. Tables
    of six inputs read the six tables of a group, so that all their rows occur. Each has one vote,
    ``votes`` of them for a class. A table is 1 in half of its rows.
    """
    rng = np.random.default_rng(seed)
    encoder = Encoder.uniform(30, (64, 128))
    pixels = np.concatenate([rng.permutation(30)[:24] for _ in range(groups)])
    levels = [np.count_nonzero(pixels[:place] == pixel) % 2 for place, pixel in enumerate(pixels)]
    first = (2 * pixels + levels).reshape(-1, 4).astype(np.int32)
    read = np.arange(classes * votes) % groups
    second = np.stack([6 * group + rng.permutation(6) for group in read]).astype(np.int32)
    layers = [encoder]
    for name, wires in (("lookup0", first), ("lookup1", second)):
        rows = 2**wires.shape[1]
        tables = rng.permuted(np.tile(np.arange(rows) % 2, (len(wires), 1)), axis=1)
        layers.append(Lookup(name, wires, tables.astype(np.uint8), layers[-1].outputs))
    weights = np.repeat(np.eye(classes, dtype=np.int8), votes, axis=1)
    layers.append(Scores("votes", weights, np.zeros(classes, np.int32)))
    return Network(layers, [f"class {n}" for n in range(classes)], (30,), positive=True)


def leaning_images(network, count, seed=0):
    """Return images that agree with a neuron of the first layer, each to another degree.

    Popcounts of random images stay near the middle; these reach from the least to the most.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        Its encoder, and the layer to lean to.
    count : int
        Number of images.
    seed : int
        Of what is random.

    Returns
    -------
    ndarray of uint8, shape (count, inputs)
    """
    rng = np.random.default_rng(seed)
    encoder, layer = network.layers[:2]
    # What a pixel of each grey adds to a neuron's popcount, shape (greys, neurons, inputs).
    greys = np.arange(256, dtype=np.uint8)
    bits = np.stack([golden.outputs(encoder, np.full((1, encoder.inputs), grey))[0]
                     for grey in greys]).reshape(256, 1, encoder.inputs, -1)
    weights = layer.weights.reshape(layer.outputs, encoder.inputs, -1)
    added = ((2 * bits.astype(np.int16) - 1) * weights).sum(axis=3)
    neurons = rng.integers(layer.outputs, size=count)
    agrees = rng.random((count, encoder.inputs)) < rng.random((count, 1))
    most, least = added.argmax(axis=0)[neurons], added.argmin(axis=0)[neurons]
    return greys[np.where(agrees, most, least)]


def prototype_network(neurons_per_class=4, synapses=24):
    """Return a network for MNIST that nobody trained: neurons that look for typical pixels.

    Each neuron sees the pixels in which some training images of its class differ most from all;
    it adds to its class's score and takes from the others'.
    """
    images, labels = datasets.load("mnist").train_images, datasets.load("mnist").train_labels
    bits = images.reshape(len(images), -1) >= 128
    mean = bits.mean(axis=0)
    weights = np.zeros((10 * neurons_per_class, bits.shape[1]), np.int8)
    thresholds = np.zeros(len(weights), np.int32)
    for neuron, row in enumerate(weights):
        label, part = divmod(neuron, neurons_per_class)
        own = bits[labels == label][part::neurons_per_class]
        difference = own.mean(axis=0) - mean
        seen = np.argsort(-np.abs(difference), kind="stable")[part:part + synapses]
        row[seen] = np.sign(difference[seen])
        agree = (np.where(row > 0, own, ~own) & (row != 0)).sum(axis=1)
        thresholds[neuron] = np.sort(agree)[len(agree) // 4]
    scores = np.repeat(2 * np.eye(10, dtype=np.int8) - 1, neurons_per_class, axis=1)
    return Network((Encoder.uniform(784), Dense("fc0", weights, thresholds),
                    Scores("scores", scores.astype(np.int8), np.zeros(10, np.int32))),
                   [str(digit) for digit in range(10)], (28, 28), {"dataset": "mnist"})
