"""hw.stage.balance: choices keep to the interval, and none is beaten by another."""

from math import ceil

import numpy as np
import pytest

from hw.stage.balance import lanes_for, window_widths
from hw.stage.sharedmvtu import SharedLanes
from hw.stage.slidingwindow import SlidingWindow
from sw.layer.conv2d import Conv2d
from sw.layer.integer import IntegerConv2d


def conv(height, width, channels, made, **options):
    return Conv2d("conv", np.ones((made, 3, 3, channels), np.int8), np.ones(made, np.int32),
                  height, width, **options)


LAYERS = {"first": conv(16, 16, 96, 128, padding=1), "middle": conv(8, 8, 192, 192, padding=1),
          "last": conv(4, 4, 192, 256, padding=1), "small": conv(7, 7, 16, 32)}


def test_widths_divide_what_a_window_reads():
    assert window_widths(LAYERS["small"]) == [1, 2, 4, 8, 16, 48]


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("interval", [4000, 8000, 100_000])
def test_choices_keep_to_the_interval(name, interval):
    layer = LAYERS[name]
    choices = lanes_for(layer, interval)
    assert choices
    for pe, simd, positions in choices:
        lanes = SharedLanes(layer.dense, pe, simd, "registered", positions, layer.vectors)
        assert lanes.image_interval <= interval
        assert SlidingWindow(layer, simd=simd).interval <= max(
            interval, layer.height * layer.width * layer.channels // simd)
    for simd in {choice[1] for choice in choices}:
        alike = [(pe * positions, pe) for pe, wide, positions in choices if wide == simd]
        assert alike == sorted(alike)
        assert [pe for _, pe in alike] == sorted((pe for _, pe in alike), reverse=True)


def test_more_positions_need_fewer_weights():
    layer = LAYERS["first"]
    wide = [choice for choice in lanes_for(layer, 7000) if choice[1] == 32]
    assert min(wide)[0] == 8
    assert {positions for pe, _, positions in wide if pe == 8} == {16}
    assert ceil(layer.vectors / 16) * 27 * ceil(128 / 8) == 6912


def test_a_layer_of_integers_has_one_position_at_once():
    layer = IntegerConv2d("conv", np.ones((96, 6, 6, 3), np.int8), np.ones(96, np.int32), 32, 32,
                          stride=2, padding=2)
    choices = lanes_for(layer, 8000, most=1)
    assert {positions for _, _, positions in choices} == {1}
    for pe, simd, _ in choices:
        assert 256 * ceil(96 / pe) * ceil(108 / simd) <= 8000
        assert SlidingWindow(layer, simd=simd).interval <= 8000


def test_an_interval_that_is_too_short_has_no_choice():
    assert lanes_for(LAYERS["first"], 200) == []
