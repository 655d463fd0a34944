"""Reads weights and thresholds of networks as BNN-PYNQ stores them.

A layer has a file ``LAYER-PE-weights.bin`` for each of its PEs: little-endian words of 64 bits, one
for each SIMD synapses, the first in the lowest bit, ordered by group of neurons and then by group
of synapses. Neuron ``n`` is in group ``n // pe`` and in file ``n % pe``. ``LAYER-PE-thres.bin`` has
an int64 a group: a neuron fires where its popcount is *above* it. Weights are padded by bits 1 and
inputs by bits 0, which never agree.

Synapses of a convolution are ordered by row, column and channel of the window, the channel fastest;
those of a dense layer behind it by row, column and channel of the map. A convolution that comes
first takes pixels as ``-128..127``, which stand for -1 to 127/128: its sums have 7 bits behind the
point, and its thresholds 8. Source: finnthesizer.py, mvau.hpp and slidingwindow.h of
Xilinx/BNN-PYNQ.
"""

import re
from math import prod
from pathlib import Path

import numpy as np

from ..conversion import Picture, as_is, picture_shape
from ..layer.check import INPUTS_LIMIT, NEURONS_LIMIT
from ..layer.conv2d import Conv2d
from ..layer.integer import IntegerConv2d
from ..layer.pool2d import Pool2d
from ..network import Dense, Encoder, Network, Scores


LAYERS_LIMIT = 64
WORD = 64  # bits of a word of weights
THRESHOLD_LIMIT = 2**31
CNV = "conv,conv,pool,conv,conv,pool,conv,conv,dense,dense,dense"
SIZES = {"conv": 3, "pool": 2, "dense": 1}  # usual rows and columns
NAMES = {"conv": "conv", "pool": "pool", "dense": "fc"}
HIGH = 255 * 255 / 256  # pixel that would become 255: CNV's host rounds 128 * (2 * pixel / 255 - 1)


def load(folder, pe, simd, *, layers=None, shape=None, threshold=128, classes=10, labels=None,
         provenance=None):
    """Return the network of a folder.

    Parameters
    ----------
    folder : path-like
        Folder with the files.
    pe, simd : sequence of int
        PEs, and synapses of a word, of each layer with weights.
    layers : str, optional
        Kinds of the layers, divided by commas: ``conv``, ``pool`` or ``dense``, the first two with
        their rows behind (``conv5``) where these are not 3 and 2. ``cnv`` is the topology of that
        name. All layers are dense otherwise.
    shape : tuple of int, optional
        Shape of an image; 28 x 28, or 32 x 32 colours where a convolution comes first.
    threshold : int
        Least pixel that is +1, where a dense layer comes first.
    classes : int
        Rows of the last layer that are classes; further rows are padding.
    labels : sequence of str, optional
        Names of the classes; numbers otherwise.
    provenance : dict, optional
        The network's.

    Returns
    -------
    sw.network.Network
    """
    stages = _stages(layers, len(pe))
    weighted = sum(kind != "pool" for kind, _ in stages)
    if len(pe) != len(simd) or not 1 <= len(pe) <= LAYERS_LIMIT or weighted != len(pe):
        raise ValueError(f"PE and SIMD must be one number a layer each: {len(pe)} and {len(simd)}"
                         + (f" for {weighted} layers" if layers else ""))
    pixels = stages[0][0] == "conv"
    shape = tuple(shape or ((32, 32, 3) if pixels else (28, 28)))
    made, extents = [], picture_shape(shape) if pixels else (prod(shape),)
    if extents is None:
        raise ValueError(f"Shape of an image must be a picture's for a convolution: {shape}")
    if not pixels:
        made.append(Encoder.uniform(extents[0], (threshold,)))
    index = 0
    for number, (kind, size) in enumerate(stages):
        name = f"{NAMES[kind]}{1 + sum(kind == other for other, _ in stages[:number])}"
        if kind == "pool":
            made.append(Pool2d(name, np.zeros(extents[2], np.uint8), *extents[:2], size=size))
        else:
            inputs = size**2 * extents[2] if kind == "conv" else prod(extents)
            if number == 0 and pixels and inputs % max(1, simd[0]):
                raise ValueError(f"SIMD of layer 0 must divide its {inputs} inputs, pixels that "
                                 f"have no padding bit: {simd[0]}")
            weights, thresholds = _layer(Path(folder), index, pe[index], simd[index], inputs)
            index += 1
            if number == len(stages) - 1:
                made.append(_last(index - 1, weights, thresholds, classes))
            elif kind == "dense":
                made.append(Dense(name, weights, _fires(thresholds, inputs)))
            else:
                kernels = weights.reshape(len(weights), size, size, extents[2])
                made.append(_first(name, kernels, thresholds, extents) if number == 0 else
                            Conv2d(name, kernels, _fires(thresholds, inputs), *extents[:2]))
        extents = made[-1].gives.extents
    return Network(made, labels or tuple(map(str, range(classes))), shape, provenance or {},
                   _conversion(shape) if pixels else as_is(shape), positive=True)


def _conversion(shape):
    rows, columns, colours = picture_shape(shape)
    return Picture((rows, columns), colours=colours, high=HIGH)


