"""Pictures and rows become inputs by the steps that their conversion names, and by no others."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sw.conversion import Picture, Row, as_is
from sw.data.convert import Converter, grey
from sw.data.images import decode


PICTURES = np.random.default_rng(3).integers(0, 256, (5, 4, 6), dtype=np.uint8)
PLAIN = Picture((4, 6))


def converted(examples, conversion, shape=None, **options):
    shape = shape or (conversion.size if isinstance(conversion, Picture) else examples.shape[1:])
    return Converter(conversion, shape, **options).all(examples)


def test_pictures_as_they_are_stay():
    np.testing.assert_array_equal(converted(PICTURES, PLAIN), PICTURES)


def test_light_becomes_dark_and_rows_become_columns():
    np.testing.assert_array_equal(converted(PICTURES, replace(PLAIN, invert=True)), 255 - PICTURES)
    turned = converted(PICTURES.swapaxes(1, 2), replace(PLAIN, transpose=True))
    np.testing.assert_array_equal(turned, PICTURES)


def test_an_array_is_converted_as_its_pictures_are_one_by_one():
    for fit in ("as-is", "photo", "drawing"):
        conversion = Picture((5, 5), fit=fit, invert=None)
        np.testing.assert_array_equal(converted(PICTURES, conversion),
                                      converted(list(PICTURES), conversion))


def test_greys_are_those_of_pillow():
    colours = np.random.default_rng(1).integers(0, 256, (50, 40, 3), dtype=np.uint8)
    np.testing.assert_array_equal(grey(colours[None])[0],
                                  np.asarray(Image.fromarray(colours).convert("L")))


@pytest.mark.parametrize(("values", "conversion"), [
    (PICTURES // 255, replace(PLAIN, high=1.0)),
    (PICTURES.astype(np.uint16) * 16, replace(PLAIN, depth=16, high=4080.0)),
    (PICTURES.astype(np.uint16) * 257, replace(PLAIN, depth=16, high=65535.0)),
    (PICTURES / 255, replace(PLAIN, depth=0, high=1.0)),
    (PICTURES / 127.5 - 1, replace(PLAIN, depth=0, low=-1.0, high=1.0))])
def test_values_of_any_range_become_octets(values, conversion):
    want = PICTURES // 255 * 255 if values.max() == 1 and values.dtype == np.uint8 else PICTURES
    np.testing.assert_array_equal(converted(values, conversion), want)


@pytest.mark.parametrize(("values", "message"), [
    (PICTURES / 255, r"^Values must be 0\.\.255, as those of training: .* \(say what the numbers "
                     r"range over with --range LOW,HIGH\)$"),
    (PICTURES.astype(np.int64) * 100, r"^Values must be 0\.\.255, as those of training: .*$")])
def test_values_of_another_scale_are_refused_unless_it_is_given(values, message):
    with pytest.raises(ValueError, match=message):
        converted(values, PLAIN)
    given = (0, float(255 if values.max() <= 1 else 25500) / (255 if values.max() <= 1 else 1))
    np.testing.assert_array_equal(converted(values, PLAIN, given=given), PICTURES)


@pytest.mark.parametrize(("values", "conversion"), [
    (PICTURES, replace(PLAIN, high=1.0)),
    (PICTURES.astype(np.uint16) * 257, replace(PLAIN, high=1.0)),
    (PICTURES.astype(np.uint16) * 257, replace(PLAIN, depth=16, high=4095.0))])
def test_integers_of_another_scale_are_refused_too(values, conversion):
    with pytest.raises(ValueError, match="must be") as caught:
        converted(values, conversion)
    assert str(caught.value) == (f"Values must be 0..{conversion.high:g}, as those of training: "
                                 f"{values.min()}..{values.max()} (say what the numbers range over "
                                 f"with --range LOW,HIGH)")


@pytest.mark.parametrize(("values", "brightest"), [
    (PICTURES // 255, 1), (PICTURES.astype(np.uint16), 0), (PICTURES // 16, 15)])
def test_pictures_that_are_all_dark_are_doubted(values, brightest):
    for conversion in (PLAIN, replace(PLAIN, invert=True)):
        converter = Converter(conversion, PLAIN.size)
        converter.all(values)
        assert list(converter.notes()) == [
            f"no pixel is above {brightest} of 255: if these files have another range of values "
            f"than those of training, say it with --range LOW,HIGH"]


@pytest.mark.parametrize("conversion", [replace(PLAIN, depth=0), Row()])
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("given", [None, (0, 1)])
def test_numbers_that_are_not_finite_are_refused(conversion, wrong, given):
    values = PICTURES.astype(float)
    values[2, 1, 3] = wrong
    with pytest.raises(ValueError, match=r"^Values must be finite numbers: some are NaN or "
                                         r"infinite \(fill in or remove these examples\)$"):
        converted(values, conversion, PLAIN.size, given=given)


def test_pictures_of_16_bits_reach_a_network_of_8(tmp_path):
    Image.fromarray(PICTURES[0].astype(np.uint16) << 8).save(tmp_path / "a.png")
    np.testing.assert_array_equal(converted([decode(tmp_path / "a.png")], PLAIN)[0], PICTURES[0])


def test_pictures_of_8_bits_do_not_reach_a_network_of_12():
    with pytest.raises(ValueError, match=r"^Pictures must have 16 bits a pixel and values 0\.\."
                                         r"4095, as those of training: 8 bits \(give .*\)$"):
        converted(PICTURES, replace(PLAIN, depth=16, high=4095.0))


def test_channels_come_first_where_the_network_wants_them_first():
    colours = np.random.default_rng(2).integers(0, 256, (3, 4, 6, 3), dtype=np.uint8)
    made = converted(colours, Picture((4, 6), colours=3), (3, 4, 6))
    np.testing.assert_array_equal(made, np.moveaxis(colours, 3, 1))
    one = converted(PICTURES, PLAIN, (1, 4, 6))
    np.testing.assert_array_equal(one[:, 0], PICTURES)


def test_rows_of_pixels_are_pictures_and_pictures_are_rows():
    np.testing.assert_array_equal(converted(PICTURES.reshape(5, 24), PLAIN), PICTURES)
    made = converted(PICTURES, Row(), (24,))
    np.testing.assert_array_equal(made, PICTURES.reshape(5, 24))


def test_each_column_is_scaled_by_its_own_range_and_cut():
    converter = Converter(Row(columns=("a", "b"), low=(0.0, -1.0), high=(255.0, 1.0)), (2,))
    made = converter.all(np.array([[7, -1], [300, 1], [0, 0.5]]))
    assert made.tolist() == [[7, 0], [255, 255], [0, 191]]
    assert list(converter.notes()) == ["1 of 6 values lie beyond the range of the training data: "
                                       "they are cut to it"]


def test_wide_inputs_keep_their_bits():
    values = np.array([[0, 700, 1023]])
    converter = Converter(as_is((3,), 10), (3,), 10)
    assert converter.all(values).tolist() == values.tolist()


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"^Rows must have 3 numbers, the inputs of the network: "
                                         r"2$"):
        converted(np.zeros((1, 2)), Row(), (3,))
