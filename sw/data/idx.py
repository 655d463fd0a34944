"""Reads IDX files, the form of MNIST, plain or gzipped; checks sizes before allocation."""

import gzip
import zlib
from math import prod

import numpy as np


LIMIT = 2**29  # bytes of one file, unpacked
GZIP = b"\x1f\x8b"
TYPES = {0x08: "u1", 0x09: "i1", 0x0b: ">i2", 0x0c: ">i4", 0x0d: ">f4", 0x0e: ">f8"}


def opened(path):
    """Open a file to read its octets, unpacked if its content is gzip, whatever its name."""
    with open(path, "rb") as file:
        packed = file.read(2) == GZIP
    return gzip.open(path, "rb") if packed else open(path, "rb")


def is_idx(path):
    """Return whether a file begins as an IDX file does."""
    try:
        with opened(path) as file:
            magic = file.read(4)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return False
    return len(magic) == 4 and magic[:2] == b"\0\0" and magic[2] in TYPES and 1 <= magic[3] <= 4


def read(path, dimensions=None):
    """Read an IDX file of numbers.

    Parameters
    ----------
    path : path-like
        File; gzip is known by its content.
    dimensions : int or tuple of int or None
        Numbers of dimensions that the file may have, or None for at least 2 (images).

    Returns
    -------
    ndarray
        Array of the header's shape, in the computer's order of octets.
    """
    try:
        with opened(path) as file:
            shape, kind = _header(path, file, dimensions)
            octets = _body(path, file, prod(shape, start=kind.itemsize))
            return np.frombuffer(octets, kind).reshape(shape).astype(kind.newbyteorder("="), "K",
                                                                     copy=False)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} must be an intact gzip file: {error} (download it again)"
                         ) from None


def _header(path, file, dimensions):
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise ValueError(f"{path} must be an IDX file: it begins with {magic.hex() or 'nothing'} "
                         f"(download it again)")
    if magic[2] not in TYPES:
        known = ", ".join(f"{kind:02x}" for kind in TYPES)
        raise ValueError(f"{path} must hold numbers of an IDX type ({known}): type {magic[2]:02x}")
    wanted = (2, 3, 4) if dimensions is None else np.atleast_1d(dimensions).tolist()
    if magic[3] not in wanted:
        raise ValueError(f"{path} must have {'2 to 4' if dimensions is None else wanted[0]} "
                         f"dimensions: {magic[3]} (are images and labels exchanged?)")
    extents = file.read(4 * magic[3])
    if len(extents) < 4 * magic[3]:
        raise ValueError(f"{path} must be whole: it ends inside its header (download it again)")
    shape = tuple(int(extent) for extent in np.frombuffer(extents, dtype=">u4"))
    kind = np.dtype(TYPES[magic[2]])
    if not 0 < prod(shape, start=kind.itemsize) <= LIMIT:
        raise ValueError(f"{path} must hold 1 byte to {LIMIT >> 20} MiB: its header says "
                         f"{' x '.join(map(str, shape))}")
    return shape, kind


def _body(path, file, size):
    pieces, left = [], size + 1  # one more, to notice surplus bytes
    while left and (piece := file.read(min(left, 2**20))):
        pieces.append(piece)
        left -= len(piece)
    if left != 1:
        have = f"more than {size}" if left == 0 else size + 1 - left
        raise ValueError(f"{path} must hold {size} bytes after its header: {have} "
                         f"(download it again)")
    return b"".join(pieces)
