"""The folded network: the one description that the golden model, the RTL and the host read."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from shlex import quote

import numpy as np

from . import conversion as conversions
from .layer.check import LABEL_LIMIT, is_printable
from .layer.dense import Dense
from .layer.encoder import Encoder
from .layer.kind import kinds
from .layer.parts import counted
from .layer.scores import Scores
from .order import check_chain, check_ends, check_image
from .store import fields
from .store.files import read_arrays, write_arrays


__all__ = ["Dense", "Encoder", "Network", "Scores", "check_labels", "check_shape", "load", "parse",
           "save"]


FORMAT = "thresher-net/1"

@dataclass(frozen=True, eq=False)
class Network:
    """A folded network: a list of layers.

    Attributes
    ----------
    layers : tuple of :class:`sw.layer.kind.Layer`
        The first layer takes pixels, the last one gives scores. Each layer takes the shape that
        the layer before gives.
    labels : tuple of str
        Name of each class, in the order of the scores. Numbers become their text.
    input_shape : tuple of int
        Shape of one image; its product is the number of inputs, in C order. One number is the
        shape of a vector.
    provenance : dict
        Origin of the network (recipe, seed, accuracy): anything that JSON can hold, numbers and
        arrays of NumPy included. The identity does not depend on it.
    conversion : sw.conversion.Picture or sw.conversion.Row
        How pictures or rows of users become inputs. None: inputs are given as they are.
    positive : bool
        Whether layers whose weights are 0 and +1 only are meant, where 0 is no synapse. Without
        it they are refused, because such weights mostly are bits. Not part of the identity; true
        for networks of files and of checkpoints.
    """

    layers: tuple
    labels: tuple
    input_shape: tuple
    provenance: dict = field(default_factory=dict)
    conversion: object = None
    positive: bool = field(default=False, kw_only=True)

    def __post_init__(self):
        tidy(self)
        object.__setattr__(self, "layers", tuple(self.layers))
        check_ends(self.layers)
        check_chain(self.layers)
        check_shape(self.input_shape)
        if not self.positive:
            check_signs(self.layers)
        check_image(self.layers, self.input_shape)
        check_labels(self.labels, self.classes)
        if self.conversion is None:
            object.__setattr__(self, "conversion",
                               conversions.as_is(self.input_shape, self.input_bits))
        conversions.check(self.conversion, self.input_shape)

    @property
    def first(self):
        """The layer that takes an image's pixels."""
        return self.layers[0]

    @property
    def hidden(self):
        """The layers between the first and the last."""
        return self.layers[1:-1]

    @property
    def last(self):
        """The layer that gives the scores."""
        return self.layers[-1]

    @property
    def inputs(self):
        """Pixels of an image, each channel of a colour counted."""
        return self.first.inputs

    @property
    def input_bits(self):
        """Width of an unsigned pixel."""
        return self.first.input_bits

    @property
    def shift(self):
        """Low bits of a pixel that make no difference."""
        return self.first.shift

    @property
    def pixel_bits(self):
        """Bits of a pixel that the hardware takes: ``pixel >> shift``."""
        return self.first.pixel_bits

    @property
    def classes(self):
        return self.last.outputs

    @property
    def score_bits(self):
        """Width of a signed score."""
        return self.last.gives.bits

    @property
    def synapses(self):
        return sum(layer.synapses for layer in self.layers)

    @property
    def parts(self):
        """Counts of what the layers consist of, see :func:`sw.layer.parts.counted`."""
        return counted(self.layers)

    @cached_property
    def identity(self):
        """SHA-256, in hexadecimal, of everything that decides what the network computes."""
        return _digest(_content(self))


def save(path, network):
    """Write a folded network as ``.npz``; a failure leaves no file."""
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
        If the file is no folded network or breaks a rule; the message names layer and rule.
    """
    arrays = read_arrays(path, f"a folded network ({FORMAT})")
    if _tag(arrays).startswith("thresher-ckpt/"):
        raise ValueError(f"{path} must be a folded network ({FORMAT}): it is a checkpoint (fold it "
                         f"first: python -m sw.fold {quote(str(path))})")
    if _tag(arrays).startswith("thresher-int8/"):
        raise ValueError(f"{path} must be a folded network ({FORMAT}): it is an int8 network "
                         f"(python -m sw.c takes it, as NAME.int8.npz; hardware does not)")
    if _tag(arrays) != FORMAT:
        raise ValueError(f"{path} must be a folded network ({FORMAT}): it has "
                         f"{'another' if 'format' in arrays else 'no'} format tag "
                         f"(make one with 'python -m sw.fold')")
    try:
        network, identity = parse(arrays), fields.text(arrays, "identity")
    except KeyError as error:
        raise ValueError(f"{path} must have the field {error} (it is not whole: make it again "
                         f"with 'python -m sw.fold')") from None
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from None
    if identity != network.identity:
        raise ValueError(f"{path} must have the identity of its content: it says "
                         f"{identity[:12]}, its content is {network.identity[:12]} (it was "
                         f"changed after it was saved: make it again with 'python -m sw.fold')")
    return network


def _tag(arrays):
    """Return the format tag of a file's arrays, an empty text for none."""
    return str(arrays["format"].tolist()) if "format" in arrays else ""


