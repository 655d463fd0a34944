"""Counts ones among words of 64 images: bit planes of the counts, by full adders on words.

A *term* is an array of words, and each bit of a word belongs to another image. Adding terms bit by
bit gives the counts of all images at once, as *planes*: plane p holds bit p of every count.
"""

import numpy as np


def count(terms):
    """Return the planes of the number of ones among terms, lowest first.

    Parameters
    ----------
    terms : iterable of ndarray of uint64, all of one shape
        Words. They stay as they are.

    Returns
    -------
    list of ndarray of uint64, of the shape of a term
    """
    waiting = []  # by power of two: at most two terms, until a third one comes
    for term in terms:
        for same in waiting:
            same.append(term)
            if len(same) < 3:
                break
            total, term = _full_adder(*same)
            same[:] = [total]
        else:
            waiting.append([term])
    planes, carried = [], None
    for same in waiting:
        terms = [*same] if carried is None else [*same, carried]
        total, carried = ((terms[0], None) if len(terms) == 1 else _half_adder(*terms)
                          if len(terms) == 2 else _full_adder(*terms))
        planes.append(total)
    return planes if carried is None else [*planes, carried]


def reached(planes, threshold, shape):
    """Return words whose bits say which counts are at least ``threshold``.

    Parameters
    ----------
    planes : list of ndarray of uint64
        Planes of the counts, of a shape. There may be none: all counts are 0.
    threshold : int
        A number from 0 on.
    shape : tuple of int
        Shape of the result.
    """
    if threshold >> len(planes):
        return np.zeros(shape, np.uint64)
    # From the lowest bit on: are the low bits of a count at least those of the threshold?
    words = np.full(shape, ~np.uint64(0))
    for place, plane in enumerate(planes):
        if threshold >> place & 1:
            words &= plane
        else:
            words |= plane
    return words


def _full_adder(a, b, c):
    """Return sum and carry of three terms."""
    total = a ^ b
    carry = a ^ c
    carry &= total
    carry ^= a  # a where a equals b, else c
    total ^= c
    return total, carry


def _half_adder(a, b):
    return a ^ b, a & b
