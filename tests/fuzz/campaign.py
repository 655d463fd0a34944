"""Runs one target in a process of its own, with limits on time and memory, and counts."""

import contextlib
import faulthandler
import hashlib
import io
import multiprocessing
import os
import resource
import signal
import tempfile
import time
import traceback
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from tqdm import tqdm


MEMORY = 2**30   # bytes beyond what the readers need when nothing is wrong
PATIENCE = 30    # s that one input may take
LOST = 120       # s after which a process that does not even take signals is ended


class Hang(BaseException):
    """An input took too long; no reader may catch it."""


def run(target, examples, seed, folder):
    """Try a target; return its row of the table, and the failure as text or None.

    A failing input, made as small as hypothesis can, stays in ``folder``.
    """
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as scratch:
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_child, args=(target, examples, seed, scratch, theirs))
        child.start()
        theirs.close()
        outcome = _await(child, ours, Path(scratch) / "last")
        last = Path(scratch) / "last"
        octets = last.read_bytes() if last.exists() else b""
    row, problem = outcome
    if problem:
        name = f"{target.name}-{hashlib.sha256(octets).hexdigest()[:8]}-{target.file}"
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / name).write_bytes(octets)
        problem = f"{target.name}: {problem}\n  input: {Path(folder) / name}"
    return {"name": target.name, **row, "failures": int(bool(problem))}, problem


def _await(child, pipe, last):
    """Return what the child sends, or what became of it."""
    empty = {"examples": 0, "accepted": 0, "refused": 0, "seconds": 0.0, "peak_mib": 0.0}
    try:
        while not pipe.poll(5):
            if last.exists() and time.time() - last.stat().st_mtime > LOST:
                child.kill()
        outcome = pipe.recv()
    except EOFError:
        child.join()
        outcome = empty, f"the process ended with {child.exitcode}"
    child.join()
    return outcome


def _child(target, examples, seed, scratch, pipe):
    counts = {"examples": 0, "accepted": 0, "refused": 0}
    last = Path(scratch) / "last"
    began, problem, peak = time.process_time(), None, 0.0
    os.chdir(scratch)
    faulthandler.disable()  # a crash is one line
    signal.signal(signal.SIGALRM, _hang)
    terminal = os.fdopen(os.dup(2), "w", encoding="utf-8")
    for number in (1, 2):  # what libraries of C print about damage
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    with tqdm(total=examples, desc=target.name, unit="input", delay=2, file=terminal) as bar:
        kept = [path.read_bytes() for path in target.corpus]

        @hypothesis.seed(seed)
        @settings(max_examples=examples, database=None, deadline=None, print_blob=False,
                  report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
                  phases=[Phase.generate, Phase.shrink])
        @hypothesis.given(target.inputs(kept))
        def attempt(octets):
            last.write_bytes(octets)
            signal.alarm(PATIENCE)
            try:
                with tempfile.TemporaryDirectory(dir=scratch) as folder:
                    accepted = target.try_out(octets, folder)
            finally:
                signal.alarm(0)
            counts["examples"] += 1
            counts["accepted" if accepted else "refused"] += 1
            bar.update()

        before = _warm_up(target, kept, scratch)
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                attempt()
        except BaseException as error:  # MemoryError and Hang are what is looked for
            problem = _told(error)
        peak = max(0.0, _peak() - before)
    pipe.send(({**counts, "seconds": round(time.process_time() - began, 1),
                "peak_mib": round(peak, 1)}, problem))


def _warm_up(target, kept, scratch):
    """Try some inputs, so that modules are there; limit the memory; return what is taken, MiB."""
    with contextlib.suppress(Exception), contextlib.redirect_stderr(io.StringIO()), \
            tempfile.TemporaryDirectory(dir=scratch) as folder:
        target.try_out(kept[0] if kept else b"", folder)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak
    return _peak()


def _peak():
    """Return the most memory that this process had, in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def _hang(number, frame):
    raise Hang(f"took more than {PATIENCE} s")


def _told(error):
    """Return an error in one line, with where it was raised and where a target noticed it."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "hypothesis" not in frame.filename][-4:]
    where = ", ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in ours)
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]} ({where})"
