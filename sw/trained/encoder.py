"""Fold of the encoder, which training does not change."""

from ..layer.encoder import Encoder
from .kind import FOLDS


@FOLDS.register(Encoder)
def fold_encoder(layer):
    """Return the encoder itself."""
    return layer
