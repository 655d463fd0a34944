"""Puts the C source of a network together: its header, its library, and many images at once."""

import re
from dataclasses import dataclass, replace

import numpy as np

from .names import literal
from .part import CODE, FAST, Options, Part, kernel
from .ternary import definitions


CODE_LIMIT = 2**16  # most synapses and tables of a network that are made logic on lanes

HEADERS = """\
#if defined(__AVX2__) || defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif
"""

THREAD = """\
/* Memory of the functions that have no argument for it: one for each thread where there are any. */
#if defined(__GNUC__) && defined(__unix__)
#define THREAD __thread
#else
#define THREAD
#endif
"""


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
        Whether many images are computed at once by logic on lanes.
    """

    network: object
    prefix: str
    options: Options
    sliced: bool

    @property
    def steps(self):
        """The code of each layer for one image, a list of :class:`Step`."""
        return [Step(layer, CODE.of(layer).image(layer, self.options))
                for layer in self.network.layers]

    @property
    def pixel(self):
        return "uint8_t" if self.network.input_bits <= 8 else "uint16_t"

    def files(self):
        """Return the text of each source file by its name."""
        files = {f"{self.prefix}.h": self.header(), f"{self.prefix}.c": self.library()}
        if self.sliced:
            files[f"{self.prefix}_batch.c"] = self.batch()
        return files

    def memory(self):
        """Return the octets of the values before and behind each layer, words and window."""
        steps = self.steps
        values = [0, 0]
        for place, step in enumerate(steps[:-1]):
            size = step.layer.outputs + step.part.spare
            values[place % 2] = max(values[place % 2], size)
        words = max(step.part.words for step in steps)
        return values, words, max(step.part.window for step in steps)

    @property
    def scratch(self):
        """Words of scratch memory that the library needs."""
        values, words, window = self.memory()
        return words + -(-8 * (sum(values) + window) // self.options.word_bits)

    def header(self):
        """Return the text of the header."""
        network, name = self.network, self.prefix
        upper = name.upper()
        bits = self.options.word_bits
        shape = " x ".join(map(str, network.input_shape))
        labels = "\n".join(f" *   {index} {label}" for index, label in enumerate(network.labels))
        labels = labels.encode("ascii", "backslashreplace").decode().replace("*/", "* /")
        return f"""\
/* A network that Thresher made: bit-exact, without floats, without malloc.
 *
 * Classes:
{labels}
 */
#ifndef {upper}_H
#define {upper}_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

#define {upper}_IDENTITY "{network.identity}"
#define {upper}_INPUTS {network.inputs} /* pixels of an image: {shape} */
#define {upper}_INPUT_BITS {network.input_bits} /* a pixel is below 2 to the power of this */
#define {upper}_CLASSES {network.classes}
#define {upper}_SCRATCH {self.scratch * bits // 8} /* octets of {name}_memory */

typedef {self.pixel} {name}_pixel;

/* Scratch memory; its content means nothing between two calls. */
typedef struct {{
    uint{bits}_t words[{self.scratch}];
}} {name}_memory;

/* Names of the classes, UTF-8. */
extern const char *const {name}_labels[{upper}_CLASSES];

/* Scores of an image: a number a class. */
void {name}_scores(const {name}_pixel *image, int32_t *scores);

/* Index of the class of an image: the first of the greatest scores. */
unsigned {name}_label(const {name}_pixel *image);

/* The same with the caller's memory: may be called by several threads at once, anywhere. */
void {name}_scores_in(const {name}_pixel *image, int32_t *scores, {name}_memory *memory);

/* Index of the first of the greatest scores. */
unsigned {name}_best(const int32_t *scores);

/* Scores of images, one behind the other; a linker leaves out what only this function needs. */
void {name}_scores_batch(const {name}_pixel *images, size_t count, int32_t *scores);

#ifdef __cplusplus
}}
#endif

