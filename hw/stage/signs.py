"""Signs of weights as a tree of adders takes them, so that no negation costs logic of its own."""

import numpy as np


__all__ = ["IntegerWords", "integer_words", "levels_of"]


def levels_of(count):
    """Return the levels of a tree of adders for ``count`` numbers."""
    return (count - 1).bit_length()


class IntegerWords:
    """Bits that the lanes of a layer of integers read, and what they add to each sum.

    A node of the tree adds its left number to its right one, which is inverted or not. What a node
    gives stands for the sum of its numbers times their weights, or for its opposite. So a weight of
    -1 costs an XOR, which lies in the adder's LUTs, and each inversion adds a constant.

    Attributes
    ----------
    planes : list of ndarray of uint8, shape (neurons, steps * simd)
        Bits of each step: whether the right number of each node is inverted, level by level, and
        whether the tree's result is. A second plane, where some weights are 0, says which inputs
        count.
    offsets : ndarray of int64, shape (neurons,)
        Total of each neuron where all inputs are 0. The total is the neuron's sum and this.
    """

    def __init__(self, planes, offsets):
        self.planes = planes
        self.offsets = offsets


def integer_words(weights, bits, simd):
    """Return the bits that make a tree of adders sum inputs times weights.

    Parameters
    ----------
    weights : ndarray of int8, shape (neurons, inputs)
        -1, 0, +1.
    bits : int
        Bits of an input.
    simd : int
        Inputs of a step.

    Returns
    -------
    IntegerWords
    """
    neurons, inputs = weights.shape
    steps = -(-inputs // simd)
    padded = np.ones((neurons, steps * simd), np.int8)
    padded[:, :inputs] = weights
    padded = padded.reshape(neurons, steps, simd)
    counts = padded != 0
    signs = (padded < 0).astype(np.uint8)
    values = np.zeros(signs.shape, np.int64)  # of each node, where all inputs are 0
    found = []
    for level in range(levels_of(simd)):
        pairs = signs.shape[-1] // 2
        left, right = signs[..., :2 * pairs:2], signs[..., 1:2 * pairs:2]
        inverts = left ^ right
        found.append(inverts)
        whole = 2**(bits + level) - 1
        added = np.where(inverts, whole - values[..., 1:2 * pairs:2], values[..., 1:2 * pairs:2])
        if level == 0:
            added *= counts[..., 1:2 * pairs:2]
        values = np.concatenate([values[..., :2 * pairs:2] + added, values[..., 2 * pairs:]], -1)
        signs = np.concatenate([left, signs[..., 2 * pairs:]], -1)
    whole = 2**(bits + levels_of(simd)) - 1
    offsets = np.where(signs, whole - values, values).sum(axis=(1, 2))
    planes = [np.concatenate([*found, signs], -1).reshape(neurons, -1)]
    if not np.all(weights):
        planes.append(counts.astype(np.uint8).reshape(neurons, -1))
    return IntegerWords(planes, offsets)
