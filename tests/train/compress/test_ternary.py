"""train.compress.ternary: weights of three values, gradients as in the paper, smaller networks."""

import pytest
import torch

from train.compress import ternary, trits
from train.compress.fit import accuracy
from train.compress.retrain import NONE

from . import small


def test_forward_and_gradients_are_those_of_the_paper():
    weight = torch.tensor([0.9, 0.04, -0.04, -0.5, 0.2], requires_grad=True)
    positive, negative = (torch.tensor(value, requires_grad=True) for value in (2.0, 3.0))
    made = trits.Ternary.apply(weight, positive, negative, torch.tensor(0.05))
    assert made.tolist() == [2, 0, 0, -3, 2]
    made.backward(torch.tensor([1.0, 10, 100, 1000, 10000]))
    assert positive.grad.item() == 10001
    assert negative.grad.item() == -1000
    assert weight.grad.tolist() == [2, 10, 100, 3000, 20000]


def test_plain_ternary_has_the_mean_of_large_weights():
    made = trits.OneScale()(torch.tensor([1.0, -0.8, 0.1, 0.0]))
    assert made.tolist() == pytest.approx([0.9, -0.9, 0, 0])


@pytest.mark.parametrize("plain", [True, False])
def test_all_layers_have_three_values(dense, parts, plain):
    made = ternary.compress(dense, parts, small.RETRAIN, plain=plain, every=True)
    for module in (dense.fc1, dense.fc2, dense.scores):
        values = module.weight.unique()
        assert len(values) <= 3
        assert (-values.min() == values.max()) == plain
    weights = 64 * 32 + 32 * 20 + 20 * 3
    assert made.octets == (2 * weights + 32 * (32 + 20 + 3 + 2 * 3) + 7) // 8
    assert accuracy(made.network, parts.validation) > 80


def test_the_first_and_the_last_layer_stay_float(conv, parts):
    ternary.compress(conv, parts, NONE)
    assert len(conv.conv2.weight.unique()) == 3
    assert len(conv.conv1.weight.unique()) > 3
    assert len(conv.scores.weight.unique()) > 3


def test_a_network_of_two_layers_needs_all(parts):
    network = small.trained("dense 4, scores", parts, epochs=0)
    with pytest.raises(ValueError, match=r"^Network must have three layers with weights at least, "
                       r"because the first and the last stay float: 2 \(give --all\)$"):
        ternary.compress(network, parts, NONE)


def test_a_threshold_out_of_range_is_refused(dense, parts):
    with pytest.raises(ValueError, match=r"^Threshold must be in 0\.\.1, a share of the largest "
                       r"weight: 1\.0$"):
        ternary.compress(dense, parts, NONE, share=1.0)
