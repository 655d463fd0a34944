"""The folded network: the one description that the golden model, the RTL and the host read."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import prod

import numpy as np

from .files import read_arrays, write_arrays


FORMAT = "thresher-net/1"

# Sizes that any supported device is far below; they bound what a damaged file can ask for.
INPUTS_LIMIT = 2**20
NEURONS_LIMIT = 2**16
LEVELS_LIMIT = 256


@dataclass(frozen=True, eq=False)
class Encoder:
    """Thermometer code: bit ``l`` of input ``i`` is ``input[i] >= thresholds[i, l]``.

    Encoded bit ``i * levels + l`` is level ``l`` of input ``i``.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    thresholds : ndarray of int32, shape (inputs, levels)
        In ``0..2**input_bits``, not decreasing along a row.
    input_bits : int
        Width of an unsigned input, 1 to 16.
    """

    kind = "encoder"
    name: str
    thresholds: np.ndarray
    input_bits: int = 8

    def __post_init__(self):
        _check_name(self.name)
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


@dataclass(frozen=True, eq=False)
class Dense:
    """Binarized fully connected layer: XNOR, popcount, threshold.

    Neuron ``n`` fires if at least ``thresholds[n]`` of its synapses agree with their inputs.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weights : ndarray of int8, shape (neurons, inputs)
        -1 or +1 for a synapse, 0 for none.
    thresholds : ndarray of int32, shape (neurons,)
        In ``0..fan_in + 1`` of each neuron: 0 always fires, ``fan_in + 1`` never.
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

    @property
    def inputs(self):
        return self.weights.shape[1]

    @property
    def outputs(self):
        return self.weights.shape[0]

    @cached_property
    def fan_in(self):
        """Synapses of each neuron, ndarray of int32, shape (neurons,)."""
        return np.count_nonzero(self.weights, axis=1).astype(np.int32)

    @cached_property
    def synapses(self):
        return int(self.fan_in.sum())


