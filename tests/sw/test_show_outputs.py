"""sw.show.outputs: outputs of a layer as a picture."""

from types import SimpleNamespace

import numpy as np

from sw.layer.shape import Shape
from sw.show.outputs import outputs_picture


def layer(*extents):
    return SimpleNamespace(gives=Shape(extents))


def test_channels_of_a_map_are_beside_each_other():
    values = np.zeros((2, 3, 5), np.uint8)
    values[1, 2, 3] = 1  # channel 3 is the second one of the second row
    drawn = outputs_picture(layer(2, 3, 5), values.ravel())
    assert drawn.shape == (3 * 2, 2 * 3)
    assert np.argwhere(drawn).tolist() == [[2 + 1, 3 + 2]]


def test_a_vector_is_a_block():
    values = np.zeros(56, np.uint8)
    values[30] = 1
    assert np.argwhere(outputs_picture(layer(56), values)).tolist() == [[1, 2]]
    assert outputs_picture(layer(10), values[:10]).shape == (4, 3)
