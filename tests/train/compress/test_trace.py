"""train.compress.trace: modules become lists of layers that compute the same, or are refused."""

import re

import pytest
import torch
from torch import nn
from torch.nn import functional

from train.compress.network import NETWORKS, build
from train.compress.trace import trace

from .given import Flat, Residual, Sequence, made, pixels


@pytest.mark.parametrize("kind", [Residual, Sequence, Flat])
def test_layers_compute_what_the_module_does(kind):
    network, x = made(kind), pixels(kind, 20).inputs
    traced = trace(network, kind.shape)
    with torch.no_grad():
        assert torch.allclose(traced.run(x), network(x), atol=1e-5)
    assert not any("norm" in layer.kind.lower() for layer in traced.layers)


def test_both_names_are_kept():
    traced = trace(made(Residual), Residual.shape)
    names = {layer.name: layer.given for layer in traced.layers}
    assert list(names)[:4] == ["input", "one", "relu", "two"]
    assert names["one"] == "one+norm"
    assert traced["one"].sources == {"weight": "one.weight", "bias": "norm.bias"}
    assert [layer.name for layer in traced.weighted] == ["one", "two", "three", "last"]


def test_products_and_learnables_are_counted():
    traced = trace(build("lenet5", (1, 28, 28), 10), (1, 28, 28))
    assert traced.macs == 288_000 + 1_600_000 + 400_000 + 5_000
    assert traced.parameters == 431_080  # Han et al. 2016, table 3
    assert trace(made(Sequence), Sequence.shape)["rows"].macs == 9 * 4 * 7 * (11 + 7)


@pytest.mark.parametrize("name", NETWORKS)
def test_named_networks_can_be_traced(name):
    shape = (3, 32, 32) if name == "cifar" else (1, 28, 28)
    network = build(name, shape, 10, seed=3)
    x = torch.rand(4, *shape)
    with torch.no_grad():
        assert torch.allclose(trace(network, shape).run(x), network(x), atol=1e-5)


class Sigmoid(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(9, 3), nn.Sigmoid())


class Branch(nn.Linear):
    def __init__(self):
        super().__init__(3, 3)

    def forward(self, x):
        return super().forward(x) if x.sum() > 0 else x


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1)
        self.norm = nn.BatchNorm2d(2)

    def forward(self, x):
        x = self.conv(x)
        return self.norm(x) + x


class Pair(nn.Linear):
    def __init__(self):
        super().__init__(3, 3)

    def forward(self, x):
        return super().forward(x), x


class Computed(nn.Linear):
    def __init__(self):
        super().__init__(3, 3)

    def forward(self, x):
        return functional.linear(x, torch.relu(self.weight))


class Mixed(nn.Module):
    def forward(self, x):
        return x.reshape(1, -1)


@pytest.mark.parametrize(("network", "shape", "message"), [
    (Sigmoid(), (1, 3, 3), r"Layer '2' must be one that can be compressed: aten.sigmoid \(known: "
                           r"aten.adaptive_avg_pool2d, .*\)"),
    (Branch(), (3, 3), r"Model must be one that torch.export can trace, for inputs of shape "
                       r"\('n', 3, 3\): .* \(no branches on values; .*\)"),
    (Shared(), (1, 2, 2), r"BatchNorm 'norm' must follow a convolution or fully connected layer "
                          r"that nothing else reads"),
    (Pair(), (3,), r"Model must return one tensor, of its last layer: it returns 2 values"),
    (Computed(), (3,), r"Layer 'relu' must take values of layers: .*"),
    (Mixed(), (3,), r"Layer 'reshape' must keep images apart: its output has the shape \(1, 9\) "
                    r"for 3 images"),
    (nn.Linear(4, 3), (5,), r"Model must be one that torch.export can trace, for inputs of shape "
                            r"\('n', 5\): mat1 and mat2 shapes cannot be multiplied .*"),
    (nn.LSTM(4, 3), (5, 4), r"LSTM .* must have one layer, one direction, and batch_first=True "
                            r"\(write several as several modules\)"),
    (nn.MaxPool2d(2, ceil_mode=True), (1, 4, 4), r"Pool .* must have neither dilation nor "
                                                 r"ceil_mode"),
])
def test_other_modules_are_refused(network, shape, message):
    with pytest.raises(ValueError, match=f"^{message}$") as caught:
        trace(network, shape)
    assert "\n" not in str(caught.value)
    assert re.search(r"Layer|LSTM|Pool|BatchNorm|Model", str(caught.value))
