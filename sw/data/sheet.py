"""Draws inputs of a network as picture files, one each and many on a contact sheet."""

import io
from math import ceil, sqrt

import numpy as np
from PIL import Image, ImageDraw

from ..store.files import write_bytes


SIDE = 112    # pixels of a picture on the sheet, about
LINE = 14     # pixels of a line of text below
GAP = 6
MOST = 400    # pictures on a sheet


def pixels_of(images, conversion, input_bits):
    """Return inputs as pictures, uint8, shape (n, rows, columns) or (n, rows, columns, 3).

    Parameters
    ----------
    images : ndarray, shape (n, ...)
        Inputs of a network.
    conversion : sw.conversion.Picture
        How they came about.
    input_bits : int
        Width of a value.
    """
    rows, columns = conversion.size
    images = (images >> max(0, input_bits - 8)).astype(np.uint8)
    if conversion.colours == 1:
        return images.reshape(-1, rows, columns)
    if images.ndim == 4 and images.shape[3] != 3:
        return images.transpose(0, 2, 3, 1)
    return images.reshape(-1, rows, columns, 3)


def save(path, pixels):
    """Write one picture as it is."""
    _write(path, Image.fromarray(pixels))


def save_sheet(path, pictures, captions):
    """Write pictures of one shape side by side, each above its caption.

    Returns
    -------
    int
        How many are on the sheet: at most :data:`MOST`.
    """
    pictures, captions = pictures[:MOST], captions[:MOST]
    rows, columns = pictures[0].shape[:2]
    factor = max(1, round(SIDE / max(rows, columns)))
    size = max(columns * factor, SIDE), rows * factor
    across = max(1, ceil(sqrt(len(pictures))))
    down = ceil(len(pictures) / across)
    sheet = Image.new("RGB", (GAP + across * (size[0] + GAP),
                              GAP + down * (size[1] + LINE + GAP)), (70, 90, 110))
    draw = ImageDraw.Draw(sheet)
    for place, (pixels, caption) in enumerate(zip(pictures, captions, strict=True)):
        left = GAP + place % across * (size[0] + GAP)
        top = GAP + place // across * (size[1] + LINE + GAP)
        tile = Image.fromarray(pixels).resize((columns * factor, rows * factor),
                                              Image.Resampling.NEAREST)
        sheet.paste(tile, (left, top))
        draw.text((left, top + size[1] + 1), _drawable(caption), fill="white")
    _write(path, sheet)
    return len(pictures)


def save_grid(path, tiles):
    """Write pictures without gaps, pixel for pixel.

    Parameters
    ----------
    path : path-like
        PNG to write.
    tiles : ndarray of uint8, shape (down, across, rows, columns) or (..., 3)
        The pictures.
    """
    write_bytes(path, grid(tiles))


def grid(tiles):
    """Return pictures as :func:`save_grid` writes them: the octets of a PNG."""
    down, across, rows, columns, *colours = tiles.shape
    joined = tiles.swapaxes(1, 2).reshape(down * rows, across * columns, *colours)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(joined)).save(buffer, format="PNG")
    return buffer.getvalue()


def _write(path, picture):
    buffer = io.BytesIO()  # because on a full disk Pillow's error names neither file nor reason
    picture.save(buffer, format="PNG")
    write_bytes(path, buffer.getbuffer())


def _drawable(text, most=18):
    """Return a text in letters that Pillow's own font has."""
    text = text if len(text) <= most else text[:most - 1] + "~"
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text)
