"""sw.layer.shape: vectors take feature maps of their size, feature maps only equal ones."""

import pytest

from sw.layer.shape import Shape


@pytest.mark.parametrize(("gives", "takes", "fits"), [
    (Shape((12,)), Shape((12,)), True), (Shape((12,)), Shape((11,)), False),
    (Shape((2, 3, 2)), Shape((12,)), True), (Shape((12,)), Shape((2, 3, 2)), True),
    (Shape((2, 3, 2)), Shape((2, 3, 2)), True), (Shape((2, 3, 2)), Shape((3, 2, 2)), False),
    (Shape((12,), 8), Shape((12,)), False), (Shape((12,), 8), Shape((12,), 8), True)])
def test_a_layer_stands_behind_one_that_gives_what_it_takes(gives, takes, fits):
    assert gives.fits(takes) is fits


def test_a_shape_has_values_and_bits():
    assert (Shape((4, 5, 3), 8).size, Shape((4, 5, 3), 8).width) == (60, 480)
