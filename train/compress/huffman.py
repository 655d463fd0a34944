"""Canonical Huffman codes, stored as the length of each symbol's word; made by ``dahuffman``."""

from itertools import islice

import numpy as np
from dahuffman.huffmancodec import HuffmanCodec, PrefixCodec


LONGEST = 48  # bits of a word


def lengths(symbols, size):
    """Return the bits of each symbol's word, uint8 (size + 1,); the last one is the end's.

    Parameters
    ----------
    symbols : ndarray of integers
        The text, of symbols 0..size - 1.
    size : int
        Number of symbols there are.
    """
    found = np.zeros(size + 1, np.uint8)
    counts = np.bincount(symbols, minlength=size)
    if not counts.any():
        found[size] = 1
        return found
    made = HuffmanCodec.from_frequencies({int(symbol): int(counts[symbol])
                                          for symbol in np.flatnonzero(counts)}, eof=size)
    for symbol, (bits, _) in made.get_code_table().items():
        found[symbol] = bits
    return found


def codec(lengths):
    """Return the canonical code of such lengths; raise ValueError if there is none."""
    lengths = np.asarray(lengths, dtype=np.int64)
    used = np.flatnonzero(lengths)
    if lengths.max(initial=0) > LONGEST or not lengths[-1] or sum(
            2 ** (LONGEST - int(lengths[symbol])) for symbol in used) > 2**LONGEST:
        raise ValueError("word lengths of a Huffman code do not fit each other")
    table, word, before = {}, 0, 0
    for symbol in sorted(used.tolist(), key=lambda symbol: (lengths[symbol], symbol)):
        word <<= int(lengths[symbol]) - before
        before = int(lengths[symbol])
        table[symbol] = before, word
        word += 1
    return PrefixCodec(table, eof=len(lengths) - 1)


def encode(symbols, lengths):
    """Return symbols as octets."""
    return codec(lengths).encode(symbols.tolist())


def decode(octets, lengths, count):
    """Return ``count`` symbols, int64; raise ValueError unless exactly so many are there."""
    found = list(islice(codec(lengths).decode_streaming(octets), count + 1))
    if len(found) != count:
        raise ValueError(f"a Huffman code has {'more' if len(found) > count else 'fewer'} than "
                         f"its {count} symbols")
    return np.array(found, dtype=np.int64)


def bits(symbols, size):
    """Return the bits of symbols in their best Huffman code, without its table."""
    return int(lengths(symbols, size)[symbols].sum(dtype=np.int64))
