"""Trained convolution: latent kernels, a pool of sums, BatchNorm."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..layer.conv2d import Conv2d
from ..layer.pool2d import Pool2d
from .kind import FOLDS, folded
from .normalized import Normalized, popcount_thresholds


class NormalizedWindows(Normalized):
    """Base of convolutions with BatchNorm.

    A layer has ``weight`` and ``mask`` of kernels, the integers of its windows, and ``pool``.
    """

    axes = ("neurons", "rows", "columns", "channels")

    @cached_property
    def bare(self):
        """The folded convolution with thresholds that always fire, for its windows and shapes."""
        raise NotImplementedError

    @cached_property
    def pools(self):
        """The folded pool behind the convolution, a tuple; an empty one without pool.

        The largest sum of a square reaches a threshold where any of its sums does: OR. Where
        BatchNorm falls, the largest sum has the least result, so all must fire: AND.
        """
        if not self.pool:
            return ()
        rows, columns = self.bare.positions
        return (Pool2d(f"{self.name}_pool", (self.gamma < 0).astype(np.uint8), rows, columns,
                       self.pool),)

    def check(self):
        super().check()
        folded(self)  # refuses what the folded layers cannot be

    def report(self, folded, *pools):
        kernel = " x ".join(map(str, folded.kernel))
        squares = "".join(f"; {pool.name}: {pool.takes} to {pool.gives}" for pool in pools)
        return (f"{folded.name}: {folded.takes} to {folded.gives}, windows of {kernel}, "
                f"{folded.made} neurons, {self.facts(folded)}{squares}")

    @property
    def takes(self):
        return self.bare.takes

    @property
    def gives(self):
        return (self.bare, *self.pools)[-1].gives

    @property
    def inputs(self):
        return self.takes.size

    @property
    def outputs(self):
        return self.gives.size


@dataclass(frozen=True, eq=False)
class TrainedConv2d(NormalizedWindows):
    """Binarized convolution, as trained: sums of ±1, the largest of each square, BatchNorm, sign.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weight : ndarray of float32, shape (neurons, rows, columns, channels)
        Latent weights: the weight of a synapse is +1 if ``weight >= 0``, else -1.
    mask : ndarray of uint8, of the same shape
        1 for a synapse, 0 for none.
    gamma, beta, mean, variance : ndarray of float32, shape (neurons,)
        BatchNorm: scale, shift, and the running statistics of evaluation.
    height, width, stride, padding, pad_bit : int
        As in :class:`sw.layer.conv2d.Conv2d`.
    pool : int
        Rows and columns of the squares, side by side, whose largest sums go through BatchNorm. Rows
        and columns that are too few for a square are left out. 0: all sums go through.
    eps : float
        Added to the variance.
    """

    kind = "conv2d"
    integers = ("height", "width", "stride", "padding", "pad_bit", "pool")

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
    pad_bit: int = 0
    pool: int = 0
    eps: float = 1e-5

    @cached_property
    def bare(self):
        return self.folded_with(np.zeros(self.neurons, np.int32))

    def folded_with(self, thresholds):
        """Return the folded convolution with some thresholds."""
        return Conv2d(self.name, self.weights * self.rising, thresholds, self.height, self.width,
                      self.stride, self.padding, self.pad_bit)


@FOLDS.register(TrainedConv2d)
def fold_conv2d(layer):
    """Return the folded convolution, and the folded pool where the layer has one.

    Kernels with a negative ``gamma`` are inverted, so that every comparison is ``>=``.
    """
    return layer.folded_with(popcount_thresholds(layer)), *layer.pools
