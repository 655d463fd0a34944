"""Tests of hw.synthesis.verilog: what a conversion leaves as it was."""

import gc
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from hw.synthesis.verilog import to_verilog, uncollected


def test_garbage_is_collected_again_afterwards():
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_garbage_is_collected_again_after_an_error():
    with pytest.raises(ValueError, match=r"^x$"), uncollected():
        raise ValueError("x")
    assert gc.isenabled()


def test_a_block_within_another_does_not_end_it():
    with uncollected():
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


@pytest.mark.parametrize("before", [None, "mine"])
def test_the_environment_is_as_before_a_conversion_that_fails(monkeypatch, before):
    monkeypatch.setattr("hw.synthesis.verilog.find_yosys", lambda: "yosys")
    monkeypatch.delenv("YOSYS", raising=False)
    if before:
        monkeypatch.setenv("YOSYS", before)

    def convert(*_, **__):
        assert os.environ.pop("YOSYS") == "yosys"
        raise ValueError("x")

    monkeypatch.setattr("hw.synthesis.verilog.verilog.convert", convert)
    with pytest.raises(ValueError, match=r"^x$"):
        to_verilog(None)
    assert os.environ.get("YOSYS") == before


def test_conversions_of_two_threads_take_turns(monkeypatch):
    monkeypatch.setattr("hw.synthesis.verilog.find_yosys", lambda: "yosys")
    inside, most = [], []

    def convert(*_, **__):
        inside.append(None)
        most.append(len(inside))
        time.sleep(0.1)
        inside.pop()
        return os.environ["AMARANTH_USE_YOSYS"]

    monkeypatch.setattr("hw.synthesis.verilog.verilog.convert", convert)
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(to_verilog, range(3))) == ["system"] * 3
    assert most == [1, 1, 1]
    assert "AMARANTH_USE_YOSYS" not in os.environ
