"""Simplification of first layers of integers: neurons that always or never fire are known."""

from dataclasses import replace

from sw.layer.integer import IntegerConv2d, IntegerDense

from .reduction import REDUCE, Reduction


class ReduceIntegerDense(Reduction):
    """Neurons that compare sums of pixels."""

    def known(self, layer):
        known = super().known(layer)
        low, high = layer.bounds
        known.value[layer.thresholds <= low] = 1
        known.value[layer.thresholds > high] = 0
        return known

    def looks_at(self, layer, seen):
        low, high = layer.bounds
        wavers = (low < layer.thresholds) & (layer.thresholds <= high)
        return layer.weights[seen & wavers].any(axis=0)

    def rows(self, layer, used):
        return replace(layer, weights=layer.weights[used], thresholds=layer.thresholds[used])


REDUCE.register(IntegerDense)(ReduceIntegerDense())
REDUCE.register(IntegerConv2d)(Reduction())
