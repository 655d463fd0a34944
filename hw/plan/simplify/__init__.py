"""Removes from a network what hardware need not compute: equal labels and scores, fewer neurons."""

from .frame import Simplified, simplify, used_bits


__all__ = ["Simplified", "simplify", "used_bits"]
