"""Scales and zero points of an int8 network, from the ranges of its activations and weights."""

from dataclasses import dataclass

import torch

from sw.int8.layer import HIGH, LOW

from .layers import AveragePool, Input, Last, MaxPool, Relu, Reshape


STEPS = HIGH - LOW  # steps of an activation's range
WEIGHT = 127  # greatest integer of a weight; -128 is not used
BIAS_LIMIT = 2**28  # greatest integer of a bias, which leaves room for the products
LEAST = 1e-8  # width of a range that is widened


@dataclass(frozen=True)
class Scale:
    """Scale and zero point of an activation: ``scale * (integer - zero)``.

    Activations are asymmetric: behind a ReLU all 256 steps are above 0, and CMSIS-NN takes zero
    points at no cost. Zero is always exact, because padding is.
    """

    scale: float
    zero: int

    @classmethod
    def of_range(cls, low, high):
        """Return the scale of values from ``low`` to ``high`` and of 0."""
        low, high = min(low, 0.0), max(high, 0.0)
        scale = max(high - low, LEAST) / STEPS
        return cls(scale, min(HIGH, max(LOW, round(LOW - low / scale))))


PIXEL = Scale(1 / STEPS, LOW)  # of pixel / 255: exact


def of_activations(traced, rows):
    """Return the :class:`Scale` of each layer's output by its name.

    Layers that only choose among their input's values have its scale. A product that nothing but
    a ReLU reads has the ReLU's.

    Parameters
    ----------
    traced : train.compress.trace.Traced
        The network.
    rows : list of train.compress.ranges.Range
        Ranges of its activations.
    """
    found = {row.name: row for row in rows}
    fused = fusions(traced)
    scales = {}
    for layer in traced.layers:
        row = found[fused.get(layer.name, layer.name)]
        if type(layer) in KEEPS:
            scales[layer.name] = scales[layer.inputs[0]]
        else:
            scales[layer.name] = OWN.get(type(layer), Scale.of_range(row.low, row.high))
    return scales


KEEPS = (MaxPool, AveragePool, Reshape, Relu, Last)
OWN = {Input: PIXEL}


def fusions(traced):
    """Return, for each product or sum that only one ReLU reads, the ReLU's name by its own."""
    readers = {}
    for layer in traced.layers:
        for name in layer.inputs:
            readers.setdefault(name, []).append(layer)
    last = traced.layers[-1].name
    return {layer.name: readers[layer.name][0].name for layer in traced.layers
            if layer.clamps and layer.name != last
            and [type(reader) for reader in readers.get(layer.name, [])] == [Relu]}


def of_weights(layer, input_scale):
    """Return the scale of each neuron's weights, float64 (neurons,): symmetric, per channel.

    The scale is widened where a bias would not fit into its integers otherwise.
    """
    weights = layer.weight.detach().double().flatten(1)
    scales = weights.abs().amax(1) / WEIGHT
    if layer.bias is not None:
        scales = torch.maximum(scales, layer.bias.detach().double().abs()
                               / (input_scale * BIAS_LIMIT))
    return torch.where(scales > 0, scales, torch.ones_like(scales))


