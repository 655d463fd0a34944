"""Reads weights and thresholds of fully connected networks as BNN-PYNQ stores them.

A layer has a file ``LAYER-PE-weights.bin`` for each of its PEs: little-endian words of 64 bits, one
for each SIMD synapses, the first in the lowest bit, ordered by group of neurons and then by group
of synapses. Neuron ``n`` is in group ``n // pe`` and in file ``n % pe``. ``LAYER-PE-thres.bin`` has
an int64 a group: a neuron fires where its popcount is *above* it. Weights are padded by bits 1 and
inputs by bits 0, which never agree. Source: finnthesizer.py of Xilinx/BNN-PYNQ.
"""

from pathlib import Path

import numpy as np

from ..conversion import as_is
from ..layer.check import INPUTS_LIMIT, NEURONS_LIMIT
from ..network import Dense, Encoder, Network, Scores


LAYERS_LIMIT = 64
WORD = 64  # bits of a word of weights


def load(folder, pe, simd, *, shape=(28, 28), threshold=128, classes=10, labels=None,
         provenance=None):
    """Return the network of a folder.

    Parameters
    ----------
    folder : path-like
        Folder with the files.
    pe, simd : sequence of int
        PEs, and synapses of a word, of each layer.
    shape : tuple of int
        Shape of an image.
    threshold : int
        Least pixel that is +1.
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
    if len(pe) != len(simd) or not 1 <= len(pe) <= LAYERS_LIMIT:
        raise ValueError(f"PE and SIMD must be one number a layer each: {len(pe)} and {len(simd)}")
    inputs = int(np.prod(shape))
    layers = [Encoder.uniform(inputs, (threshold,))]
    for index, (rows, bits) in enumerate(zip(pe, simd, strict=True)):
        last = index == len(pe) - 1
        weights, thresholds = _layer(Path(folder), index, rows, bits, inputs)
        if last and not 2 <= classes <= len(weights):
            raise ValueError(f"Classes must be in 2..{len(weights)}, the rows of layer {index}: "
                             f"{classes}")
        if last:
            layers.append(_scores(weights[:classes], thresholds[:classes]))
        else:
            fires = np.clip(thresholds + 1, 0, inputs + 1)
            layers.append(Dense(f"fc{index + 1}", weights, fires))
        inputs = len(weights)
    return Network(layers, labels or tuple(map(str, range(classes))), shape, provenance or {},
                   as_is(shape), positive=True)


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
