"""Pictures become what MNIST would hold, and damaged ones are refused in one line."""

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sw.artefact import artefact
from sw.conversion import legacy
from sw.data.convert import Converter
from sw.data.drawing import like_mnist
from sw.data.images import decode
from sw.data.testset import load_test_set
from sw.network import load


@pytest.fixture(scope="module")
def digits():
    return load_test_set(load(artefact("icebreaker"))).images[:200]


def read_image(path, shape):
    """Convert a picture as networks do whose file has no conversion."""
    return Converter(legacy(shape, {}), shape).all([decode(path)])[0]


def drawn(tmp_path, pixels, name="a.png", **options):
    path = tmp_path / name
    Image.fromarray(pixels).save(path, **options)
    return path


def enlarged(digit, factor=10, margins=((40, 100), (77, 11))):
    """Return a digit as somebody would draw it: large, dark on light, not in the middle."""
    return 255 - np.pad(np.kron(digit, np.ones((factor, factor), np.uint8)), margins)


def test_an_image_of_the_right_size_is_taken_as_it_is(tmp_path, digits):
    for digit in digits[:20]:
        np.testing.assert_array_equal(read_image(drawn(tmp_path, digit), (28, 28)), digit)
        np.testing.assert_array_equal(read_image(drawn(tmp_path, 255 - digit), (28, 28)), digit)


def test_large_inverted_digits_give_the_bits_they_came_from(tmp_path, digits):
    same = 0
    for digit in digits:
        image = read_image(drawn(tmp_path, enlarged(digit)), (28, 28))
        same += np.array_equal(image >= 128, digit >= 128)
    assert same >= 198


@pytest.mark.parametrize("factor", [3, 7, 25])
def test_size_of_the_picture_does_not_matter(digits, factor):
    for digit in digits[:10]:
        image = like_mnist(255 - enlarged(digit, factor), (28, 28))
        assert ((image >= 128) != (digit >= 128)).sum() <= 8


def test_a_drawing_fills_the_box_and_its_mass_is_in_the_middle():
    picture = np.full((300, 500), 15, np.uint8)
    picture[30:50, 100:420] = 245
    image = like_mnist(picture, (28, 28))
    rows, columns = np.nonzero(image)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (14, 14, 4, 23)
    assert set(np.unique(image)) == {0, 255}


def test_other_shapes_are_filled_in_proportion(tmp_path):
    picture = np.zeros((90, 90), np.uint8)
    picture[10:50, 20:60] = 255
    image = read_image(drawn(tmp_path, picture), (14, 56, 1))
    assert image.shape == (14, 56, 1)
    rows, columns, _ = np.nonzero(image)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (10, 10)


def test_a_blank_picture_is_a_blank_image():
    for shade in (0, 255):
        assert not like_mnist(np.full((50, 60), shade, np.uint8), (28, 28)).any()


@pytest.mark.parametrize(("name", "mode"), [
    ("a.png", "RGB"), ("a.png", "RGBA"), ("a.png", "1"), ("a.png", "P"), ("a.png", "I;16"),
    ("a.jpg", "L"), ("a.gif", "P"), ("a.bmp", "RGB"), ("a.webp", "RGB"), ("a.tif", "L"),
])
def test_formats_and_pixels_of_all_kinds(tmp_path, digits, name, mode):
    pixels = Image.fromarray(enlarged(digits[0]))
    picture = (Image.fromarray(np.asarray(pixels).astype(np.uint16) << 8) if mode == "I;16"
               else pixels.convert(mode))
    picture.save(tmp_path / name)
    image = read_image(tmp_path / name, (28, 28))
    assert ((image >= 128) != (digits[0] >= 128)).sum() <= 8


@pytest.mark.parametrize("ink", [0, 255])
def test_a_drawing_on_nothing_stands_out(tmp_path, digits, ink):
    opacity = 255 - enlarged(digits[0])
    pixels = np.stack([np.full_like(opacity, ink), opacity], axis=2)
    image = read_image(drawn(tmp_path, pixels), (28, 28))
    assert ((image >= 128) != (digits[0] >= 128)).sum() <= 8


