"""Layers of a folded network, each checked when it is made."""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np


# Sizes that any supported device is far below; they bound what a damaged file can ask for.
INPUTS_LIMIT = 2**20
NEURONS_LIMIT = 2**16
LEVELS_LIMIT = 256

# Names of what the hardware has beside its layers.
TAKEN = r"(scores_)?queue|label_select|(to|wired)_.*"


@dataclass(frozen=True, eq=False)
class Encoder:
    """Thermometer code: bit ``l`` of input ``i`` is ``input[i] >= thresholds[i, l]``.

    Encoded bit ``i * levels + l`` is level ``l`` of input ``i``.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    thresholds : ndarray of int32, shape (inputs, levels)
        In ``0..2**input_bits``, not decreasing along a row. Read-only.
    input_bits : int
        Width of an unsigned input, 1 to 16.
    """

    kind = "encoder"
    name: str
    thresholds: np.ndarray
    input_bits: int = 8

    def __post_init__(self):
        check_name(self.name)
        _check_array(self, "thresholds", np.int32, 2)
        if self.input_bits not in range(1, 17):
            raise ValueError(f"Input bits of layer {self.name!r} must be in 1..16: "
                             f"{self.input_bits}")
        _check_range(self, "thresholds", 0, 2**self.input_bits)
        if not 1 <= self.levels <= LEVELS_LIMIT:
            raise ValueError(f"Levels of layer {self.name!r} must be in 1..{LEVELS_LIMIT}: "
                             f"{self.levels}")
        if (np.diff(self.thresholds, axis=1) < 0).any():
            raise ValueError(f"Thresholds of layer {self.name!r} must not decrease from level to "
                             f"level (sort each row)")
        freeze(self, "thresholds")

    @classmethod
    def uniform(cls, inputs, thresholds=(128,), input_bits=8, name="encoder"):
        """Return an encoder with the same thresholds for every input."""
        row = np.asarray(thresholds, dtype=np.int32)
        return cls(name, np.tile(row, (inputs, 1)), input_bits)

    @property
    def inputs(self):
        return self.thresholds.shape[0]

    @property
    def levels(self):
        return self.thresholds.shape[1]

    @property
    def outputs(self):
        return self.inputs * self.levels

    @cached_property
    def shift(self):
        """Low bits of an input that no threshold looks at."""
        joined = int(np.bitwise_or.reduce(self.thresholds, axis=None))
        zeros = (joined & -joined).bit_length() - 1 if joined else self.input_bits
        return min(zeros, self.input_bits - 1)

    @property
    def pixel_bits(self):
        """Bits of an input that the hardware takes: ``input >> shift``."""
        return self.input_bits - self.shift


