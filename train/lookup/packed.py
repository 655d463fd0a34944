"""Bits of images packed by 64 into words: one row an input or neuron."""

import numpy as np
import torch


WORD = 64  # images of a word


def pack(bits):
    """Return bits, uint8 (rows, images), as int64 (rows, words); image 0 is the lowest bit.

    The number of images is a multiple of 64.
    """
    octets = np.packbits(bits.numpy(), axis=1, bitorder="little")
    return torch.from_numpy(np.ascontiguousarray(octets).view(np.int64))


def unpack(rows):
    """Return packed rows as uint8 (rows, images)."""
    octets = np.ascontiguousarray(rows.numpy()).view(np.uint8)
    return torch.from_numpy(np.unpackbits(octets, axis=1, bitorder="little"))


def whole(count):
    """Return the numbers of ``count`` images, the first ones again to fill the last word."""
    return torch.arange(-(-count // WORD) * WORD) % count