def _stages(text, count):
    """Return kind and rows of each layer."""
    if text is None:
        return [("dense", 1)] * max(1, count)
    stages = []
    for word in (CNV if text == "cnv" else text).split(","):
        found = re.fullmatch(r"(conv|pool)([1-7]?)|(dense)", word.strip())
        if not found:
            raise ValueError(f"Layers must be 'cnv', or conv, pool and dense divided by commas: "
                             f"{word.strip()!r} (such as conv,conv5,pool,dense,dense)")
        kind = found[1] or found[3]
        stages.append((kind, int(found[2] or SIZES[kind])))
    kinds = [kind for kind, _ in stages]
    dense = kinds.index("dense") if "dense" in kinds else len(kinds)
    if len(stages) > LAYERS_LIMIT or kinds[0] == "pool" or set(kinds[dense:]) != {"dense"}:
        raise ValueError(f"Layers must be at most {LAYERS_LIMIT}, begin with weights and end with "
                         f"dense ones: {', '.join(kinds)}")
    return stages


def _fires(thresholds, inputs):
    """Return the least popcounts that fire."""
    return np.clip(thresholds, -1, inputs) + 1


def _first(name, kernels, thresholds, extents):
    """Return the convolution of pixels, which come here as 0..255 instead of -128..127."""
    layer = IntegerConv2d(name, kernels, np.zeros(len(kernels), np.int32), *extents[:2])
    low, high = layer.bounds
    least = thresholds // 2 + 1 + 128 * kernels.sum(axis=(1, 2, 3), dtype=np.int64)
    return IntegerConv2d(name, kernels, np.clip(least, low, high + 1).astype(np.int32),
                         *extents[:2])


def _last(index, weights, thresholds, classes):
    if not 2 <= classes <= len(weights):
        raise ValueError(f"Classes must be in 2..{len(weights)}, the rows of layer {index}: "
                         f"{classes}")
    return _scores(weights[:classes], thresholds[:classes])


def _scores(weights, thresholds):
    """Return scores that order as popcounts above their thresholds do."""
    bias = weights.shape[1] - 2 * (thresholds - thresholds.min())
    return Scores("scores", weights, (bias - bias.min()).astype(np.int32))


def _layer(folder, index, pe, simd, inputs):
    """Return weights, int8 (neurons, inputs), and thresholds, int64 (neurons,), of a layer."""
    if not 1 <= simd <= WORD or not 1 <= pe <= NEURONS_LIMIT:
        raise ValueError(f"PE and SIMD of layer {index} must be above 0, and SIMD at most {WORD}: "
                         f"{pe} and {simd}")
    words = np.stack([_numbers(folder / f"{index}-{each}-weights.bin", "<u8")
                      for each in _same(folder, index, pe, "weights")])
    paths = [folder / f"{index}-{each}-thres.bin" for each in range(pe)]
    there = [path.is_file() for path in paths]
    groups_of_synapses = -(-inputs // simd)
    if all(there):
        _same(folder, index, pe, "thres")
        thresholds = np.stack([_numbers(path, "<i8") for path in paths], axis=1).ravel()
        groups = len(thresholds) // pe
    elif any(there):
        raise ValueError(f"{paths[there.index(False)]} must be there as those of the other PEs")
    else:
        groups = words.shape[1] // groups_of_synapses
        thresholds = np.zeros(groups * pe, np.int64)
    if np.abs(thresholds.clip(-2**62)).max(initial=0) > THRESHOLD_LIMIT:
        raise ValueError(f"Thresholds of layer {index} must be within {THRESHOLD_LIMIT:,}: "
                         f"{thresholds.min()} to {thresholds.max()}")
    if not groups or words.shape[1] % groups or groups * pe > NEURONS_LIMIT \
            or (width := words.shape[1] // groups * simd) > INPUTS_LIMIT:
        raise ValueError(f"Files of layer {index} must have words for {groups} groups of neurons: "
                         f"{words.shape[1]} words a file (check --pe and --simd)")
    if width < inputs:
        raise ValueError(f"Files of layer {index} must have weights for the {inputs} values of the "
                         f"layer before: {width} (check --pe and --simd)")
    if simd < WORD and (words >> np.uint64(simd)).any():
        raise ValueError(f"Words of layer {index} must have at most {simd} bits, its SIMD: there "
                         f"are wider ones")
    bits = (words[..., None] >> np.arange(simd, dtype=np.uint64)) & np.uint64(1)
    rows = bits.reshape(pe, groups, width).transpose(1, 0, 2).reshape(groups * pe, width)
    if not rows[:, inputs:].all():
        raise ValueError(f"Weights of layer {index} behind input {inputs} must be padding, bits 1: "
                         f"they are not (check --pe, --simd and the size of the image)")
    return (2 * rows[:, :inputs].astype(np.int8) - 1), thresholds


def _same(folder, index, pe, what):
    """Return the PEs of a layer, whose files must be equally large, and no more."""
    if (folder / f"{index}-{pe}-{what}.bin").exists():
        raise ValueError(f"Layer {index} must have {pe} PEs: there is "
                         f"{index}-{pe}-{what}.bin (check --pe)")
    sizes = {(folder / f"{index}-{each}-{what}.bin").stat().st_size for each in range(pe)}
    if len(sizes) > 1 or sizes & {0} or max(sizes) > 8 * INPUTS_LIMIT:
        raise ValueError(f"Files {index}-…-{what}.bin must be equally large, and have at most "
                         f"{INPUTS_LIMIT:,} words: {', '.join(map(str, sorted(sizes)[:3]))} octets")
    return range(pe)


def _numbers(path, dtype):
    octets = path.read_bytes()
    if len(octets) % 8:
        raise ValueError(f"{path} must be words of 64 bits: {len(octets)} octets")
    return np.frombuffer(octets, dtype).astype(np.dtype(dtype).newbyteorder("="))
