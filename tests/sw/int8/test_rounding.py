"""sw.int8.rounding: factors are close, and sums are rounded twice, exactly as stated."""

import re
from fractions import Fraction
from math import floor

import numpy as np
import pytest

from sw.int8.rounding import multiplier_of, requantize


def twice(value, multiplier, shift):
    """Return a sum times a factor, by fractions: half up, then half away from zero."""
    high = floor(Fraction(value * 2**max(shift, 0) * multiplier, 2**31) + Fraction(1, 2))
    rest = Fraction(high, 2**max(-shift, 0))
    away = floor(abs(rest) + Fraction(1, 2))
    return away if rest >= 0 else -away


def test_sums_are_rounded_twice():
    rng = np.random.default_rng(0)
    values = rng.integers(-2**22, 2**22, 400)
    values[:9] = [0, 1, -1, 2, -2, 3, -3, 2**22, -2**22]
    for factor in (1e-9, 0.0003, 0.25, 0.5, 0.75, 0.99999, 1.0, 1.5, 37.0, 2**-7, 3 * 2**-9):
        multiplier, shift = multiplier_of(factor)
        wanted = [twice(int(value), multiplier, shift) for value in values]
        assert requantize(values, multiplier, shift).tolist() == wanted


def test_halves_are_rounded_away_from_zero():
    half = multiplier_of(0.5)
    assert requantize(np.arange(-6, 7), *half).tolist() == [-3, -2, -2, -1, -1, 0, 0, 1, 1, 2, 2, 3,
                                                            3]
    quarter = multiplier_of(0.25)
    assert requantize(np.array([-6, -2, -1, 1, 2, 6]), *quarter).tolist() == [-2, -1, 0, 1, 1, 2]


@pytest.mark.parametrize("factor", [1e-8, 0.3, 0.4999999999, 0.99999999999, 1.0, 12.5, 2**29])
def test_factors_have_31_bits(factor):
    multiplier, shift = multiplier_of(factor)
    assert 2**30 <= multiplier < 2**31
    assert abs(multiplier * 2.0**(shift - 31) / factor - 1) < 2**-30


def test_tiny_factors_give_nothing():
    assert multiplier_of(1e-12) == (0, 0)
    assert requantize(np.array([-2**30, 2**30]), 0, 0).tolist() == [0, 0]


@pytest.mark.parametrize("factor", [0.0, -1.0, float(2**30), float("inf"), float("nan")])
def test_other_factors_are_refused(factor):
    with pytest.raises(ValueError, match=f"^Factor of a requantization must be above 0 and below "
                                         f"2\\*\\*30: {re.escape(str(factor))}$"):
        multiplier_of(factor)
