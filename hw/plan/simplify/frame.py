"""Simplifies a network layer by layer; labels and scores stay equal for every image."""

from dataclasses import dataclass

import numpy as np

from ...memo import memo
from .reduction import REDUCE


__all__ = ["Simplified", "built", "simplify", "used_bits"]


@dataclass(frozen=True, eq=False)
class Simplified:
    """The simplified layers of a network behind its first layer.

    Attributes
    ----------
    inputs : ndarray of int64, shape (n,)
        Bits of the network's first layer that ``layers[0]`` takes, in this order.
    layers : tuple of :class:`sw.layer.kind.Layer`
        The layers, under their names. Each takes the outputs of the layer before.
    """

    inputs: np.ndarray
    layers: tuple

    @property
    def synapses(self):
        return sum(layer.synapses for layer in self.layers)


def simplify(network):
    """Return the layers without the parts that change no label and no score.

    Constant bits of the encoder and constant neurons become part of the thresholds and biases
    behind them. Of several neurons, or encoder bits, that are always equal or always opposite, one
    is kept. Both are kept if a neuron counts both alike, because a synapse cannot weigh 2. Neurons
    and bits that nothing reads are removed. At least one neuron of a layer and one input stay.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        A folded network.

    Returns
    -------
    Simplified
    """
    layers = list(_absorbed(network))
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


@memo
def built(network):
    """Return the network's layers as hardware is made of them, a tuple.

    All outputs of all layers are equal to the network's, so a trace finds them in the hardware.
    """
    if not any(REDUCE.of(layer).built for layer in network.layers):
        return network.layers
    return (network.first, *(after if REDUCE.of(layer).built else layer for layer, after
                             in zip(network.layers[1:], _absorbed(network), strict=True)))


@memo
def _absorbed(network):
    """Return equal layers behind the first one that have absorbed what is known, a tuple."""
    layers, known = [], REDUCE.of(network.first).known(network.first)
    for layer in network.layers[1:]:
        layers.append(REDUCE.of(layer).absorb(layer, known))
        known = REDUCE.of(layer).known(layers[-1]) if not layer.gives_scores else None
    return tuple(layers)


def used_bits(network):
    """Return the bits of an image that the network's answer can depend on.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        The network.

    Returns
    -------
    ndarray of bool, shape (inputs * pixel_bits,)
    """
    seen = np.ones(network.classes, dtype=bool)
    for layer in reversed(built(network)):
        seen = REDUCE.of(layer).looks_at(layer, seen)
    return np.repeat(seen, network.pixel_bits)


def _used(layer):
    """Return the inputs that a layer reads, at least one."""
    seen = np.ones(layer.outputs, dtype=bool)
    used = np.flatnonzero(REDUCE.of(layer).looks_at(layer, seen))
    return used if len(used) else np.zeros(1, np.int64)