#endif
"""

    def library(self):
        """Return the text of the library."""
        name, steps = self.prefix, self.steps
        upper = name.upper()
        values, words, window = self.memory()
        calls = _chain(steps, ["a", "b"])
        labels = ",\n".join(f"    {literal(label)}" for label in self.network.labels)
        scratch = _fields(words, window, values)
        loop = "" if self.sliced else f"""
void {name}_scores_batch(const {name}_pixel *images, size_t count, int32_t *scores)
{{
    for (size_t i = 0; i < count; i++) {{
        {name}_scores(images + i * {upper}_INPUTS, scores + i * {upper}_CLASSES);
    }}
}}
"""
        return f"""\
/* Made by Thresher, see {name}.h; identity {self.network.identity[:12]}. */
#include "{name}.h"

#include <string.h>

{HEADERS}
{THREAD}
{self._body(steps)}
typedef struct {{
{scratch}
}} scratch;

/* This array has a negative length where the caller's memory is too short. */
typedef char memory_suffices[sizeof(scratch) <= sizeof({name}_memory) ? 1 : -1];

const char *const {name}_labels[{upper}_CLASSES] = {{
{labels}
}};

void {name}_scores_in(const {name}_pixel *image, int32_t *scores, {name}_memory *given)
{{
    scratch *const memory = (scratch *)(void *)given;
{_indented(calls)}
}}

void {name}_scores(const {name}_pixel *image, int32_t *scores)
{{
    static THREAD {name}_memory memory;
    {name}_scores_in(image, scores, &memory);
}}

unsigned {name}_best(const int32_t *scores)
{{
    unsigned best = 0;
    for (unsigned i = 1; i < {upper}_CLASSES; i++) {{
        if (scores[i] > scores[best]) {{
            best = i;
        }}
    }}
    return best;
}}

unsigned {name}_label(const {name}_pixel *image)
{{
    int32_t scores[{upper}_CLASSES];
    {name}_scores(image, scores);
    return {name}_best(scores);
}}
{loop}"""

    def batch(self):
        """Return the text of the file for many images."""
        name, layers = self.prefix, self.network.layers
        upper, first = name.upper(), self.steps[0]
        read = [CODE.of(layer).reads(layer) for layer in layers[1:]]
        read.append(np.ones(layers[-1].outputs, bool))
        steps = [Step(layer, CODE.of(layer).slices(layer, outputs))
                 for layer, outputs in zip(layers[1:], read[1:], strict=True)]
        words = -(-first.layer.outputs // 64)
        sizes = [64 * words, 0]
        for place, step in enumerate(steps[:-1], 1):
            sizes[place % 2] = max(sizes[place % 2], step.layer.outputs)
        window = max(step.part.window for step in steps)
        arrays = "\n".join(f"    static THREAD lane {array}[{size}];"
                           for array, size in zip(("a", "b", "window"), (*sizes, window),
                                                  strict=True) if size)
        if first.part.words or first.part.window:
            fields = _fields(first.part.words, first.part.window)
            arrays = (f"    static THREAD struct {{\n{_indented(fields)}\n    }} own;\n{arrays}")
        bits = first.layer.outputs + first.part.spare
        kernels = ("pack", "lane", "transpose", "slice")
        before = replace(first.part, kernels=(*first.part.kernels, *kernels))
        calls = _chain(steps, ["b", "a"], "a", "")
        encoded = first.part.call.format(x="image", y="bits").replace("memory->", "own.")
        return f"""\
/* Many images at once: a lane holds a bit of many images. Made by Thresher, see {name}.h. */
#include "{name}.h"

#include <string.h>

{HEADERS}
{THREAD}
{self._body([Step(first.layer, before), *steps], 64)}
static void block(const {name}_pixel *image, size_t images, int32_t *scores)
{{
    static THREAD uint64_t packed[LANE_IMAGES * {words}];
    static THREAD uint8_t bits[{bits}];
{arrays}
    for (size_t i = 0; i < images; i++, image += {upper}_INPUTS) {{
{_indented(encoded, 8)}
        pack(bits, {first.layer.outputs}, packed + {words} * i);
    }}
    memset(packed + {words} * images, 0, {8 * words} * (LANE_IMAGES - images));
    slice(packed, {words}, a);
{_indented(calls)}
}}

