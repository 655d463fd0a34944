"""Reads pictures of any common format as arrays of grey levels or colours, and resizes them."""

import struct
import warnings
import zlib
from functools import cache
from math import ceil, sqrt

import numpy as np
from PIL import Image, ImageOps


# Formats that start other programs, or of which Pillow knows the name alone.
LEFT_OUT = ("BUFR", "EPS", "FITS", "FPX", "GRIB", "HDF5", "IPTC", "MIC", "MPEG", "WMF")

# Far above a phone's camera and far below a PC's memory. Checked before any pixel is unpacked.
PIXELS_LIMIT = 2**26

# Larger pictures are made smaller first, to save time.
WORKING = 2**22


@cache
def formats():
    """Return the names of the formats that are read, as Pillow calls them."""
    Image.init()
    return tuple(sorted(set(Image.OPEN) - set(LEFT_OUT)))


@cache
def suffixes():
    """Return the endings of files in these formats, in lower case: ``{".png", ...}``."""
    known = formats()
    return {suffix for suffix, name in Image.EXTENSION.items() if name in known} - {".pdf"}


def decode(source, limit=PIXELS_LIMIT):
    """Read a picture as it stands in its file, upright.

    Parameters
    ----------
    source : path-like or binary file
        Picture. Transparent pixels become dark or light, against the drawing.
    limit : int
        Most pixels.

    Returns
    -------
    ndarray
        Grey levels, shape (rows, columns): uint8, uint16, int32 or float32. Or colours, uint8 of
        shape (rows, columns, 3).

    Raises
    ------
    ValueError
        If the file is no intact picture within the limit.
    """
    picture = _shrunk(open_picture(source, limit))
    if picture.mode == "F":
        values = np.array(picture)
        if not np.isfinite(values).all():
            raise ValueError(f"{source} must hold finite numbers: it has NaN or infinite ones")
        return values
    if picture.mode.startswith("I"):
        values = np.asarray(picture)
        sixteen = values.dtype.itemsize == 2 or (0 <= values.min() and values.max() < 2**16)
        return values.astype(np.uint16 if sixteen else np.int32)
    if picture.mode == "L" and not picture.has_transparency_data:
        return np.array(picture)
    if picture.mode == "1" and not picture.has_transparency_data:
        return np.array(picture.convert("L"))
    return np.array(_flat(picture))


def open_picture(source, limit=PIXELS_LIMIT):
    """Return a picture of at most ``limit`` pixels, upright and with its pixels read."""
    if hasattr(source, "read"):
        return _opened(source, getattr(source, "name", "Picture"), limit)
    with open(source, "rb") as file:
        return _opened(file, source, limit)


def _opened(file, name, limit):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # our own limit holds, and damage raises an error
        try:
            picture = Image.open(file, formats=formats())
            width, height = picture.size
            if picture.format in ("WEBP", "AVIF"):
                limit //= 2  # these decoders keep three more copies of the pixels
            if width * height > limit:
                raise ValueError(f"it has {width} x {height} pixels, more than "
                                 f"{limit >> 20} million")
            picture.load()
            return ImageOps.exif_transpose(picture)
        except Image.DecompressionBombError:
            reason = f"it says it has more than {limit >> 20} million pixels"
        except Image.UnidentifiedImageError:
            reason = "its content is no format that Pillow reads"
        except (OSError, ValueError, SyntaxError, EOFError, TypeError, LookupError, AttributeError,
                ArithmeticError, RuntimeError, AssertionError, struct.error,
                zlib.error) as error:  # Pillow's errors for damaged files
            reason = " ".join(str(error).split()) or "it is damaged"
    raise ValueError(f"{name} must be an intact picture (PNG, JPEG, ...): {reason}")


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


def resized(pixels, shape, *, shrinking):
    """Return uint8 pixels, stretched to rows and columns of ``shape``.

    Shrinking averages over areas, which makes strokes as soft as MNIST's.
    """
    method = Image.Resampling.BOX if shrinking else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(pixels).resize(shape[::-1], method))


def middle(pixels, shape):
    """Return the middle of uint8 pixels, in the proportions of ``shape`` and scaled to it."""
    fitted = ImageOps.fit(Image.fromarray(pixels), shape[::-1], Image.Resampling.BICUBIC)
    return np.asarray(fitted)
