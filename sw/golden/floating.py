"""Golden model of the float layers of int8 networks: float32, one operation at a time."""

import numpy as np

from ..int8.floating import COEFFICIENTS, LN2_HIGH, LN2_LOW, LOG2E, REACH, LastStep, Lstm


ONE, HALF = np.float32(1), np.float32(0.5)


def exponential(x):
    """Return e to the power of float32 numbers, see :mod:`sw.int8.floating`."""
    x = np.clip(x, np.float32(-REACH), np.float32(REACH))
    n = np.floor(x * np.float32(LOG2E) + HALF)
    rest = x - n * np.float32(LN2_HIGH)
    rest = rest - n * np.float32(LN2_LOW)
    made = np.full_like(x, COEFFICIENTS[0])
    for coefficient in COEFFICIENTS[1:]:
        made = made * rest + np.float32(coefficient)
    return np.ldexp(made, n.astype(np.int32))


def sigmoid(x):
    return ONE / (ONE + exponential(-x))


def tangent(x):
    """Return the hyperbolic tangent of float32 numbers."""
    return ONE - np.float32(2) / (exponential(x + x) + ONE)


def lstm(layer, x):
    x = (x - layer.input_zero).astype(np.float32) * np.float32(layer.input_scale)
    hidden = cell = np.zeros((len(x), layer.units), np.float32)
    made = []
    for step in range(x.shape[1]):
        gates = np.broadcast_to(layer.bias, (len(x), len(layer.bias)))
        for weights, values in ((layer.weights, x[:, step]), (layer.recurrent, hidden)):
            for place in range(weights.shape[1]):
                gates = gates + values[:, place, None] * weights[:, place]
        enter, forget, change, leave = np.split(gates, 4, axis=1)
        cell = sigmoid(forget) * cell + sigmoid(enter) * tangent(change)
        hidden = sigmoid(leave) * tangent(cell)
        made.append(hidden)
    steps = np.stack(made, axis=1) * (ONE / np.float32(layer.scale))
    return np.clip(np.floor(steps + HALF).astype(np.int64) + layer.zero, -128, 127)


def last_step(layer, x):
    return x[:, -1]


COMPUTE = {Lstm: lstm, LastStep: last_step}
