"""A float network as an int8 network: weights per channel, activations per tensor."""

from math import prod

import numpy as np
import torch

from sw.int8 import floating
from sw.int8 import layer as int8
from sw.int8.network import Int8Network
from sw.int8.rounding import multiplier_of

from . import ranges, scales
from .layers import (
    Add,
    AveragePool,
    Conv2d,
    Input,
    Last,
    Linear,
    Lstm,
    MaxPool,
    Relu,
    Reshape,
    Softmax,
)


CONVERT = {}  # kind of layer to the function that makes the int8 layer


def converts(kind):
    """Return a decorator that registers the function of a kind of layer."""
    def decorate(function):
        CONVERT[kind] = function
        return function
    return decorate


def quantize(traced, part, labels, image_shape, *, share=1.0, provenance=None):
    """Return an int8 network whose ranges come from calibration images.

    Parameters
    ----------
    traced : train.compress.trace.Traced
        The float network.
    part : train.compress.data.Part
        Calibration images.
    labels : tuple of str
        Name of each class.
    image_shape : tuple of int
        Shape of an image of the dataset.
    share : float
        Share of an activation's values that its range covers, see
        :func:`train.compress.ranges.of_activations`.
    provenance : dict or None
        Origin.
    """
    found = scales.of_activations(traced, ranges.of_activations(traced, part, share))
    return with_scales(traced, found, labels, image_shape, provenance)


def with_scales(traced, found, labels, image_shape, provenance=None):
    """Return an int8 network for scales of its activations, a dict by the names of the layers."""
    return _Quantizer(traced, found).network(labels, image_shape, provenance or {})


class _Quantizer:
    """Int8 layers of a traced network, in order.

    PyTorch's maps are channels first, those of int8 networks channels last. So a vector that was a
    map has another order here: ``order[name][i]`` is PyTorch's index of our value ``i``.
    """

    def __init__(self, traced, found):
        self.traced = traced
        self.scales = found
        self.fused = scales.fusions(traced)
        self.hidden = set(self.fused.values())  # ReLUs that are bounds of the layer before
        self.names = {}  # layer of the float network to the int8 layer that gives its value
        self.order = {}

    def network(self, labels, image_shape, provenance):
        layers = self.traced.layers
        softmax = isinstance(layers[-1], Softmax)
        made = []
        for layer in layers[:-1] if softmax else layers:
            if layer.name in self.hidden:
                self.names[layer.name] = self.names[layer.inputs[0]]
                self.order[layer.name] = self.order[layer.inputs[0]]
                continue
            convert = CONVERT.get(type(layer))
            if convert is None:
                raise ValueError(f"Layer {layer.name!r} must be one that int8 takes: {layer.kind} "
                                 f"(known: {', '.join(kind.kind for kind in CONVERT)})")
            orders = [self.order[name] for name in layer.inputs]
            self.order[layer.name] = orders[0] if orders else None
            self.names[layer.name] = layer.name
            made.append(convert(self, layer))
        if self.order[layers[-2 if softmax else -1].name] is not None:
            raise ValueError(f"Layer {layers[-1].name!r} must give scores of classes: it gives a "
                             f"map (add a fully connected layer)")
        return Int8Network(made, labels, image_shape, softmax, provenance)

    def facts(self, layer):
        """Return name, inputs, scale and zero point of the int8 layer."""
        scale = self.scales[layer.name]
        return layer.name, tuple(self.names[name] for name in layer.inputs), scale.scale, scale.zero

    def low(self, layer):
        """Return the least value of a layer's output: its zero point before a ReLU."""
        return self.scales[layer.name].zero if layer.name in self.fused else int8.LOW


@converts(Input)
def pixels(self, layer):
    return int8.Input(*self.facts(layer), shape=_last(layer.shape))


def _last(shape):
    """Return a shape with its channels last."""
    return (*shape[1:], shape[0]) if len(shape) == 3 else shape