class Weighted:
    """What layers with ``weights``, int8 of shape (neurons, inputs), have in common."""

    @property
    def inputs(self):
        return self.weights.shape[1]

    @property
    def outputs(self):
        return self.weights.shape[0]

    @cached_property
    def fan_in(self):
        """Synapses of each neuron, ndarray of int32, shape (neurons,)."""
        return frozen(np.count_nonzero(self.weights, axis=1).astype(np.int32))

    @cached_property
    def synapses(self):
        return int(self.fan_in.sum())


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
        In ``0..fan_in + 1`` of each neuron: 0 always fires, ``fan_in + 1`` never. Read-only.
    """

    kind = "dense"
    name: str
    weights: np.ndarray
    thresholds: np.ndarray

    def __post_init__(self):
        _check_weights(self)
        _check_array(self, "thresholds", np.int32, 1)
        _check_per_neuron(self, "thresholds")
        wrong = (self.thresholds < 0) | (self.thresholds > self.fan_in + 1)
        if wrong.any():
            neuron = int(np.flatnonzero(wrong)[0])
            raise ValueError(f"Thresholds of layer {self.name!r} must be in 0..fan-in + 1: neuron "
                             f"{neuron} has {self.thresholds[neuron]} at fan-in "
                             f"{self.fan_in[neuron]}")
        freeze(self, "weights", "thresholds")


@dataclass(frozen=True, eq=False)
class Scores(Weighted):
    """The last layer: one score a class, ``2 * popcount - fan_in + bias``.

    The label is the index of the first maximum.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weights : ndarray of int8, shape (classes, inputs)
        -1 or +1 for a synapse, 0 for none. Read-only.
    bias : ndarray of int32, shape (classes,)
        Added to each score, in ``-2**24..2**24``. Read-only.
    """

    kind = "scores"
    name: str
    weights: np.ndarray
    bias: np.ndarray

    def __post_init__(self):
        _check_weights(self)
        _check_array(self, "bias", np.int32, 1)
        _check_per_neuron(self, "bias")
        _check_range(self, "bias", -2**24, 2**24)
        freeze(self, "weights", "bias")

    @cached_property
    def bounds(self):
        """Least and greatest score that any input can give, as two int."""
        return int((self.bias - self.fan_in).min()), int((self.bias + self.fan_in).max())

    @property
    def score_bits(self):
        """Width of the narrowest signed integer that holds every score."""
        low, high = self.bounds
        return 1 + max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0)


def freeze(layer, *names):
    """Replace arrays of a frozen dataclass by arrays that nobody can write to.

    The caller's own arrays stay writable. A later write to them does not reach the layer.

    Parameters
    ----------
    layer : dataclass
        The owner of the arrays, checked already.
    *names : str
        Fields that hold the arrays.
    """
    for name in names:
        object.__setattr__(layer, name, frozen(getattr(layer, name)))


def frozen(array):
    """Return an array of equal content whose memory nobody can write to.

    The memory of the result is a ``bytes`` object, so ``setflags(write=True)`` fails too. A flag
    alone would not do, because a view that was made before the flag was set stays writable.

    Parameters
    ----------
    array : ndarray
        Numbers. An array that is frozen already is returned as it is.

    Returns
    -------
    ndarray
        Read-only, of the same dtype and shape.
    """
    base = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, bytes):
        return array
    return np.ndarray(array.shape, array.dtype, array.tobytes())


def check_name(name):
    if not (isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name)):
        raise ValueError(f"Name of a layer must be up to 32 lower-case letters, digits and _, "
                         f"beginning with a letter: {name!r}")
    if re.fullmatch(TAKEN, name):
        raise ValueError(f"Name of a layer must not be that of a part around layers: {name!r}")


def _check_array(layer, what, dtype, dimensions):
    array = getattr(layer, what)
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != dimensions:
        have = (f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray)
                else type(array).__name__)
        raise ValueError(f"{what.capitalize()} of layer {layer.name!r} must be "
                         f"{np.dtype(dtype)} with {dimensions} dimension"
                         f"{'s' if dimensions > 1 else ''}: {have}")
    if array.size == 0:
        raise ValueError(f"{what.capitalize()} of layer {layer.name!r} must not be empty: "
                         f"shape {array.shape}")
    if array.shape[0] > INPUTS_LIMIT or array.shape[-1] > INPUTS_LIMIT:
        raise ValueError(f"{what.capitalize()} of layer {layer.name!r} must have at most "
                         f"{INPUTS_LIMIT} rows and columns: shape {array.shape}")


def _check_range(layer, what, low, high):
    array = getattr(layer, what)
    if array.min() < low or array.max() > high:
        raise ValueError(f"{what.capitalize()} of layer {layer.name!r} must be in {low}..{high}: "
                         f"{array.min()}..{array.max()}")


def _check_weights(layer):
    check_name(layer.name)
    _check_array(layer, "weights", np.int8, 2)
    _check_range(layer, "weights", -1, 1)
    if layer.outputs > NEURONS_LIMIT:
        raise ValueError(f"Layer {layer.name!r} must have at most {NEURONS_LIMIT} neurons: "
                         f"{layer.outputs}")


def _check_per_neuron(layer, what):
    if len(getattr(layer, what)) != layer.outputs:
        raise ValueError(f"{what.capitalize()} of layer {layer.name!r} must be one per neuron: "
                         f"{len(getattr(layer, what))}, not {layer.outputs}")
