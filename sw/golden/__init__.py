"""The golden model: the outputs of a folded network in integers, which its RTL must equal."""

from .model import Model, labels, outputs
from .popcount import popcounts


__all__ = ["Model", "labels", "outputs", "popcounts"]