def test_a_turned_photograph_is_turned_back(tmp_path, digits):
    picture = Image.fromarray(enlarged(digits[0])).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by 270 degrees to see it so
    picture.save(tmp_path / "a.png", exif=exif)
    image = read_image(tmp_path / "a.png", (28, 28))
    assert ((image >= 128) != (digits[0] >= 128)).sum() <= 8


def test_colour_pictures_keep_their_colours_and_lose_their_edges(tmp_path):
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, 10:70] = (200, 100, 50)
    image = read_image(drawn(tmp_path, pixels), (8, 8, 3))
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, np.broadcast_to(np.uint8([200, 100, 50]), (8, 8, 3)))


def test_a_missing_picture_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "none.png", (28, 28))


@pytest.mark.parametrize("content", [b"", b"text", b"%!PS-Adobe-3.0 EPSF-3.0\n" * 20])
def test_files_that_are_no_pictures_are_refused(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^.*a\.png must be an intact picture \(PNG, JPEG, "
                                         r"\.\.\.\): its content is no format that Pillow reads$"):
        read_image(path, (28, 28))


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.bmp", "a.tif", "a.webp"])
def test_truncated_pictures_are_refused_or_read(tmp_path, digits, name):
    path = drawn(tmp_path, enlarged(digits[0]), name)
    whole = path.read_bytes()
    refused = 0
    for length in range(0, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:length])
        try:
            assert read_image(path, (28, 28)).shape == (28, 28)
        except ValueError as error:
            refused += str(error).count("must be an intact picture (PNG, JPEG, ...): ")
    assert refused > 30


def png(width, height, data):
    """Return a grey PNG that declares a size, whatever its data."""
    def chunk(kind, content):
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data))
            + chunk(b"IEND", b""))


@pytest.mark.parametrize(("size", "reason"), [
    ((10_000, 10_000), "it has 10000 x 10000 pixels, more than 64 million"),
    ((60_000, 60_000), "it says it has more than 64 million pixels"),
])
def test_decompression_bombs_are_refused_unopened(tmp_path, size, reason):
    path = tmp_path / "a.png"
    path.write_bytes(png(*size, b""))
    with pytest.raises(ValueError, match=r"^.*a\.png must be an intact picture \(PNG, JPEG, "
                                         rf"\.\.\.\): {reason}$"):
        read_image(path, (28, 28))


@pytest.mark.parametrize(("form", "mode", "extent"), [("WEBP", "RGBA", 5700), ("GIF", "P", 8000),
                                                      ("PNG", "LA", 8000)])
def test_a_few_octets_do_not_become_a_gigabyte(tmp_path, form, mode, extent):
    """Measured in a process of its own: Pillow's memory is not Python's."""
    path = tmp_path / "a.png"
    Image.new(mode, (extent, extent), 40 if mode == "P" else (40,) * len(mode)).save(
        path, form, **({"lossless": True} if form == "WEBP" else {}))
    code = ("import sys; from pathlib import Path; from tests.sw.data.test_images import "
            "read_image\n"
            "def status(key): return int(next(line for line in open('/proc/self/status') "
            "if line.startswith(key)).split()[1]) // 1024\n"
            "Path('/proc/self/clear_refs').write_text('5'); before = status('VmHWM')\n"
            "print(read_image(sys.argv[1], (28, 28)).shape, status('VmHWM') - before)")
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True,
                          check=True, cwd=Path(__file__).parents[3])
    assert done.stdout.startswith("(28, 28) ")
    assert int(done.stdout.split()[-1]) < 700, done.stdout


def test_a_very_large_picture_is_labelled_like_a_small_one(tmp_path):
    small = np.full((60, 60), 255, np.uint8)
    small[10:50, 25:32] = 0
    for name, factor in (("small", 1), ("large", 50)):
        Image.fromarray(np.kron(small, np.ones((factor, factor), np.uint8))).save(
            tmp_path / f"{name}.png")
    difference = (read_image(tmp_path / "large.png", (28, 28)).astype(int)
                  - read_image(tmp_path / "small.png", (28, 28)))
    assert abs(difference).max() < 24
