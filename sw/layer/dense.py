"""Dense layer: XNOR, popcount, threshold."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .check import frozen
from .kind import Array, Layer, kind
from .shape import Shape


class Weighted(Layer):
    """Base of the layers that have ``weights``, int8 of shape (neurons, inputs)."""

    @cached_property
    def takes(self):
        return Shape((self.weights.shape[1],))

    @cached_property
    def fan_in(self):
        """Synapses of each neuron, ndarray of int32, shape (neurons,). Read-only."""
        return frozen(np.count_nonzero(self.weights, axis=1).astype(np.int32))

    @cached_property
    def synapses(self):
        return int(self.fan_in.sum())

    @property
    def parts(self):
        return {"synapses": self.synapses}


@kind
@dataclass(frozen=True, eq=False)
class Dense(Weighted):
    """Binarized fully connected layer: XNOR, popcount, threshold.

    Neuron ``n`` fires if at least ``thresholds[n]`` of its synapses agree with their inputs.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weights : ndarray of int8, shape (neurons, inputs)
        -1 or +1 for a synapse, 0 for none. Read-only.
    thresholds : ndarray of int32, shape (neurons,)
        In ``0..fan_in + 1`` of each neuron: a neuron of threshold 0 always fires, one of
        ``fan_in + 1`` never. Read-only.
    """

    kind = "dense"
    arrays = (
        Array("thresholds", "int32", ("neuron",),
              "in `0..fan_in + 1`: 0 always fires, `fan_in + 1` never does", compared=True),
        Array("weights", "int8", ("neuron", "input"),
              "-1, +1, or 0 for no synapse; at most 65,536 neurons, 2²⁰ inputs", -1, 1),
    )

    name: str
    weights: np.ndarray
    thresholds: np.ndarray

    def check(self):
        wrong = (self.thresholds < 0) | (self.thresholds > self.fan_in + 1)
        if wrong.any():
            neuron = int(np.flatnonzero(wrong)[0])
            raise ValueError(f"Thresholds of layer {self.name!r} must be in 0..fan-in + 1: neuron "
                             f"{neuron} has {self.thresholds[neuron]} at fan-in "
                             f"{self.fan_in[neuron]}")

    @cached_property
    def gives(self):
        return Shape((len(self.weights),))
