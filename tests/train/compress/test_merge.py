"""train.compress.merge: thresholds of two scales, against all inputs of small neurons."""

from itertools import product

import numpy as np
import pytest
import torch

from sw import checkpoint
from sw.fold import fold
from sw.golden.model import Model
from sw.trained.kind import FOLDS
from train.compress import merge, ternarybits
from train.compress.fit import accuracy
from train.compress.retrain import Retrain

from . import small


def differing(plus, minus, positive, negative, bias, threshold):
    """Return the share of all inputs for which the merged neuron differs, one by one."""
    wrong = 0
    for bits in product((-1, 1), repeat=plus + minus):
        value = positive * sum(bits[:plus]) - negative * sum(bits[plus:]) + bias
        agree = sum(bit > 0 for bit in bits[:plus]) + sum(bit < 0 for bit in bits[plus:])
        wrong += (value >= 0) != (agree >= threshold)
    return wrong / 2**(plus + minus)


@pytest.mark.parametrize("seed", range(8))
def test_the_threshold_is_the_best_of_all(seed):
    random = np.random.default_rng(seed)
    plus, minus = (int(number) for number in random.integers(0, 5, 2))
    neuron = (plus, minus, *random.uniform(0.2, 2, 2), float(random.normal()))
    threshold, share = merge.merged(*neuron)
    shares = [differing(*neuron, other) for other in range(plus + minus + 2)]
    assert share == pytest.approx(shares[threshold])
    assert share == pytest.approx(min(shares))


@pytest.mark.parametrize("neuron", [
    (4, 3, 0.7, 0.7, 0.3),  # equal scales
    (5, 0, 0.7, 0.1, -0.3), (0, 5, 0.7, 0.1, 0.3),  # one sign
    (3, 3, 1.0, 1.01, 0.5),  # no pair lies between
    (2, 2, 1.0, 0.5, 50.0), (2, 2, 1.0, 0.5, -50.0), (0, 0, 1.0, 1.0, 0.0),  # constant
])
def test_exact_neurons_are_said_to_be(neuron):
    threshold, share = merge.merged(*neuron)
    assert share == 0
    assert differing(*neuron, threshold) == 0


def test_other_scales_are_not_exact():
    assert merge.merged(3, 3, 1.0, 0.3, 0.0)[1] > 0.05


def test_a_merged_layer_folds_to_its_thresholds():
    weight = np.array([[0.5, -0.5, 0, 0.5], [0, -0.5, -0.5, -0.5]], np.float32)
    layer, share = merge.hidden("fc1", weight, np.array([0.4, -0.6], np.float32))
    assert share.tolist() == [0, 0]
    folded = FOLDS.of(layer)(layer)
    inputs = np.array(list(product((-1, 1), repeat=4)))
    wanted = inputs @ weight.T + [0.4, -0.6] >= 0
    weights = np.sign(weight)
    popcount = (inputs[:, None] * weights == 1).sum(2)
    assert np.array_equal(popcount >= folded.thresholds, wanted)


def test_weights_of_more_values_are_refused():
    with pytest.raises(ValueError, match=r"^Weights of layer 'fc1' must be ternary: a neuron has "
                       r"3 values besides 0 \(train with train\.compress\.ternary\)$"):
        merge.hidden("fc1", np.array([[0.5, 0.4, -1.0]], np.float32), np.zeros(1, np.float32))


@pytest.mark.parametrize("scales", [(-1.0, 1.0, 0.0), (1.0, float("nan"), 0.0)])
def test_scales_that_are_none_are_refused(scales):
    with pytest.raises(ValueError, match=r"^Scales must be finite and not negative: .*"):
        merge.merged(2, 2, *scales)


def test_a_network_of_two_scales_becomes_one_that_folds(dense, parts, tmp_path):
    """Where all neurons are exact, the merged network gives the same labels; golden the scores."""
    before, after = ternarybits.compress(dense, parts, Retrain(epochs=6, rate=5e-3, seed=1))
    assert accuracy(before.network, parts.validation) > 60
    for share in after.facts["exact"].values():
        assert 0 <= share <= 1
    path = tmp_path / "x.ckpt.npz"
    checkpoint.save(path, checkpoint.Checkpoint(
        *after.network.layers, labels=small.LABELS, input_shape=(8, 8)))
    golden = Model(fold(checkpoint.load(path))).scores(parts.validation.images)
    assert np.array_equal(golden, after.network(parts.validation.inputs).int().numpy())


def test_equal_scales_lose_nothing(dense, parts):
    made, encoder = ternarybits.network_of(dense, parts)
    for module in made:
        if isinstance(module, torch.nn.Linear):
            module.weight.data = torch.sign(module.weight) * (module.weight.abs() > 0.1) * 0.7
    made.train()
    made(parts.train.first(200).inputs)  # BatchNorm's statistics
    made.eval()
    made[2].weight.data[::2] *= -1
    layers, shares = ternarybits.merged(made, encoder)
    assert not np.concatenate(shares).any()
    wanted = (made(parts.validation.inputs) / 0.7).round()
    found = ternarybits.scores_of(layers, torch.from_numpy(parts.validation.images))
    assert torch.equal(found.float(), wanted)
