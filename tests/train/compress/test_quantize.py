"""train.compress.quantize, simulate and aware: int8 networks that are close, bit for bit."""

import numpy as np
import pytest
import torch
from torch import nn

from sw.golden.int8 import COMPUTE, Int8Model
from sw.int8.rounding import multiplier_of
from sw.int8.rounding import requantize as golden
from tests.int8 import images, networks
from train.compress import aware, fit, quantize, ranges, scales, simulate
from train.compress.data import Part, Parts
from train.compress.network import build
from train.compress.trace import trace
from train.determinism import deterministic

from .given import Flat, Residual, Sequence, made, pixels


LABELS = "abcdefgh"


def quantized(kind, part):
    """Return a module's layers and its int8 network."""
    traced = trace(made(kind), kind.shape)
    classes = traced.layers[-1].shape[0]
    return traced, quantize.quantize(traced, part, LABELS[:classes], part.images.shape[1:])


@pytest.mark.parametrize("kind", [Residual, Sequence, Flat])
def test_the_simulation_equals_golden_bit_for_bit(kind):
    part = pixels(kind, 300)
    traced, network = quantized(kind, part)
    simulated = simulate.scores(network, part.images).numpy()
    assert (simulated == Int8Model(network).scores(part.images)).all()
    agree = (traced.scores(part).argmax(1).numpy() == simulated.argmax(1)).mean()
    assert agree > 0.95
    assert network.macs == traced.macs


@pytest.mark.parametrize("name", networks())
def test_the_simulation_equals_golden_for_all_kinds(name):
    network = networks()[name]
    many = images(network, 260)
    assert (simulate.scores(network, many).numpy() == Int8Model(network).scores(many)).all()


def test_every_kind_of_layer_is_simulated():
    assert set(simulate.COMPUTE) == set(COMPUTE)


def test_roundings_are_equal():
    values = torch.arange(-3000, 3000)
    for factor in (1e-9, 0.25, 0.3, 0.5, 0.999999, 1.5, 2**-9, 3 * 2**-8):
        multiplier, shift = multiplier_of(factor)
        found = simulate.requantize(values, torch.tensor(multiplier), torch.tensor(shift))
        assert (found.numpy() == golden(values.numpy(), multiplier, shift)).all()


def test_scores_are_within_a_few_steps_of_floats():
    part = pixels(Flat, 400)
    traced, network = quantized(Flat, part)
    last = network.layers[-1]
    found = (simulate.scores(network, part.images) - last.zero) * last.scale
    assert (found - traced.scores(part)).abs().max() < 6 * last.scale


def test_a_relu_is_a_bound_of_the_layer_before():
    _, network = quantized(Residual, pixels(Residual, 20))
    layers = {layer.name: layer for layer in network.layers}
    assert (layers["one"].low, layers["one"].zero) == (-128, -128)
    assert "relu" not in layers
    assert "relu_2" in layers  # behind a pool it is a layer
    assert layers["add"].zero == layers["add"].low == -128


def test_pixels_are_exact():
    _, network = quantized(Flat, pixels(Flat, 20))
    first = network.layers[0]
    assert (first.scale, first.zero) == (1 / 255, -128)


@pytest.mark.parametrize(("low", "high", "zero"), [(0, 2, -128), (-2, 0, 127), (0.5, 2, -128),
                                                   (-1, 1, 0), (0, 0, -128)])
def test_zero_is_exact_in_every_range(low, high, zero):
    found = scales.Scale.of_range(low, high)
    assert abs(found.zero - zero) <= 1
    assert found.scale >= (max(high, 0) - min(low, 0)) / 255


