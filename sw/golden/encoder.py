"""Golden model of the encoder: pixels against thresholds."""

import numpy as np

from ..layer.encoder import Encoder
from .model import GOLDEN


@GOLDEN.register(Encoder)
def encode(encoder):
    """Return a function from pixels, shape (inputs, n), to bits, shape (inputs * levels, n)."""
    thresholds = encoder.thresholds.astype(np.min_scalar_type(encoder.thresholds.max()))

    def compute(pixels):
        bits = pixels[:, None, :] >= thresholds[:, :, None]
        return bits.reshape(encoder.outputs, pixels.shape[1]).view(np.uint8)

    return compute
