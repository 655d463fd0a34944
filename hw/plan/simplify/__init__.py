"""Simplifies a network as synthesis will: fewer neurons and synapses, equal labels and scores."""

from .frame import Simplified, simplify, used_bits


__all__ = ["Simplified", "simplify", "used_bits"]
