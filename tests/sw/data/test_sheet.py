"""sw.data.sheet: inputs as pictures, and the sheet that shows many."""

import numpy as np

from sw.conversion import Picture
from sw.data import sheet
from sw.data.images import decode
from sw.data.sheet import pixels_of, save_sheet


RNG = np.random.default_rng(6)


def test_inputs_become_pictures_again():
    grey = RNG.integers(0, 256, (3, 4, 6), dtype=np.uint8)
    colour = RNG.integers(0, 256, (3, 4, 6, 3), dtype=np.uint8)
    for inputs in (grey, grey.reshape(3, 24), grey[:, None]):
        np.testing.assert_array_equal(pixels_of(inputs, Picture((4, 6)), 8), grey)
    for inputs in (colour, colour.reshape(3, -1), colour.transpose(0, 3, 1, 2)):
        np.testing.assert_array_equal(pixels_of(inputs, Picture((4, 6), colours=3), 8), colour)


def test_wide_inputs_are_shown_by_their_high_bits():
    inputs = np.array([[[0, 65535, 256]]], np.uint16)
    assert pixels_of(inputs, Picture((1, 3)), 16).tolist() == [[[0, 255, 1]]]


def test_a_sheet_holds_pictures_up_to_its_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "MOST", 5)
    pictures = list(RNG.integers(0, 256, (9, 28, 28), dtype=np.uint8))
    assert save_sheet(tmp_path / "a.png", pictures, ["one", "two", "猫"] * 3) == 5
    pixels = decode(tmp_path / "a.png")
    assert pixels.shape[1] == 6 + 3 * (112 + 6)
    first = pixels[6:6 + 112, 6:6 + 112, 0]
    np.testing.assert_array_equal(first[::4, ::4], pictures[0])
