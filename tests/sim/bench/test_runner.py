# amaranth: UnusedElaboratable=no
"""sim.bench.runner: simulators by name, waveforms, and what a failing bench says."""

import pytest

from hw.stream.credit import StreamBuffer
from sim.bench import runner
from sim.bench.runner import BenchFailure, check_streams
from sim.model import vectors

from ... import beside


WORDS = vectors.for_words([5, 2, 7, 1, 0, 3, 6, 4], latency=1)


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "BUILD", tmp_path)


def test_a_waveform_is_written_on_request(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WAVES", "1")
    check_streams(StreamBuffer(3), "waves", WORDS)
    wave = tmp_path / "bench_stream-waves" / "dump.vcd"
    assert "o__payload" in wave.read_text()
    assert capsys.readouterr().err.startswith("waveform: ")


def test_a_failure_names_tests_reason_and_log():
    wrong = vectors.for_words(WORDS.i, latency=2)
    with pytest.raises(BenchFailure, match=r"^bench_stream must pass: 1 of 8 tests failed "
                                           r"\(keeps_its_latency\): latency of vector 0 must be 2 "
                                           r"cycles: 1 \(see .*bench_stream-late.log\.txt\)$"):
        check_streams(StreamBuffer(3), "late", wrong)


def test_a_bench_that_cannot_be_found_is_a_failure():
    with pytest.raises(BenchFailure, match=r"^bench_none must (run to its end: it left no "
                                           r"results|have a test that runs: none did) \(see .*\)$"):
        runner.simulate(StreamBuffer(3), "sim.bench.bench_none")


def test_an_unknown_simulator_is_refused(monkeypatch):
    monkeypatch.setenv("SIM", "modelsim")
    with pytest.raises(ValueError, match=r"^SIM must be verilator or icarus: modelsim$"):
        check_streams(StreamBuffer(3), "unknown", WORDS)


def test_a_missing_icarus_is_named(monkeypatch):
    monkeypatch.setenv("SIM", "icarus")
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(FileNotFoundError, match=r"^Icarus Verilog must be on the PATH for "
                                                r"SIM=icarus: iverilog is not \(install it, or "
                                                r"use the default SIM=verilator\)$"):
        runner._icarus(None, None, False)


OTHER = """
import sys
from pathlib import Path

from tests.sim.bench import test_runner
from sim.bench import runner

runner.BUILD = Path(sys.argv[1])
test_runner.run_wide()
"""


def run_wide():
    """Run another design and other vectors than those of the test, as the same case."""
    wide = vectors.for_words([17, 30, 9, 21, 4, 28, 1, 15], latency=1)
    check_streams(StreamBuffer(5), "shared", wide)


def test_two_runs_of_one_case_do_not_mix(tmp_path):
    others = []

    def edit(text):
        others.append(beside.start(OTHER, tmp_path))  # between the vectors and the simulation
        return text

    check_streams(StreamBuffer(3), "shared", WORDS, edit=edit)
    beside.end(others[0])
    assert vectors.Vectors.load(tmp_path / "bench_stream-shared" / "vectors.json").i != WORDS.i
