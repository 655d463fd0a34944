"""What is known of a layer's outputs, what it looks at, and how it is cut: by kind."""

from dataclasses import dataclass

import numpy as np

from sw.layer.registry import Registry


__all__ = ["REDUCE", "VARIES", "Known", "Reduction", "first_seen"]

REDUCE = Registry("reduction", ("hw.plan.simplify",))  # by kind: a :class:`Reduction`

VARIES = 2  # value of a bit that is not constant


@dataclass
class Known:
    """What is known about some bits.

    Attributes
    ----------
    value : ndarray of int8, shape (bits,)
        0 or 1 where a bit is constant, else :data:`VARIES`.
    twin : ndarray of int64, shape (bits,)
        First bit that is always equal to this one, or always its opposite.
    sign : ndarray of int8, shape (bits,)
        1 if equal, -1 if opposite.
    """

    value: np.ndarray
    twin: np.ndarray
    sign: np.ndarray


class Reduction:
    """How a layer is simplified. Nothing is known of a kind that does not say so.

    Attributes
    ----------
    cuts : bool
        Whether inputs that the layer does not look at, and outputs that nobody looks at, can be
        removed from it.
    """

    cuts = False

    def known(self, layer):
        """Return what is :class:`Known` of the layer's outputs."""
        return Known(np.full(layer.outputs, VARIES, np.int8), np.arange(layer.outputs),
                     np.ones(layer.outputs, np.int8))

    def absorb(self, layer, known):
        """Return an equal layer that looks at fewer inputs, as these are :class:`Known`."""
        return layer

    def looks_at(self, layer, seen):
        """Return the inputs that outputs which are ``seen`` depend on: bool, shape (inputs,)."""
        return np.full(layer.inputs, bool(seen.any()))

    def columns(self, layer, used):
        """Return the layer with some of its inputs, by index, if it ``cuts``."""
        raise NotImplementedError

    def rows(self, layer, used):
        """Return the layer with some of its outputs, by index, if it ``cuts``."""
        raise NotImplementedError


def first_seen(keys):
    """Return the index at which each key is first seen."""
    seen = {}
    return np.array([seen.setdefault(key, index) for index, key in enumerate(keys)])