void {name}_scores_batch(const {name}_pixel *images, size_t count, int32_t *scores)
{{
    for (size_t i = 0; i < count; i += LANE_IMAGES) {{
        block(images + i * {upper}_INPUTS, count - i < LANE_IMAGES ? count - i : LANE_IMAGES,
              scores + i * {upper}_CLASSES);
    }}
}}
"""

    def _body(self, steps, word_bits=None):
        """Return types, kernels, tables and functions of the steps, each once."""
        kernels = list(dict.fromkeys(name for step in steps for name in step.part.kernels))
        tables = [table for step in steps for table in step.part.tables]
        texts = [f"#define WORD_BITS {word_bits or self.options.word_bits}\n"
                 f"#define GROUP {self.options.group}\n", kernel("word"),
                 f"typedef {self.pixel} pixel;\n"]
        for name in ("limit", "level"):
            if own := [table for table in tables if table.ctype == name]:
                texts.append(f"typedef {narrowest(own)} {name};\n")
        if "encode_one" in kernels:
            texts.append("typedef uint32_t level;\n")
        texts += map(kernel, kernels)
        functions = [step.part.functions for step in steps if step.part.functions]
        if used := {int(table) for text in functions for table in re.findall(r"\bT(\d+)\(", text)}:
            texts.append(definitions(used))
        texts += [table.text for table in tables]
        texts += functions
        return "\n".join(texts)


def _chain(steps, arrays, first="image", owner="memory->"):
    """Return the calls of the layers, whose values go from one array to the other."""
    calls, at = [], first
    for place, step in enumerate(steps):
        last = place == len(steps) - 1
        to = "scores" if last else f"{owner}{arrays[place % 2]}"
        calls.append(f"/* {step.layer.name} */\n{step.part.call.format(x=at, y=to)}")
        at = to
    return "\n".join(calls)


def _fields(words, window, values=(0, 0)):
    """Return the members of the structure of scratch memory; the window is aligned as words."""
    members = ((words, f"word words[{words}];"), (window, f"uint8_t window[{window}];"),
               *((size, f"uint8_t {name}[{size}];")
                 for name, size in zip("ab", values, strict=True)))
    return "\n".join(f"    {text}" for size, text in members if size)


def _indented(text, count=4):
    return "\n".join(" " * count + line if line else line for line in text.splitlines())


def narrowest(tables):
    """Return the narrowest C type of 8, 16 or 32 bits that holds all values of some tables."""
    low = min(int(np.min(table.values)) for table in tables)
    high = max(int(np.max(table.values)) for table in tables)
    for bits in (8, 16, 32):
        if 0 <= low and high < 2**bits:
            return f"uint{bits}_t"
        if -2**(bits - 1) <= low and high < 2**(bits - 1):
            return f"int{bits}_t"
    raise ValueError(f"Values of a table must fit into 32 bits: {low}..{high}")


def source(network, prefix, options, batch="auto"):
    """Return the :class:`Source` of a network.

    Parameters
    ----------
    batch : str
        ``"lanes"``: many images are computed at once, by logic; ``"loop"``: one after the other;
        ``"auto"``: by logic where speed is preferred and the logic is not too long.
    """
    logic = [CODE.of(layer).logic(layer) for layer in network.layers[1:]]
    if batch == "lanes" and (layer := next((layer for layer, size in zip(
            network.layers[1:], logic, strict=True) if size is None), None)):
        raise ValueError(f"Layer {layer.name!r} must be sparse for --batch lanes: logic of "
                         f"{layer.synapses} synapses takes too long to compile (--batch loop)")
    sliced = batch == "lanes" or (batch == "auto" and options.prefer == FAST
                                  and None not in logic and sum(logic) <= CODE_LIMIT)
    return Source(network, prefix, options, sliced)
