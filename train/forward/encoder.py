"""Encoder: pixels against thresholds, as training encodes them."""

import torch

from sw.layer.encoder import Encoder

from ..augment import encode
from .forward import FORWARD


@FORWARD.register(Encoder)
def forward(layer, pixels):
    """Return -1 and +1, one a level of a pixel."""
    return encode(pixels.float(), torch.tensor(layer.thresholds, dtype=torch.float32))
