"""Trained last layer behind a feature map: latent weights that all positions share."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..layer.scores2d import Scores2d
from .kind import FOLDS, folded
from .last import TrainedScores


@dataclass(frozen=True, eq=False)
class TrainedScores2d(TrainedScores):
    """The last layer, as trained: score = sum of ±1 over synapses and positions + bias.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weight, mask : ndarray, shape (classes, channels)
        As in :class:`sw.trained.hidden.Hidden`.
    bias : ndarray of int32, shape (classes,)
        Added to each score.
    height, width : int
        Rows and columns of the feature map.
    scale : float
        Factor on the scores before softmax in training. Evaluation does not use the scale.
    """

    kind = "scores2d"
    integers = ("height", "width")
    axes = ("classes", "channels")

    name: str
    weight: np.ndarray
    mask: np.ndarray
    bias: np.ndarray
    height: int
    width: int
    scale: float = 1.0

    def check(self):
        super().check()
        folded(self)  # refuses what the folded layer cannot be

    @property
    def inputs(self):
        return self.takes.size

    @cached_property
    def takes(self):
        return fold_scores2d(self).takes


@FOLDS.register(TrainedScores2d)
def fold_scores2d(layer):
    """Return the scores of the last layer."""
    return Scores2d(layer.name, layer.weights, layer.bias, layer.height, layer.width)
