"""Tests of boards.measure: that a number is measured, not which."""

import json
import sys

import pytest

from boards import measure


def test_time_and_memory_of_a_command_are_measured():
    result = measure.timed([sys.executable, "-c", "x = bytearray(100 << 20); sum(range(10**6))"])
    assert 100 < result["peak_mib"] < 1000
    assert result["wall_seconds"] >= 0
    assert result["cpu_seconds"] > 0


def test_a_command_that_fails_is_named():
    with pytest.raises(ValueError, match=r"^-c raise SystemExit\(3\) must succeed: it ended with "
                       r"3$"):
        measure.timed([sys.executable, "-c", "raise SystemExit(3)"])


def test_the_network_has_the_synapses_of_its_description(tmp_path, monkeypatch, capsys):
    assert measure.random_network(measure.SIZES, measure.SYNAPSES).synapses == 34_432
    monkeypatch.setattr(measure, "SIZES", (28, 8, 4))
    monkeypatch.setattr(measure, "SYNAPSES", (6, 8))
    measure.main(["--output", str(tmp_path / "tools.json")])
    written = json.loads((tmp_path / "tools.json").read_text())["verilog"]
    assert written["synapses"] == 8 * 6 + 4 * 8
    assert written["peak_mib"] > 10
    assert capsys.readouterr().out.startswith("Verilog of 80 synapses: ")
