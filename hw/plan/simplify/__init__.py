"""Simplifies a network as synthesis will: fewer neurons and synapses, equal labels and scores."""

from .frame import Simplified, built, simplify, used_bits


__all__ = ["Simplified", "built", "simplify", "used_bits"]
