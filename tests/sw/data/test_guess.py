"""What is guessed of a dataset is said with the option that changes it, and the option does."""

import numpy as np
import pytest
from PIL import Image

from sw.conversion import Picture, Row
from sw.data.datasets import load
from sw.data.options import Options


RNG = np.random.default_rng(6)
PICTURES = RNG.integers(0, 256, (20, 6, 6), dtype=np.uint8)
PICTURES[:, [0, -1]] = PICTURES[..., [0, -1]] = 0
CLASSES = np.arange(20) % 2
AS_THEY_ARE = "pictures are taken as they are (--drawing: cut out and centred)"


def arrays(tmp_path, pictures, options=None):
    np.savez(tmp_path / "a.npz", x_train=pictures, y_train=CLASSES)
    dataset = load(tmp_path / "a.npz", options or Options())
    guessed = [sentence for sentence in dataset.facts.guessed
               if "test part" not in sentence and sentence != AS_THEY_ARE]
    return dataset, guessed


@pytest.mark.parametrize(("pictures", "conversion", "said"), [
    (PICTURES, Picture((6, 6)), []),
    (PICTURES // 128, Picture((6, 6), high=1.0), ["values 0..1 become 0..255"]),
    (PICTURES.astype(np.uint16) * 16, Picture((6, 6), depth=16, high=4080.0),
     ["values 0..4080 become 0..255"]),
    (PICTURES / 255, Picture((6, 6), depth=0, high=1.0), ["values 0..1 become 0..255"]),
    (PICTURES / 255 - 0.5, Picture((6, 6), depth=0, low=-0.5, high=0.5),
     ["values -0.5..0.5 become 0..255"]),
    (PICTURES.astype(np.float32), Picture((6, 6)), []),
    (PICTURES.astype(np.int32) // 4 + 40000, Picture((6, 6), depth=16, low=40000.0, high=40063.0),
     ["values 40000..40063 become 0..255"]),
    (PICTURES > 128, Picture((6, 6), high=1.0), ["values 0..1 become 0..255"])])
def test_values_of_any_range_fill_the_networks(tmp_path, pictures, conversion, said):
    dataset, guessed = arrays(tmp_path, pictures)
    assert dataset.conversion == conversion
    assert guessed == [f"{sentence} (--range LOW,HIGH: others do)" for sentence in said]
    assert (dataset.train_images.min(), dataset.train_images.max()) == (0, 255)


def test_what_is_said_overrides_what_is_guessed(tmp_path):
    said = Options(size=(8, 4), fit="photo", invert=True, transpose=True, range=(0.0, 128.0))
    dataset, guessed = arrays(tmp_path, PICTURES, said)
    assert dataset.conversion == Picture((8, 4), fit="photo", transpose=True, invert=True,
                                         high=128.0)
    assert guessed == []
    assert dataset.input_shape == (8, 4)


def test_light_pictures_stay_light_and_it_is_said(tmp_path):
    dataset, guessed = arrays(tmp_path, 255 - PICTURES)
    assert dataset.conversion == Picture((6, 6))
    assert guessed == ["most pictures are light at their edge and stay so (--invert: light becomes "
                       "dark)"]


def test_drawings_are_grey_and_dark_at_their_edge(tmp_path):
    colours = np.repeat(255 - PICTURES[..., None], 3, axis=3)
    dataset, _ = arrays(tmp_path, colours, Options(fit="drawing", size=(6, 6)))
    assert dataset.conversion == Picture((6, 6), fit="drawing", invert=None)
    np.testing.assert_array_equal(dataset.train_images, PICTURES[:16])


def test_arrays_keep_their_colours_and_folders_do_not(tmp_path):
    colours = RNG.integers(0, 256, (20, 6, 6, 3), dtype=np.uint8)
    dataset, guessed = arrays(tmp_path, colours)
    assert (dataset.conversion.colours, dataset.input_shape) == (3, (6, 6, 3))
    assert "colours are kept (--grey: they become grey)" in guessed
    for index, (picture, label) in enumerate(zip(colours, CLASSES, strict=True)):
        (tmp_path / "f" / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "f" / str(label) / f"{index:02}.png")
    assert load(tmp_path / "f").conversion.colours == 1
    kept = load(tmp_path / "f", Options(colours=3))
    np.testing.assert_array_equal(kept.train_images, colours[[*range(0, 16, 2), *range(1, 16, 2)]])


def test_large_pictures_become_small_in_their_proportions(tmp_path):
    dataset, guessed = arrays(tmp_path, np.kron(PICTURES, np.ones((1, 20, 10), np.uint8)))
    assert dataset.conversion.size == (32, 16)
    assert guessed == ["pictures of 120 x 60 pixels become 32 x 16 (--size HxW: another size)"]


def pixels(tmp_path, names):
    lines = [",".join(["label", *names])] if names else []
    lines += [",".join(map(str, (label, *picture.ravel())))
              for label, picture in zip(CLASSES, np.pad(PICTURES, ((0, 0), (1, 1), (1, 1))),
                                        strict=True)]
    (tmp_path / "p.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "p.csv"


@pytest.mark.parametrize("names", [[f"pixel{n}" for n in range(64)], [],
                                   [f"{n // 8}x{n % 8}" for n in range(64)]])
def test_rows_of_pixels_are_pictures(tmp_path, names):
    dataset = load(pixels(tmp_path, names), Options(label="1"))
    assert dataset.conversion == Picture((8, 8))
    assert "rows of 64 numbers are pictures of 8 x 8 pixels (--size flat: they are not)" \
        in dataset.facts.guessed
    flat = load(pixels(tmp_path, names), Options(label="1", size="flat"))
    assert isinstance(flat.conversion, Row)
    np.testing.assert_array_equal(flat.train_images, dataset.train_images.reshape(-1, 64))


@pytest.mark.parametrize(("options", "message"), [
    (Options(size=(5, 5)), r"^.*a\.npz must .*$"),
    (Options(fit="photo"), r"^Size of the pictures in .*a\.npz must be given: 35 numbers a row are "
                           r"no square \(--size ROWSxCOLUMNS\)$")])
def test_rows_that_cannot_be_pictures_are_refused(tmp_path, options, message):
    np.savez(tmp_path / "a.npz", x_train=PICTURES.reshape(20, 36)[:, :35], y_train=CLASSES)
    with pytest.raises(ValueError, match=message.replace(
            r"^.*a\.npz must .*$", r"^Size must have as many pixels as .*a\.npz has numbers a row: "
                                   r"5 x 5 is not 35$")):
        load(tmp_path / "a.npz", options)


def test_rows_of_colour_planes_are_refused(tmp_path):
    light = RNG.integers(0, 200, (20, 3, 3, 1)).repeat(4, 1).repeat(4, 2)  # patches of 4 x 4 pixels
    pictures = (light + RNG.integers(0, 40, (20, 1, 1, 3))).astype(np.uint8)
    options = Options(size=(12, 12))
    dataset, _ = arrays(tmp_path, pictures.reshape(20, -1), options)
    assert dataset.input_shape == (12, 12, 3)
    planes = pictures.transpose(0, 3, 1, 2).reshape(20, -1)
    with pytest.raises(ValueError, match="colours of a pixel side by side"):
        arrays(tmp_path, planes, options)


def test_a_few_huge_values_do_not_hide_the_rest_of_a_column(tmp_path):
    rows = np.column_stack([np.linspace(0, 3, 200), np.linspace(-1, 1, 200)])
    rows[[20, 60], 0] = 1e8, 1e9
    np.savez(tmp_path / "a.npz", x_train=rows, y_train=np.arange(200) % 2,
             x_test=rows[:4], y_test=[0, 1, 0, 1])
    dataset = load(tmp_path / "a.npz", Options())
    few, many = np.percentile(rows[:, 0], (5, 95))
    high = many + 10 * (many - few)
    assert dataset.conversion.low == (0.0, -1.0)
    assert dataset.conversion.high == (high, 1.0)
    assert len(np.unique(dataset.train_images[:, 0])) > 20
    assert (f"column 1: 2 of 200 values far from the others are cut to 0..{high:g} (--range "
            f"LOW,HIGH: one range for all columns)") in dataset.facts.guessed


def test_a_column_of_rare_values_keeps_its_range(tmp_path):
    rows = np.zeros((200, 2))
    rows[:, 1], rows[3, 0] = np.linspace(0, 2, 200), 1000.5
    np.savez(tmp_path / "a.npz", x_train=rows, y_train=np.arange(200) % 2,
             x_test=rows[:4], y_test=[0, 1, 0, 1])
    assert load(tmp_path / "a.npz", Options()).conversion.high == (1000.5, 2.0)
