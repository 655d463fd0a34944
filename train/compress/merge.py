"""Merges the two scales of trained ternary weights into thresholds, for hardware.

A neuron of the hardware fires at ``popcount >= threshold`` and weighs all synapses alike. Behind
inputs of ±1, a neuron with two scales depends on two counts: of its positive and of its negative
synapses that agree. Both count in one popcount, so the merged neuron is equal

- if the scales are equal,
- if all synapses of the neuron have one sign,
- or if no two pairs of counts with one popcount lie on different sides of the threshold.

:func:`merged` looks at all pairs, so it says which neurons are exact.
"""

from math import comb

import numpy as np

from sw.trained.hidden import Hidden


EPS = 1e-5


def merged(plus, minus, positive, negative, bias):
    """Return the best threshold of a neuron, and the share of inputs for which it differs.

    Parameters
    ----------
    plus, minus : int
        Positive and negative synapses.
    positive, negative : float
        Scales of both, above 0. The neuron fires where
        ``positive * (sum over plus) - negative * (sum over minus) + bias >= 0``.
    bias : float
        Bias, BatchNorm included.

    Returns
    -------
    tuple of int and float
        Threshold of the popcount, 0..plus + minus + 1; share of all inputs of ±1, 0 if exact.
    """
    if positive < 0 or negative < 0 or not all(map(np.isfinite, (positive, negative, bias))):
        raise ValueError(f"Scales must be finite and not negative: {positive}, {negative}, bias "
                         f"{bias}")
    agree_plus = np.arange(plus + 1)[:, None]
    agree_minus = np.arange(minus + 1)[None]  # inputs of -1 behind negative synapses
    value = positive * (2 * agree_plus - plus) + negative * (2 * agree_minus - minus) + bias
    chance = np.outer(_chances(plus), _chances(minus))
    popcount = (agree_plus + agree_minus).ravel()
    fires = (value >= 0).ravel()
    size = plus + minus + 1
    firing = np.bincount(popcount, weights=chance.ravel() * fires, minlength=size)
    silent = np.bincount(popcount, weights=chance.ravel() * ~fires, minlength=size)
    # Threshold t is wrong where counts below t fire, or counts from t up do not.
    wrong = np.concatenate([[0], firing.cumsum()]) + np.append(silent[::-1].cumsum()[::-1], 0)
    best = int(wrong.argmin())
    return best, _differing(popcount, fires, chance.ravel(), best)


def _chances(count):
    """Return the chance of each number of ones among fair bits."""
    return np.array([comb(count, ones) / 2**count for ones in range(count + 1)])


def _differing(popcount, fires, chance, threshold):
    """Return the share of inputs that a threshold answers differently; 0 only if there is none."""
    wrong = (popcount >= threshold) != fires
    return max(float(chance[wrong].sum()), np.finfo(float).tiny) if wrong.any() else 0.0


def hidden(name, weight, bias):
    """Return a ternary layer behind inputs of ±1 as a hidden layer, and the share of each neuron.

    Parameters
    ----------
    name : str
        Name of the layer.
    weight : ndarray of float32, shape (neurons, inputs)
        One positive and one negative value a row, and 0, as :func:`.ternary.compress` leaves
        them.
    bias : ndarray of float32, shape (neurons,)
        Bias, BatchNorm included.

    Returns
    -------
    tuple of Hidden and ndarray of float64
        Layer with the merged thresholds; share of inputs for which each neuron differs, 0 for an
        exact one.
    """
    found = []
    for row, shift in zip(weight, bias, strict=True):
        positive, negative = np.unique(row[row > 0]), np.unique(-row[row < 0])
        if max(len(positive), len(negative)) > 1:
            raise ValueError(f"Weights of layer {name!r} must be ternary: a neuron has "
                             f"{len(positive) + len(negative)} values besides 0 (train with "
                             f"train.compress.ternary)")
        found.append(merged(int((row > 0).sum()), int((row < 0).sum()),
                            float(positive.sum()), float(negative.sum()), float(shift)))
    fan_in = (weight != 0).sum(1)
    thresholds = np.array([threshold for threshold, _ in found])
    ones, zeros = np.ones(len(weight), np.float32), np.zeros(len(weight), np.float32)
    mean = (2 * thresholds - fan_in - 1).astype(np.float32)  # between two sums
    layer = Hidden(name, np.sign(weight).astype(np.float32), (weight != 0).astype(np.uint8), ones,
                   zeros, mean, ones * np.float32(1 - EPS), eps=EPS)
    return layer, np.array([share for _, share in found])
