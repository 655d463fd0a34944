"""Feature maps for the tests of stages that take them position by position."""

import numpy as np

from sw import golden
from sw.bits import to_int

from .handshakes import follow


PACES = ((0, 0), (0.6, 0), (0, 0.6), (0.5, 0.5), (0.05, 0.9))  # idle × back-pressure


def words_of(bits, width):
    """Cut bits, uint8 of any shape, into words: a list of int, the first bit lowest."""
    return [to_int(word) for word in np.asarray(bits, np.uint8).reshape(-1, width)]


def rtl_map(stage, layer, maps, *, width=None, **pauses):
    """Send maps of bits, shape (n, inputs), through a stage; return what it did.

    ``width`` are the bits of an input word: a position, if it is not given.
    """
    sent = words_of(maps, width or layer.takes.extents[-1])
    return follow(stage, sent, len(maps) * layer.vectors, **pauses)


def ref_map(layer, maps):
    """Return the words of the layer's outputs by golden."""
    return words_of(golden.outputs(layer, maps), layer.gives.extents[-1])


def random_maps(layer, count, seed=1):
    """Return random maps for a layer: uint8, shape (count, inputs)."""
    return np.random.default_rng(seed).integers(2, size=(count, layer.inputs), dtype=np.uint8)
