"""Tests of hw.synthesis.verilog: what a conversion leaves as it was."""

import gc

import pytest

from hw.synthesis.verilog import uncollected


def test_garbage_is_collected_again_afterwards():
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_garbage_is_collected_again_after_an_error():
    with pytest.raises(ValueError, match=r"^x$"), uncollected():
        raise ValueError("x")
    assert gc.isenabled()