def test_weights_of_dead_neurons_are_kept_small():
    network = nn.Sequential(nn.Flatten(), nn.Linear(8, 4)).eval()
    with torch.no_grad():
        network[1].weight[:] = torch.randn(4, 8)
        network[1].weight[1] = 0
        network[1].weight[2] = 1e-12
        network[1].bias[:] = torch.tensor([0.1, 3.0, -3.0, 0.0])
    part = Part(np.random.default_rng(0).integers(0, 256, (50, 2, 4)).astype(np.uint8), None)
    traced = trace(network, (1, 2, 4))
    made_network = quantize.quantize(traced, part, "abcd", (2, 4))
    last = made_network.layers[-1]
    found = (simulate.scores(made_network, part.images) - last.zero) * last.scale
    assert (found - traced.scores(part)).abs().max() < 2 * last.scale


def test_outliers_can_be_clipped():
    part = pixels(Flat, 300)
    traced = trace(made(Flat), Flat.shape)
    whole, cut = (quantize.quantize(traced, part, "abc", (7, 6, 2), share=share)
                  for share in (1.0, 0.99))
    assert cut.layers[1].scale < whole.layers[1].scale


class Grouped(nn.Module):
    def __init__(self, groups, classes):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 1, groups=groups)
        self.last = nn.Linear(4 * 12, classes)

    def forward(self, x):
        return self.last(self.conv(x).flatten(1))


@pytest.mark.parametrize(("network", "message"), [
    (Grouped(2, 3), "Convolution 'conv' must have one group: 2"),
    (nn.Sequential(nn.Softmax(-1), nn.Flatten(), nn.Linear(24, 3)), r"Layer '0' must be one that "
     r"int8 takes: softmax \(known: input, fully connected, .*\)"),
    (nn.Flatten(), r"Layer 'flatten' must give scores of classes: it gives a map \(add a fully "
                   r"connected layer\)"),
])
def test_other_layers_are_refused(network, message):
    part = Part(np.zeros((4, 4, 3, 2), np.uint8), None)
    with pytest.raises(ValueError, match=f"^{message}$"):
        quantize.quantize(trace(network, (2, 4, 3)), part, "abc", (4, 3, 2))


def quadrants(count, seed):
    """Return pictures with a bright quarter, whose number is the label."""
    rng = np.random.default_rng(seed)
    found, labels = rng.integers(0, 150, (count, 8, 8)), rng.integers(0, 4, count)
    for image, label in zip(found, labels, strict=True):
        row, column = 4 * (label // 2), 4 * (label % 2)
        image[row:row + 4, column:column + 4] += 60
    return Part(found.astype(np.uint8), labels)


def test_aware_training_sees_what_int8_computes():
    with deterministic():
        parts = Parts(quadrants(1500, 0), quadrants(100, 1), quadrants(500, 2))
        network = build("dense 12, dense 10, scores", (1, 8, 8), 4, seed=1)
        fit.fit(network, parts.train, epochs=10, rate=5e-3, batch=64, seed=1)
        with torch.no_grad():  # a neuron of large values, which makes those of others coarse
            most = int((network.fc1.weight.sum(1) / 2 + network.fc1.bias).argmax())
            network.fc1.weight[most] *= 100
            network.fc1.bias[most] *= 100
            network.fc2.weight[:, most] /= 100
        traced = trace(network, (1, 8, 8))
        found = scales.of_activations(traced, ranges.of_activations(traced, parts.calibration))
        int8 = quantize.with_scales(traced, found, "abcd", (8, 8))
        last = int8.layers[-1]
        integers = (simulate.scores(int8, parts.validation.images) - last.zero) * last.scale
        rounded = fit.scores(aware.Aware(traced, found), parts.validation)
        floats = traced.scores(parts.validation)
        retrained, found = aware.retrain(traced, parts, epochs=2, rate=5e-3, seed=1)
    assert (rounded - integers).abs().mean() < last.scale
    assert (floats - integers).abs().mean() > 4 * last.scale
    assert torch.equal(traced["fc1"].weight, network.fc1.weight)  # the given network is untouched
    after = quantize.with_scales(retrained, found, "abcd", (8, 8))
    right = simulate.scores(after, parts.validation.images).argmax(1) == parts.validation.targets
    assert right.float().mean() > 0.85
    assert after.identity != int8.identity
