"""Base of all trained layers, and the registry of their folds."""

from functools import cached_property

import numpy as np

from ..layer.check import check_name, freeze, frozen
from ..layer.registry import Registry
from ..layer.shape import Shape


# An entry, by class of trained layer, is a function that returns the folded layer, or a tuple of
# the folded layers in order.
FOLDS = Registry("fold", ("sw.trained",))


def folded(layer):
    """Return the folded layers of a trained layer, a tuple in order."""
    made = FOLDS.of(layer)(layer)
    return made if isinstance(made, tuple) else (made,)


def stored(kind):
    """Return names of fields that files hold of a layer: arrays, integers, floats.

    Parameters
    ----------
    kind : class
        A class of trained layers, or a kind that training does not change.
    """
    if issubclass(kind, Trained):
        return kind.arrays, kind.integers, kind.numbers
    return (tuple(array.name for array in kind.arrays if array.extents),
            tuple(array.name for array in kind.arrays if not array.extents), ())


class Trained:
    """A layer of a checkpoint.

    Attributes
    ----------
    kind : str
        Name of the kind of its folded layer.
    arrays, integers, numbers : tuple of str
        Names of the fields that hold arrays, integers and floats, also in files.
    takes_pixels, gives_scores, keeps_places : bool
        As in :class:`sw.layer.kind.Layer`.
    any_function : bool
        Whether a neuron may be any function of its inputs, and not only a threshold on their sum.
    """

    arrays = ()
    integers = ()
    numbers = ()
    takes_pixels = False
    gives_scores = False
    keeps_places = False
    any_function = False

    def __post_init__(self):
        check_name(self.name)
        for name in self.integers:
            check_integer(self, name)
        self.check()
        freeze(self, *self.arrays)

    def check(self):
        """Raise ValueError if a rule of the layer is broken."""

    @property
    def takes(self):
        """The :class:`sw.layer.shape.Shape` that the layer takes."""
        return Shape((self.inputs,))

    @property
    def gives(self):
        """The :class:`sw.layer.shape.Shape` that the layer gives."""
        return Shape((self.outputs,))

    def report(self, folded):
        """Return a line about the layer and its folded layer, or several of them."""
        return f"{self.name}: {folded.inputs} inputs, {folded.outputs} outputs"


class TrainedWeights(Trained):
    """A layer with latent weights, ``weight``, and synapses, ``mask``: shape (neurons, inputs).

    Attributes
    ----------
    axes : tuple of str
        Things that each dimension of the two arrays counts.
    """

    axes = ("neurons", "inputs")

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

    @cached_property
    def fan_in(self):
        """Synapses of each neuron, ndarray of int32, shape (neurons,). Read-only."""
        rows = self.weights.reshape(len(self.weights), -1)
        return frozen(np.count_nonzero(rows, axis=1).astype(np.int32))


def check_integer(layer, what):
    value = getattr(layer, what)
    if np.ndim(value) or not isinstance(value, int | float | np.number) or value % 1:
        title = what.replace("_", " ").capitalize()
        raise ValueError(f"{title} of layer {layer.name!r} must be an integer: {value}")
    object.__setattr__(layer, what, int(value))


def check_synapses(layer):
    if layer.weight.ndim != len(layer.axes) or 0 in layer.weight.shape:
        raise ValueError(f"Weight of layer {layer.name!r} must have the shape "
                         f"({', '.join(layer.axes)}): {layer.weight.shape}")
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
