"""Order of values: ONNX has channels first, a network has a position's channels together."""

from math import prod

import numpy as np


def places(map_):
    """Return the places of a map (rows, columns, channels) in ONNX's shape (1, channels, ...)."""
    rows, columns, channels = map_
    return np.arange(prod(map_)).reshape(1, rows, columns, channels).transpose(0, 3, 1, 2)


def map_of(source):
    """Return rows, columns and channels of a signal that is a whole map, else None."""
    if source.ndim != 4:
        return None
    _, channels, rows, columns = source.shape
    found = rows, columns, channels
    return found if np.array_equal(source, places(found)) else None


def input_shape(shape):
    """Return the shape of a network's input for the shape of a graph's input, (1, ...).

    Three extents are channels, rows and columns, or rows, columns and channels where only the last
    extent can be that of colours.
    """
    if len(shape) != 4:
        return tuple(shape[1:])
    first, *sides, last = shape[1:]
    if last in (1, 3) and first not in (1, 3):
        return shape[1:] if last == 3 else (first, *sides)
    return (*sides, last) if first == 1 else (*sides, last, first)


def of_input(shape):
    """Return the places of a graph's input in the order of the network's inputs."""
    whole = input_shape(shape)
    if len(shape) == 4 and whole[:2] == shape[2:]:
        return places((*shape[2:], shape[1]))
    return np.arange(prod(shape)).reshape(shape)


def images_for(shape, images):
    """Return images in the order of the network's inputs as the graph takes them."""
    source = of_input(shape)
    moved = images.reshape(len(images), -1)[:, source.ravel()]
    return moved.reshape(len(images), *source.shape[1:])
