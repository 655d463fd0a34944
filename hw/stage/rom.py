"""Weights and thresholds of a layer as ROM words, in the order a schedule steps through them."""

import numpy as np

from sw.bits import to_int


__all__ = ["lane_words", "neuron_words", "step_words", "weight_planes"]


def lane_words(rows, *, pe, simd):
    """Words of ``pe * simd`` bits, one a step: lane ``p * simd + s`` is neuron p, synapse s.

    Parameters
    ----------
    rows : ndarray of uint8, shape (neurons, inputs)
        Bits; neurons and inputs are filled up with zeros to multiples of ``pe`` and ``simd``.
    pe, simd : int
        Neurons and inputs of a step.

    Returns
    -------
    list of int
        ``ceil(neurons / pe) * ceil(inputs / simd)`` words, synapse steps innermost.
    """
    neurons, inputs = rows.shape
    passes, steps = -(-neurons // pe), -(-inputs // simd)
    padded = np.zeros((passes * pe, steps * simd), dtype=np.uint8)
    padded[:neurons, :inputs] = rows
    steps = padded.reshape(passes, pe, steps, simd).transpose(0, 2, 1, 3)
    return [to_int(step) for step in steps.reshape(-1, pe * simd)]


def step_words(weights, *, pe, simd):
    """Weights of a layer as one number a step: :func:`lane_words` of each plane, the first lowest.

    Parameters
    ----------
    weights : ndarray of int8, shape (neurons, inputs)
        -1, 0, +1.
    pe, simd : int
        Neurons and inputs of a step.

    Returns
    -------
    list of int, int
        The numbers, and how many planes they hold (:func:`weight_planes`).
    """
    planes = weight_planes(weights, -(-weights.shape[1] // simd) * simd)
    words = [lane_words(plane, pe=pe, simd=simd) for plane in planes]
    joined = [sum(word << (place * pe * simd) for place, word in enumerate(step))
              for step in zip(*words, strict=True)]
    return joined, len(planes)


def neuron_words(values, width, *, pe):
    """Words of ``pe`` numbers of ``width`` bits, one a neuron fold, the first neuron lowest."""
    folds = [values[start:start + pe] for start in range(0, len(values), pe)]
    return [sum((int(value) % 2**width) << (width * place) for place, value in enumerate(fold))
            for fold in folds]


def weight_planes(weights, inputs_padded):
    """Bits that a lane answers with: where its input is 1, and where it is 0.

    Parameters
    ----------
    weights : ndarray of int8, shape (neurons, inputs)
        -1, 0, +1.
    inputs_padded : int
        Inputs that the lanes step through; the additional ones are zeros in every vector.

    Returns
    -------
    list of ndarray of uint8, shape (neurons, inputs_padded)
        One plane, if every weight is ±1: a lane agrees if its input equals the plane (and never
        where an input is filled up: the plane is 1 there). Else two: whether a lane agrees with an
        input of 1, and with an input of 0.
    """
    neurons, inputs = weights.shape
    if np.all(weights):
        plane = np.ones((neurons, inputs_padded), dtype=np.uint8)
        plane[:, :inputs] = weights > 0
        return [plane]
    planes = np.zeros((2, neurons, inputs_padded), dtype=np.uint8)
    planes[0, :, :inputs] = weights > 0
    planes[1, :, :inputs] = weights < 0
    return list(planes)
