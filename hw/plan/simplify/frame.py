"""Removes from a network what hardware need not compute: equal labels and scores, fewer neurons."""

from dataclasses import dataclass

import numpy as np

from .reduction import REDUCE


__all__ = ["Simplified", "simplify", "used_bits"]


@dataclass(frozen=True, eq=False)
class Simplified:
    """What is left of a network's layers behind its encoder.

    Attributes
    ----------
    inputs : ndarray of int64, shape (n,)
        Bits of the encoder that the first layer takes, in this order.
    layers : tuple of :class:`sw.layer.kind.Layer`
        The layers, of the same names; each takes what the one before puts out.
    """

    inputs: np.ndarray
    layers: tuple

    @property
    def synapses(self):
        return sum(layer.synapses for layer in self.layers)


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
    layers, known = [], REDUCE.of(network.first).known(network.first)
    for layer in network.layers[1:]:
        layers.append(REDUCE.of(layer).absorb(layer, known))
        known = REDUCE.of(layer).known(layers[-1]) if not layer.gives_scores else None
    for index in reversed(range(len(layers) - 1)):
        layer, after = layers[index:index + 2]
        if REDUCE.of(layer).cuts and REDUCE.of(after).cuts:
            used = _used(after)
            layers[index] = REDUCE.of(layer).rows(layer, used)
            layers[index + 1] = REDUCE.of(after).columns(after, used)
    inputs = np.arange(layers[0].inputs)
    if REDUCE.of(layers[0]).cuts:
        inputs = _used(layers[0])
        layers[0] = REDUCE.of(layers[0]).columns(layers[0], inputs)
    return Simplified(inputs, tuple(layers))


def used_bits(network):
    """Bits of an image that the network's answer can depend on.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        The network.

    Returns
    -------
    ndarray of bool, shape (inputs * pixel_bits,)
    """
    seen = np.ones(network.classes, dtype=bool)
    for layer in reversed(network.layers):
        seen = REDUCE.of(layer).looks_at(layer, seen)
    return np.repeat(seen, network.pixel_bits)


def _used(layer):
    """Return the inputs that a layer looks at, at least one."""
    seen = np.ones(layer.outputs, dtype=bool)
    used = np.flatnonzero(REDUCE.of(layer).looks_at(layer, seen))
    return used if len(used) else np.zeros(1, np.int64)
