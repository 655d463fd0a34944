"""Scores: the last layer, one number a class."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .dense import Weighted
from .kind import Array, kind
from .shape import Shape


@kind
@dataclass(frozen=True, eq=False)
class Scores(Weighted):
    """The last layer: one score a class, ``2 * popcount - fan_in + bias``.

    The label is the index of the first maximum.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weights : ndarray of int8, shape (classes, inputs)
        -1 or +1 for a synapse, 0 for none. Read-only.
    bias : ndarray of int32, shape (classes,)
        Added to each score, in ``-2**24..2**24``. Read-only.
    """

    kind = "scores"
    arrays = (
        Array("weights", "int8", ("neuron", "input"),
              "-1, +1, or 0 for no synapse; 2 to 256 neurons, one a class", -1, 1),
        Array("bias", "int32", ("neuron",), "in `-2**24..2**24`", -2**24, 2**24),
    )
    gives_scores = True

    name: str
    weights: np.ndarray
    bias: np.ndarray

    @cached_property
    def gives(self):
        return Shape((len(self.weights),), self.score_bits, signed=True)

    @cached_property
    def counts_votes(self):
        """Whether each input counts for at most one class and against none."""
        return bool(self.weights.min() >= 0
                    and self.weights.sum(axis=0, dtype=np.int64).max() <= 1)

    @property
    def parts(self):
        return {"votes" if self.counts_votes else "synapses": self.synapses}

    @cached_property
    def bounds(self):
        """Least and greatest score over all inputs, two int."""
        return int((self.bias - self.fan_in).min()), int((self.bias + self.fan_in).max())

    @property
    def score_bits(self):
        """Width of the narrowest signed integer that holds every score."""
        low, high = self.bounds
        return 1 + max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0)
