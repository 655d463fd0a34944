"""Scores of a feature map: every position counts for each class with the same weights."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .kind import Array, Layer, kind
from .scores import Scores
from .shape import Shape
from .window import SIDE_LIMIT


@kind
@dataclass(frozen=True, eq=False)
class Scores2d(Layer):
    """The last layer behind a feature map: scores of each position, summed over positions.

    A score is the sum of ``2 * popcount - fan_in`` over all positions, plus ``bias``. The label is
    the index of the first maximum.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weights : ndarray of int8, shape (classes, channels)
        -1 or +1 for a synapse, 0 for none. Read-only.
    bias : ndarray of int32, shape (classes,)
        Added to each score, in ``-2**24..2**24``. Read-only.
    height, width : int
        Rows and columns of the feature map.
    """

    kind = "scores2d"
    arrays = (
        Array("weights", "int8", ("neuron", "channel"),
              "-1, +1, or 0 for no synapse; 2 to 256 neurons, one a class", -1, 1),
        Array("bias", "int32", ("neuron",), "in `-2**24..2**24`", -2**24, 2**24),
        Array("height", "int32", (), "rows of the feature map", 1, SIDE_LIMIT),
        Array("width", "int32", (), "columns of the feature map", 1, SIDE_LIMIT),
    )
    gives_scores = True

    name: str
    weights: np.ndarray
    bias: np.ndarray
    height: int
    width: int

    @cached_property
    def position(self):
        """The scores of one position without the bias, :class:`sw.layer.scores.Scores`."""
        return Scores(self.name, self.weights, np.zeros(len(self.weights), np.int32))

    @property
    def vectors(self):
        return self.height * self.width

    @property
    def fan_in(self):
        """Synapses of each class at a position, ndarray of int32, shape (classes,). Read-only."""
        return self.position.fan_in

    @property
    def synapses(self):
        return self.position.synapses

    @property
    def parts(self):
        return {"synapses": self.synapses}

    @cached_property
    def takes(self):
        return Shape((self.height, self.width, self.weights.shape[1]))

    @cached_property
    def gives(self):
        return Shape((len(self.weights),), self.score_bits, signed=True)

    @cached_property
    def bounds(self):
        """Least and greatest score over all inputs, two int."""
        reach = self.vectors * self.fan_in.astype(np.int64)
        return int((self.bias - reach).min()), int((self.bias + reach).max())

    @property
    def score_bits(self):
        """Width of the narrowest signed integer that holds every score."""
        low, high = self.bounds
        return 1 + max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0)
