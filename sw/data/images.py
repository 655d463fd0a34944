"""Converts pictures from users to inputs of a network, in the form of its training images."""

import struct
import warnings
import zlib
from math import ceil, sqrt

import numpy as np
from PIL import Image, ImageOps


FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")

# Far above a phone's camera and far below a PC's memory. Checked before any pixel is unpacked.
PIXELS_LIMIT = 2**26

# Larger pictures are made smaller first, to save time.
WORKING = 2**22

# MNIST fits a digit into 20 x 20 of its 28 x 28 pixels.
BOX = 20 / 28

# Share of the range from background to ink above which a pixel belongs to the drawing.
INK = 1 / 8


def read_image(path, input_shape):
    """Read a picture of any size as one image for a network.

    For grey networks a light background becomes dark. The drawing is cut out, scaled to MNIST's box
    with its proportions kept, and placed with its centre of mass in the middle. A picture of the
    network's size is not moved. For colour networks the middle of the picture is scaled.

    Parameters
    ----------
    path : path-like
        PNG, JPEG, or another format of :data:`FORMATS`.
    input_shape : tuple of int
        ``(rows, columns)``, ``(rows, columns, 1)`` or ``(rows, columns, 3)``.

    Returns
    -------
    ndarray of uint8, shape input_shape

    Source of the conversion: LeCun, Cortes and Burges, "The MNIST database".
    """
    input_shape = tuple(input_shape)
    if len(input_shape) not in (2, 3) or input_shape[2:] not in ((), (1,), (3,)):
        raise ValueError(f"Input shape must be (rows, columns) with at most 3 colours to take "
                         f"pictures: {input_shape} (give this network numbers instead)")
    rows, columns = input_shape[:2]
    picture = _shrunk(open_picture(path))
    if input_shape[2:] == (3,):
        fitted = ImageOps.fit(_flat(picture), (columns, rows), Image.Resampling.BICUBIC)
        return np.asarray(fitted, dtype=np.uint8)
    return like_mnist(grey_levels(picture), (rows, columns)).reshape(input_shape)


def like_mnist(grey, shape):
    """Return a grey picture as MNIST would hold it: uint8, shape (rows, columns).

    Parameters
    ----------
    grey : ndarray of uint8, shape (height, width)
        A drawing, dark on light or light on dark.
    shape : tuple of int
        Rows and columns wanted.
    """
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if np.median(edge) > 127:
        grey, edge = 255 - grey, 255 - edge
    if grey.shape == tuple(shape):
        return grey
    ground = int(np.median(edge))
    ink = np.clip(grey.astype(np.int32) - ground, 0, None)
    if not ink.any():
        return np.zeros(shape, np.uint8)
    ink = (ink * 255 // ink.max()).astype(np.uint8)
    drawing = _scaled(_cut(ink), shape)
    return _placed(drawing, shape)


def _cut(ink):
    """Return the smallest rectangle that holds the drawing."""
    rows, columns = (np.flatnonzero((ink > 255 * INK).any(axis=axis)) for axis in (1, 0))
    return ink[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]


def _scaled(drawing, shape):
    """Return the drawing in the largest size that fits the box, its proportions kept."""
    box = [max(1, round(extent * BOX)) for extent in shape]
    scale = min(limit / extent for limit, extent in zip(box, drawing.shape, strict=True))
    height, width = (min(limit, max(1, round(extent * scale)))
                     for limit, extent in zip(box, drawing.shape, strict=True))
    # Shrinking averages over areas, which makes strokes as soft as MNIST's.
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(drawing).resize((width, height), method))


def _placed(drawing, shape):
    """Return an image of the given shape with the drawing's centre of mass in its middle."""
    image = np.zeros(shape, np.uint8)
    place = []
    for axis in (0, 1):
        mass = drawing.sum(axis=1 - axis, dtype=np.int64)
        centre = (mass * np.arange(len(mass))).sum() / max(1, mass.sum())
        start = round(shape[axis] / 2 - centre)  # MNIST's middle of 28 is pixel 14
        start = min(max(start, 0), shape[axis] - len(mass))
        place.append(slice(start, start + len(mass)))
    image[tuple(place)] = drawing
    return image


def open_picture(path, limit=PIXELS_LIMIT):
    """Return a picture of at most ``limit`` pixels, upright and with its pixels read."""
    with open(path, "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # our own limit holds, and damage raises an error
        try:
            picture = Image.open(file, formats=FORMATS)
            width, height = picture.size
            if picture.format == "WEBP":
                limit //= 2  # this decoder keeps three more copies of the pixels
            if width * height > limit:
                raise ValueError(f"it has {width} x {height} pixels, more than "
                                 f"{limit >> 20} million")
            picture.load()
            return ImageOps.exif_transpose(picture)
        except Image.DecompressionBombError:
            reason = f"it says it has more than {limit >> 20} million pixels"
        except Image.UnidentifiedImageError:
            reason = "its content is none of them"
        except (OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError,
                struct.error, zlib.error) as error:  # Pillow's errors for damaged files
            reason = " ".join(str(error).split()) or "it is damaged"
    raise ValueError(f"{path} must be an intact picture ({', '.join(FORMATS)}): {reason}")


def _shrunk(picture):
    """Return a very large picture shrunk by a whole factor, any other unchanged."""
    factor = ceil(sqrt(picture.width * picture.height / WORKING))
    if factor <= 1:
        return picture
    if picture.mode.startswith("I;"):
        picture = picture.convert("I")
    elif picture.mode in ("1", "P", "PA"):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    return picture.reduce(factor)


def _flat(picture):
    """Return a picture in RGB; transparent pixels become dark or light, against the drawing."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    pixels = np.asarray(picture.convert("LA"), dtype=np.int64)
    shade, opacity = pixels[..., 0], pixels[..., 1]
    light = (shade * opacity).sum() > 127 * opacity.sum()
    ground = Image.new("RGBA", picture.size, "black" if light else "white")
    return Image.alpha_composite(ground, picture).convert("RGB")


def grey_levels(picture):
    """Return a picture as uint8 shades, shape (height, width)."""
    if picture.mode.startswith("I"):  # 16 bits a pixel: Pillow's own conversion would clip them
        return (np.clip(np.asarray(picture), 0, 65535) >> 8).astype(np.uint8)
    if picture.mode == "L":
        return np.array(picture)
    return np.array(_flat(picture).convert("L"))
