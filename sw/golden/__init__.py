"""The reference, in integers: what a folded network computes and what its RTL must equal."""

from .model import Model, labels, outputs
from .popcount import popcounts


__all__ = ["Model", "labels", "outputs", "popcounts"]
