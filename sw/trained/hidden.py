"""Trained hidden layer: latent weights and BatchNorm, which fold to integer thresholds."""

from dataclasses import dataclass

import numpy as np

from ..layer.dense import Dense
from .kind import FOLDS
from .normalized import Normalized, popcount_thresholds


@dataclass(frozen=True, eq=False)
class Hidden(Normalized):
    """Binarized dense layer with BatchNorm, as trained.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weight : ndarray of float32, shape (neurons, inputs)
        Latent weights: the weight of a synapse is +1 if ``weight >= 0``, else -1.
    mask : ndarray of uint8, shape (neurons, inputs)
        1 for a synapse, 0 for none.
    gamma, beta, mean, variance : ndarray of float32, shape (neurons,)
        BatchNorm: scale, shift, and the running statistics of evaluation.
    eps : float
        Added to the variance.
    """

    kind = "dense"

    name: str
    weight: np.ndarray
    mask: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    eps: float = 1e-5


@FOLDS.register(Hidden)
def fold_hidden(layer):
    """Return the folded form of one hidden layer.

    Parameters
    ----------
    layer : Hidden
        A layer as trained.

    Returns
    -------
    sw.layer.dense.Dense
        Rows with a negative ``gamma`` are inverted, so that every comparison is ``>=``. A neuron
        whose ``gamma`` is 0 is constant.
    """
    return Dense(layer.name, layer.weights * layer.rising, popcount_thresholds(layer))
