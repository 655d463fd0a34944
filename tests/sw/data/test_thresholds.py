"""Thresholds follow the data: uniform ones where they tell examples apart, else quantiles."""

import numpy as np
import pytest

from sw.data import idx
from sw.data.datasets import known_folder
from sw.data.thresholds import column_thresholds, constant_bits, encoder_for, uniform_thresholds


@pytest.mark.parametrize(("levels", "thresholds"), [
    (1, (128,)), (2, (64, 192)), (3, (64, 128, 192)), (7, tuple(range(32, 256, 32))),
    (255, tuple(range(1, 256))),
])
def test_thresholds_of_pictures_are_multiples_of_a_power_of_two(levels, thresholds):
    assert uniform_thresholds(levels) == thresholds


def test_thresholds_of_pictures_rise():
    violations = [f"{levels} levels: {uniform_thresholds(levels)}" for levels in range(1, 256)
                  if np.any(np.diff((0, *uniform_thresholds(levels), 256)) <= 0)]
    assert violations == []


@pytest.mark.parametrize("levels", [0, 256])
def test_impossible_levels_are_refused(levels):
    with pytest.raises(ValueError, match=rf"^Levels must be in 1\.\.255: {levels}$"):
        uniform_thresholds(levels)


@pytest.mark.parametrize(("column", "levels", "thresholds"), [
    (range(100), 3, [25, 50, 75]),
    ([0, 0, 0, 0, 9], 1, [9]),
    ([1, 2, 3], 4, [2, 3, 3, 3]),
    ([4, 4, 4], 2, [4, 4]),
    ([0] * 90 + list(range(1, 11)), 4, [2, 4, 6, 8]),
])
def test_thresholds_of_columns_part_their_values(column, levels, thresholds):
    given = column_thresholds(np.array(column, dtype=np.uint8), levels)
    assert given.tolist() == thresholds


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_known_pictures_keep_uniform_thresholds(name):
    images = idx.read(known_folder(name) / "train-images-idx3-ubyte.gz")[:10_000]
    for levels in (1, 3):
        thresholds = encoder_for(images, levels).thresholds
        assert (thresholds == uniform_thresholds(levels)).all()


def test_a_dark_pixel_gets_its_quantiles_and_a_constant_one_does_not():
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (500, 1, 3), dtype=np.uint8)
    images[:, 0, 1] = rng.integers(0, 40, 500)
    images[:, 0, 2] = 7
    encoder = encoder_for(images, 1)
    assert encoder.thresholds[[0, 2], 0].tolist() == [128, 128]
    assert abs((images[:, 0, 1] >= encoder.thresholds[1, 0]).mean() - 0.5) < 0.1
    assert constant_bits(images, encoder) == pytest.approx(1 / 3)


def test_a_pixel_that_is_rarely_light_keeps_the_uniform_threshold():
    images = np.zeros((1000, 1, 1), np.uint8)
    images[:5] = 200
    assert encoder_for(images, 1).thresholds.tolist() == [[128]]