@dataclass(frozen=True, eq=False)
class Scores:
    """The last layer: one score a class, ``2 * popcount - fan_in + bias``.

    The label is the index of the first maximum.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weights : ndarray of int8, shape (classes, inputs)
        -1 or +1 for a synapse, 0 for none.
    bias : ndarray of int32, shape (classes,)
        Added to each score, in ``-2**24..2**24``.
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

    inputs = Dense.inputs
    outputs = Dense.outputs

    @cached_property
    def fan_in(self):
        """Synapses of each class, ndarray of int32, shape (classes,)."""
        return np.count_nonzero(self.weights, axis=1).astype(np.int32)

    @cached_property
    def synapses(self):
        return int(self.fan_in.sum())

    @cached_property
    def bounds(self):
        """Least and greatest score that any input can give, as two int."""
        return int((self.bias - self.fan_in).min()), int((self.bias + self.fan_in).max())

    @property
    def score_bits(self):
        """Width of the narrowest signed integer that holds every score."""
        low, high = self.bounds
        return 1 + max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0)


KINDS = {kind.kind: kind for kind in (Encoder, Dense, Scores)}


@dataclass(frozen=True, eq=False)
class Network:
    """A folded network: encoder, hidden layers, scores.

    Attributes
    ----------
    layers : tuple
        One :class:`Encoder`, any number of :class:`Dense`, one :class:`Scores`.
    labels : tuple of str
        Name of each class, in the order of the scores.
    input_shape : tuple of int
        Shape of one image; its product is the number of inputs, in C order.
    provenance : dict
        Where the network comes from (recipe, seed, accuracy): anything JSON can hold. Not part of
        the identity.
    """

    layers: tuple
    labels: tuple
    input_shape: tuple
    provenance: dict = field(default_factory=dict)

    def __post_init__(self):
        for name in ("layers", "labels", "input_shape"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        kinds = [layer.kind for layer in self.layers]
        middle = kinds[1:-1]
        if (len(kinds) < 2 or kinds[0] != "encoder" or kinds[-1] != "scores"
                or middle != ["dense"] * len(middle)):
            raise ValueError(f"Layers must be an encoder, dense layers and scores: "
                             f"{', '.join(kinds) or 'none'}")
        names = [layer.name for layer in self.layers]
        if len(set(names)) < len(names):
            raise ValueError(f"Names of layers must differ: {', '.join(names)}")
        for before, after in pairwise(self.layers):
            if before.outputs != after.inputs:
                raise ValueError(f"Layer {after.name!r} must have as many inputs as "
                                 f"{before.name!r} has outputs: {after.inputs}, not "
                                 f"{before.outputs}")
        if prod(self.input_shape) != self.encoder.inputs or not self.input_shape:
            raise ValueError(f"Input shape must have as many elements as layer "
                             f"{self.encoder.name!r} has inputs: {self.input_shape}, not "
                             f"{self.encoder.inputs}")
        _check_labels(self.labels, self.scores.outputs)

    @property
    def encoder(self):
        return self.layers[0]

    @property
    def hidden(self):
        return self.layers[1:-1]

    @property
    def scores(self):
        return self.layers[-1]

    @property
    def classes(self):
        return self.scores.outputs

    @property
    def synapses(self):
        return sum(layer.synapses for layer in self.layers[1:])

    @cached_property
    def identity(self):
        """SHA-256, in hexadecimal, of everything that decides what the network computes."""
        return _digest(_content(self))


def save(path, network):
    """Write a folded network as ``.npz``, whole or not at all."""
    write_arrays(path, {
        **_content(network),
        "identity": np.array(network.identity),
        "provenance": np.array(json.dumps(network.provenance, sort_keys=True)),
    })


def load(path):
    """Read a folded network and check everything in it.

    Raises
    ------
    ValueError
        If the file is no folded network, or breaks a rule: the message names layer and rule.
    """
    arrays = read_arrays(path, f"a folded network ({FORMAT})")
    if "format" not in arrays or str(arrays["format"]) != FORMAT:
        raise ValueError(f"{path} must be a folded network ({FORMAT}): it has "
                         f"{'another' if 'format' in arrays else 'no'} format tag "
                         f"(make one with 'python -m sw.fold')")
    try:
        layers = []
        for index, kind in enumerate(arrays["kinds"].ravel()):
            prefix = f"{index}_"
            fields = {key.removeprefix(prefix): value for key, value in arrays.items()
                      if key.startswith(prefix)}
            if str(kind) not in KINDS:
                raise ValueError(f"Kind of layer {index} must be one of {', '.join(KINDS)}: "
                                 f"{kind}")
            fields["name"] = str(fields["name"])
            if "input_bits" in fields:
                fields["input_bits"] = int(fields["input_bits"])
            layers.append(KINDS[str(kind)](**fields))
        network = Network(
            layers=tuple(layers),
            labels=tuple(str(label) for label in arrays["labels"].ravel()),
            input_shape=tuple(int(extent) for extent in arrays["input_shape"].ravel()),
            provenance=json.loads(str(arrays["provenance"])))
        identity = str(arrays["identity"])
    except KeyError as error:
        raise ValueError(f"{path} must have the field {error} (it is not whole: make it again "
                         f"with 'python -m sw.fold')") from None
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"{path}: {error}") from None
    if identity != network.identity:
        raise ValueError(f"{path} must have the identity of its content: it says "
                         f"{identity[:12]}, its content is {network.identity[:12]} (it was "
                         f"changed after it was saved: make it again with 'python -m sw.fold')")
    return network


def _content(network):
    """Arrays that decide what the network computes, in the order that the identity hashes them."""
    arrays = {
        "format": np.array(FORMAT),
        "input_shape": np.array(network.input_shape, dtype="<i8"),
        "labels": np.array(network.labels),
        "kinds": np.array([layer.kind for layer in network.layers]),
    }
    for index, layer in enumerate(network.layers):
        arrays[f"{index}_name"] = np.array(layer.name)
        for key in ("thresholds", "weights", "bias"):
            if hasattr(layer, key):
                array = getattr(layer, key)
                arrays[f"{index}_{key}"] = array.astype(array.dtype.newbyteorder("<"))
        if layer.kind == "encoder":
            arrays[f"{index}_input_bits"] = np.array(layer.input_bits, dtype="<i4")
    return arrays


def _digest(arrays):
    sha = hashlib.sha256()
    for name, array in arrays.items():
        if array.dtype.kind == "U":  # strings as UTF-8 lines: numpy's own padding is no content
            octets = "\n".join(map(str, array.ravel())).encode()
            kind = "text"
        else:
            octets = np.ascontiguousarray(array).tobytes()
            kind = array.dtype.str
        shape = ",".join(map(str, array.shape))
        sha.update(f"{name} {kind} {shape} {len(octets)}\n".encode())
        sha.update(octets)
    return sha.hexdigest()


def _check_name(name):
    if not (isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name)):
        raise ValueError(f"Name of a layer must be up to 32 lower-case letters, digits and _, "
                         f"beginning with a letter: {name!r}")


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
    _check_name(layer.name)
    _check_array(layer, "weights", np.int8, 2)
    _check_range(layer, "weights", -1, 1)
    if layer.outputs > NEURONS_LIMIT:
        raise ValueError(f"Layer {layer.name!r} must have at most {NEURONS_LIMIT} neurons: "
                         f"{layer.outputs}")


def _check_per_neuron(layer, what):
    if len(getattr(layer, what)) != layer.outputs:
        raise ValueError(f"{what.capitalize()} of layer {layer.name!r} must be one per neuron: "
                         f"{len(getattr(layer, what))}, not {layer.outputs}")


def _check_labels(labels, classes):
    if len(labels) != classes:
        raise ValueError(f"Labels must be one per class: {len(labels)}, not {classes}")
    if not 2 <= classes <= 256:
        raise ValueError(f"Number of classes must be in 2..256: {classes}")
    for label in labels:
        if not isinstance(label, str) or not label or not label.isprintable() or len(label) > 64:
            raise ValueError(f"Labels must be 1 to 64 printable characters: {label!r}")
    if len(set(labels)) < classes:
        raise ValueError(f"Labels must differ: {', '.join(labels)}")
