"""Chooses an encoder's thresholds from training inputs, so that its bits tell examples apart."""

import numpy as np

from ..layer.encoder import Encoder


RARE = 0.01   # share of examples below which a bit counts as nearly constant
NARROW = 128  # range of values below which a colour's thresholds are within it
SAMPLED = 10**6  # pixels that tell the range of a colour
OFTEN = 0.05  # share of examples in which both values of a better bit must occur


def encoder_for(images, levels):
    """Return the encoder for a dataset.

    All pixels of a picture get the same thresholds, multiples of a power of two, so that the low
    bits of a pixel never reach the hardware. A pixel whose bits would be nearly constant gets its
    quantiles if they tell examples apart. Columns of a table get their quantiles.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, ``*input_shape``)
        Training images.
    levels : int
        Thresholds an input.
    """
    if images.ndim == 2:
        thresholds = [column_thresholds(column, levels) for column in images.T]
        return Encoder("encoder", np.array(thresholds, dtype=np.int32))
    inputs = images.reshape(len(images), -1)
    row = uniform_thresholds(levels)
    thresholds = np.tile(np.array(row, dtype=np.int32), (inputs.shape[1], 1))
    for place in one_sided(inputs, row):
        own = column_thresholds(inputs[:, place], levels)
        shares = (inputs[:, place, None] >= own).mean(axis=0)
        if ((shares >= OFTEN) & (shares <= 1 - OFTEN)).any():
            thresholds[place] = own
    return Encoder("encoder", thresholds)


def map_encoder(images, levels):
    """Return the encoder of a feature map: all pixels have the thresholds of their colour.

    The thresholds of a colour are those of :func:`uniform_thresholds`, or spaced evenly over its
    range if its values fill less than half of 0..255.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, rows, columns) or (n, rows, columns, colours)
        Training images.
    levels : int
        Thresholds a pixel and colour.
    """
    colours = images.reshape(-1, images.shape[3] if images.ndim == 4 else 1)
    bounds = np.quantile(colours[::max(1, len(colours) // SAMPLED)], (RARE, 1 - RARE), axis=0)
    rows = []
    for low, high in bounds.T:
        if high - low >= NARROW:
            rows.append(uniform_thresholds(levels))
        else:
            parts = np.arange(1, levels + 1) / (levels + 1)
            rows.append(np.rint(low + (high - low) * parts).astype(int).clip(1, 255))
    pixels = images[0].size // len(rows)
    return Encoder("encoder", np.tile(np.array(rows, dtype=np.int32), (pixels, 1)))


def one_sided(inputs, row):
    """Return the inputs that are nearly always on one side of all thresholds of a row."""
    low, high = ((inputs >= bound).mean(axis=0) for bound in (row[0], row[-1]))
    return np.flatnonzero((low < RARE) | (high > 1 - RARE))


def uniform_thresholds(levels):
    """Return evenly spaced thresholds in 1..255, multiples of the largest fitting power of two."""
    if not 1 <= levels <= 255:
        raise ValueError(f"Levels must be in 1..255: {levels}")
    step = 256 >> levels.bit_length()
    return tuple(step * round(256 * (level + 1) / (levels + 1) / step) for level in range(levels))


def column_thresholds(column, levels):
    """Return thresholds that part a column's values into groups of about equal size.

    A frequent value could fill several quantiles. In this case the distinct values are parted
    instead. The last threshold is repeated if there are fewer distinct values than groups.
    """
    parts = np.arange(1, levels + 1) / (levels + 1)
    chosen = np.quantile(column, parts, method="higher").astype(np.int32)
    values = np.unique(column).astype(np.int32)
    if len(np.unique(np.append(chosen, values[0]))) == levels + 1:
        return chosen
    if len(values) <= levels + 1:
        above = values[1:] if len(values) > 1 else values
        return np.pad(above, (0, levels - len(above)), mode="edge")
    return values[np.rint(parts * (len(values) - 1)).astype(int)]


def constant_bits(images, encoder):
    """Return the share of the encoder's bits that are the same for all images."""
    inputs = images.reshape(len(images), -1)
    least, most = inputs.min(axis=0)[:, None], inputs.max(axis=0)[:, None]
    constant = (least >= encoder.thresholds) | (most < encoder.thresholds)
    return float(constant.mean())
