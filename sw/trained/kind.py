"""Base of all trained layers, and the registry of their folds."""

from functools import cached_property

import numpy as np

from ..layer.check import check_name, freeze, frozen
from ..layer.registry import Registry


# An entry, by class of trained layer, is a function that returns the folded layer.
FOLDS = Registry("fold", ("sw.trained",))


class Trained:
    """A layer of a checkpoint.

    Attributes
    ----------
    kind : str
        Name of the kind of its folded layer.
    arrays, numbers : tuple of str
        Names of the fields that hold arrays and floats, also in files.
    any_function : bool
        Whether a neuron may be any function of its inputs, and not only a threshold on their sum.
    """

    arrays = ()
    numbers = ()
    any_function = False

    def __post_init__(self):
        check_name(self.name)
        self.check()
        freeze(self, *self.arrays)

    def check(self):
        """Raise ValueError if a rule of the layer is broken."""

    def report(self, folded):
        """Return a line about the layer and its folded layer."""
        return f"{self.name}: {folded.inputs} inputs, {folded.outputs} outputs"


class TrainedWeights(Trained):
    """A layer with latent weights, ``weight``, and synapses, ``mask``: shape (neurons, inputs)."""

    @property
    def inputs(self):
        return self.weight.shape[1]

    @property
    def outputs(self):
        return self.weight.shape[0]

    @property
    def links(self):
        """Inputs on which each neuron depends, bool (neurons, inputs)."""
        return self.weights != 0

    @cached_property
    def weights(self):
        """Weights of the network: -1, +1, or 0 for no synapse; int8, in the shape of ``weight``."""
        signs = np.where(self.weight >= 0, np.int8(1), np.int8(-1))
        return frozen(signs * self.mask.astype(np.int8))

def check_synapses(layer):
    if layer.weight.ndim != 2 or 0 in layer.weight.shape:
        raise ValueError(f"Weight of layer {layer.name!r} must have the shape (neurons, inputs): "
                         f"{layer.weight.shape}")
    check_floats(layer, "weight", layer.weight.shape)
    if layer.mask.dtype != np.uint8 or layer.mask.shape != layer.weight.shape:
        raise ValueError(f"Mask of layer {layer.name!r} must be uint8 of shape "
                         f"{layer.weight.shape}: {layer.mask.dtype} of shape {layer.mask.shape}")
    if layer.mask.max() > 1:
        raise ValueError(f"Mask of layer {layer.name!r} must be 0 or 1: {layer.mask.max()}")


def check_floats(layer, what, shape):
    array = getattr(layer, what)
    if array.dtype != np.float32 or array.shape != shape:
        raise ValueError(f"{what.capitalize()} of layer {layer.name!r} must be float32 of shape "
                         f"{shape}: {array.dtype} of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{what.capitalize()} of layer {layer.name!r} must be finite: it holds "
                         f"NaN or infinity (train it again)")
