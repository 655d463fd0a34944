"""Reads IDX files, the form of MNIST, plain or gzipped; checks sizes before allocation."""

import gzip
import zlib
from math import prod

import numpy as np


LIMIT = 2**29  # bytes of one file, unpacked


def read(path, dimensions=None):
    """Read an IDX file of unsigned bytes.

    Parameters
    ----------
    path : path-like
        File; gzipped if its name ends in ``.gz``.
    dimensions : int or None
        Number of dimensions that the file must have, or None for at least 2 (images).

    Returns
    -------
    ndarray of uint8
        Array of the header's shape.
    """
    opened = gzip.open if str(path).endswith(".gz") else open
    try:
        with opened(path, "rb") as file:
            shape = _header(path, file, dimensions)
            return np.frombuffer(_body(path, file, prod(shape)), dtype=np.uint8).reshape(shape)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} must be an intact gzip file: {error} (download it again)"
                         ) from None


def _header(path, file, dimensions):
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise ValueError(f"{path} must be an IDX file: it begins with {magic.hex() or 'nothing'} "
                         f"(download it again)")
    if magic[2] != 8:
        raise ValueError(f"{path} must hold unsigned bytes (IDX type 08): type {magic[2]:02x}")
    if not (magic[3] == dimensions or (dimensions is None and 2 <= magic[3] <= 4)):
        raise ValueError(f"{path} must have {dimensions or '2 to 4'} dimensions: {magic[3]} (are "
                         f"images and labels exchanged?)")
    extents = file.read(4 * magic[3])
    if len(extents) < 4 * magic[3]:
        raise ValueError(f"{path} must be whole: it ends inside its header (download it again)")
    shape = tuple(int(extent) for extent in np.frombuffer(extents, dtype=">u4"))
    if not 0 < prod(shape) <= LIMIT:
        raise ValueError(f"{path} must hold 1 byte to {LIMIT >> 20} MiB: its header says "
                         f"{' x '.join(map(str, shape))}")
    return shape


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
