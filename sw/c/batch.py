"""C source that computes many images at once: a lane holds one bit of many images."""

from dataclasses import replace

import numpy as np

from .part import CODE
from .source import Step, chain, fields
from .template import filled, indented


# Kernels that turn the packed outputs of the first layer into lanes.
KERNELS = ("pack", "lane", "transpose", "slice")


def batch(source):
    """Return the text of the file for many images.

    The first layer is computed image by image, and its bits are packed. Blocks of images are
    transposed into lanes, on which all other layers work.

    Parameters
    ----------
    source : sw.c.source.Source
        The source of the library.
    """
    layers, first = source.network.layers, source.steps[0]
    read = [CODE.of(layer).reads(layer) for layer in layers[2:]]
    read.append(np.ones(layers[-1].outputs, bool))
    steps = [Step(layer, CODE.of(layer).slices(layer, outputs))
             for layer, outputs in zip(layers[1:], read, strict=True)]
    words = -(-first.layer.outputs // 64)
    sizes = {"a": 64 * words, "b": 0, "window": max(step.part.window for step in steps)}
    for place, step in enumerate(steps[:-1]):
        name = "ba"[place % 2]
        sizes[name] = max(sizes[name], step.layer.outputs)
    arrays = [f"static THREAD lane {name}[{size}];" for name, size in sizes.items() if size]
    own = {"words": first.part.words, "window": first.part.window}
    if any(own.values()):
        arrays += ["static THREAD struct {", *fields(own).splitlines(), "} own;"]
    encoded = first.part.call.format(x="image", y="bits").replace("memory->", "own.")
    before = replace(first.part, kernels=(*first.part.kernels, *KERNELS))
    return filled("batch.c", source.words | {
        "BODY": source.body([Step(first.layer, before), *steps], 64),
        "WORDS": words, "OCTETS": 8 * words, "OUTPUTS": first.layer.outputs,
        "BITS": first.layer.outputs + first.part.spare, "ARRAYS": indented("\n".join(arrays)),
        "ENCODE": indented(encoded, 8), "CALLS": indented(chain(steps, ("b", "a"), "a", ""))})


def files(source):
    """Return the text of each source file of a library by its name."""
    texts = source.files()
    return texts | {f"{source.prefix}_batch.c": batch(source)} if source.sliced else texts
