"""Compiles C++ to a library in the user's cache, once for each source, compiler and processor."""

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from sw.store.files import naming, replacing
from sw.store.lock import alone


NATIVE = {"aarch64": "-mcpu=native", "arm64": "-mcpu=native"}  # elsewhere -march=native
FLAGS = ("-O3", "-std=c++17", "-shared", "-fPIC")
PROCESSOR = Path("/proc/cpuinfo")


@cache
def library(folder):
    """Return the library of a folder of C++ files, which is compiled if the cache has none.

    Parameters
    ----------
    folder : Path
        Folder of ``.cpp`` and ``.h``.

    Raises
    ------
    ValueError
        If there is no compiler, or it fails: the message holds its last line.
    """
    compiler = shlex.split(os.environ.get("CXX", "c++"))
    if not shutil.which(compiler[0]):
        raise ValueError(f"Compiler of {folder} must be on the PATH: {compiler[0]} (install "
                         f"g++ or clang++, or name one with CXX)")
    flags = [NATIVE.get(platform.machine(), "-march=native"), *FLAGS]
    path = cached() / f"{folder.parent.name}-{_key(folder, compiler, flags)}.so"
    if not path.exists():
        with alone(path.with_suffix(".lock"), f"Compilation of {path}", wait=True):
            if not path.exists():
                _compile([*compiler, *flags], folder, path)
    with naming(path):
        return ctypes.CDLL(str(path))


def cached():
    """Return the user's folder of libraries."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "thresher"


def _compile(command, folder, path):
    sources = map(str, sorted(folder.glob("*.cpp")))
    print(f"{folder.parent.name}: kernels are compiled first, once for this processor",
          file=sys.stderr, flush=True)
    with replacing(path) as temporary:
        done = subprocess.run([*command, *sources, "-o", str(temporary)],
                              encoding="utf-8", errors="replace", capture_output=True,
                              check=False)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error: " in line]
            reason = (lines or done.stderr.splitlines() or ["it says nothing"])[0].strip()
            raise ValueError(f"Compiler {command[0]} must compile {folder}: {reason}")


def _key(folder, compiler, flags):
    """Return a hash of all that the library depends on.

    ``native`` means another processor on another machine, which may have the same home.
    """
    version = subprocess.run([*compiler, "--version"], encoding="utf-8", errors="replace",
                             capture_output=True, check=False)
    processor = ""
    if PROCESSOR.exists():
        lines = PROCESSOR.read_text(encoding="utf-8", errors="replace").splitlines()
        processor = "".join(sorted({line for line in lines if line.lower().startswith(
            ("model name", "flags", "features", "cpu part", "cpu implementer"))}))
    sources = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.[ch]*"))]
    parts = (*sources, *compiler, *flags, version.stdout,
             platform.machine(), processor)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
