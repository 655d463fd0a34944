"""Trained first layers of integers: latent weights and BatchNorm on sums of pixels."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..layer.integer import IntegerConv2d, IntegerDense
from .conv2d import NormalizedWindows
from .kind import FOLDS, folded
from .normalized import Normalized, sum_thresholds


class IntegerInputs:
    """Base of trained first layers: sums are of unsigned integers of ``input_bits``."""

    takes_pixels = True

    @property
    def bounds(self):
        """Least and greatest sum of each neuron, two ndarray of int64, shape (neurons,)."""
        rows = self.weights.reshape(len(self.weights), -1)
        most = 2**self.input_bits - 1
        return (-most * (rows < 0).sum(axis=1, dtype=np.int64),
                most * (rows > 0).sum(axis=1, dtype=np.int64))

    @property
    def least(self):
        """Thresholds that always fire once falling neurons are inverted, int64 (neurons,)."""
        return np.minimum(*(self.rising.ravel() * bound for bound in self.bounds))


@dataclass(frozen=True, eq=False)
class TrainedIntegerDense(IntegerInputs, Normalized):
    """Dense layer of integers, as trained: sums of pixels and their opposites, BatchNorm, sign.

    Attributes
    ----------
    name, weight, mask, gamma, beta, mean, variance
        As in :class:`sw.trained.hidden.Hidden`.
    input_bits : int
        Width of an unsigned input, 1 to 16.
    eps : float
        Added to the variance.
    """

    kind = "integer_dense"
    integers = ("input_bits",)

    name: str
    weight: np.ndarray
    mask: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    input_bits: int = 8
    eps: float = 1e-5

    def check(self):
        super().check()
        folded(self)  # refuses what the folded layer cannot be

    @property
    def takes(self):
        return self.folded_with(self.least).takes

    def folded_with(self, thresholds):
        """Return the folded layer with some thresholds."""
        return IntegerDense(self.name, self.weights * self.rising, thresholds, self.input_bits)


@dataclass(frozen=True, eq=False)
class TrainedIntegerConv2d(IntegerInputs, NormalizedWindows):
    """Convolution of integers, as trained: sums, the largest of each square, BatchNorm, sign.

    Attributes
    ----------
    name, weight, mask, gamma, beta, mean, variance, height, width, stride, padding, pool, eps
        As in :class:`sw.trained.conv2d.TrainedConv2d`.
    pad_value, input_bits : int
        As in :class:`sw.layer.integer.IntegerConv2d`.
    """

    kind = "integer_conv2d"
    integers = ("height", "width", "stride", "padding", "pad_value", "pool", "input_bits")

    name: str
    weight: np.ndarray
    mask: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    height: int
    width: int
    stride: int = 1
    padding: int = 0
    pad_value: int = 0
    pool: int = 0
    input_bits: int = 8
    eps: float = 1e-5

    @cached_property
    def bare(self):
        return self.folded_with(self.least)

    def folded_with(self, thresholds):
        """Return the folded convolution with some thresholds."""
        return IntegerConv2d(self.name, self.weights * self.rising, thresholds, self.height,
                             self.width, self.stride, self.padding, self.pad_value,
                             self.input_bits)


@FOLDS.register(TrainedIntegerDense)
def fold_integer_dense(layer):
    """Return the folded layer; rows with a negative ``gamma`` are inverted."""
    return layer.folded_with(sum_thresholds(layer))


@FOLDS.register(TrainedIntegerConv2d)
def fold_integer_conv2d(layer):
    """Return the folded convolution, and the folded pool where the layer has one."""
    return layer.folded_with(sum_thresholds(layer)), *layer.pools
