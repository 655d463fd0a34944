"""sw.inspect and sw.show of feature maps: words, details, kernels and maps as pictures."""

import numpy as np
import pytest
from PIL import Image

from sim import trace_picture
from sw import golden, network
from sw.inspect import describe, main, with_kernels, with_weights
from sw.show.show import SHOWN

from ..networks import conv_network, random_images


COLOUR = [("space_to_depth", 2, {}), ("conv2d", 6, {"padding": 1, "pad_bit": 1, "name": "conv0"}),
          ("pool2d", 2, {}), ("conv2d", 5, {"kernel": (2, 1), "stride": 2, "synapses": 4})]
INTEGERS = [("integer_conv2d", 4, {"padding": 1, "pad_value": 9, "name": "conv0"}),
            ("dense", 7, {})]


def made(image, steps, **others):
    return conv_network(np.random.default_rng(1), image, steps, **others)


def test_describes_feature_maps():
    folded = made((8, 12, 3), COLOUR, levels=(64, 128), last="scores2d")
    lines = list(describe(folded))
    words = {line.split()[0]: line.split() for line in lines[6:13] if line}
    assert words["conv0"] == ["conv0", "conv2d", "576", "144", "1,296", "synapses", "216", "216.0",
                              "216", "0", "1344"]
    assert words["pool2d2"] == ["pool2d2", "pool2d", "144", "36"]
    assert words["scores"][1:4] == ["scores2d", "10", "4"]
    assert ("conv0       4 x 6 x 24 to 4 x 6 x 6, windows of 3 x 3, stride 1, padding 1 by bit 1"
            in lines)
    assert "space_to_0  8 x 12 x 6 to 4 x 6 x 24, squares of 2 x 2" in lines
    channels = int(folded.layers[3].all_of.sum())
    assert (f"pool2d2     4 x 6 x 6 to 2 x 3 x 6, squares of 2 x 2, OR in {6 - channels} channels, "
            f"AND in {channels}") in lines
    assert "conv2d3     2 x 3 x 6 to 1 x 2 x 5, windows of 2 x 1, stride 2, no padding" in lines
    assert "scores      1 x 2 x 5 to 4 classes, summed over positions" in lines


def test_describes_thresholds_on_sums():
    folded = made((6, 5, 1), INTEGERS)
    lines = list(describe(folded))
    row = SHOWN.of(folded.first).row(folded.first)
    assert (row.constant, row.bits) == (0, 36 + 4 * 12)  # sums have 9 * 255 + 1 values, and never
    assert lines[1] == "inputs      6 x 5 x 1, 8 bits, of which the hardware takes 8"
    assert ("conv0       6 x 5 x 1 to 6 x 5 x 4, windows of 3 x 3, stride 1, padding 1 by value 9"
            in lines)


@pytest.mark.parametrize(("image", "steps"), [((8, 12, 3), COLOUR), ((6, 5, 1), INTEGERS),
                                              ((4, 3, 1), [("integer_dense", 9, {})])])
def test_the_reason_of_an_output_agrees_with_it(image, steps):
    """Popcount or sum and threshold in the text say what golden computes, at every output."""
    folded = made(image, steps)
    images = random_images(np.random.default_rng(2), 2, folded)
    inputs = images.reshape(2, -1)
    for layer in folded.layers[:-1]:
        outputs = golden.outputs(layer, inputs)
        for row, bits in zip(inputs, outputs, strict=True):
            for index, bit in enumerate(bits):
                text = SHOWN.of(layer).detail(layer, row, index)
                numbers = [int(word.strip("(),;:")) for word in text.split()
                           if word.strip("(),;:").lstrip("-").isdigit()]
                if "threshold" in text:
                    value, threshold = ((numbers[-3], numbers[-1]) if "popcount" in text
                                        else numbers[-2:])
                    assert bit == (value >= threshold), text
                elif "AND" in text or "OR" in text:
                    assert bit == (numbers[-2] >= (4 if "AND" in text else 1)), text
                elif layer.kind == "space_to_depth":
                    place = (numbers[-2], numbers[-1], numbers[-3])
                    assert bit == row.reshape(layer.takes.extents)[place], text
                else:
                    assert layer.kind == "encoder"
        inputs = outputs


def test_kernels_behind_squares_are_those_of_the_image():
    """A weight of the kernel is at its pixel and colour; levels of a pixel are averaged."""
    folded = made((8, 12, 3), COLOUR, levels=(64, 128))
    (first, kernels), (second, others) = with_kernels(folded)
    assert (first.name, kernels.shape, second.name, others.shape) == (
        "conv0", (6, 6, 6, 3), "conv2d3", (5, 2, 1, 6))
    for place in np.ndindex(3, 3, 2, 2, 3):
        row, column, below, beside, colour = place
        channel = ((2 * below + beside) * 3 + colour) * 2
        levels = first.weights[:, row, column, channel:channel + 2]
        np.testing.assert_array_equal(kernels[:, 2 * row + below, 2 * column + beside, colour],
                                      levels.mean(axis=1))


@pytest.mark.parametrize(("image", "steps", "suffixes"), [
    ((8, 12, 3), COLOUR, ["kernels", "thresholds"]),
    ((6, 5, 1), INTEGERS, ["kernels", "thresholds"]),
    ((4, 3, 1), [("integer_dense", 9, {}), ("dense", 5, {})], ["thresholds", "weights"])])
def test_command_draws_kernels(tmp_path, capsys, image, steps, suffixes):
    folded = made(image, steps)
    network.save(tmp_path / "a.net.npz", folded)
    main([str(tmp_path / "a.net.npz"), "--pictures", str(tmp_path / "pictures")])
    assert [path.name for path in sorted((tmp_path / "pictures").iterdir())] == [
        f"a.{suffix}.png" for suffix in suffixes]
    for path in (tmp_path / "pictures").iterdir():
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 3
    if image[2] == 3:
        with Image.open(tmp_path / "pictures" / "a.kernels.png") as picture:
            colours = np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)
        assert (np.ptp(colours.astype(int), axis=1) > 120).sum() > 5


def test_weights_of_integers_are_drawn_and_not_those_behind_them():
    folded = made((4, 3, 1), [("integer_dense", 9, {}), ("dense", 5, {})])
    layer, shades = with_weights(folded)
    assert (layer, shades.shape) == (folded.first, (9, 12))
    assert with_weights(made((6, 5, 1), INTEGERS)) is None


def test_a_feature_map_is_shown_channel_by_channel():
    folded = made((8, 12, 3), COLOUR, levels=(64, 128))
    for place, layer in enumerate(folded.layers):
        size = trace_picture.map_shape(folded, place)
        drawn = trace_picture.layout(folded, place, np.arange(layer.outputs), size)
        assert sorted(drawn[~np.isnan(drawn)]) == list(range(layer.outputs))
    assert trace_picture.map_shape(folded, 2) == (8, 18)  # 2 x 3 pictures of 4 x 6
    drawn = trace_picture.layout(folded, 2, np.arange(144), (8, 18))
    values = np.arange(144).reshape(4, 6, 6)
    np.testing.assert_array_equal(drawn[4:, 6:12], values[:, :, 4])
    assert trace_picture.map_shape(folded, 4) == (1, 10)  # 5 pictures of 1 x 2
