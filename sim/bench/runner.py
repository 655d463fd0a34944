"""Runs a cocotb bench on one Amaranth component, converted to Verilog."""

import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

from cocotb_tools import config
from cocotb_tools.runner import get_runner

from hw.synthesis.verilog import to_verilog
from sw.store.files import write_text
from sw.store.lock import alone

from ..model.verilator import compile_model


BUILD = Path("build/sim")
SEED = 1  # of every bench, unless COCOTB_RANDOM_SEED is set


class BenchFailure(AssertionError):
    """A bench ran and found the design wrong, or could not run to its end."""


@contextmanager
def run_folder(test_module, case="", build=None):
    """Give the folder of a run, ``build/sim/BENCH-CASE``; another run with the same folder waits.

    The folder holds what a bench reads and writes besides the design, so a caller keeps it from
    writing the inputs to reading the results. What a run leaves there is the next one's to replace.

    Parameters
    ----------
    test_module : str
        Module with cocotb tests: ``"sim.bench.bench_mvtu"``.
    case : str
        Tells this run from others of the same bench.
    build : Path, optional
        Folder of all runs (default: ``build/sim``).

    Yields
    ------
    Path
        The folder, absolute.
    """
    bench = test_module.rpartition(".")[2]
    folder = ((build or BUILD) / "-".join(part for part in (bench, case) if part)).resolve()
    with alone(folder / ".lock", f"Simulation in {os.path.relpath(folder)}", wait=True):
        yield folder


def simulate(component, test_module, *, case="", **options):
    """Convert a component to Verilog and run a bench on it, in a folder of its own.

    Parameters
    ----------
    component, test_module, **options
        As for :func:`simulate_in`.
    case : str
        As for :func:`run_folder`.

    Returns
    -------
    int
        Number of tests that passed.
    """
    with run_folder(test_module, case) as folder:
        return simulate_in(folder, component, test_module, **options)


def simulate_in(folder, component, test_module, *, edit=None, public=(), runtime=None,
                **environment):
    """Convert a component to Verilog and run a bench on it.

    ``SIM=icarus`` takes Icarus Verilog instead of Verilator, ``WAVES=1`` records a waveform,
    ``COCOTB_RANDOM_SEED`` is the seed of the run and ``COCOTB_TEST_FILTER`` chooses tests.

    Parameters
    ----------
    folder : Path
        What :func:`run_folder` gave, for the design, the log and the results.
    component : :class:`wiring.Component`
        The design; its module is named ``dut``.
    test_module : str
        Module with cocotb tests: ``"sim.bench.bench_mvtu"``.
    edit : callable, optional
        Changes the Verilog before it is simulated: plants a fault.
    public : sequence of (str, str)
        Module and variable patterns that the bench sees besides the ports.
    runtime : path-like, optional
        As for :func:`sim.model.verilator.compile_model`.
    **environment
        Variables that the bench reads from ``os.environ``, as anything ``str`` can turn to text.

    Returns
    -------
    int
        Number of tests that passed.

    Raises
    ------
    BenchFailure
        If a test failed: the message names the tests, and says why and where the log is.
    FileNotFoundError
        If a tool is missing.
    """
    bench = test_module.rpartition(".")[2]
    source = folder / "dut.v"
    text = to_verilog(component, "dut")
    write_text(source, edit(text) if edit else text)

    simulator = os.environ.get("SIM", "verilator")
    waves = os.environ.get("WAVES", "0") not in ("", "0")
    if simulator == "verilator":
        runner = _verilator(source, folder, waves, public, runtime)
    elif simulator == "icarus":
        runner = _icarus(source, folder, waves)
    else:
        raise ValueError(f"SIM must be verilator or icarus: {simulator}")

    results, log = folder / "results.xml", folder / "log.txt"
    results.unlink(missing_ok=True)
    environment = {key: str(value) for key, value in environment.items()}
    # Benches' assertions have messages; to let pytest add the values takes half a second a run.
    environment["COCOTB_REWRITE_ASSERTION_FILES"] = ""
    try:
        runner.test(test_module=test_module, hdl_toplevel="dut", hdl_toplevel_lang="verilog",
                    build_dir=folder, results_xml=str(results), log_file=log, waves=waves,
                    seed=os.environ.get("COCOTB_RANDOM_SEED", SEED), extra_env=environment)
    except (SystemExit, RuntimeError):
        pass  # what went wrong is in the results, or they are not there
    if waves:
        names = {"verilator": "dump.vcd", "icarus": "dut.fst"}
        print(f"waveform: {os.path.relpath(folder / names[simulator])}", file=sys.stderr)
    return _read_results(results, bench, os.path.relpath(log))


def check_streams(component, case, vectors, *, edit=None):
    """Run the stream bench, :mod:`sim.bench.bench_stream`, on a component.

    Parameters
    ----------
    component : :class:`wiring.Component`
        Anything with streams ``i`` and ``o``.
    case : str
        Name of the run.
    vectors : sim.model.vectors.Vectors
        What goes in, what must come out, how fast.
    edit : callable, optional
        Changes the Verilog before it is simulated: plants a fault.

    Raises
    ------
    BenchFailure
        If the component is wrong.
    """
    with run_folder("sim.bench.bench_stream", case) as folder:
        path = folder / "vectors.json"
        vectors.save(path)
        simulate_in(folder, component, "sim.bench.bench_stream", edit=edit, VECTORS=path)


def _verilator(source, folder, waves, public, runtime):
    """Compile with only the ports visible to the bench: several times faster than cocotb's way."""
    main = config.share_dir / "lib" / "verilator" / "verilator.cpp"
    options = ["--vpi"]
    if waves:
        options += ["--trace-vcd", "--trace-structs"]
    visible = [*(("dut", port) for port in ("clk", "rst", "?__*")), *public]
    model = compile_model(
        source.read_text(encoding="utf-8"), "dut", main.read_text(encoding="utf-8"), folder,
        optimize="-O0", options=options, public=visible,
        libraries=[f"-Wl,-rpath,{config.libs_dir}", f"-L{config.libs_dir}",
                   "-lcocotbvpi_verilator"], runtime=runtime)
    shutil.copy2(model, folder / "dut")  # the name that cocotb's runner starts
    return get_runner("verilator")


def _icarus(source, folder, waves):
    if not shutil.which("iverilog"):
        raise FileNotFoundError("Icarus Verilog must be on the PATH for SIM=icarus: iverilog is "
                                "not (install it, or use the default SIM=verilator)")
    runner = get_runner("icarus")
    runner.build(sources=[source], hdl_toplevel="dut", build_dir=folder, always=True, waves=waves,
                 timescale=("1ns", "1ps"), log_file=folder / "build.txt")
    return runner


def _read_results(results, bench, log):
    """Count the tests that passed, or name those that did not and quote the first."""
    if not results.is_file():
        raise BenchFailure(f"{bench} must run to its end: it left no results (see {log})")
    cases = list(ElementTree.parse(results).getroot().iter("testcase"))
    failed = [(case.get("name"), problem) for case in cases
              for problem in (*case.findall("failure"), *case.findall("error"))]
    if not cases:
        raise BenchFailure(f"{bench} must have a test that runs: none did (see {log})")
    if failed:
        # The first line is the assertion's own message; cocotb adds the values compared.
        reason = (failed[0][1].get("message") or "no reason given").splitlines()[0]
        raise BenchFailure(f"{bench} must pass: {len(failed)} of {len(cases)} tests failed "
                           f"({', '.join(name for name, _ in failed)}): {reason} (see {log})")
    return len(cases)
