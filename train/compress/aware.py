"""Training that is aware of int8: weights and activations are rounded on the way forward.

Jacob et al., Quantization and Training of Neural Networks, 2018, section 3. BatchNorm is merged
before, and the ranges of activations stay those of the calibration.
"""

from copy import copy

import torch
from torch import nn

from sw.int8.layer import HIGH, LOW

from . import ranges, scales
from .fit import fit
from .trace import Traced


EPOCHS = 2
RATE = 1e-4


class Aware(nn.Module):
    """A traced network that computes as its int8 network would, with gradients.

    Parameters
    ----------
    traced : train.compress.trace.Traced
        The float network. It is copied.
    found : dict of str to train.compress.scales.Scale
        Scale of each activation.

    Attributes
    ----------
    traced : train.compress.trace.Traced
        The network whose learnables are trained.
    """

    def __init__(self, traced, found):
        super().__init__()
        self.found = found
        self.fused = scales.fusions(traced)
        self.traced = Traced([copy(layer) for layer in traced.layers])
        self.learnables = nn.ParameterList()
        for layer in self.traced.layers:
            layer.learnables = {name: nn.Parameter(value.detach().clone())
                                for name, value in layer.learnables.items()}
            self.learnables.extend(layer.learnables.values())

    def forward(self, x):
        values = {}
        for layer in self.traced.layers:
            rounded = self._rounded(layer)
            value = rounded.forward(*(values[name] for name in layer.inputs)) if layer.inputs else x
            if layer.name not in self.fused and layer is not self.traced.layers[-1]:
                scale = self.found[layer.name]
                value = torch.fake_quantize_per_tensor_affine(value, scale.scale, scale.zero, LOW,
                                                              HIGH)
            values[layer.name] = value
        return value

    def _rounded(self, layer):
        """Return a layer with rounded weights; the bias has 32 bits and stays."""
        if not layer.weighted:
            return layer
        steps = scales.of_weights(layer, self.found[layer.inputs[0]].scale).float()
        rounded = copy(layer)
        rounded.learnables = {**layer.learnables, "weight": torch.fake_quantize_per_channel_affine(
            layer.weight, steps, torch.zeros(len(steps), dtype=torch.int32), 0, -scales.WEIGHT,
            scales.WEIGHT)}
        return rounded


def retrain(traced, parts, *, epochs=EPOCHS, rate=RATE, seed=0, share=1.0, augment=None):
    """Return a retrained network and the scales of its activations.

    Parameters
    ----------
    traced : train.compress.trace.Traced
        The float network.
    parts : train.compress.data.Parts
        Training and calibration images.
    epochs, seed : int
        Passes over the training images, seed of their order.
    rate : float
        First learning rate.
    share : float
        Share of an activation's values that its range covers.
    augment : callable or None
        As for :func:`train.compress.fit.fit`.
    """
    found = scales.of_activations(traced, ranges.of_activations(traced, parts.calibration, share))
    network = Aware(traced, found)
    fit(network, parts.train, epochs=epochs, rate=rate, seed=seed, augment=augment,
        what="training aware of int8")
    return network.traced, found
