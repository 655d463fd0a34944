"""sw.data.shapes: one example, or several, in arrays of every shape."""

import re

import numpy as np
import pytest

from sw.conversion import Picture, Row
from sw.data.shapes import examples_of


GREY, COLOUR = Picture((4, 6)), Picture((4, 6), colours=3, fit="photo")


@pytest.mark.parametrize(("conversion", "given", "expected"), [
    (GREY, (4, 6), (1, 4, 6)),
    (GREY, (24,), (1, 24)),
    (GREY, (5, 24), (5, 24)),
    (GREY, (5, 4, 6), (5, 4, 6)),
    (GREY, (3, 4, 6), (3, 4, 6)),
    (GREY, (5, 9, 9), (5, 9, 9)),
    (GREY, (4, 6, 1), (1, 4, 6)),
    (GREY, (9, 8, 3), (1, 9, 8, 3)),
    (GREY, (5, 4, 6, 1), (5, 4, 6)),
    (GREY, (5, 1, 4, 6), (5, 4, 6)),
    (GREY, (5, 4, 6, 3), (5, 4, 6, 3)),
    (COLOUR, (4, 6, 3), (1, 4, 6, 3)),
    (COLOUR, (3, 4, 6), (1, 4, 6, 3)),
    (COLOUR, (5, 72), (5, 72)),
    (COLOUR, (5, 3, 4, 6), (5, 4, 6, 3)),
    (COLOUR, (5, 7, 6, 3), (5, 7, 6, 3)),
    (Row(), (24,), (1, 24)),
    (Row(), (4, 6), (1, 24)),
    (Row(), (5, 24), (5, 24)),
    (Row(), (5, 2, 12), (5, 24)),
])
def test_examples_are_counted_along_the_first_axis(conversion, given, expected):
    array = np.arange(np.prod(given)).reshape(given)
    found = examples_of(array, conversion, (4, 6), "a.npy")
    assert found.shape == expected
    assert sorted(found.ravel()) == sorted(array.ravel())


def test_a_network_of_one_number_takes_a_list_of_them():
    assert examples_of(np.arange(5), Row(), (1,), "a.npy").shape == (5, 1)


def test_colours_first_become_colours_last():
    array = np.arange(72).reshape(3, 4, 6)
    np.testing.assert_array_equal(examples_of(array, COLOUR, (3, 4, 6), "a")[0, ..., 1], array[1])


@pytest.mark.parametrize(("conversion", "shape", "way"), [
    (GREY, (100, 23), " (one picture of another size: shape (1, rows, columns))"),
    (GREY, (23,), ""), (GREY, (2, 5, 4, 6), ""), (Row(), (23,), ""),
    (Row(), (5, 23), " (one picture of another size: shape (1, rows, columns))")])
def test_other_shapes_are_refused(conversion, shape, way):
    message = (f"a.npy must hold examples of the network's shape 4 x 6, one or several along the "
               f"first axis: its shape is {shape}{way}")
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        examples_of(np.zeros(shape), conversion, (4, 6), "a.npy")
