"""Golden model of dense layers and scores, which count synapses that agree with their inputs.

There are two ways to count, with equal results. Each layer takes the faster one.
"""

import numpy as np

from ..bits import pack
from ..layer.dense import Dense
from ..layer.scores import Scores
from .model import GOLDEN


# Counting synapse by synapse pays in layers with at most one synapse in so many inputs.
SPARSE = 6

WORDS = 2**15  # of a step's largest matrix, so that it stays in a CPU's cache


@GOLDEN.register(Dense)
def fire(layer):
    """Return a function from bits, shape (inputs, n), to activations, shape (outputs, n)."""
    disagreeing = _counter(layer)
    # A neuron fires at popcount >= threshold, and popcount = fan_in - disagreeing. The difference
    # is signed, because it is -1 for a neuron that never fires.
    room = (layer.fan_in - layer.thresholds).astype(np.int32)
    return lambda bits: (disagreeing(bits) <= room[:, None]).view(np.uint8)


@GOLDEN.register(Scores)
def score(layer):
    """Return a function from bits, shape (inputs, n), to scores, shape (classes, n)."""
    disagreeing = _counter(layer)
    best = (layer.fan_in + layer.bias)[:, None]
    return lambda bits: best - 2 * disagreeing(bits).astype(np.int32)  # 2 popcount - fan_in + bias


def popcounts(layer, bits):
    """Return how many synapses of each neuron agree with their inputs: int32, shape (n, outputs).

    Parameters
    ----------
    layer : sw.layer.dense.Weighted
        The layer.
    bits : ndarray of uint8, shape (n, inputs)
        One vector of inputs a row.
    """
    disagreeing = _counter(layer)(np.ascontiguousarray(bits.T))
    return (layer.fan_in[:, None] - disagreeing.astype(np.int32)).T


def _counter(layer):
    """Return a function that counts the synapses of each neuron that disagree with their inputs.

    The function takes bits, shape (inputs, n), and returns unsigned integers, shape (outputs, n).
    """
    return (_count_by_synapse if layer.fan_in.max() * SPARSE <= layer.inputs
            else _count_by_word)(layer)


def _count_by_word(layer):
    """Count 64 inputs at a time."""
    positive = weight_words(layer.weights[:, None] > 0)
    synapse = None if layer.weights.all() else weight_words(layer.weights[:, None] != 0)

    def disagreeing(x):
        return words_disagreeing(positive, synapse, np.ascontiguousarray(pack(x.T).T))

    return disagreeing


def weight_words(weights):
    """Return a bit a weight in words: each row of a kernel begins a word.

    Parameters
    ----------
    weights : ndarray of bool, shape (neurons, rows, ...)
        Of a kernel, or of a dense layer as one row.

    Returns
    -------
    ndarray of uint64, shape (neurons, words)
    """
    rows = weights.reshape(*weights.shape[:2], -1)
    return pack(rows.astype(bool).view(np.uint8)).reshape(len(weights), -1)


def words_disagreeing(positive, synapse, words):
    """Count the synapses that disagree: XOR with the weights, AND with the synapses, popcount.

    Parameters
    ----------
    positive : ndarray of uint64, shape (neurons, words)
        1 for a weight of +1.
    synapse : ndarray of uint64, shape (neurons, words), or None
        1 for a synapse; None where every weight is one.
    words : ndarray of uint64, shape (words, n)
        Inputs, a column for each vector.

    Returns
    -------
    ndarray of unsigned integers, shape (neurons, n)
    """
    total = np.zeros((len(positive), words.shape[1]), np.min_scalar_type(64 * len(words)))
    block = max(1, WORDS // max(1, words.shape[1]))  # of neurons
    for start in range(0, len(positive), block):
        some = slice(start, start + block)
        differ = np.empty(total[some].shape, np.uint64)
        for index, word in enumerate(words):
            np.bitwise_xor(positive[some, index, None], word, out=differ)
            if synapse is not None:
                differ &= synapse[some, index, None]
            total[some] += np.bitwise_count(differ)
    return total


def _count_by_synapse(layer):
    """Count one synapse of every neuron at a time: an input of a positive weight is inverted."""
    slots = max(1, int(layer.fan_in.max()))
    never = 2 * layer.inputs  # index of a row of zeros, for neurons with fewer synapses
    rows = np.full((slots, layer.outputs), never)
    for neuron, weights in enumerate(layer.weights):
        inputs = np.flatnonzero(weights)
        rows[:len(inputs), neuron] = inputs + layer.inputs * (weights[inputs] > 0)
    dtype = np.min_scalar_type(slots)

    def disagreeing(x):
        both = np.concatenate([x, x ^ 1, np.zeros((1, x.shape[1]), np.uint8)])
        total = np.zeros((layer.outputs, x.shape[1]), dtype)
        differ = np.empty(total.shape, np.uint8)
        for row in rows:
            total += np.take(both, row, axis=0, out=differ, mode="clip")
        return total

    return disagreeing