def parse(arrays):
    """Return the network of arrays, which :func:`save` wrote."""
    layers = []
    for index, kind in enumerate(fields.texts(arrays, "kinds")):
        prefix = f"{index}_"
        values = {key.removeprefix(prefix): value for key, value in arrays.items()
                  if key.startswith(prefix)}
        if kind not in kinds():
            raise ValueError(f"Kind of layer {index} must be one of {', '.join(sorted(kinds()))}: "
                             f"{kind}")
        values["name"] = fields.text(arrays, f"{prefix}name")
        for array in kinds()[kind].arrays:
            if not array.extents and array.name in values:
                values[array.name] = fields.integer(arrays, f"{prefix}{array.name}")
            elif array.name in values:
                fields.of_type(arrays, f"{prefix}{array.name}", array.dtype)
        layers.append(kinds()[kind](**values))
    input_shape = fields.integers(arrays, "input_shape")
    provenance = fields.content(arrays, "provenance")
    return Network(
        layers=tuple(layers),
        labels=fields.texts(arrays, "labels"),
        input_shape=input_shape,
        provenance=provenance,
        conversion=conversions.of_arrays(arrays, input_shape, provenance),
        positive=True)


def _content(network):
    """Return the arrays that the identity hashes, in its order: they decide what is computed."""
    arrays = {
        "format": np.array(FORMAT),
        "input_shape": np.array(network.input_shape, dtype="<i8"),
        "labels": np.array(network.labels),
        "kinds": np.array([layer.kind for layer in network.layers]),
    }
    for index, layer in enumerate(network.layers):
        arrays[f"{index}_name"] = np.array(layer.name)
        for array in layer.arrays:
            value = np.asarray(getattr(layer, array.name), array.dtype)
            arrays[f"{index}_{array.name}"] = value.astype(value.dtype.newbyteorder("<"))
    return arrays | conversions.to_arrays(network)


def _digest(arrays):
    sha = hashlib.sha256()
    for name, array in arrays.items():
        if array.dtype.kind == "U":  # strings as UTF-8 lines, because numpy pads them
            octets = "\n".join(map(str, array.ravel())).encode()
            kind = "text"
        else:
            octets = np.ascontiguousarray(array).tobytes()
            kind = array.dtype.str
        shape = ",".join(map(str, array.shape))
        sha.update(f"{name} {kind} {shape} {len(octets)}\n".encode())
        sha.update(octets)
    return sha.hexdigest()


def tidy(network):
    """Give labels, input shape and provenance of a network or checkpoint their plain types."""
    if isinstance(network.labels, int | np.integer):
        raise ValueError(f"Labels must be one per class: the number {network.labels} (give "
                         f"range({network.labels}), or names)")
    if not isinstance(network.provenance, dict):
        raise ValueError(f"Provenance must be a dict: {type(network.provenance).__name__}")
    shape = network.input_shape
    shape = tuple(shape) if np.ndim(shape) else (shape,)
    for name, value in (
            ("input_shape", tuple(int(extent) if isinstance(extent, np.integer) else extent
                                  for extent in shape)),
            ("labels", tuple(_label(label) for label in network.labels)),
            ("provenance", fields.plain(network.provenance, "provenance"))):
        object.__setattr__(network, name, value)


def _label(label):
    """Return a label as text; what is neither text nor number is left for the check."""
    if isinstance(label, np.generic):
        label = label.item()
    return str(label) if isinstance(label, int | float) else label


def check_signs(layers):
    """Check that no layer has weights of 0 and +1 only, which mostly are bits."""
    for layer in layers:
        weights = getattr(layer, "weights", None)
        if weights is not None and weights.min() == 0 and weights.max() == 1:
            raise ValueError(f"Weights of layer {layer.name!r} must be -1 and +1, where 0 means "
                             f'"no synapse": they are 0 and +1 only (weights of bits are '
                             f"2 * bits - 1; if 0 does mean no synapse, give the network "
                             f"positive=True)")


def check_shape(shape):
    if not shape or not all(isinstance(extent, int) and extent > 0 for extent in shape):
        raise ValueError(f"Input shape must be integers above 0: {shape}")


def check_labels(labels, classes):
    if len(labels) != classes:
        raise ValueError(f"Labels must be one per class: {len(labels)}, not {classes}")
    if not 2 <= classes <= 256:
        raise ValueError(f"Number of classes must be in 2..256: {classes}")
    for label in labels:
        if not isinstance(label, str) or not is_printable(label, LABEL_LIMIT):
            raise ValueError(f"Labels must be 1 to {LABEL_LIMIT} printable characters: {label!r}")
    if len(set(labels)) < classes:
        raise ValueError(f"Labels must differ: {', '.join(labels)}")
