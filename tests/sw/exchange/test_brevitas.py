"""Networks that Brevitas trains and exports here: they need the extra ``brevitas``."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from sim import full
from sw import golden
from sw.data import datasets
from sw.exchange import check, incoming
from sw.network import save

from .files import make


pytest.importorskip("brevitas")


def imported(network, images, path):
    """Export a network and import it; assert that it chooses what PyTorch chooses but for ties."""
    network.eval()
    make.export(network, images, path)
    made = incoming.load(path, shape=(28, 28), provenance={"dataset": "mnist"})
    pixels = (images * 255).round().to(torch.uint8)[:, 0].numpy()
    assert check.compare(made, check.Images(pixels, None, "test")).equal
    with torch.no_grad():
        expected = network(images).numpy()
    scores = golden.Model(made.network).scores(made.inputs(pixels))
    ranked = np.sort(scores, axis=1)
    alone = ranked[:, -1] > ranked[:, -2]
    chosen = made.walk.classes[golden.labels(scores)]
    np.testing.assert_array_equal(chosen[alone], expected.argmax(axis=1)[alone])
    assert alone.mean() > 0.5
    return made


@pytest.mark.parametrize("name", ["fc", "conv"])
def test_a_network_of_an_epoch_is_equal_in_rtl(tmp_path, name, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network, tests = make.trained(replace(make.FILES[name], epochs=1), 20000)
    made = imported(network, tests[:400].float() / 255, tmp_path / "x.onnx")
    save(tmp_path / "x.net.npz", made.network)
    assert full.main([str(tmp_path / "x.net.npz"), "--board", "icebreaker", "--limit", "80"]) == 0
    assert "equal to golden: 80 of 80 labels and scores" in capsys.readouterr().out


class Centred(nn.Module):
    """Pixels of 0 to 1 as -1 to 1."""

    def forward(self, x):
        return 2 * x - 1


def networks():
    """Return untrained networks as users write them, whose scales are learned."""
    import brevitas.nn as qnn
    from brevitas.quant import Int8WeightPerChannelFloat, Uint8ActPerTensorFloat
    from brevitas.quant.binary import (
        SignedBinaryActPerTensorConst,
        SignedBinaryWeightPerTensorConst,
    )
    binary = {"weight_quant": SignedBinaryWeightPerTensorConst, "bias": False}
    sign = {"act_quant": SignedBinaryActPerTensorConst}
    yield "2 bits", ["encoder", "dense", "scores"], nn.Sequential(
        nn.Flatten(), qnn.QuantIdentity(act_quant=Uint8ActPerTensorFloat, bit_width=2),
        qnn.QuantLinear(784, 24, bias=False, weight_bit_width=2), nn.BatchNorm1d(24),
        qnn.QuantReLU(bit_width=2), qnn.QuantLinear(24, 10, bias=False, weight_bit_width=2))
    yield "scales of channels", ["encoder", "dense", "scores"], nn.Sequential(
        nn.Flatten(), qnn.QuantIdentity(act_quant=Uint8ActPerTensorFloat, bit_width=4),
        qnn.QuantLinear(784, 24, bias=True, weight_quant=Int8WeightPerChannelFloat,
                        weight_bit_width=2), nn.BatchNorm1d(24), qnn.QuantReLU(bit_width=3),
        qnn.QuantLinear(24, 10, **binary))
    yield "8 bits", ["integer_conv2d", "pool2d", "conv2d", "scores"], nn.Sequential(
        qnn.QuantIdentity(act_quant=Uint8ActPerTensorFloat, bit_width=8),
        qnn.QuantConv2d(1, 6, 3, stride=2, **binary), nn.MaxPool2d(2), nn.BatchNorm2d(6),
        qnn.QuantIdentity(**sign), qnn.QuantConv2d(6, 8, 3, **binary), nn.BatchNorm2d(8),
        qnn.QuantIdentity(**sign), nn.Flatten(), qnn.QuantLinear(8 * 16, 10, **binary))
    yield "mean of a map", ["encoder", "conv2d", "scores2d"], nn.Sequential(
        Centred(), qnn.QuantIdentity(**sign), qnn.QuantConv2d(1, 9, 5, stride=2, **binary),
        nn.BatchNorm2d(9), qnn.QuantReLU(bit_width=2), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        qnn.QuantLinear(9, 10, **binary))


@pytest.mark.parametrize("index", range(4))
def test_networks_of_users_are_read(tmp_path, index):
    torch.manual_seed(2)
    name, kinds, network = list(networks())[index]
    images = torch.from_numpy(datasets.load("mnist", download=False).test_images[:300, None])
    for layer in network:
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(layer.bias)  # no threshold at a sum that rounding decides
    network.train()
    with torch.no_grad():  # calibrates scales, and the statistics of BatchNorm
        for _ in range(30):
            network(images.float() / 255)
    made = imported(network, images.float() / 255, tmp_path / f"{name}.onnx")
    assert [layer.kind for layer in made.network.layers] == kinds
