"""Removes from a network what hardware need not compute: equal labels and scores, fewer neurons."""

from dataclasses import dataclass, replace

import numpy as np

from sw.network import Dense, Scores


__all__ = ["Simplified", "simplify"]

VARIES = 2  # value of a bit that is not constant


@dataclass(frozen=True, eq=False)
class Simplified:
    """What is left of a network's layers behind its encoder.

    Attributes
    ----------
    inputs : ndarray of int64, shape (n,)
        Bits of the encoder that the first layer takes, in this order.
    layers : tuple of :class:`sw.network.Dense` and one :class:`sw.network.Scores`
        The layers, of the same names; each takes what the one before puts out.
    """

    inputs: np.ndarray
    layers: tuple

    @property
    def synapses(self):
        return sum(layer.synapses for layer in self.layers)


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


def simplify(network):
    """Remove what does not change any label or score.

    Constant bits of the encoder and constant neurons become part of the thresholds and biases
    behind them. Of neurons, or encoder bits, that are always equal or always opposite one is
    kept, unless a neuron counts both alike: a synapse has no weight of 2. What nobody looks at is
    left out. At least one neuron of a layer and one input stay.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        A folded network.

    Returns
    -------
    Simplified
    """
    layers, known = [], _known_of_encoder(network.encoder)
    for layer in network.layers[1:]:
        layers.append(_absorb(layer, known))
        known = _known_of_neurons(layers[-1]) if layer.kind == "dense" else None
    for index in reversed(range(len(layers) - 1)):
        used = _used(layers[index + 1])
        layers[index] = _rows(layers[index], used)
        layers[index + 1] = _columns(layers[index + 1], used)
    inputs = _used(layers[0])
    return Simplified(inputs, (_columns(layers[0], inputs), *layers[1:]))


def _known_of_encoder(encoder):
    thresholds = encoder.thresholds.ravel()
    value = np.full(encoder.outputs, VARIES, np.int8)
    value[thresholds <= 0] = 1
    value[thresholds >= 2**encoder.input_bits] = 0
    keys = [(bit // encoder.levels, int(threshold)) for bit, threshold in enumerate(thresholds)]
    return Known(value, _first(keys), np.ones(encoder.outputs, np.int8))


def _known_of_neurons(layer):
    value = np.full(layer.outputs, VARIES, np.int8)
    value[layer.thresholds == 0] = 1
    value[layer.thresholds > layer.fan_in] = 0
    # A neuron and its opposite are one: the first synapse is made positive.
    first = (layer.weights != 0).argmax(axis=1)
    sign = np.where(np.take_along_axis(layer.weights, first[:, None], 1)[:, 0] < 0, -1, 1)
    opposite = layer.fan_in + 1 - layer.thresholds
    keys = [(row.tobytes(), int(threshold)) for row, threshold in zip(
        layer.weights * sign[:, None].astype(np.int8),
        np.where(sign < 0, opposite, layer.thresholds), strict=True)]
    twin = _first(keys)
    return Known(value, twin, (sign * sign[twin]).astype(np.int8))


def _first(keys):
    """Return the index at which each key is first seen."""
    seen = {}
    return np.array([seen.setdefault(key, index) for index, key in enumerate(keys)])


def _absorb(layer, known):
    """Return a layer that looks at no constant bit, and at no twin where another one will do."""
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
    if layer.kind == "scores":
        return Scores(layer.name, weights, (layer.bias + given).astype(np.int32))
    # In the bipolar view a neuron fires at a sum of 2 * threshold - fan_in.
    fan_in = np.count_nonzero(weights, axis=1)
    least = 2 * layer.thresholds - layer.fan_in - given
    thresholds = np.clip((least + fan_in) // 2, 0, fan_in + 1).astype(np.int32)
    weights[(thresholds == 0) | (thresholds > fan_in)] = 0
    fan_in = np.count_nonzero(weights, axis=1)
    return Dense(layer.name, weights, np.minimum(thresholds, fan_in + 1).astype(np.int32))


def _used(layer):
    """Return the inputs that a layer looks at, at least one."""
    used = np.flatnonzero(layer.weights.any(axis=0))
    return used if len(used) else np.zeros(1, np.int64)


def _columns(layer, used):
    return replace(layer, weights=np.ascontiguousarray(layer.weights[:, used]))


def _rows(layer, used):
    return replace(layer, weights=layer.weights[used], thresholds=layer.thresholds[used])
