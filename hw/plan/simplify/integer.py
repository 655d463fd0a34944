"""Simplification of first layers of integers: nothing is known of their outputs, nothing is cut."""

from sw.layer.integer import IntegerConv2d, IntegerDense

from .reduction import REDUCE, Reduction


REDUCE.register(IntegerDense, IntegerConv2d)(Reduction())
