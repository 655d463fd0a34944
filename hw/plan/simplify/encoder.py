"""Simplification of the encoder: thresholds always or never reached, and equal ones of a pixel."""

import numpy as np

from sw.layer.encoder import Encoder

from .reduction import REDUCE, VARIES, Known, Reduction, first_seen


class ReduceEncoder(Reduction):
    """Reduction of an encoder."""

    def known(self, encoder):
        thresholds = encoder.thresholds.ravel()
        value = np.full(encoder.outputs, VARIES, np.int8)
        value[thresholds <= 0] = 1
        value[thresholds >= 2**encoder.input_bits] = 0
        keys = [(bit // encoder.levels, int(threshold)) for bit, threshold in enumerate(thresholds)]
        return Known(value, first_seen(keys), np.ones(encoder.outputs, np.int8))

    def looks_at(self, layer, seen):
        return seen.reshape(layer.inputs, -1).any(axis=1)


REDUCE.register(Encoder)(ReduceEncoder())
