"""Notes in ONNX files of ours: what a folded network has and a graph has not."""

import json
from dataclasses import dataclass, replace

from ..conversion import from_json, to_json
from ..store.files import parse_json


KEY = "thresher"


@dataclass(frozen=True)
class Ours:
    """Facts about a network in the metadata of a file that this project wrote.

    Attributes
    ----------
    labels : tuple of str
        Names of the classes.
    input_shape : tuple of int
        Shape of an image.
    input_bits : int
        Width of a pixel.
    conversion : sw.conversion.Picture or sw.conversion.Row
        How pictures or rows become inputs.
    names : tuple of str
        Names of the layers.
    """

    labels: tuple
    input_shape: tuple
    input_bits: int
    conversion: object
    names: tuple

    @classmethod
    def of(cls, graph):
        """Return the notes of a graph, None where there are none."""
        if KEY not in graph.metadata:
            return None
        content = parse_json(graph.metadata[KEY], f"Metadata {KEY!r}")
        try:
            labels, shape, bits, names = (content[name] for name in (
                "labels", "input_shape", "input_bits", "names"))
            made = cls(tuple(labels), tuple(shape), bits, from_json(content["conversion"]),
                       tuple(names))
        except (KeyError, TypeError) as error:
            raise ValueError(f"Metadata {KEY!r} must have labels, input_shape, input_bits, "
                             f"names and conversion: {error}") from None
        whole = [bits, *shape]
        if not all(type(value) is int for value in whole) or bits not in range(1, 17) \
                or not all(0 < extent <= 2**20 for extent in shape):
            raise ValueError(f"Metadata {KEY!r} must have a shape of integers above 0, and 1 to 16 "
                             f"bits: {str(whole)[:60]}")
        return made

    def named(self, layers):
        """Return layers with the names that the file says, if there are as many."""
        if len(self.names) != len(layers):
            return layers
        return [replace(layer, name=name) for layer, name in zip(layers, self.names, strict=True)]

    @staticmethod
    def text(network):
        """Return the notes on a network, as text."""
        return json.dumps({
            "labels": list(network.labels), "input_shape": list(network.input_shape),
            "input_bits": network.input_bits, "conversion": to_json(network.conversion),
            "names": [layer.name for layer in network.layers]}, sort_keys=True)
