"""train.compress.huffman: words of canonical codes, as short as can be, and damaged ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.compress import huffman


@given(st.lists(st.integers(0, 12), max_size=60))
def test_symbols_come_back(symbols):
    symbols = np.array(symbols, dtype=np.int64)
    lengths = huffman.lengths(symbols, 13)
    octets = huffman.encode(symbols, lengths)
    assert huffman.decode(octets, lengths, len(symbols)).tolist() == symbols.tolist()
    spent = huffman.bits(symbols, 13)
    assert spent <= 8 * len(octets) <= spent + 7


def test_frequent_symbols_have_short_words():
    lengths = huffman.lengths(np.array([0] * 8 + [1] * 4 + [2] * 2 + [3]), 4)
    assert lengths.tolist() == [1, 2, 3, 4, 4]  # the last one ends the text


@pytest.mark.parametrize("lengths", [[1, 1, 1], [1, 0], [49, 1], [0, 0]])
def test_lengths_that_no_code_has_are_refused(lengths):
    with pytest.raises(ValueError, match=r"^word lengths of a Huffman code do not fit each other$"):
        huffman.codec(lengths)


@pytest.mark.parametrize(("count", "word"), [(4, "more"), (6, "fewer")])
def test_another_number_of_symbols_is_refused(count, word):
    symbols = np.array([0, 1, 2, 0, 1])
    lengths = huffman.lengths(symbols, 3)
    octets = huffman.encode(symbols, lengths)
    with pytest.raises(ValueError, match=rf"^a Huffman code has {word} than its {count} symbols$"):
        huffman.decode(octets, lengths, count)
