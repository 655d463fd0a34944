"""Plain arithmetic of dense layers and scores: sums of products of ±1."""

import numpy as np

from .. import golden
from ..layer.dense import Dense
from ..layer.scores import Scores
from .plain import PLAIN


@PLAIN.register(Dense, Scores)
def compare_popcounts(layer, bits):
    """Return golden's popcounts, and the popcounts of :func:`plain_popcounts`."""
    return golden.popcounts(layer, bits), plain_popcounts(layer, bits)


def plain_popcounts(layer, bits):
    """Return the number of synapses that agree with their inputs, from sums of products of ±1.

    The float32 sums are exact, because they stay below 2**24.

    Parameters
    ----------
    layer : sw.layer.dense.Weighted
        The layer.
    bits : ndarray of uint8, shape (n, inputs)
        Its inputs.

    Returns
    -------
    ndarray of int64, shape (n, neurons)
    """
    signs = 2.0 * bits.astype(np.float32) - 1
    sums = signs @ layer.weights.T.astype(np.float32)
    return (sums.astype(np.int64) + layer.fan_in) // 2
