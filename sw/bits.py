"""Bit order shared by the golden model, the RTL and the host: input 0 is bit 0 of word 0."""

import numpy as np


def pack(bits, width=64):
    """Pack bits into words, first bit lowest; the last word is filled up with zeros.

    Parameters
    ----------
    bits : ndarray of uint8, shape (..., n)
        Zeros and ones.
    width : int
        Bits per word, 1 to 64.

    Returns
    -------
    ndarray of uint64, shape (..., ceil(n / width))
    """
    if not 1 <= width <= 64:
        raise ValueError(f"Word width must be in 1..64: {width} (use to_int for wider words)")
    count = bits.shape[-1]
    length = -(-count // width)
    padded = np.zeros((*bits.shape[:-1], length * width), dtype=np.uint8)
    padded[..., :count] = bits
    padded = padded.reshape(*bits.shape[:-1], length, width)
    octets = np.packbits(padded, axis=-1, bitorder="little")
    words = np.zeros((*padded.shape[:-1], 8), dtype=np.uint8)
    words[..., :octets.shape[-1]] = octets
    return words.view("<u8")[..., 0].astype(np.uint64)


def unpack(words, count, width=64):
    """Unpack words into bits: the inverse of :func:`pack`.

    Parameters
    ----------
    words : ndarray of uint64, shape (..., ceil(count / width))
        Words, first bit lowest.
    count : int
        Bits in a vector.
    width : int
        Bits per word, 1 to 64.

    Returns
    -------
    ndarray of uint8, shape (..., count)
    """
    words = np.ascontiguousarray(words, dtype="<u8")
    bits = np.unpackbits(words[..., None].view(np.uint8), axis=-1, bitorder="little")
    return bits[..., :width].reshape(*words.shape[:-1], words.shape[-1] * width)[..., :count]


def to_int(bits):
    """Return one vector of bits, shape (n,), as an integer of any size, first bit lowest."""
    return int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")


def from_int(value, count):
    """Return the lowest ``count`` bits of an integer as uint8 bits, shape (count,)."""
    octets = np.frombuffer(value.to_bytes(-(-count // 8), "little"), dtype=np.uint8)
    return np.unpackbits(octets, bitorder="little")[:count]
