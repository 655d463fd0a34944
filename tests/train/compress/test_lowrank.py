"""train.compress.lowrank: products of low rank are the best ones, and two layers compute them."""

import pytest
import torch
from torch import nn

from train.compress import lowrank, ranks, responses
from train.compress.fit import accuracy, scores
from train.compress.graph import graph, plain
from train.compress.retrain import NONE

from . import small


def data(count=400, channels=6, seed=1):
    torch.manual_seed(seed)
    mixed = torch.randn(channels, channels).double()
    return torch.randn(count, channels).double() @ mixed + 0.3


def error(y, wanted, found, relu=False):
    outer, inner, bias = found
    given = y @ inner @ outer.T + bias
    if relu:
        given, wanted = given.relu(), wanted.relu()
    return float((wanted - given).square().sum())


@pytest.mark.parametrize("rank", [1, 3, 5])
def test_linear_responses_are_those_of_the_principal_components(rank):
    y = data()
    found = responses.low_rank(y, y, rank)
    assert found[0].shape == found[1].shape == (6, rank)
    left = responses.energies(y)[rank:].sum()  # Eckart and Young
    assert error(y, y, found) == pytest.approx(float(left), rel=1e-4)


def test_no_neighbour_reconstructs_other_responses_better():
    """With an asymmetric error the best product is not that of the principal components."""
    y, wanted = data(seed=1), data(seed=1) @ torch.randn(6, 6).double() + data(seed=3)
    found = responses.low_rank(y, wanted, 2)
    least = error(y, wanted, found)
    torch.manual_seed(5)
    for _ in range(200):
        moved = [part + 1e-3 * torch.randn_like(part) for part in found]
        assert error(y, wanted, moved) >= least * (1 - 1e-9)


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_behind_a_relu_the_reconstruction_counts_what_passes(rank):
    y = data() - 1.0
    linear = responses.reconstruct(y, y, rank, relu=False)
    rectified = responses.reconstruct(y, y, rank, relu=True)
    assert error(y, y, rectified, relu=True) < error(y, y, linear, relu=True)


def test_full_rank_changes_nothing(conv, parts):
    made = graph(conv, parts.train.shape)
    before = made(parts.validation.inputs)
    layer = ranks.candidates(made.traced)[1]
    channels = layer.weight.shape[0]
    eye = torch.eye(channels).double()
    lowrank.split(made.traced, layer, eye, eye, torch.zeros(channels).double())
    torch.testing.assert_close(made(parts.validation.inputs), before, rtol=1e-4, atol=1e-4)


def test_a_budget_of_products_is_kept(conv, parts):
    full = graph(conv, parts.train.shape).traced.macs
    made = lowrank.compress(conv, parts, small.RETRAIN, speedup=2.0)
    assert made.macs <= full / 2
    assert set(made.facts["ranks"]) == {"conv1", "conv2"}
    assert accuracy(made.network, parts.validation) > 90
    assert made.network.text.startswith("conv ")  # a checkpoint can hold it


def test_ranks_hold_a_share_of_the_energy(conv, parts):
    spectra = {"conv1": torch.tensor([6.0, 3.0, 1.0]), "conv2": torch.tensor([1.0, 1.0])}
    assert ranks.ranks_by_energy(spectra, 0.9) == {"conv1": 2, "conv2": 2}
    assert ranks.ranks_by_energy(spectra, 0.5) == {"conv1": 1, "conv2": 1}


def test_reconstruction_is_better_than_principal_components_of_each_layer(conv, parts):
    """Both have the same ranks; the scores of the asymmetric, nonlinear one are nearer."""
    wanted = scores(conv, parts.validation)
    found, chosen = lowrank.approximate(conv, parts, energy=0.8)
    plain = graph(conv, parts.train.shape)
    exact = graph(conv, parts.train.shape)
    images = parts.calibration.inputs
    for layer in ranks.candidates(exact.traced):
        places = torch.arange(layer.shape[1] * layer.shape[2]).expand(len(images), -1)
        y = responses.responses(exact, layer.name, images, places)
        lowrank.split(plain.traced, plain.traced[layer.name],
                      *responses.low_rank(y, y, chosen[layer.name]))
    near, far = ((scores(network, parts.validation) - wanted).square().sum()
                 for network in (found, plain))
    assert near < far


@pytest.mark.parametrize(("network", "options", "message"), [
    ("dense", {"speedup": 2.0}, r"^Network must have convolutions larger than 1 x 1 to be of low "
     r"rank: there are none$"),
    ("conv", {"speedup": 0.5}, r"^Speedup must be in 1\.\.10000: 0\.5$"),
    ("conv", {"speedup": 500.0}, r"^Budget of products must be at least [0-9,]+, of rank 1 in all "
     r"convolutions: [0-9,]+ \(give a smaller --speedup\)$"),
    ("conv", {"energy": 1.5}, r"^Share of energy must be above 0 and at most 1: 1\.5$"),
])
def test_ranks_out_of_range_are_refused(network, options, message, parts, request):
    with pytest.raises(ValueError, match=message):
        lowrank.compress(request.getfixturevalue(network), parts, NONE, **options)


def test_branches_are_approximated_too(parts):
    torch.manual_seed(1)
    network = small.Residual()
    made = lowrank.compress(network, parts, NONE, speedup=1.5)
    assert isinstance(made.network, nn.Module)
    assert made.macs <= graph(network, parts.train.shape).traced.macs / 1.5


def test_batchnorm_for_retraining_changes_nothing(conv, parts):
    made, _ = lowrank.approximate(conv, parts, speedup=1.5)
    network = plain(made.traced, parts.train.shape)
    with_norm = lowrank.normalized(network, parts.calibration.inputs)
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in with_norm) == sum(
        isinstance(layer, nn.Conv2d) and layer.bias is not None for layer in network) > 0
    with torch.no_grad():
        inputs = parts.validation.inputs
        torch.testing.assert_close(with_norm(inputs), network(inputs), rtol=1e-4, atol=1e-4)