def _weighted(self, layer, weights):
    """Return the facts of a weighted layer for weights, float64, neurons first."""
    before, after = self.scales[layer.inputs[0]], self.scales[layer.name]
    steps = scales.of_weights(layer, before.scale)
    axes = (-1, *(1,) * (weights.ndim - 1))
    integers = torch.round(weights / steps.reshape(axes)).clamp(-scales.WEIGHT, scales.WEIGHT)
    bias = torch.zeros(len(weights)) if layer.bias is None else layer.bias.detach()
    factors = [multiplier_of(float(step) * before.scale / after.scale) for step in steps]
    multiplier, shift = np.array(factors, dtype=np.int32).T
    return {"weights": integers.numpy().astype(np.int8), "multiplier": multiplier.copy(),
            "bias": torch.round(bias.double() / (steps * before.scale)).numpy().astype(np.int32),
            "shift": shift.copy(), "input_zero": before.zero, "low": self.low(layer),
            "high": int8.HIGH}


@converts(Linear)
def fully_connected(self, layer):
    weights = layer.weight.detach().double()
    if (order := self.order[layer.inputs[0]]) is not None:
        weights = weights[:, order]
    self.order[layer.name] = None
    if len(layer.shape) != 1:
        raise ValueError(f"Layer {layer.name!r} must take a vector an image: it gives "
                         f"{layer.shape} (flatten first)")
    return int8.FullyConnected(*self.facts(layer), **_weighted(self, layer, weights))


@converts(Conv2d)
def convolution(self, layer):
    if layer.groups != 1:
        raise ValueError(f"Convolution {layer.name!r} must have one group: {layer.groups}")
    weights = layer.weight.detach().double().permute(0, 2, 3, 1)
    return int8.Convolution(*self.facts(layer), **_weighted(self, layer, weights),
                            stride=layer.stride, padding=layer.padding, dilation=layer.dilation)


@converts(MaxPool)
def max_pool(self, layer):
    return int8.MaxPool(*self.facts(layer), layer.kernel, layer.stride, layer.padding)


@converts(AveragePool)
def average_pool(self, layer):
    return int8.AveragePool(*self.facts(layer), layer.kernel, layer.stride, layer.padding)


@converts(Relu)
def relu(self, layer):
    return int8.Relu(*self.facts(layer))


@converts(Add)
def add(self, layer):
    first, second = (self.scales[name] for name in layer.inputs)
    if self.order[layer.inputs[0]] is not self.order[layer.inputs[1]]:
        raise ValueError(f"Add {layer.name!r} must add values of one order: one of them was a map")
    twice, after = 2 * max(first.scale, second.scale), self.scales[layer.name]
    factors = [multiplier_of(factor) for factor in (
        first.scale / twice, second.scale / twice, twice / (after.scale * 2**int8.Add.SHIFT))]
    multipliers, shifts = zip(*factors, strict=True)
    return int8.Add(*self.facts(layer), (first.zero, second.zero), multipliers, shifts,
                    self.low(layer), int8.HIGH)


@converts(Reshape)
def reshape(self, layer):
    before = self.traced[layer.inputs[0]].shape
    if len(before) == 3 and len(layer.shape) == 1:
        channels, *sides = before
        order = torch.arange(prod(before)).reshape(channels, *sides).permute(1, 2, 0).flatten()
        self.order[layer.name] = None if channels == 1 or prod(sides) == 1 else order
    elif any(len(shape) == 3 and shape[0] > 1 for shape in (before, layer.shape)):
        raise ValueError(f"Layer {layer.name!r} must make a vector of a map: {before} to "
                         f"{layer.shape}")
    return int8.Reshape(*self.facts(layer), _last(layer.shape))


@converts(Lstm)
def lstm(self, layer):
    before = self.scales[layer.inputs[0]]
    weights, recurrent = (layer.learnables[name].detach().numpy()
                          for name in ("weight_ih", "weight_hh"))
    bias = np.zeros(len(weights), np.float32)
    for name in ("bias_ih", "bias_hh"):
        if name in layer.learnables:
            bias = bias + layer.learnables[name].detach().numpy()
    return floating.Lstm(*self.facts(layer), weights, recurrent, bias, before.scale, before.zero)


@converts(Last)
def last_step(self, layer):
    return floating.LastStep(*self.facts(layer))
