"""Puts the C source of an int8 network together."""

import re
from dataclasses import dataclass
from functools import cached_property
from math import prod

from ..int8.layer import Reshape
from .int8floats import DECLARED, DEFINED, NUMBERS, number
from .int8parts import part
from .part import Options, kernel
from .source import describing
from .template import fill, filled, indented


@dataclass(frozen=True)
class Int8Source:
    """C source of an int8 network, with what :class:`sw.c.source.Source` has for the folder.

    Attributes
    ----------
    network : sw.int8.network.Int8Network
        The network.
    prefix : str
        Beginning of its identifiers.
    options : sw.c.part.Options
        The bits of a word, which the caller's memory is aligned to.
    """

    network: object
    prefix: str
    options: Options

    sliced = False

    @cached_property
    def aliases(self):
        """The layer whose memory holds a layer's values, by its name."""
        found = {}
        for layer in self.network.layers:
            found[layer.name] = found[layer.inputs[0]] if type(layer) is Reshape else layer.name
        return found

    @cached_property
    def parts(self):
        """The :class:`sw.c.part.Part` of each layer that computes, by its name."""
        shapes, used, parts = self.network.shapes, set(), {}
        for layer in self.network.layers:
            if type(layer) is Reshape:
                continue
            name = re.sub(r"\W", "_", layer.name).lower()
            while name in used:
                name += "_"
            used.add(name)
            parts[layer.name] = part(layer, name, [shapes[item] for item in layer.inputs],
                                     shapes[layer.name])
        return parts

    @cached_property
    def places(self):
        """Octet of the scratch memory at which each computed layer's values begin.

        Two layers share octets if one is read for the last time before the other is written.
        """
        layers = [layer for layer in self.network.layers if layer.name in self.parts]
        steps = {layer.name: step for step, layer in enumerate(layers)}
        until = dict(steps)  # the last step at which a layer's values are read
        until[self.aliases[self.network.layers[-1].name]] = len(layers)
        for layer in layers:
            for name in layer.inputs:
                owner = self.aliases[name]
                until[owner] = max(until[owner], steps[layer.name])
        places = {}
        for layer in layers:
            size = self.size(layer.name)
            taken = sorted((places[name], places[name] + self.size(name)) for name in places
                           if until[name] >= steps[layer.name])
            at = 0
            for low, high in taken:
                if at + size <= low:
                    break
                at = max(at, high)
            places[layer.name] = at
        return places

    def size(self, name):
        """Return the octets of a layer's values."""
        return prod(self.network.shapes[name])

    @cached_property
    def memory(self):
        """Scratch memory, octets of each field of C by its name."""
        values = max(place + self.size(name) for name, place in self.places.items())
        window = max(part.window for part in self.parts.values())
        octets = self.options.word_bits // 8  # the window comes first, aligned
        return {"window": -(-window // octets) * octets, "values": values}

    @property
    def scratch(self):
        """Words of scratch memory that the library needs."""
        return -(-8 * sum(self.memory.values()) // self.options.word_bits)

    @property
    def words(self):
        """Texts for the words between @ in the templates, a dict."""
        words = describing(self.network, self.prefix, self.options.word_bits, self.scratch,
                           "uint8_t")
        if self.floats:
            words["FLOATS"] = ""
        if self.network.softmax:
            words["MORE"] = fill(DECLARED, words)
        return words

    @property
    def floats(self):
        """Whether the library computes with floats."""
        return self.network.softmax or not all(layer.integer for layer in self.network.layers)

    def calls(self):
        """Return the statements that compute an image."""
        lines = []
        for layer in self.network.layers:
            if layer.name not in self.parts:
                continue
            values = [self._at(self.aliases[name]) for name in layer.inputs] or ["image"]
            names = dict(zip(("x", "x2"), values, strict=False))
            lines.append(f"/* {layer.name} */")
            lines.append(self.parts[layer.name].call.format(**names, y=self._at(layer.name)))
        last = self.network.layers[-1]
        lines.append(f"widen({self._at(self.aliases[last.name])}, {self.network.classes}, scores);")
        return "\n".join(lines)

    def _at(self, name):
        return f"memory->values + {self.places[name]}"

    def files(self):
        """Return the text of the header and of the library by their names."""
        words = self.words
        kernels = [name for part in self.parts.values() for name in part.kernels]
        if self.network.softmax:
            kernels.append("int8_exp")
        tables = [table for part in self.parts.values() for table in part.tables]
        body = "\n".join([*(fill(kernel(name), NUMBERS)
                            for name in dict.fromkeys([*kernels, "int8_scores"])),
                          *(table.text for table in tables)])
        fields = "\n".join([f"    word window[{8 * self.memory['window'] // self.options.word_bits}"
                            f"];" if self.memory["window"] else "",
                            f"    int8_t values[{self.memory['values']}];"]).strip("\n")
        library = filled("library.c", words | {
            "BODY": f"typedef uint{self.options.word_bits}_t word;\n\n{body}",
            "FIELDS": fields, "CALLS": indented(self.calls())})
        library += filled("loop.c", words)
        if self.network.softmax:
            scale = number(self.network.layers[-1].scale)
            library += fill(DEFINED, words | {"SCALE": scale})
        return {f"{self.prefix}.h": filled("library.h", words), f"{self.prefix}.c": library}
