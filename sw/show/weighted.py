"""Dense layers and scores in tables and pictures: synapses, popcounts, thresholds and biases."""

import numpy as np

from .. import golden
from ..layer.dense import Dense
from ..layer.scores import Scores
from .show import SHOWN, Row, Show


class ShowWeighted(Show):
    """Neurons with synapses."""

    def tiles(self, layer):
        return layer.weights.astype(np.float32)


class ShowDense(ShowWeighted):
    """Neurons with a threshold."""

    unit = "neuron"

    def row(self, layer):
        width = (int(layer.fan_in.max()) + 1).bit_length()
        constant = int(((layer.thresholds == 0) | (layer.thresholds > layer.fan_in)).sum())
        return Row(layer.fan_in, constant, layer.synapses + layer.outputs * width)

    def detail(self, layer, inputs, index):
        popcount = int(golden.popcounts(layer, inputs[None])[0, index])
        return (f" (popcount {popcount} of {layer.fan_in[index]}, threshold "
                f"{layer.thresholds[index]})")

    def firing(self, layer):
        return layer.thresholds / (layer.fan_in + 1)


class ShowScores(ShowWeighted):
    """Classes with a bias."""

    unit = "class"

    def row(self, layer):
        return Row(layer.fan_in, bits=layer.synapses + layer.outputs * bias_width(layer.bias))

    def map_shape(self, layer, input_shape):
        return 1, layer.outputs


def bias_width(bias):
    """Return the bits of the narrowest signed integer that holds every bias, 0 if all are 0."""
    low, high = int(bias.min()), int(bias.max())
    return max(high.bit_length() + (low < 0), (-low - 1).bit_length() + 1 if low < 0 else 0)


SHOWN.register(Dense)(ShowDense())
SHOWN.register(Scores)(ShowScores())
