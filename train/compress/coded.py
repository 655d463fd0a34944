"""Files of coded networks: codebooks, differences of places, Huffman; read as data of anybody."""

import struct
import zlib
from pathlib import Path

import numpy as np
import torch

from sw.network import check_labels
from sw.store.files import write_bytes

from . import huffman
from .checkpoint import FloatCheckpoint, short_name
from .network import FloatNetwork


MAGIC = b"thresher-coded/1\n"
LARGEST = 2**26  # octets of a file
INDEX_BITS = range(2, 13)  # of a difference between two places
CODEBOOK = range(1, 2**12 + 1)  # values that weights share
RAW, CODED = 0, 1
ORIGIN = "coded networks come from python -m train.compress.share"
_HEAD = struct.Struct("<BHI")  # bits of a difference, values of the codebook, entries
_DAMAGE = (ValueError, struct.error, EOFError, UnicodeDecodeError, OverflowError, MemoryError,
           KeyError, IndexError)


def differences(places, bits):
    """Return steps from one place to the next, and which entry each place is.

    Where a step is larger than ``2**bits`` a filler of value 0 is put in (Han et al. 2016,
    figure 2).

    Returns
    -------
    tuple of ndarray of int64
        Steps minus one, ``0..2**bits - 1``, fillers included; entries that are no fillers.
    """
    span = 2**bits
    gaps = np.diff(places, prepend=-1)
    fillers = (gaps - 1) // span
    entries = np.cumsum(fillers + 1) - 1
    steps = np.full(len(places) + int(fillers.sum()), span - 1, np.int64)
    steps[entries] = gaps - fillers * span - 1
    return steps, entries


def sparse_bits(weights, bits, choices=INDEX_BITS):
    """Return the bits of a flat tensor of which few entries are not 0: values and differences.

    The best size of differences is taken; all entries are stored if that is less.
    """
    places = np.flatnonzero(weights.numpy())
    spent = [len(differences(places, size)[0]) * (bits + size) for size in choices]
    return min(*spent, weights.numel() * bits)


def best_index_bits(places):
    """Return the size of differences that a Huffman code makes shortest, its table included."""
    def spent(size):
        steps, _ = differences(places, size)
        return huffman.bits(steps, 2**size) + 8 * 2**size + (len(steps) - len(places))
    return min(range(2, 9), key=spent)


class Writer:
    """Octets of a coded network."""

    def __init__(self, network, labels, image_shape):
        self.parts = [MAGIC, _text(network.text), _shape(network.input_shape),
                      _shape(image_shape), _text("\n".join(labels))]

    def raw(self, values):
        """Add a tensor as float32."""
        self.parts += [bytes([RAW]), np.asarray(values, "<f4").tobytes()]

    def coded(self, indices, codebook, index_bits):
        """Add a tensor of shared values.

        ``indices`` (flat) are 0 for no weight, else 1 + the index of a value of ``codebook``.
        """
        places = np.flatnonzero(indices)
        steps, entries = differences(places, index_bits)
        symbols = np.zeros(len(steps), np.int64)  # fillers are 0
        symbols[entries] = indices[places]
        self.parts += [bytes([CODED]), _HEAD.pack(index_bits, len(codebook), len(steps)),
                       np.asarray(codebook, "<f4").tobytes()]
        for text, size in ((steps, 2**index_bits), (symbols, len(codebook) + 1)):
            table = huffman.lengths(text, size)
            octets = huffman.encode(text, table)
            self.parts += [table.tobytes(), struct.pack("<I", len(octets)), octets]

    def octets(self):
        """Return the whole file, with its checksum."""
        whole = b"".join(self.parts)
        return whole + struct.pack("<I", zlib.crc32(whole))


def save(path, octets):
    """Write a coded network; a failure leaves the old file."""
    write_bytes(path, octets)


def load(path):
    """Read a coded network and check everything in it, a :class:`.FloatCheckpoint`."""
    size = Path(path).stat().st_size
    if size > LARGEST:
        raise ValueError(f"{path} must be a coded network of at most {LARGEST >> 20} MiB: "
                         f"{size:,} bytes ({ORIGIN})")
    octets = Path(path).read_bytes()
    if not octets.startswith(MAGIC):
        raise ValueError(f"{path} must be a coded network: its first bytes are others ({ORIGIN})")
    try:
        network, labels, image_shape = decode(octets)
    except _DAMAGE as error:
        raise ValueError(f"{path} must be an intact coded network: {error or 'it is cut short'} "
                         f"(make it again, or check the download)") from None
    return FloatCheckpoint(network, labels, image_shape, {}, short_name(path))


def decode(octets):
    """Return network, labels and image shape of a file's octets."""
    reader = _Reader(octets[:-4], len(MAGIC))
    if struct.unpack("<I", octets[-4:])[0] != zlib.crc32(octets[:-4]):
        raise ValueError("its checksum is wrong")
    text, input_shape, image_shape = reader.text(), reader.shape(), reader.shape()
    labels = tuple(reader.text().split("\n"))
    check_labels(labels, len(labels))
    network = FloatNetwork(text, input_shape, len(labels))  # refuses sizes before it takes memory
    for name, value in network.named_parameters():
        array = reader.values(name, value.numel())
        if not np.isfinite(array).all():
            raise ValueError(f"parameter {name!r} is not finite")
        value.data.copy_(torch.from_numpy(array.copy()).view_as(value))
    if reader.place != len(reader.octets):
        raise ValueError("it has octets behind its end")
    return network.eval(), labels, image_shape


class _Reader:
    def __init__(self, octets, place):
        self.octets, self.place = octets, place

    def take(self, count):
        if count > len(self.octets) - self.place:
            raise ValueError("it is cut short")
        self.place += count
        return self.octets[self.place - count:self.place]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def text(self):
        return self.take(self.number("<H")).decode()

    def shape(self):
        sizes = struct.unpack(f"<{self.octets[self.place]}H", self.take(
            1 + 2 * self.octets[self.place])[1:])
        if not 1 <= len(sizes) <= 3 or not all(1 <= size <= 2**12 for size in sizes):
            raise ValueError(f"a shape is {sizes}")
        return sizes

    def values(self, name, count):
        kind = self.number("<B")
        if kind == RAW:
            return np.frombuffer(self.take(4 * count), "<f4")
        index_bits, size, entries = _HEAD.unpack(self.take(_HEAD.size))
        if kind != CODED or index_bits not in INDEX_BITS or size not in CODEBOOK:
            raise ValueError(f"parameter {name!r} is coded in an unknown way")
        if entries > count:
            raise ValueError(f"parameter {name!r} has {entries} entries for {count} weights")
        codebook = np.concatenate([[0], np.frombuffer(self.take(4 * size), "<f4")])
        steps, symbols = (self._huffman(alphabet, entries)
                          for alphabet in (2**index_bits, size + 1))
        places = np.cumsum(steps + 1) - 1
        if entries and places[-1] >= count:
            raise ValueError(f"parameter {name!r} has weights behind its end")
        array = np.zeros(count, np.float32)
        array[places] = codebook[symbols]
        return array

    def _huffman(self, alphabet, count):
        table = np.frombuffer(self.take(alphabet + 1), np.uint8)
        return huffman.decode(self.take(self.number("<I")), table, count)


def _text(text):
    octets = text.encode()
    return struct.pack("<H", len(octets)) + octets


def _shape(sizes):
    return bytes([len(sizes)]) + struct.pack(f"<{len(sizes)}H", *sizes)
