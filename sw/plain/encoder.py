"""Encoder: each bit is one comparison."""

import numpy as np

from .. import golden
from ..layer.encoder import Encoder
from .plain import PLAIN


@PLAIN.register(Encoder)
def compare_bits(encoder, pixels):
    """Return golden's bits, and those of a comparison of int64 for each level."""
    wide = pixels.astype(np.int64)
    bits = [wide >= encoder.thresholds[:, level] for level in range(encoder.levels)]
    return golden.outputs(encoder, pixels), np.stack(bits, axis=2).reshape(len(pixels), -1)
