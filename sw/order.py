"""Checks of the order of layers: each takes the shape that the one before gives."""

from itertools import pairwise
from math import prod


def check_ends(layers):
    """Check that the first layer takes pixels, the last one gives scores, and no other does."""
    places = range(len(layers))
    if (len(layers) < 2 or [layer.takes_pixels for layer in layers] != [n == 0 for n in places]
            or [layer.gives_scores for layer in layers] != [n == places[-1] for n in places]):
        raise ValueError(f"First layer must take pixels, the last one give scores, and no other do "
                         f"either: {', '.join(layer.kind for layer in layers) or 'none'} (such as "
                         f"encoder, dense, scores)")


def check_chain(layers):
    """Check that names differ and that each layer takes what the layer before gives."""
    names = [layer.name for layer in layers]
    if len(set(names)) < len(names):
        raise ValueError(f"Names of layers must differ: {', '.join(names)}")
    for before, after in pairwise(layers):
        if before.gives.fits(after.takes):
            continue
        if before.gives.is_map and after.takes.is_map:
            raise ValueError(f"Layer {after.name!r} must take the feature map that {before.name!r} "
                             f"gives: {after.takes}, not {before.gives}")
        if before.gives.bits != after.takes.bits:
            raise ValueError(f"Layer {after.name!r} must take values of as many bits as "
                             f"{before.name!r} gives: {after.takes.bits}, not {before.gives.bits}")
        raise ValueError(f"Layer {after.name!r} must have as many inputs as {before.name!r} "
                         f"has outputs: {after.inputs}, not {before.outputs}")


def check_image(layers, input_shape):
    """Check that the first layer takes an image, and the first feature map is of its rows.

    A map of an image in another order, such as channel by channel, has as many values.
    """
    first = layers[0]
    if prod(input_shape) != first.inputs:
        raise ValueError(f"Input shape must have as many elements as layer {first.name!r} has "
                         f"inputs: {input_shape}, not {first.inputs}")
    seeing = layers[:2] if first.keeps_places else layers[:1]
    known = next((layer for layer in seeing if layer.takes.is_map), None)
    if known and len(input_shape) > 1 and known.takes.extents[:2] != tuple(input_shape[:2]):
        rows, columns = known.takes.extents[:2]
        raise ValueError(f"Layer {known.name!r} must take the rows and columns of an image, "
                         f"{' x '.join(map(str, input_shape))}: {rows} x {columns} (images and "
                         f"weights have the channels last)")
