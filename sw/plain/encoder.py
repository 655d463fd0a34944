"""Plain arithmetic of the encoder: each bit is one comparison."""

import numpy as np

from .. import golden
from ..layer.encoder import Encoder
from .plain import PLAIN


@PLAIN.register(Encoder)
def compare_bits(encoder, pixels):
    """Return golden's bits, and the bits of int64 comparisons level by level."""
    wide = pixels.astype(np.int64)
    bits = [wide >= encoder.thresholds[:, level] for level in range(encoder.levels)]
    return golden.outputs(encoder, pixels), np.stack(bits, axis=2).reshape(len(pixels), -1)
