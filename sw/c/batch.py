"""C source that computes many images at once: a lane holds one bit of many images."""

from dataclasses import dataclass, field, replace

import numpy as np

from .part import CODE
from .source import Step, chain, fields
from .template import filled, indented


# Kernels that turn the packed outputs of the first layer into lanes.
KERNELS = ("pack", "lane", "transpose", "slice")


LAST_LIMIT = 2**13  # most synapses of a last layer that is logic


@dataclass
class Lanes:
    """Values of the layers in lanes, and the static arrays of the file for many images."""

    sizes: dict  # lanes of each array
    arrays: list = field(default_factory=list)  # definitions of others

    @property
    def definitions(self):
        lanes = [f"static THREAD lane {name}[{size}];" for name, size in self.sizes.items() if size]
        return indented("\n".join(lanes + self.arrays))


def batch(source):
    """Return the text of the file for many images.

    The first layer is computed image by image, and its bits are packed. Blocks of images are
    transposed into lanes, on which the other layers work. A last layer of many synapses is computed
    image by image again.

    Parameters
    ----------
    source : sw.c.source.Source
        The source of the library.
    """
    layers = source.network.layers
    options = replace(source.options, word_bits=64)
    first, last = (Step(layer, CODE.of(layer).image(layer, options))
                   for layer in (layers[0], layers[-1]))
    size = CODE.of(last.layer).logic(last.layer)
    whole = size is not None and size <= LAST_LIMIT
    read = [CODE.of(layer).reads(layer) for layer in layers[2:]]
    read.append(np.ones(layers[-1].outputs, bool))
    steps = [Step(layer, CODE.of(layer).slices(layer, outputs))
             for layer, outputs in zip(layers[1:], read, strict=True)
             if whole or layer is not last.layer]
    words = -(-first.layer.outputs // 64)
    lanes = Lanes({"a": 64 * words, "b": 0,
                   "window": max((step.part.window for step in steps), default=0)})
    for place, step in enumerate(steps[:-1] if whole else steps):
        name = "ba"[place % 2]
        lanes.sizes[name] = max(lanes.sizes[name], -(-step.layer.outputs // 64) * 64)
    calls = chain(steps, ("b", "a"), "a", "", ends=whole)
    if not whole:
        calls += "\n" + by_image(last, "ba"[(len(steps) - 1) % 2] if steps else "a", lanes)
        steps.append(Step(last.layer, replace(last.part, kernels=("unslice", *last.part.kernels))))
    by_own = [first, *([] if whole else [last])]
    own = {name: max(getattr(step.part, name) for step in by_own) for name in ("words", "window")}
    if any(own.values()):
        lanes.arrays += ["static THREAD struct {", *fields(own).splitlines(), "} own;"]
    encoded = first.part.call.format(x="image", y="bits").replace("memory->", "own.")
    before = replace(first.part, kernels=(*first.part.kernels, *KERNELS))
    return filled("batch.c", source.words | {
        "BODY": source.body([Step(first.layer, before), *steps], 64),
        "WORDS": words, "OCTETS": 8 * words, "OUTPUTS": first.layer.outputs,
        "BITS": first.layer.outputs + first.part.spare, "ARRAYS": lanes.definitions,
        "ENCODE": indented(encoded, 8), "CALLS": indented(calls)})


def by_image(last, values, lanes):
    """Return statements that compute the last layer image by image, from an array of lanes."""
    layer = last.layer
    words = -(-layer.inputs // 64)
    lanes.arrays += [f"static THREAD uint64_t packed_last[LANE_IMAGES * {words}];",
                     f"static THREAD uint8_t last[{layer.inputs}];"]
    call = last.part.call.format(x="last", y=f"scores + {layer.outputs} * i")
    return filled("last.c", {"FROM": values, "WORDS": words, "INPUTS": layer.inputs,
                             "CALL": indented(call.replace("memory->", "own."))})


def files(source):
    """Return the text of each source file of a library by its name."""
    texts = source.files()
    return texts | {f"{source.prefix}_batch.c": batch(source)} if source.sliced else texts
