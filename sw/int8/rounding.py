"""The rounding of int8 networks, *double rounding*: that of CMSIS-NN without SINGLE_ROUNDING.

A sum is multiplied by ``multiplier * 2**(shift - 31)``. The product is rounded twice: to 31 bits
behind the point, half up; then, where the shift is negative, to an integer, half away from zero.
gemmlowp and TensorFlow Lite round so, too. CMSIS-NN's ``CMSIS_NN_USE_SINGLE_ROUNDING`` rounds once
and differs in the last bit.
"""

from math import frexp

import numpy as np


NAME = "double"
SHIFTS = (-31, 30)  # range of a shift
TOP = 2**31


def multiplier_of(factor):
    """Return a multiplier in 2**30..2**31 - 1 and a shift that stand for a positive factor.

    Factors too small for any sum to matter give 0 and 0.

    Raises
    ------
    ValueError
        If the factor is 2**30 or more, or not positive.
    """
    if not 0 < factor < 2**30:
        raise ValueError(f"Factor of a requantization must be above 0 and below 2**30: {factor}")
    mantissa, shift = frexp(factor)
    multiplier = round(mantissa * TOP)
    if multiplier == TOP:
        multiplier, shift = multiplier // 2, shift + 1
    return (0, 0) if shift < SHIFTS[0] else (multiplier, shift)


def requantize(sums, multiplier, shift):
    """Return sums times a factor, rounded twice.

    Parameters
    ----------
    sums : ndarray of int64
        Integers; ``sums * 2**max(shift, 0)`` must fit into 32 bits.
    multiplier, shift : int, or ndarray of int64 that broadcasts with ``sums``
        As :func:`multiplier_of` returns them.

    Returns
    -------
    ndarray of int64

    Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference, 2018, section 2.2 and appendix B.
    """
    left, right = np.maximum(shift, 0), np.maximum(np.negative(shift), 0)
    high = ((sums << left) * multiplier + 2**30) >> 31
    mask = (np.int64(1) << right) - 1
    threshold = (mask >> 1) + (high < 0)
    return (high >> right) + ((high & mask) > threshold)
