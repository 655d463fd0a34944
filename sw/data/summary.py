"""Summary of a dataset for programs: counts, conversion, warnings as JSON, samples as a picture."""

from math import prod

import numpy as np

from ..conversion import Picture, Row
from ..sound import Sound
from .describe import describe, warnings
from .sheet import pixels_of


SAMPLES = 12  # of each class
BAR_HEIGHT = 32  # pixels of a row of numbers that is drawn as bars
BAR_WIDTH, FEW_COLUMNS = 6, 16  # pixels of a bar and its gap, of rows with at most so many columns
EDGE = 90  # grey level between two rows


def summary(dataset, encoder):
    """Return what :func:`sw.data.describe.describe` says of a dataset as a dict for JSON."""
    def counts(labels):
        return np.bincount(labels, minlength=len(dataset.labels)).tolist()

    facts = dataset.facts
    return {
        "name": dataset.name, "form": facts.form, "test_from": facts.test_from,
        "labels": list(dataset.labels), "shape": list(dataset.input_shape),
        "train": counts(dataset.train_labels), "test": counts(dataset.test_labels),
        "conversion": list(dataset.conversion.words()) if dataset.conversion else [],
        "guessed": list(facts.guessed), "warnings": list(warnings(dataset, encoder)),
        "lines": list(describe(dataset, encoder)),
        "rate": getattr(dataset.conversion, "rate", None),  # samples a second of recordings
        "columns": _columns(dataset.conversion, dataset.input_shape),
    }


def _columns(conversion, shape):
    """Return name, least and greatest value of each column of a table; of words these, too.

    The number of a word is its place. Other datasets have no columns.
    """
    if not isinstance(conversion, Row):
        return []
    words = conversion.categories or (None,) * prod(shape)
    names = conversion.columns or range(1, len(words) + 1)
    low, high = (np.broadcast_to(bound, len(words)).tolist()
                 for bound in (conversion.low, conversion.high))
    return [[str(name), 0, len(known) - 1, list(known)] if known else [str(name), *bounds]
            for name, known, *bounds in zip(names, words, low, high, strict=True)]


def sample_tiles(dataset):
    """Return the first samples of each class as the network sees them, as :func:`class_tiles`."""
    return class_tiles(dataset.train_images, dataset.train_labels, len(dataset.labels),
                       dataset.conversion)


def class_tiles(images, labels, classes, conversion, chosen=True):
    """Return the first images of each class as the network sees them.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, ...)
        Inputs of a network.
    labels : ndarray of integers, shape (n,)
        Their classes.
    classes : int
        Number of classes.
    conversion : sw.conversion.Picture, sw.conversion.Row or sw.sound.Sound
        The way in which the inputs came about.
    chosen : ndarray of bool, shape (n,)
        Images to show; by default all.

    Returns
    -------
    ndarray of uint8, shape (classes, samples, rows, columns) or (..., 3)
        Pictures, or bars for rows of numbers; black where a class has fewer images.
    """
    def tiles(images):
        return inputs_pictures(images, conversion, 8)

    blank = np.zeros_like(tiles(images[:1]))
    rows = []
    for place in range(classes):
        shown = np.flatnonzero((labels == place) & chosen)[:SAMPLES]
        own = [tiles(images[shown])] if len(shown) else []
        rows.append(np.concatenate([*own, *[blank] * (SAMPLES - len(shown))]))
    return np.stack(rows)


def inputs_pictures(images, conversion, input_bits):
    """Return inputs of a network as pictures, shape (n, rows, columns) or (n, rows, columns, 3)."""
    if isinstance(conversion, Picture | Sound):
        return pixels_of(images, conversion, input_bits)
    return bars(images.reshape(len(images), -1) >> max(0, input_bits - 8))


def bars(rows):
    """Return rows of numbers 0..255, shape (n, columns), as pictures of bars.

    Bars of few columns are wide and have gaps, and a grey edge ends each picture.
    """
    heights = rows.astype(np.int32) * BAR_HEIGHT // 256
    levels = np.arange(BAR_HEIGHT)[::-1, None]
    drawn = np.where(levels <= heights[:, None], 255, 0).astype(np.uint8)
    if rows.shape[1] > FEW_COLUMNS:
        return drawn
    drawn = np.repeat(drawn, BAR_WIDTH, axis=2)
    drawn[:, :, BAR_WIDTH - 1::BAR_WIDTH] = 0
    drawn[:, :, -1] = EDGE
    return drawn
