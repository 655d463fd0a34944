"""Fold of the layers that training does not change."""

from ..layer.encoder import Encoder
from ..layer.pool2d import Pool2d
from ..layer.spacetodepth import SpaceToDepth
from .kind import FOLDS


@FOLDS.register(Encoder, Pool2d, SpaceToDepth)
def fold_unchanged(layer):
    """Return the layer itself. A :class:`Pool2d` of a checkpoint pools bits, behind the sign."""
    return layer
