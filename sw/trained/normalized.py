"""Base of trained layers with BatchNorm, and the integer thresholds that BatchNorm becomes."""

from math import isfinite

import numpy as np

from ..layer.parts import worded
from .kind import TrainedWeights, check_floats, check_synapses


EXACT = 2**24  # float32 holds every integer up to this one


class Normalized(TrainedWeights):
    """A layer whose sums go through BatchNorm; a neuron fires where the result is ``>= 0``.

    The layer has the arrays ``gamma``, ``beta``, ``mean`` and ``variance``, float32 (neurons,), and
    the float ``eps``.
    """

    arrays = ("weight", "mask", "gamma", "beta", "mean", "variance")
    numbers = ("eps",)

    @property
    def neurons(self):
        return len(self.weight)

    @property
    def bounds(self):
        """Least and greatest sum of each neuron, two ndarray of int64, shape (neurons,)."""
        return -self.fan_in.astype(np.int64), self.fan_in.astype(np.int64)

    @property
    def rising(self):
        """+1 for a neuron, -1 for one with a negative gamma, int8, shaped to multiply weights."""
        signs = np.where(self.gamma < 0, np.int8(-1), np.int8(1))
        return signs.reshape(-1, *(1 for _ in self.weight.shape[1:]))

    @property
    def constant(self):
        """Neurons that give the same bit for all inputs, bool (neurons,)."""
        low, high = (self.fires(sums) for sums in self.bounds)
        return low == high

    def check(self):
        check_synapses(self)
        for what in ("gamma", "beta", "mean", "variance"):
            check_floats(self, what, (self.neurons,))
        if not (isfinite(self.eps) and self.eps >= 0):
            raise ValueError(f"Eps of layer {self.name!r} must be finite and not negative: "
                             f"{self.eps}")
        if not (self.variance + np.float32(self.eps) > 0).all():
            neuron = int(np.argmin(self.variance))
            raise ValueError(f"Variance of layer {self.name!r} plus eps must be positive: neuron "
                             f"{neuron} has {self.variance[neuron]}")
        largest = int(max(np.abs(bound).max() for bound in self.bounds))
        if largest > EXACT:
            raise ValueError(f"Sums of layer {self.name!r} must stay within 2**24, where float32 "
                             f"is exact: they reach {largest} (fewer synapses)")

    def report(self, folded):
        return (f"{folded.name}: {folded.inputs} inputs, {folded.outputs} neurons, "
                f"{self.facts(folded)}")

    def facts(self, folded):
        """Return synapses, inverted and constant neurons in words."""
        inverted = int((self.gamma < 0).sum())
        constant = int(self.constant.sum())
        return (f"{worded(folded.parts)}, {inverted} inverted for a negative gamma, "
                f"{constant} constant")

    def normalize(self, sums):
        """Return BatchNorm of sums, exactly as evaluation computes it.

        Every operation is rounded to float32 on its own, in this order. PyTorch does the same in
        evaluation mode, so a neuron fires where the result is ``>= 0``.

        Parameters
        ----------
        sums : ndarray of integers, shape (..., neurons)
            Sums over the synapses, at most 2**24 in size.

        Returns
        -------
        ndarray of float32, shape (..., neurons)
        """
        inverse = self.gamma / np.sqrt(self.variance + np.float32(self.eps))
        return (sums.astype(np.float32) - self.mean) * inverse + self.beta

    def fires(self, sums):
        """Return whether neurons fire at sums, bool (..., neurons).

        Overflow is part of the arithmetic of training: infinity fires, NaN does not.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            return self.normalize(sums) >= 0


def popcount_thresholds(layer):
    """Return thresholds on popcounts of a layer of ±1, after its falling neurons were inverted.

    BatchNorm is evaluated in the arithmetic of training at every popcount from ``0`` to
    ``fan_in``. The threshold is the first popcount at which the neuron fires, or ``fan_in + 1`` if
    it never fires. No inequality is solved for the threshold, because rounding could give another
    one.

    Parameters
    ----------
    layer : Normalized
        A layer as trained.

    Returns
    -------
    ndarray of int32, shape (neurons,)
    """
    fan_in, rising = layer.fan_in, layer.rising.ravel()
    thresholds = fan_in + np.int32(1)
    for popcount in range(int(fan_in.max()), -1, -1):
        fires = layer.fires(rising * (2 * popcount - fan_in))
        thresholds[fires & (popcount <= fan_in)] = popcount
    return thresholds


def sum_thresholds(layer):
    """Return thresholds on sums of integers, after the layer's falling neurons were inverted.

    BatchNorm is evaluated in the arithmetic of training, at sums between the last one known not to
    fire and the first one known to fire. This finds the same threshold as evaluation at every sum,
    because float32 arithmetic is monotone: a larger sum never becomes a smaller number by
    subtraction of a constant, by multiplication with a positive one, or by rounding. NaN, the
    product of 0 and infinity, stands alone between numbers that do not fire and ones that do.

    Parameters
    ----------
    layer : Normalized
        A layer as trained.

    Returns
    -------
    ndarray of int32, shape (neurons,)
        The first sum at which a neuron fires, its greatest sum plus 1 if it never fires.
    """
    rising = layer.rising.ravel()
    ends = [rising * bound for bound in layer.bounds]
    first, never = np.minimum(*ends), np.maximum(*ends) + 1
    while (first < never).any():
        middle = (first + never) // 2
        fires = layer.fires(rising * middle)
        never = np.where(fires, np.minimum(middle, never), never)
        first = np.where(fires, first, np.minimum(middle + 1, never))
    return first.astype(np.int32)
