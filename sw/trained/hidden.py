"""Trained hidden layer: latent weights and BatchNorm, which fold to integer thresholds."""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from ..layer.dense import Dense
from ..layer.parts import worded
from .kind import FOLDS, TrainedWeights, check_floats, check_synapses


@dataclass(frozen=True, eq=False)
class Hidden(TrainedWeights):
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
    arrays = ("weight", "mask", "gamma", "beta", "mean", "variance")
    numbers = ("eps",)

    name: str
    weight: np.ndarray
    mask: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    eps: float = 1e-5

    def check(self):
        check_synapses(self)
        for what in ("gamma", "beta", "mean", "variance"):
            check_floats(self, what, (self.outputs,))
        if not (isfinite(self.eps) and self.eps >= 0):
            raise ValueError(f"Eps of layer {self.name!r} must be finite and not negative: "
                             f"{self.eps}")
        if not (self.variance + np.float32(self.eps) > 0).all():
            neuron = int(np.argmin(self.variance))
            raise ValueError(f"Variance of layer {self.name!r} plus eps must be positive: neuron "
                             f"{neuron} has {self.variance[neuron]}")

    @property
    def constant(self):
        """Neurons that give the same bit for all inputs, bool (neurons,)."""
        most = np.count_nonzero(self.weights, axis=1)
        low, high = (self.normalize(dots) >= 0 for dots in (-most, most))
        return low == high

    def report(self, folded):
        inverted = int((self.gamma < 0).sum())
        constant = int(((folded.thresholds == 0) | (folded.thresholds > folded.fan_in)).sum())
        return (f"{folded.name}: {folded.inputs} inputs, {folded.outputs} neurons, "
                f"{worded(folded.parts)}, {inverted} inverted for a negative gamma, "
                f"{constant} constant")

    def normalize(self, dots):
        """Return BatchNorm of dot products, exactly as evaluation computes it.

        Every operation is rounded to float32 on its own, in this order. PyTorch does the same in
        evaluation mode, so a neuron fires where the result is ``>= 0``.

        Parameters
        ----------
        dots : ndarray of integers, shape (..., neurons)
            Sums of ±1 over the synapses, below 2**24 in size.

        Returns
        -------
        ndarray of float32, shape (..., neurons)
        """
        inverse = self.gamma / np.sqrt(self.variance + np.float32(self.eps))
        return (dots.astype(np.float32) - self.mean) * inverse + self.beta


@FOLDS.register(Hidden)
def fold_hidden(layer):
    """Return the folded form of one hidden layer.

    BatchNorm is evaluated in the arithmetic of training at every popcount from ``0`` to
    ``fan_in``. The threshold is the first popcount at which the neuron fires, or ``fan_in + 1`` if
    it never fires. No inequality is solved for the threshold, because rounding could give another
    one.

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
    weights = layer.weights
    fan_in = np.count_nonzero(weights, axis=1).astype(np.int32)
    direction = np.where(layer.gamma < 0, np.int8(-1), np.int8(1))
    thresholds = fan_in + np.int32(1)
    for popcount in range(int(fan_in.max()), -1, -1):
        # Overflow is part of the arithmetic of training: infinity fires, NaN does not.
        with np.errstate(over="ignore", invalid="ignore"):
            fires = layer.normalize(direction * (2 * popcount - fan_in)) >= 0
        thresholds[fires & (popcount <= fan_in)] = popcount
    return Dense(layer.name, weights * direction[:, None], thresholds)
