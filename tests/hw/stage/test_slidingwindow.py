# amaranth: UnusedElaboratable=no
"""hw.stage.slidingwindow: every window once, in order, exactly as fast as stated."""

import re
from math import ceil

import numpy as np
import pytest

from hw.stage.slidingwindow import SlidingWindow
from sw.bits import to_int
from sw.layer.conv2d import Conv2d
from sw.layer.integer import IntegerConv2d

from .handshakes import follow


def conv(height, width, channels, kernel, *, stride=1, padding=0, pad=0, bits=None):
    """Return a layer of one neuron: windows depend on nothing else."""
    weights = np.ones((1, *kernel, channels), np.int8)
    if bits:
        return IntegerConv2d("conv", weights, np.array([3], np.int32), height, width, stride,
                             padding, pad, bits)
    return Conv2d("conv", weights, np.array([1], np.int32), height, width, stride, padding, pad)


def words_of(values, bits, width):
    """Cut numbers of some bits into words of so many numbers; zeros fill up the last one."""
    values = [*values, *([0] * (-len(values) % width))]
    return [sum(int(value) << bits * place for place, value in enumerate(values[at:at + width]))
            for at in range(0, len(values), width)]


def ref_windows(layer, image):
    """Return the windows of a map (height, width, channels) by a plain loop, flat lists."""
    rows, columns = layer.kernel
    many_rows, many_columns = layer.positions
    found = []
    for y in range(many_rows):
        for x in range(many_columns):
            window = []
            for row in range(y * layer.stride - layer.padding,
                             y * layer.stride - layer.padding + rows):
                for column in range(x * layer.stride - layer.padding,
                                    x * layer.stride - layer.padding + columns):
                    beside = not (0 <= row < layer.height and 0 <= column < layer.width)
                    for channel in range(layer.channels):
                        window.append(layer.pad if beside else image[row, column, channel])
            found.append(window)
    return found


def run(layer, simd, *, images=3, rows=None, **pauses):
    """Send random maps; return the unit, the words it gave and those it must give."""
    unit = SlidingWindow(layer, simd=simd, rows=rows)
    rng = np.random.default_rng(simd)
    maps = rng.integers(2**layer.taken_bits,
                        size=(images, layer.height, layer.width, layer.channels))
    sent = [word for image in maps
            for word in words_of(image.ravel(), layer.taken_bits, unit.word)]
    want = [word for image in maps for window in ref_windows(layer, image)
            for word in words_of(window, layer.taken_bits, simd)]
    return unit, follow(unit, sent, len(want), **pauses), want


LAYERS = {
    "padded": (conv(5, 6, 4, (3, 3), padding=1), 4),
    "padded by ones": (conv(4, 4, 2, (3, 3), padding=1, pad=1), 2),
    "valid": (conv(5, 5, 3, (3, 3)), 3),
    "parts of a position": (conv(4, 5, 6, (3, 3), padding=1), 2),
    "positions together": (conv(4, 5, 2, (3, 3), padding=1, pad=1), 6),
    "a last word filled up": (conv(4, 5, 4, (3, 3), padding=1, pad=1), 8),
    "filled up by more": (conv(3, 5, 3, (2, 2)), 5),
    "whole windows": (conv(4, 4, 2, (2, 2)), 8),
    "stride": (conv(7, 8, 2, (3, 3), stride=2, padding=1), 2),
    "stride that leaves rows": (conv(6, 6, 2, (3, 3), stride=2), 2),
    "positions beside each other": (conv(8, 8, 3, (6, 6), stride=2, padding=2), 12),
    "not square": (conv(3, 7, 2, (2, 5), padding=0), 2),
    "one row of padding": (conv(3, 6, 2, (3, 5), padding=1, pad=1), 2),
    "the largest": (conv(8, 7, 1, (7, 7), padding=3, pad=1), 7),
    "one position": (conv(4, 3, 5, (1, 1)), 5),
    "one position, stride": (conv(5, 4, 2, (1, 1), stride=2), 2),
    "one row": (conv(1, 9, 2, (1, 3)), 2),
    "one column": (conv(9, 1, 2, (3, 1)), 2),
    "a kernel as large as the map": (conv(3, 3, 2, (3, 3), padding=1), 2),
    "one window": (conv(3, 3, 2, (3, 3)), 6),
    "integers": (conv(6, 6, 3, (4, 4), stride=2, padding=1, pad=77, bits=8), 3),
    "integers beside each other": (conv(6, 6, 3, (6, 6), stride=2, padding=2, pad=5, bits=4), 6),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("idle", [0, 0.4])
@pytest.mark.parametrize("stall", [0, 0.6])
def test_windows_come_in_order(name, idle, stall):
    layer, simd = LAYERS[name]
    _, seen, want = run(layer, simd, idle=idle, stall=stall, seed=len(name))
    assert seen.words == want


@pytest.mark.parametrize("name", LAYERS)
def test_images_follow_each_other_at_the_stated_interval(name):
    layer, simd = LAYERS[name]
    unit, seen, want = run(layer, simd, images=7)
    assert set(seen.steady(len(want) // 7, 2)) == {unit.interval}
    values = layer.kernel[0] * layer.kernel[1] * layer.channels
    assert unit.reads == ceil(values / simd) * simd // unit.word


def test_the_last_windows_do_not_wait_for_the_next_image():
    """An image that comes alone goes out whole, at the stated latency where a row takes longest."""
    layer, simd = LAYERS["padded"]
    unit, seen, want = run(layer, simd, images=1)
    assert len(seen.words) == len(want)
    last = seen.taken[2 * unit.walk.row_words - 1]  # of the rows that the first window reads
    assert seen.given[0] - last == unit.latency == 3


@pytest.mark.parametrize(("channels", "kernel", "stride", "padding", "simd", "word"), [
    (96, 3, 1, 1, 32, 32), (96, 3, 1, 1, 96, 96), (96, 3, 1, 1, 192, 96), (96, 3, 1, 1, 64, 32),
    (96, 3, 1, 1, 27, 3), (3, 6, 2, 2, 108, 6), (3, 6, 2, 2, 9, 3), (96, 6, 2, 2, 192, 192)])
def test_a_word_of_memory_divides_both_sides(channels, kernel, stride, padding, simd, word):
    layer = conv(8, 8, channels, (kernel, kernel), stride=stride, padding=padding)
    assert SlidingWindow(layer, simd=simd).word == word


def test_memory_is_a_power_of_two_of_whole_rows():
    unit = SlidingWindow(conv(16, 16, 96, (3, 3), padding=1), simd=32)
    assert (unit.depth, unit.rows, unit.reads) == (256, 5, 27)


@pytest.mark.parametrize(("options", "message"), [
    ({"simd": 19}, "SIMD of layer 'conv' must be in 1..18, the inputs of a neuron: 19"),
    ({"simd": 0}, "SIMD of layer 'conv' must be in 1..18, the inputs of a neuron: 0"),
    ({"simd": 2, "rows": 3}, "Rows of the map that layer 'conv' keeps must be at least 4, those of "
                             "a window and of a stride: 3")])
def test_a_broken_rule_is_named(options, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        SlidingWindow(conv(5, 5, 2, (3, 3)), **options)


@pytest.mark.parametrize("rows", [4, 5])
def test_fewer_rows_still_give_all_windows(rows):
    layer, simd = LAYERS["padded"]
    _, seen, want = run(layer, simd, rows=rows, stall=0.3)
    assert seen.words == want


def test_words_are_cut_as_the_layers_cut_them():
    assert words_of([1, 0, 1, 1, 1], 1, 4) == [to_int(np.array([1, 0, 1, 1])), 1]
