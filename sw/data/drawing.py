"""Brings drawings into the form of MNIST's digits: cut out, scaled and centred."""

import numpy as np

from .images import resized


# MNIST fits a digit into 20 x 20 of its 28 x 28 pixels.
BOX = 20 / 28

# Share of the range from background to ink above which a pixel belongs to the drawing.
INK = 1 / 8


def like_mnist(grey, shape):
    """Return a grey picture as MNIST would hold it: uint8, shape (rows, columns).

    Parameters
    ----------
    grey : ndarray of uint8, shape (height, width)
        A drawing, light on dark. A picture of the wanted shape is not moved.
    shape : tuple of int
        Rows and columns wanted.

    Source: LeCun, Cortes and Burges, "The MNIST database".
    """
    if grey.shape == tuple(shape):
        return grey
    ground = int(np.median(edge(grey)))
    ink = np.clip(grey.astype(np.int32) - ground, 0, None)
    if not ink.any():
        return np.zeros(shape, np.uint8)
    ink = (ink * 255 // ink.max()).astype(np.uint8)
    drawing = _scaled(_cut(ink), shape)
    return _placed(drawing, shape)


def edge(grey):
    """Return the pixels at the edge of grey pictures, shape (..., 2 * (height + width))."""
    return np.concatenate([grey[..., 0, :], grey[..., -1, :], grey[..., 0], grey[..., -1]], -1)


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
    return resized(drawing, (height, width), shrinking=scale < 1)


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
