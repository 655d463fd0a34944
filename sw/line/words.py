"""Weights and thresholds of a layer as words of memory, in the order of passes and steps."""

import numpy as np

from ..bits import to_int


WORD = 16  # bits of a word that is loaded


def lane_words(rows, *, pe, simd):
    """Return a word of ``pe * simd`` bits a step: bit ``p * simd + s`` is synapse s of neuron p.

    Parameters
    ----------
    rows : ndarray of uint8, shape (neurons, inputs)
        Bits. Zeros fill neurons and inputs up to multiples of ``pe`` and ``simd``.
    pe, simd : int
        Neurons and inputs of a step.

    Returns
    -------
    list of int
        ``ceil(neurons / pe) * ceil(inputs / simd)`` words, pass by pass, in a pass step by step.
    """
    neurons, inputs = rows.shape
    passes, steps = -(-neurons // pe), -(-inputs // simd)
    padded = np.zeros((passes * pe, steps * simd), dtype=np.uint8)
    padded[:neurons, :inputs] = rows
    steps = padded.reshape(passes, pe, steps, simd).transpose(0, 2, 1, 3)
    return [to_int(step) for step in steps.reshape(-1, pe * simd)]


def step_words(weights, *, pe, simd, both=False):
    """Return a layer's weights, one number a step: the words of each plane, the first plane lowest.

    Parameters
    ----------
    weights : ndarray of int8, shape (neurons, inputs)
        -1, 0, +1.
    pe, simd : int
        Neurons and inputs of a step.
    both : bool
        Two planes also where no weight is 0.

    Returns
    -------
    list of int, int
        The numbers, and the number of planes in each (:func:`weight_planes`).
    """
    planes = weight_planes(weights, -(-weights.shape[1] // simd) * simd, both=both)
    return join_planes(planes, pe=pe, simd=simd), len(planes)


def join_planes(planes, *, pe, simd):
    """Return the words of all planes, one number a step, the first plane lowest."""
    words = [lane_words(plane, pe=pe, simd=simd) for plane in planes]
    return [sum(word << (place * pe * simd) for place, word in enumerate(step))
            for step in zip(*words, strict=True)]


def neuron_words(values, width, *, pe):
    """Return words of ``pe`` numbers of ``width`` bits, one a pass, the first neuron lowest."""
    folds = [values[start:start + pe] for start in range(0, len(values), pe)]
    return [sum((int(value) % 2**width) << (width * place) for place, value in enumerate(fold))
            for fold in folds]


def load_words(steps, width):
    """Cut numbers into the words of 16 bits that are loaded, lowest first.

    Parameters
    ----------
    steps : sequence of int
        Numbers of ``width`` bits, one a step.
    width : int
        Bits of a step.

    Returns
    -------
    list of int
        ``ceil(width / 16)`` words of 16 bits a step.
    """
    return [step >> WORD * place & 2**WORD - 1
            for step in steps for place in range(-(-width // WORD))]


def layer_words(layer, *, pe, simd, planes, constant_bits):
    """Return the words that load a layer: those of its steps, then those of its passes.

    Parameters
    ----------
    layer : :class:`sw.network.Dense` or :class:`sw.network.Scores`
        Weights, and thresholds or biases.
    pe, simd : int
        Neurons and inputs of a step.
    planes : int
        Bits of a weight, 1 or 2.
    constant_bits : int
        Bits of a threshold, or of what a score begins with.

    Returns
    -------
    list of int
        Words of 16 bits (:func:`load_words`).
    """
    steps, _ = step_words(layer.weights, pe=pe, simd=simd, both=planes == 2)
    constants = layer.bias - layer.fan_in if layer.gives_scores else layer.thresholds
    passes = neuron_words(constants, constant_bits, pe=pe)
    return load_words(steps, pe * simd * planes) + load_words(passes, pe * constant_bits)


def weight_planes(weights, inputs_padded, *, both=False):
    """Return the planes of a layer's weights: whether lanes agree with inputs of 1, and of 0.

    Parameters
    ----------
    weights : ndarray of int8, shape (neurons, inputs)
        -1, 0, +1.
    inputs_padded : int
        Inputs of all steps of a pass. Those beyond the layer's inputs are 0 in every vector.
    both : bool
        Two planes also where no weight is 0.

    Returns
    -------
    list of ndarray of uint8, shape (neurons, inputs_padded)
        One plane if every weight is ±1: a lane agrees if its input equals the plane. Where an
        input is filled up the plane is 1, so the lane never agrees. Else two planes: whether a
        lane agrees with an input of 1, and whether it agrees with an input of 0.
    """
    neurons, inputs = weights.shape
    if np.all(weights) and not both:
        plane = np.ones((neurons, inputs_padded), dtype=np.uint8)
        plane[:, :inputs] = weights > 0
        return [plane]
    planes = np.zeros((2, neurons, inputs_padded), dtype=np.uint8)
    planes[0, :, :inputs] = weights > 0
    planes[1, :, :inputs] = weights < 0
    return list(planes)
