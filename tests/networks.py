"""Small networks for tests, and the plain ±1 arithmetic that every faster form must equal."""

import numpy as np

from sw.checkpoint import Checkpoint, Hidden, Last
from sw.layer.conv2d import Conv2d
from sw.layer.integer import IntegerConv2d, IntegerDense
from sw.layer.lookup import Lookup
from sw.layer.pool2d import Pool2d
from sw.layer.scores2d import Scores2d
from sw.layer.spacetodepth import SpaceToDepth
from sw.network import Dense, Encoder, Network, Scores

from .loops import LOOPS, TRAINED, looped, looped_trained


def random_weights(rng, neurons, inputs, synapses=None):
    """Return weights of -1 and +1, int8; with ``synapses`` a row, the others are 0."""
    weights = rng.choice(np.array([-1, 1], np.int8), (neurons, inputs))
    if synapses is not None:
        order = rng.random((neurons, inputs)).argsort(axis=1)
        weights[order >= min(synapses, inputs)] = 0
    return weights


def random_dense(rng, neurons, inputs, synapses=None, name="fc0"):
    """Return a hidden layer with thresholds near the middle, so that its outputs vary."""
    weights = random_weights(rng, neurons, inputs, synapses)
    fan_in = np.count_nonzero(weights, axis=1)
    spread = np.sqrt(fan_in).astype(np.int64) + 1
    thresholds = np.clip(fan_in // 2 + rng.integers(-spread, spread + 1), 0, fan_in + 1)
    return Dense(name, weights, thresholds.astype(np.int32))


def random_network(rng, sizes, synapses=None, levels=(128,), labels=None, input_shape=None):
    """Return a folded network of random weights.

    ``sizes`` are the inputs, the neurons of each hidden layer and the classes; ``synapses`` are
    those of a neuron, for each layer but the encoder, None for all.
    """
    synapses = synapses or [None] * (len(sizes) - 1)
    encoder = Encoder.uniform(sizes[0], levels)
    layers, inputs = [encoder], encoder.outputs
    for index, (neurons, each) in enumerate(zip(sizes[1:-1], synapses, strict=False)):
        layers.append(random_dense(rng, neurons, inputs, each, f"fc{index}"))
        inputs = neurons
    bias = rng.integers(-3, 4, sizes[-1]).astype(np.int32)
    layers.append(Scores("scores", random_weights(rng, sizes[-1], inputs, synapses[-1]), bias))
    return Network(layers, labels or [str(index) for index in range(sizes[-1])],
                   input_shape or (sizes[0],), {"dataset": "mnist"},
                   positive=True)  # a small network may have no weight of -1


def random_lookup(rng, neurons, inputs, wires, name):
    """Return a layer of random tables; some are constant, equal, opposite or look at few inputs.

    The tables' last inputs are read twice where there are few inputs.
    """
    chosen = rng.integers(inputs, size=(neurons, wires)).astype(np.int32)
    tables = rng.integers(2, size=(neurons, 2**wires), dtype=np.uint8)
    for neuron, kind in enumerate(rng.integers(10, size=neurons)):
        other = rng.integers(neurons)
        if kind == 0:
            tables[neuron] = rng.integers(2)
        elif kind in (1, 2):
            chosen[neuron], tables[neuron] = chosen[other], tables[other] ^ (kind == 2)
        elif kind == 3:  # the last input does not matter
            tables[neuron, 2**wires // 2:] = tables[neuron, :2**wires // 2]
        elif kind == 4:
            chosen[neuron] = chosen[neuron, 0]
    return Lookup(name, chosen, tables, inputs)


def lookup_network(rng, inputs, layers, *, classes=4, levels=(128,), unread=0.3):
    """Return a network of look-up layers, (neurons, inputs of a table) each, and scores.

    A share of the last tables is ``unread``. Synapses of the scores have the weight +1 only.
    """
    encoder = Encoder.uniform(inputs, levels)
    made, width = [encoder], encoder.outputs
    for index, (neurons, wires) in enumerate(layers):
        made.append(random_lookup(rng, neurons, width, wires, f"lookup{index}"))
        width = neurons
    weights = (rng.integers(classes, size=width) == np.arange(classes)[:, None]).astype(np.int8)
    weights[:, rng.random(width) < unread] = 0
    made.append(Scores("scores", weights, np.zeros(classes, np.int32)))
    return Network(made, [str(index) for index in range(classes)], (inputs,),
                   {"dataset": "mnist"}, positive=True)


def random_kernels(rng, neurons, kernel, channels, synapses=None):
    """Return kernels of -1 and +1, int8 (neurons, rows, columns, channels); see above."""
    flat = random_weights(rng, neurons, kernel[0] * kernel[1] * channels, synapses)
    return flat.reshape(neurons, *kernel, channels)


def random_conv2d(rng, neurons, takes, kernel=(3, 3), synapses=None, name="conv0", **others):
    """Return a convolution whose thresholds are near the middle.

    ``takes`` are height, width and channels of the map it takes; ``others`` are stride, padding and
    pad_bit.
    """
    weights = random_kernels(rng, neurons, kernel, takes[2], synapses)
    dense = random_dense(rng, neurons, weights[0].size)  # thresholds for a full kernel
    fan_in = np.count_nonzero(weights.reshape(neurons, -1), axis=1)
    thresholds = dense.thresholds * fan_in // weights[0].size
    return Conv2d(name, weights, thresholds, *takes[:2], **others)


def random_integer_conv2d(rng, neurons, takes, kernel=(3, 3), synapses=None, name="conv0",
                          **others):
    """Return a convolution of integers whose thresholds are near the middle of what sums reach.

    ``takes`` as in :func:`random_conv2d`; ``others`` are stride, padding, pad_value, input_bits.
    """
    weights = random_kernels(rng, neurons, kernel, takes[2], synapses)
    thresholds = _middle_sums(rng, weights, others.get("input_bits", 8))
    return IntegerConv2d(name, weights, thresholds, *takes[:2], **others)


def random_integer_dense(rng, neurons, inputs, synapses=None, name="fc0", input_bits=8):
    """Return a dense layer of integers whose thresholds are near the middle."""
    weights = random_weights(rng, neurons, inputs, synapses)
    return IntegerDense(name, weights, _middle_sums(rng, weights, input_bits), input_bits)


def _middle_sums(rng, weights, input_bits):
    rows = weights.reshape(len(weights), -1)
    most = 2**input_bits - 1
    low, high = -most * (rows < 0).sum(axis=1), most * (rows > 0).sum(axis=1)
    spread = most * np.sqrt(np.abs(rows).sum(axis=1)) / 3
    middle = (low + high) // 2 + (rng.normal(size=len(rows)) * spread).astype(np.int64)
    return np.clip(middle, low, high + 1).astype(np.int32)


def random_pool2d(rng, takes, size=2, name="pool0"):
    """Return a pool whose channels are OR or AND by chance."""
    return Pool2d(name, rng.integers(2, size=takes[2], dtype=np.uint8), *takes[:2], size)


def random_scores2d(rng, classes, takes, synapses=None, name="scores"):
    """Return scores of a map."""
    bias = rng.integers(-9, 10, classes).astype(np.int32)
    return Scores2d(name, random_weights(rng, classes, takes[2], synapses), bias, *takes[:2])


def conv_network(rng, image, steps, *, levels=(128,), classes=4, last="scores", synapses=None):
    """Return a network of convolutions over images of (height, width, channels).

    A step is a kind of layer, its size, and options of the function that makes it:
    ``("conv2d", 6, {"kernel": (3, 3), "synapses": 9, "padding": 1})``, ``("pool2d", 2, {})``,
    ``("space_to_depth", 2, {})``, ``("dense", 20, {"synapses": 9})``, and as the first step
    ``("integer_conv2d", 6, {...})`` or ``("integer_dense", 20, {...})``; else an encoder
    with ``levels``. The ``last`` layer, ``"scores"`` or ``"scores2d"``, has ``synapses`` a class.
    """
    layers, takes = [], image
    if not steps or not steps[0][0].startswith("integer"):
        layers.append(Encoder.uniform(image[0] * image[1] * image[2], levels))
        takes = (*image[:2], image[2] * len(levels))
    for index, (kind, size, options) in enumerate(steps):
        flat, named = int(np.prod(takes)), {"name": f"{kind[:9]}{index}"} | options
        if kind == "space_to_depth":
            layers.append(SpaceToDepth(named["name"], *takes, size))
        elif kind == "pool2d":
            layers.append(random_pool2d(rng, takes, size, **named))
        elif kind == "conv2d":
            layers.append(random_conv2d(rng, size, takes, **named))
        elif kind == "integer_conv2d":
            layers.append(random_integer_conv2d(rng, size, takes, **named))
        elif kind == "integer_dense":
            layers.append(random_integer_dense(rng, size, flat, **named))
        else:
            layers.append(random_dense(rng, size, flat, **named))
        takes = layers[-1].gives.extents
    if last == "scores2d":
        layers.append(random_scores2d(rng, classes, takes, synapses))
    else:
        weights = random_weights(rng, classes, int(np.prod(takes)), synapses)
        layers.append(Scores("scores", weights, rng.integers(-3, 4, classes).astype(np.int32)))
    return Network(layers, [str(index) for index in range(classes)], image,
                   {"dataset": "mnist"} if image[2] == 1 else {}, positive=True)


def random_checkpoint(rng, sizes, synapses=None, **others):
    """Return a checkpoint of random latent weights and BatchNorm, some gammas negative or 0."""
    synapses = synapses or [None] * (len(sizes) - 1)
    hidden, inputs = [], sizes[0]
    for index, (neurons, each) in enumerate(zip(sizes[1:-1], synapses, strict=False)):
        gamma = rng.normal(0.7, 0.5, neurons).astype(np.float32)
        gamma[::7] = 0
        hidden.append(Hidden(
            f"fc{index}", rng.normal(size=(neurons, inputs)).astype(np.float32),
            np.abs(random_weights(rng, neurons, inputs, each)).astype(np.uint8), gamma,
            rng.normal(0, 0.5, neurons).astype(np.float32),
            rng.normal(0, inputs**0.5 / 2, neurons).astype(np.float32),
            rng.uniform(0.5, 2 * inputs, neurons).astype(np.float32)))
        inputs = neurons
    last = Last("scores", rng.normal(size=(sizes[-1], inputs)).astype(np.float32),
                np.abs(random_weights(rng, sizes[-1], inputs, synapses[-1])).astype(np.uint8),
                rng.integers(-3, 4, sizes[-1]).astype(np.int32))
    return Checkpoint(**{"first": Encoder.uniform(sizes[0]), "hidden": hidden, "last": last,
                         "labels": [str(index) for index in range(sizes[-1])],
                         "input_shape": (sizes[0],), "provenance": {"dataset": "mnist"},
                         **others})


def random_images(rng, count, network):
    """Return images of random bytes for a network."""
    return rng.integers(0, 256, (count, *network.input_shape), dtype=np.uint8)


def plain_trace(network, images):
    """Return what every layer puts out, in the words of the definition: a list of arrays.

    Inputs and weights are -1, 0 and +1; a neuron fires where the sum of products says that at
    least ``threshold`` of its synapses agree. A look-up neuron is the row of its table.
    """
    x = images.reshape(len(images), -1).astype(np.int64)
    outputs = []
    for layer in network.layers:
        if layer.kind == "encoder":
            x = (x[:, :, None] >= layer.thresholds).reshape(len(images), -1)
            outputs.append(x)
            continue
        if layer.kind in LOOPS:
            x = looped(layer, x)
            outputs.append(x)
            continue
        if layer.kind == "lookup":
            x = np.array([looked_up(layer, bits) for bits in x.astype(int)], bool)
            outputs.append(x)
            continue
        weights = layer.weights.astype(np.int64)
        sums = np.where(x, 1, -1) @ weights.T
        fan_in = np.abs(weights).sum(axis=1)
        if layer.kind == "scores":
            outputs.append(sums + layer.bias)
        else:
            x = sums >= 2 * layer.thresholds.astype(np.int64) - fan_in
            outputs.append(x)
    return outputs


def looked_up(layer, bits):
    """Return a look-up layer's outputs for one vector of bits, in loops over the tables."""
    outputs = []
    for wires, table in zip(layer.wires.tolist(), layer.tables.tolist(), strict=True):
        row = 0
        for wire in reversed(wires):  # input 0 is the lowest bit
            row = 2 * row + int(bits[wire])
        outputs.append(table[row])
    return outputs


def checkpoint_scores(checkpoint, images):
    """Return the scores of a checkpoint from its float BatchNorm or its tables: int32."""
    x = images.reshape(len(images), -1).astype(np.int64)
    for layer in (checkpoint.first, *checkpoint.hidden):
        if layer.kind == "encoder":
            x = np.where(x[:, :, None] >= layer.thresholds, 1, -1).reshape(len(images), -1)
        elif layer.kind in TRAINED:
            x = looped_trained(layer, x)
        elif layer.kind == "lookup":
            x = 2 * np.array([looked_up(layer, bits) for bits in (x > 0).astype(int)]) - 1
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                x = np.where(layer.normalize(x @ layer.weights.T.astype(np.int64)) >= 0, 1, -1)
    last = checkpoint.last
    if last.kind == "scores2d":
        x = x.reshape(len(x), -1, last.weights.shape[1]).sum(axis=1)
    return (x @ last.weights.T + last.bias).astype(np.int32)
