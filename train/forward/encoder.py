"""PyTorch's encoder: pixels against thresholds, as in training."""

import torch

from sw.layer.encoder import Encoder

from ..augment import encode
from .forward import FORWARD


@FORWARD.register(Encoder)
def forward(layer, pixels):
    """Return -1 or +1 for each level of each pixel."""
    return encode(pixels.float(), torch.tensor(layer.thresholds, dtype=torch.float32))
