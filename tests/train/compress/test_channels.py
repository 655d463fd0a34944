"""train.compress.channels: a smaller network that computes the same where channels are 0."""

import pytest
import torch
from torch import nn

from train.compress import channels, checkpoint
from train.compress.fit import accuracy
from train.compress.graph import Graph, graph, plain
from train.compress.retrain import NONE
from train.compress.shrink import consumers, shrink

from . import small


@torch.no_grad()
@pytest.mark.parametrize("layer", ["conv1", "conv2", "fc1"])
def test_channels_that_are_0_can_go(conv, parts, layer):
    module = getattr(conv, layer)
    kept = torch.tensor([0, 2, 5])
    gone = [index for index in range(len(module.weight)) if index not in (0, 2, 5)]
    module.weight[gone] = 0
    module.bias[gone] = 0
    before = conv(parts.validation.inputs)
    made = graph(conv, parts.train.shape)
    shrink(made.traced, {layer: kept})
    smaller = Graph(made.traced)
    torch.testing.assert_close(smaller(parts.validation.inputs), before)
    said = plain(smaller.traced, parts.train.shape)
    torch.testing.assert_close(said(parts.validation.inputs), before)
    assert graph(said, parts.train.shape).traced.macs == smaller.traced.macs


def test_half_of_the_channels_go_and_the_file_is_smaller(conv, parts, tmp_path):
    before = graph(conv, parts.train.shape).traced
    made = channels.compress(conv, parts, small.RETRAIN, keep=0.5)
    assert made.facts["channels"] == {"conv1": 4, "conv2": 6, "fc1": 12}
    assert made.parameters < before.parameters / 3
    assert made.macs < before.macs / 2
    assert accuracy(made.network, parts.validation) > 88
    assert made.network.text == ("conv 4 3x3, pool 2, conv 6 3x3, pool 2, dense 12, scores")
    path = tmp_path / "x.float.npz"
    checkpoint.save(path, checkpoint.FloatCheckpoint(made.network, small.LABELS, (8, 8)))
    again = checkpoint.load(path).network
    assert torch.equal(again(parts.validation.inputs), made.network(parts.validation.inputs))


def test_channels_of_additions_stay(parts):
    made = graph(small.Residual(), parts.train.shape)
    assert consumers(made.traced, made.traced["first"]) is None
    assert [layer.name for layer in consumers(made.traced, made.traced["second"])] == ["third"]
    assert consumers(made.traced, made.traced["last"]) is None
    found = channels.compress(small.Residual(), parts, NONE, keep=0.5)
    assert found.facts["channels"] == {"second": 4}
    assert found.network(parts.validation.inputs).shape == (300, 3)


def test_channels_that_the_loss_does_not_depend_on_go_first(conv, parts):
    with torch.no_grad():
        conv.conv2.weight[:, 3] = 0  # nothing reads the fourth channel
    made = graph(conv, parts.train.shape)
    assert int(channels.gains(made.traced, parts.calibration)["conv1"].argmin()) == 3


@pytest.mark.parametrize("keep", [0.0, -1.0, 1.5])
def test_a_share_out_of_range_is_refused(keep, conv, parts):
    with pytest.raises(ValueError, match=rf"^Kept share of channels must be above 0 and at most "
                       rf"1: {keep}$"):
        channels.compress(conv, parts, NONE, keep=keep)


def test_a_network_of_one_layer_is_refused(parts):
    with pytest.raises(ValueError, match=r"^Network must have a layer whose channels only weights "
                       r"read: there is none \(additions need all channels\)$"):
        channels.compress(nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), parts, NONE)
