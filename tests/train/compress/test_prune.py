"""train.compress.prune, masks, sensitivity, saliency: shares are kept and zeros stay zeros."""

import pytest
import torch
from torch import nn

from train.compress import curvature, masks, prune, saliency, sensitivity
from train.compress.fit import accuracy, fit
from train.compress.retrain import NONE, Retrain


LONGER = Retrain(epochs=8, rate=5e-3, seed=1)


def test_the_largest_weights_stay(dense):
    weight = dense.fc1.weight.detach().clone()
    masks.mask(dense, {"fc1": 0.25})
    left = dense.fc1.weight.detach()
    assert int(left.count_nonzero()) == weight.numel() // 4
    assert left.abs()[left != 0].min() >= weight.abs()[left == 0].max()
    assert torch.equal(dense.fc2.weight.detach().count_nonzero(),
                       torch.tensor(dense.fc2.weight.numel()))


def test_pruned_weights_stay_away_in_training_and_in_later_rounds(dense, parts):
    masks.mask(dense, {"fc1": 0.3})
    gone = dense.fc1.weight == 0
    fit(dense, parts.train, epochs=1, seed=1)
    masks.mask(dense, {"fc1": 0.1})
    masks.finish(dense)
    weight = dense.fc1.weight
    assert isinstance(weight, nn.Parameter)
    assert not weight[gone].any()
    assert int(weight.count_nonzero()) == round(0.1 * weight.numel())


def test_a_quarter_of_the_weights_is_as_accurate(dense, parts):
    before = accuracy(dense, parts.validation)
    made = prune.compress(dense, parts, LONGER, factor=4, rounds=3)
    total = sum(module.weight.numel() for module in masks.prunable(dense).values())
    left = sum(int(module.weight.count_nonzero()) for module in masks.prunable(dense).values())
    assert left <= total / 4 + 3
    assert made.parameters == left + sum(module.bias.numel()
                                         for module in masks.prunable(dense).values())
    assert made.macs == left
    assert accuracy(made.network, parts.validation) > before - 6


def test_insensitive_layers_lose_more(parts):
    scan = sensitivity.Scan(99.0, {"a": 1000, "b": 1000}, {
        "a": {0.5: 99.0, 0.1: 99.0, 0.01: 90.0}, "b": {0.5: 97.0, 0.1: 50.0, 0.01: 10.0}})
    assert scan.kept(0.0) == {"a": pytest.approx(0.1, rel=1e-3), "b": pytest.approx(1, rel=1e-3)}
    assert scan.kept(2.0)["b"] == pytest.approx(0.5)
    shares = scan.shares(4)
    assert shares["a"] < 0.1 < shares["b"]
    assert 1000 * (shares["a"] + shares["b"]) <= 2000 / 4 + 1e-6


def test_small_layers_keep_their_share():
    """A last layer of few weights costs little, and a scan without training is no guide for it."""
    curve = {0.5: 99.0, 0.1: 97.0, 0.01: 20.0}
    scan = sensitivity.Scan(99.0, {"large": 9800, "last": 200}, {"large": curve, "last": curve})
    shares = scan.shares(50)
    assert shares["last"] == pytest.approx(0.1, rel=1e-3)
    assert 9800 * shares["large"] + 200 * shares["last"] == pytest.approx(10000 / 50, rel=0.01)


def test_a_scan_leaves_the_network_as_it_was(dense, parts, tmp_path):
    before = {name: value.clone() for name, value in dense.state_dict().items()}
    found = sensitivity.scan(dense, parts.validation, shares=(0.5, 0.02))
    assert all(torch.equal(value, before[name]) for name, value in dense.state_dict().items())
    assert found.full == accuracy(dense, parts.validation)
    assert set(found.accuracies) == {"fc1", "fc2", "scores"}
    assert found.accuracies["fc2"][0.02] < found.full
    sensitivity.draw(tmp_path / "x.png", found, "x")
    assert (tmp_path / "x.png").stat().st_size > 1000


def test_saliency_sees_inputs_that_are_always_0(parts):
    """A large weight behind an input that is 0 has no saliency, and goes first."""
    torch.manual_seed(1)
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    network[1].weight.data[:, :10] *= 100
    images = parts.calibration.inputs.flatten(1).clone()
    images[:, :10] = 0
    ranks = curvature.saliencies(network, [images])["1.weight"]
    assert not ranks[:, :10].any()
    assert (ranks[:, 10:] > 0).all()


def test_both_ranks_are_compared_at_equal_share(conv, parts):
    found = saliency.compare(conv, parts, (0.5, 0.1))
    assert list(found) == [0.5, 0.1]
    assert set(found[0.1]) == {"magnitude", "saliency"}
    assert found[0.5]["magnitude"] >= found[0.1]["magnitude"]
    assert accuracy(conv, parts.validation) > 95
    assert list(saliency.lines({0.1: {"magnitude": 90.0, "saliency": 91.5}}))[-1] == \
        "| 10 % | 90.00 | 91.50 |"


def test_pruning_by_saliency_retrains(conv, parts):
    made = prune.compress(conv, parts, LONGER, factor=3, rounds=2, kind="saliency")
    assert accuracy(made.network, parts.validation) > 90


@pytest.mark.parametrize(("options", "message"), [
    ({"factor": 0.5}, r"^Factor must be 1 or more: 0\.5 \(how many times fewer parameters\)$"),
    ({"shares": {"fc1": 0.0}},
     r"^Kept share of layer 'fc1' must be above 0 and at most 1: 0\.0$"),
    ({"shares": {"fc1": 1.5}},
     r"^Kept share of layer 'fc1' must be above 0 and at most 1: 1\.5$"),
    ({"kind": "size"}, r"^Weights must be ranked by magnitude or saliency: size$"),
])
def test_shares_out_of_range_are_refused(options, message, dense, parts):
    with pytest.raises(ValueError, match=message):
        prune.compress(dense, parts, NONE, rounds=1, **options)


def test_a_network_without_weights_is_refused(parts):
    with pytest.raises(ValueError, match=r"^Network must have convolutions or fully connected "
                       r"layers as nn\.Conv2d and nn\.Linear: there are none$"):
        prune.compress(nn.Sequential(nn.Flatten(), nn.ReLU()), parts, NONE)
