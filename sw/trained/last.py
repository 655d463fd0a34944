"""Trained last layer: latent weights and integer biases."""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from ..layer.parts import worded
from ..layer.scores import Scores
from .kind import FOLDS, TrainedWeights, check_synapses


class TrainedScores(TrainedWeights):
    """A layer of latent weights, a bias a class, and the ``scale`` of its scores in training."""

    arrays = ("weight", "mask", "bias")
    numbers = ("scale",)
    gives_scores = True

    def check(self):
        check_synapses(self)
        if self.bias.dtype != np.int32 or self.bias.shape != (self.outputs,):
            raise ValueError(f"Bias of layer {self.name!r} must be int32 of shape "
                             f"({self.outputs},): {self.bias.dtype} of shape {self.bias.shape}")
        if not isfinite(self.scale):
            raise ValueError(f"Scale of layer {self.name!r} must be finite: {self.scale}")

    def report(self, folded):
        return (f"{folded.name}: {folded.inputs} inputs, {folded.outputs} classes, "
                f"{worded(folded.parts)}, {folded.score_bits}-bit scores")


@dataclass(frozen=True, eq=False)
class Last(TrainedScores):
    """The last layer, as trained: score = sum of ±1 over the synapses + bias.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weight, mask : ndarray
        As in :class:`sw.trained.hidden.Hidden`, one row a class.
    bias : ndarray of int32, shape (classes,)
        Added to each score.
    scale : float
        Factor on the scores before softmax in training. Evaluation does not use the scale.
    """

    kind = "scores"

    name: str
    weight: np.ndarray
    mask: np.ndarray
    bias: np.ndarray
    scale: float = 1.0


@FOLDS.register(Last)
def fold_last(layer):
    """Return the scores of the last layer."""
    return Scores(layer.name, layer.weights, layer.bias)
