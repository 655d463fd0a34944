"""sw.bits: the bit order, and that packing loses nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sw.bits import from_int, pack, to_int, unpack


def test_first_bit_is_lowest():
    assert pack(np.array([1, 0, 0, 0, 1, 1, 0, 0], np.uint8), 4).tolist() == [1, 3]
    assert to_int(np.array([0, 1, 0, 0, 0, 0, 0, 0, 1], np.uint8)) == 0b1_0000_0010


def test_last_word_is_filled_up_with_zeros():
    assert pack(np.ones(70, np.uint8)).tolist() == [2**64 - 1, 2**6 - 1]


@given(seed=st.integers(0, 2**32), rows=st.integers(0, 3), count=st.integers(0, 200),
       width=st.integers(1, 64))
def test_unpack_inverts_pack(seed, rows, count, width):
    bits = np.random.default_rng(seed).integers(0, 2, (rows, count), dtype=np.uint8)
    words = pack(bits, width)
    assert words.shape == (rows, -(-count // width))
    assert words.dtype == np.uint64
    np.testing.assert_array_equal(unpack(words, count, width), bits)


@given(st.lists(st.integers(0, 1), max_size=300))
def test_from_int_inverts_to_int(bits):
    value = to_int(np.array(bits, np.uint8))
    assert value == sum(bit << index for index, bit in enumerate(bits))
    assert from_int(value, len(bits)).tolist() == bits


@pytest.mark.parametrize("width", [0, 65])
def test_word_width_is_checked(width):
    with pytest.raises(ValueError, match=rf"^Word width must be in 1\.\.64: {width} "
                                         r"\(use to_int for wider words\)$"):
        pack(np.zeros(4, np.uint8), width)
