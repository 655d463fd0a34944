"""Puts the C source of a network together: its header, and the library for one image."""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .names import literal
from .part import CODE, FAST, Options, Part, kernel
from .template import filled, indented
from .ternary import definitions


CODE_LIMIT = 2**16  # most synapses and tables of a network that are made logic on lanes


@dataclass(frozen=True)
class Step:
    """A layer with its C code."""

    layer: object
    part: Part


@dataclass(frozen=True)
class Source:
    """C source of a network.

    Attributes
    ----------
    network : sw.network.Network
        The network.
    prefix : str
        Beginning of its identifiers, see :func:`sw.c.names.identifier`.
    options : sw.c.part.Options
        Ways to compute the layers.
    sliced : bool
        Whether many images are computed at once by logic on lanes, see :mod:`sw.c.batch`.
    """

    network: object
    prefix: str
    options: Options
    sliced: bool

    @cached_property
    def steps(self):
        """The code of each layer for one image, a tuple of :class:`Step`."""
        return tuple(Step(layer, CODE.of(layer).image(layer, self.options))
                     for layer in self.network.layers)

    @property
    def pixel(self):
        """C type of a pixel."""
        return "uint8_t" if self.network.input_bits <= 8 else "uint16_t"

    @cached_property
    def memory(self):
        """Scratch memory, the size of each field of C by its name: words and octets."""
        sizes = {"words": max(step.part.words for step in self.steps),
                 "window": max(step.part.window for step in self.steps), "a": 0, "b": 0}
        for place, step in enumerate(self.steps[:-1]):
            name = "ab"[place % 2]
            sizes[name] = max(sizes[name], step.layer.outputs + step.part.spare)
        return sizes

    @property
    def scratch(self):
        """Words of scratch memory that the library needs."""
        octets = sum(self.memory.values()) - self.memory["words"]
        return self.memory["words"] - (-8 * octets // self.options.word_bits)

    @property
    def words(self):
        """Texts for the words between @ in the templates, a dict."""
        return describing(self.network, self.prefix, self.options.word_bits, self.scratch,
                          self.pixel)

    def files(self):
        """Return the text of the header and of the library by their names."""
        library = filled("library.c", self.words | {
            "BODY": self.body(self.steps), "FIELDS": fields(self.memory),
            "CALLS": indented(chain(self.steps, ("a", "b")))})
        if not self.sliced:
            library += filled("loop.c", self.words)
        return {f"{self.prefix}.h": filled("library.h", self.words), f"{self.prefix}.c": library}

    def body(self, steps, word_bits=None):
        """Return types, kernels, tables and functions of steps, each once.

        ``word_bits`` are those of a word, by default those of the options.
        """
        kernels = list(dict.fromkeys(name for step in steps for name in step.part.kernels))
        tables = [table for step in steps for table in step.part.tables]
        functions = [step.part.functions for step in steps if step.part.functions]
        texts = [f"#define WORD_BITS {word_bits or self.options.word_bits}\n"
                 f"#define GROUP {self.options.group}\n"
                 f"#define PIXEL_BITS {self.network.input_bits}\n", kernel("word"),
                 f"typedef {self.pixel} pixel;\n"]
        for name in ("limit", "level"):
            if own := [table for table in tables if table.ctype == name]:
                texts.append(f"typedef {narrowest(own)} {name};\n")
        texts += map(kernel, kernels)
        if used := {int(table) for text in functions for table in re.findall(r"\bT(\d+)\(", text)}:
            texts.append(definitions(used))
        return "\n".join([*texts, *(table.text for table in tables), *functions])


def describing(network, prefix, bits, scratch, pixel):
    """Return texts for the words between @ in the templates, a dict.

    Parameters
    ----------
    network : sw.network.Network or sw.int8.network.Int8Network
        The network.
    prefix : str
        Beginning of its identifiers.
    bits, scratch : int
        Bits of a word, words of scratch memory.
    pixel : str
        C type of a pixel.
    """
    listed = "\n".join(f" *   {index} {label}" for index, label in enumerate(network.labels))
    return {
        "NAME": prefix, "UPPER": prefix.upper(), "PIXEL": pixel,
        "IDENTITY": network.identity, "SHORT": network.identity[:12],
        "INPUTS": network.inputs, "INPUT_BITS": network.input_bits,
        "SHAPE": " x ".join(map(str, network.input_shape)), "CLASSES": network.classes,
        "WORD_BITS": bits, "SCRATCH_WORDS": scratch, "SCRATCH": scratch * bits // 8,
        "CLASS_LIST": _comment(listed), "FLOATS": ", without floats", "MORE": "",
        "LABEL_LIST": ",\n".join(f"    {literal(label)}" for label in network.labels),
    }


def _comment(text):
    """Return a text as lines of a comment, in ASCII."""
    text = text.encode("ascii", "backslashreplace").decode()
    return text.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?")


def chain(steps, arrays, first="image", owner="memory->", *, ends=True):
    """Return the calls of layers, whose values go from one of two arrays to the other.

    Parameters
    ----------
    steps : sequence of Step
        The layers.
    arrays : tuple of str
        The array that the first layer writes, and the other one.
    first : str
        What the first layer reads.
    owner : str
        Beginning of the arrays in C.
    ends : bool
        Whether the last of the layers writes ``scores``.
    """
    calls, at = [], first
    for place, step in enumerate(steps):
        last = ends and place == len(steps) - 1
        to = "scores" if last else f"{owner}{arrays[place % 2]}"
        calls.append(f"/* {step.layer.name} */\n{step.part.call.format(x=at, y=to)}")
        at = to
    return "\n".join(calls)


def fields(sizes):
    """Return the members of a structure of scratch memory; words and windows are aligned."""
    return "\n".join(f"    {'word' if name == 'words' else 'uint8_t'} {name}[{size}];"
                     for name, size in sizes.items() if size)


def narrowest(tables):
    """Return the narrowest C type of 8, 16 or 32 bits that holds all values of some tables."""
    low = min(int(np.min(table.values)) for table in tables)
    high = max(int(np.max(table.values)) for table in tables)
    for bits in (8, 16, 32):
        if 0 <= low and high < 2**bits <= 2**16:  # 16 bits and fewer become int in C
            return f"uint{bits}_t"
        if -2**(bits - 1) <= low and high < 2**(bits - 1):
            return f"int{bits}_t"
    raise ValueError(f"Values of a table must fit into 32 bits: {low}..{high}")


def source(network, prefix, options, batch="auto"):
    """Return the :class:`Source` of a network.

    Parameters
    ----------
    network : sw.network.Network
        The network.
    prefix : str
        Beginning of its identifiers.
    options : sw.c.part.Options
        Ways to compute the layers.
    batch : str
        ``"lanes"``: many images are computed at once, by logic; ``"loop"``: one after the other;
        ``"auto"``: by logic where speed is preferred and the logic is not too long.

    Raises
    ------
    ValueError
        If a layer cannot be logic on lanes.
    """
    logic = {layer: CODE.of(layer).logic(layer) for layer in network.layers[1:-1]}
    dense = [layer for layer, size in logic.items() if size is None]
    if batch == "lanes" and dense:
        raise ValueError(f"Layer {dense[0].name!r} must be sparse for --batch lanes: its logic "
                         f"takes too long to compile (--batch loop)")
    sliced = batch == "lanes" or (batch == "auto" and options.prefer == FAST and not dense
                                  and sum(logic.values()) <= CODE_LIMIT)
    return Source(network, prefix, options, sliced)
