"""Weights that a board takes at run time: its shape, and the octets of a load."""

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import IntFlag
from zlib import crc32

import numpy as np

from ..store.files import parse_json
from .words import layer_words


FORMAT = "thresher-load/1"
MAGIC = b"THRL"
KEY = 8                           # octets of a shape's key
HEADER = len(MAGIC) + KEY + 8     # octets: magic, key, octets of the weights and of the text
LOADED = ("weights", "thresholds", "bias")  # arrays of a layer that a load replaces


class LoadStatus(IntFlag):
    """First octet of an answer to LOAD."""

    WHOLE = 1     # the weights are whole
    ACTIVE = 2    # the load goes on
    REFUSED = 4   # the load was refused: of another shape, or damaged
    ORDER = 8     # the octets were not the next ones, and nothing was done


@dataclass(frozen=True)
class LoadedLayer:
    """A layer whose weights can be replaced.

    Attributes
    ----------
    index : int
        Place in the network's layers.
    name : str
        Its name in the network that the board was built with.
    pe, simd : int
        Neurons and inputs at once.
    planes : int
        Bits of memory that a weight takes: 1 where no weight may be 0, else 2.
    constant_bits : int
        Bits of a threshold, or of what a score begins with.
    """

    index: int
    name: str
    pe: int
    simd: int
    planes: int
    constant_bits: int


@dataclass(frozen=True)
class LoadShape:
    """The shape that a board is built for: networks of this shape can be loaded.

    Attributes
    ----------
    frame : str
        SHA-256 of what a load leaves as it is (:func:`frame_of`).
    score_bits : int
        Bits of a score.
    text : int
        Most octets of the text.
    layers : tuple of LoadedLayer
        Layers that are loaded, in order.
    """

    frame: str
    score_bits: int
    text: int
    layers: tuple

    def encode(self):
        """Return the payload of the answer to DESCRIBE."""
        return json.dumps({"format": FORMAT, **asdict(self)}, separators=(",", ":")).encode()

    @property
    def key(self):
        """The octets at the beginning of each load."""
        return hashlib.sha256(self.encode()).digest()[:KEY]

    @classmethod
    def decode(cls, payload, what="Answer to DESCRIBE"):
        """Read the payload of an answer to DESCRIBE, or a file of it; ``what`` is its name.

        Raises
        ------
        ValueError
            If the payload is of another version or not whole.
        """
        content = parse_json(payload.decode("utf-8", "replace"), what)
        if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
            raise ValueError(f"{what} must have the format {FORMAT!r} (use the host "
                             f"program that the bitstream came with)")
        try:
            shape = cls(**content | {"layers": tuple(LoadedLayer(**layer)
                                                     for layer in content["layers"])})
            shape.check_sizes()
        except (TypeError, KeyError) as error:
            raise ValueError(f"{what} must be whole: {error}") from None
        return shape

    def check_sizes(self):
        """Raise TypeError unless all sizes are int from 1 up, and indices from 0 up."""
        sizes = [("score_bits", self.score_bits), ("text", self.text)]
        for layer in self.layers:
            sizes += [(name, value) for name, value in asdict(layer).items() if name != "name"]
        for name, value in sizes:
            if type(value) is not int or value < (0 if name == "index" else 1):
                raise TypeError(f"{name} is {value!r}")

    def check(self, network, path):
        """Raise ValueError unless a network has this shape; say in what it differs."""
        frame = frame_of(network, [layer.index for layer in self.layers])
        if frame != self.frame:
            raise ValueError(f"Network {path} must have the shape of the board's: layers that are "
                             f"not loaded, sizes or encoder differ (load a network of the same "
                             f"shape, or build a bitstream)")
        for layer in self.layers:
            vector = _vector(network, layer)
            if layer.planes == 1 and not np.all(vector.weights):
                raise ValueError(f"Weights of layer {vector.name!r} must be -1 and +1 for this "
                                 f"board: some are 0 (build a bitstream of {path})")
        if network.score_bits > self.score_bits:
            raise ValueError(f"Scores of {path} must fit {self.score_bits} bits on this board: "
                             f"they have {network.score_bits} (build the bitstream of this "
                             f"network, then load the other one)")

    def encode_load(self, network, text):
        """Return the octets that load a network with a text, which says what the network is."""
        words = [word for layer in self.layers for word in layer_words(
            _vector(network, layer), pe=layer.pe, simd=layer.simd, planes=layer.planes,
            constant_bits=layer.constant_bits)]
        return encode_words(self.key, words, text)


def encode_words(key, words, text):
    """Return the octets of a load: words of 16 bits for the shape of a key, and a text."""
    weights = np.array(words, "<u2").tobytes()
    body = (MAGIC + key + len(weights).to_bytes(4, "little")
            + len(text).to_bytes(4, "little") + weights + text)
    return body + crc32(body).to_bytes(4, "little")


def frame_of(network, loaded):
    """Return the SHA-256 of all that a load leaves as it is, in hexadecimal.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        A network.
    loaded : sequence of int
        Places of the layers that are loaded.
    """
    sha = hashlib.sha256(repr((network.input_shape, network.classes)).encode())
    for index, layer in enumerate(network.layers):
        sha.update(layer.kind.encode())
        for array in layer.arrays:
            value = np.asarray(getattr(layer, array.name), array.dtype)
            sha.update(f"{array.name} {value.shape}".encode())
            if index not in loaded or array.name not in LOADED:
                sha.update(np.ascontiguousarray(value).tobytes())
    return sha.hexdigest()


def _vector(network, layer):
    """Return what computes the vectors of a loaded layer: of a convolution, its dense layer."""
    found = network.layers[layer.index]
    return getattr(found, "dense", found)
