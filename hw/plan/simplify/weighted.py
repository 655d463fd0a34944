"""Simplification of dense layers and scores, which absorb constant and twin inputs."""

from dataclasses import replace

import numpy as np

from sw.layer.dense import Dense
from sw.layer.scores import Scores

from .reduction import REDUCE, VARIES, Known, Reduction, first_seen


class ReduceWeighted(Reduction):
    """Neurons with synapses."""

    cuts = True

    def looks_at(self, layer, seen):
        return layer.weights[seen].any(axis=0)

    def columns(self, layer, used):
        return replace(layer, weights=np.ascontiguousarray(layer.weights[:, used]))


class ReduceDense(ReduceWeighted):
    """Neurons with a threshold."""

    def known(self, layer):
        value = np.full(layer.outputs, VARIES, np.int8)
        value[layer.thresholds == 0] = 1
        value[layer.thresholds > layer.fan_in] = 0
        # A neuron and its opposite get the same key: the first synapse is made positive.
        first = (layer.weights != 0).argmax(axis=1)
        sign = np.where(np.take_along_axis(layer.weights, first[:, None], 1)[:, 0] < 0, -1, 1)
        opposite = layer.fan_in + 1 - layer.thresholds
        keys = [(row.tobytes(), int(threshold)) for row, threshold in zip(
            layer.weights * sign[:, None].astype(np.int8),
            np.where(sign < 0, opposite, layer.thresholds), strict=True)]
        twin = first_seen(keys)
        return Known(value, twin, (sign * sign[twin]).astype(np.int8))

    def absorb(self, layer, known):
        weights, given = absorbed(layer, known)
        # In the bipolar view a neuron fires at a sum of at least 2 * threshold - fan_in.
        fan_in = np.count_nonzero(weights, axis=1)
        least = 2 * layer.thresholds - layer.fan_in - given
        thresholds = np.clip((least + fan_in) // 2, 0, fan_in + 1).astype(np.int32)
        weights[(thresholds == 0) | (thresholds > fan_in)] = 0
        fan_in = np.count_nonzero(weights, axis=1)
        return Dense(layer.name, weights, np.minimum(thresholds, fan_in + 1).astype(np.int32))

    def looks_at(self, layer, seen):
        # A neuron that always or never fires reads nothing.
        wavers = (layer.thresholds > 0) & (layer.thresholds <= layer.fan_in)
        return super().looks_at(layer, seen & wavers)

    def rows(self, layer, used):
        return replace(layer, weights=layer.weights[used], thresholds=layer.thresholds[used])


class ReduceScores(ReduceWeighted):
    """Classes with a bias."""

    def absorb(self, layer, known):
        weights, given = absorbed(layer, known)
        return Scores(layer.name, weights, (layer.bias + given).astype(np.int32))


def absorbed(layer, known):
    """Return weights that are 0 for constant bits, and for twins where the other twin suffices.

    Also return the constant bits' part of each neuron's sum of ±1.
    """
    weights = layer.weights.astype(np.int64)
    constant = known.value != VARIES
    given = weights[:, constant] @ (2 * known.value[constant].astype(np.int64) - 1)
    weights[:, constant] = 0
    for bit in np.flatnonzero(known.twin != np.arange(len(known.twin))):
        merged = weights[:, known.twin[bit]] + known.sign[bit] * weights[:, bit]
        if np.abs(merged).max() <= 1:
            weights[:, known.twin[bit]] = merged
            weights[:, bit] = 0
    weights = weights.astype(np.int8)
    return weights, given


REDUCE.register(Dense)(ReduceDense())
REDUCE.register(Scores)(ReduceScores())
