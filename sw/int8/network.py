"""Int8 networks and their files, ``NAME.int8.npz``."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from dataclasses import fields as members
from functools import cached_property
from math import prod

import numpy as np

from .. import conversion as conversions
from ..network import check_labels
from ..store import fields
from ..store.files import parse_json, read_arrays, write_arrays
from .floating import KINDS
from .layer import SIZE_LIMIT


FORMAT = "thresher-int8/1"
ORIGIN = "int8 networks come from python -m train.compress.validate"
LAYERS_LIMIT = 1000


@dataclass(frozen=True, eq=False)
class Int8Network:
    """An int8 network.

    Attributes
    ----------
    layers : tuple of Layer
        The input first; the last one gives the scores.
    labels : tuple of str
        Name of each class.
    input_shape : tuple of int
        Shape of an image as the dataset has it.
    softmax : bool
        Whether the trained network ends with a softmax. Scores are values before it, which give
        the same label; C has a function of its own for it.
    provenance : dict
        Origin: anything JSON can hold. The identity does not depend on it.
    """

    layers: tuple
    labels: tuple
    input_shape: tuple
    softmax: bool = False
    provenance: dict = field(default_factory=dict)

    input_bits = 8

    def __post_init__(self):
        for name in ("layers", "labels", "input_shape"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not 2 <= len(self.layers) <= LAYERS_LIMIT:
            raise ValueError(f"Layers of an int8 network must be 2 to {LAYERS_LIMIT}: "
                             f"{len(self.layers)}")
        shapes = self.shapes
        check_labels(self.labels, prod(shapes[self.layers[-1].name]))
        if prod(self.input_shape) != self.inputs:
            raise ValueError(f"Image must have as many pixels as the first layer: "
                             f"{self.input_shape}, {self.inputs}")

    @cached_property
    def shapes(self):
        """Shape of each layer's output by its name."""
        shapes = {}
        for place, layer in enumerate(self.layers):
            if not re.fullmatch(r"[A-Za-z0-9_.+]{1,100}", layer.name) or layer.name in shapes:
                raise ValueError(f"Name of a layer must be letters, digits, '_', '.' and '+', and "
                                 f"the only such one: {layer.name[:100]!r}")
            if (layer.takes == 0) != (place == 0):
                raise ValueError(f"Layer {layer.name!r} must not be an input behind the first")
            if foreign := [name for name in layer.inputs if name not in shapes]:
                raise ValueError(f"Layer {layer.name!r} must take values of layers before it: "
                                 f"{foreign[0]!r}")
            shapes[layer.name] = made = layer.made(*(shapes[name] for name in layer.inputs))
            if not 1 <= len(made) <= 3 or not all(isinstance(side, int) and side > 0
                                                  for side in made) or prod(made) > SIZE_LIMIT:
                raise ValueError(f"Layer {layer.name!r} must give 1 to 3 sizes, {SIZE_LIMIT:,} "
                                 f"values at most: {made}")
        return shapes

    @property
    def inputs(self):
        """Pixels of an image, each channel of a colour counted."""
        return prod(self.layers[0].made())

    @property
    def classes(self):
        return len(self.labels)

    @property
    def learnable_bytes(self):
        """Octets of weights, biases and factors."""
        return sum(layer.learnable_bytes for layer in self.layers)

    @property
    def macs(self):
        """Products of an image."""
        return sum(layer.macs(self.shapes[layer.name]) for layer in self.layers)

    @property
    def conversion(self):
        """Pictures and rows are taken as the dataset gives them."""
        return conversions.as_is(self.input_shape, self.input_bits)

    @cached_property
    def identity(self):
        """SHA-256, in hexadecimal, of everything that decides what the network computes."""
        digest = hashlib.sha256()
        for name, value in sorted(_content(self).items()):
            value = np.ascontiguousarray(value)
            digest.update(f"{name} {value.dtype.str} {value.shape}\n".encode() + value.tobytes())
        return digest.hexdigest()


def _content(network):
    """Return the arrays of a network that decide what it computes."""
    listed, arrays = [], {}
    for place, layer in enumerate(network.layers):
        facts = {member.name: getattr(layer, member.name) for member in members(layer)}
        arrays |= {f"{place}.{name}": facts.pop(name) for name in layer.arrays}
        listed.append({"kind": layer.kind, **facts})
    return arrays | {
        "format": np.array(FORMAT), "labels": np.array(network.labels),
        "input_shape": np.array(network.input_shape, dtype=np.int64),
        "softmax": np.array(int(network.softmax)),
        "layers": np.array(json.dumps(listed, sort_keys=True))}


def save(path, network):
    """Write an int8 network as ``.npz``; a failure leaves no file."""
    write_arrays(path, _content(network) | {
        "identity": np.array(network.identity),
        "provenance": np.array(json.dumps(network.provenance, sort_keys=True))})


def load(path):
    """Read an int8 network and check everything in it.

    Raises
    ------
    ValueError
        If the file is no int8 network or breaks a rule: the message names layer and rule.
    """
    arrays = read_arrays(path, f"an int8 network ({FORMAT})", origin=ORIGIN)
    tag = str(arrays["format"].tolist()) if "format" in arrays else ""
    if tag != FORMAT:
        raise ValueError(f"{path} must be an int8 network ({FORMAT}): its format tag is "
                         f"{tag[:60]!r} ({ORIGIN})")
    try:
        network = parse(arrays)
        if fields.text(arrays, "identity") != network.identity:
            raise ValueError("Identity must be that of its content: the file was changed")
    except KeyError as error:
        raise ValueError(f"{path} must have a field {error}") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{path} must be an intact int8 network: {error}") from None
    return network


def parse(arrays):
    """Return the network of arrays, which :func:`save` wrote."""
    return Int8Network(
        _layers(arrays), fields.texts(arrays, "labels"), fields.integers(arrays, "input_shape"),
        bool(fields.integer(arrays, "softmax")), fields.content(arrays, "provenance"))


def _layers(arrays):
    listed = parse_json(fields.text(arrays, "layers"), "Field 'layers'")
    if not isinstance(listed, list) or not all(isinstance(facts, dict) for facts in listed):
        raise ValueError("Field 'layers' must be a list of layers")
    layers = []
    for place, facts in enumerate(listed):
        made = KINDS.get(facts.pop("kind", None))
        if made is None:
            raise ValueError(f"Layer {place} must be one of {', '.join(KINDS)}")
        wanted = {member.name for member in members(made)} - set(made.arrays)
        if set(facts) != wanted:
            raise ValueError(f"Layer {place} must have {', '.join(sorted(wanted))}: "
                             f"{', '.join(sorted(map(str, facts)))[:200]}")
        values = {name: tuple(value) if isinstance(value, list) else value
                  for name, value in facts.items()}
        if not isinstance(values["name"], str) or not isinstance(values["inputs"], tuple):
            raise ValueError(f"Layer {place} must have a name and inputs")
        layers.append(made(**values, **{name: arrays[f"{place}.{name}"] for name in made.arrays}))
    return tuple(layers)

