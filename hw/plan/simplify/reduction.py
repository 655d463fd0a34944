"""The registry of simplifications: what a kind knows of its outputs, reads, and can cut off."""

from dataclasses import dataclass

import numpy as np

from sw.layer.registry import Registry


__all__ = ["REDUCE", "VARIES", "Known", "Reduction", "first_seen"]

REDUCE = Registry("reduction", ("hw.plan.simplify",))  # an entry is a :class:`Reduction`

VARIES = 2  # value of a bit that is not constant


@dataclass
class Known:
    """Knowledge about the outputs of a layer.

    Attributes
    ----------
    value : ndarray of int8, shape (bits,)
        0 or 1 where a bit is constant, else :data:`VARIES`.
    twin : ndarray of int64, shape (bits,)
        Index of the first bit that is always equal to this bit, or always its opposite.
    sign : ndarray of int8, shape (bits,)
        1 if the two are equal, -1 if they are opposite.
    """

    value: np.ndarray
    twin: np.ndarray
    sign: np.ndarray


class Reduction:
    """Simplification of a kind of layer. A kind overrides the methods for what it knows.

    Attributes
    ----------
    cuts : bool
        Whether inputs that the layer does not read, and outputs that nothing reads, can be removed
        from the layer.
    built : bool
        Whether hardware is made of the layer that has absorbed what is known of its inputs. Other
        layers leave this to synthesis, which cannot look into primitives.
    """

    cuts = False
    built = False

    def known(self, layer):
        """Return the :class:`Known` of the layer's outputs; by default nothing is known."""
        return Known(np.full(layer.outputs, VARIES, np.int8), np.arange(layer.outputs),
                     np.ones(layer.outputs, np.int8))

    def absorb(self, layer, known):
        """Return an equal layer that reads fewer inputs, given what is :class:`Known` of them."""
        return layer

    def looks_at(self, layer, seen):
        """Return the inputs on which the outputs ``seen`` depend: bool, shape (inputs,)."""
        return np.full(layer.inputs, bool(seen.any()))

    def columns(self, layer, used):
        """Return the layer with only the inputs of these indices. Only called if it ``cuts``."""
        raise NotImplementedError

    def rows(self, layer, used):
        """Return the layer with only the outputs of these indices. Only called if it ``cuts``."""
        raise NotImplementedError


def first_seen(keys):
    """Return for each key the index of the first equal key."""
    seen = {}
    return np.array([seen.setdefault(key, index) for index, key in enumerate(keys)])
