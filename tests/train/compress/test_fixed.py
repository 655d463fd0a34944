"""train.compress.fixed: rounding, fraction lengths, networks in fixed point throughout."""

import pytest
import torch

from train.compress import fixed, point
from train.compress.fit import accuracy
from train.compress.retrain import NONE

from . import small


def test_rounding_is_to_the_nearest_and_saturates():
    x = torch.tensor([0.24, 0.26, 0.125, 0.375, 3.0, -9.0])
    assert point.rounded(x, 4, 2).tolist() == [0.25, 0.25, 0.0, 0.5, 1.75, -2.0]


@pytest.mark.parametrize(("greatest", "bits", "fraction"), [
    (1.0, 8, 6), (127 / 128, 8, 7), (0.01, 8, 13), (100.0, 8, 0), (1000.0, 8, -3), (0.0, 8, 0)])
def test_the_widest_fraction_does_not_overflow(greatest, bits, fraction):
    assert point.widest(torch.tensor([greatest, -greatest]), bits) == fraction


def test_the_best_fraction_cuts_an_outlier():
    """One value of a thousand overflows, and all others are twice as fine."""
    torch.manual_seed(1)
    values = torch.cat([torch.rand(1000), torch.tensor([1.3])])
    assert point.best(values, values, 4) == point.widest(values, 4) + 1


def test_the_best_fraction_is_the_best_of_all():
    torch.manual_seed(2)
    values = torch.randn(500)
    errors = {fraction: float((values - point.rounded(values, 5, fraction)).abs().sum())
              for fraction in point.FRACTIONS}
    assert point.best(values, values, 5) == min(errors, key=errors.get)


@pytest.mark.parametrize("bits", [4, 8])
def test_all_values_are_fixed_point(conv, parts, bits):
    made, table = fixed.quantize(conv, parts, bits)
    for layer in made.made.traced.layers:
        for what, value in layer.learnables.items():
            scaled = value.detach() * 2.0**table["weights"][f"{layer.name}.{what}"]
            assert torch.equal(scaled, scaled.round())
            assert float(scaled.abs().max()) <= 2**(bits - 1)
    scores = made(parts.validation.inputs) * 2.0**table["outputs"]["scores"]
    assert torch.equal(scores, scores.round())


def test_a_fraction_length_a_layer_is_better_than_one(conv, parts):
    full = accuracy(conv, parts.validation)
    found = {(bits, dynamic): accuracy(fixed.compress(conv, parts, NONE, bits=bits,
                                                      dynamic=dynamic).network, parts.validation)
             for bits in (8, 4) for dynamic in (True, False)}
    assert found[8, True] > full - 2
    assert found[4, True] > found[4, False]
    assert len(set(fixed.quantize(conv, parts, 8, dynamic=False)[1]["weights"].values())) == 1


def test_branches_are_rounded_too(parts):
    torch.manual_seed(1)
    network = small.Residual()
    made, table = fixed.quantize(network, parts, 12)
    torch.testing.assert_close(made(parts.validation.inputs), network(parts.validation.inputs),
                               atol=0.02, rtol=0.02)
    assert "add" in table["outputs"]


@pytest.mark.parametrize("bits", [1, 17])
def test_bits_out_of_range_are_refused(bits, conv, parts):
    with pytest.raises(ValueError, match=rf"^Bits must be in 2\.\.16: {bits}$"):
        fixed.compress(conv, parts, NONE, bits=bits)
