"""What a build was made from and what it made: the command, versions, and a hash of everything."""

import hashlib
import platform
import shlex
from fractions import Fraction
from importlib import metadata

from sw.command import MHZ

from . import sources


PACKAGES = ("amaranth", "amaranth-boards", "numpy")

# Files of the toolchain in a build's work folder, by what they are: what went in, what came out.
INPUTS = {"design": "top.il", "script": "top.ys"}
NETLIST = "top.json"


def command(board, network_path, *, frequency, schedule=None, rate=None, baud=None, seed=1,
            rom_images=None):
    """Return the command that makes the same again, whatever the options it was made with."""
    options = {"--freq": Fraction(frequency) / MHZ, "--schedule": schedule,
               "--images-per-second": rate, "--baud": baud, "--seed": seed,
               "--rom-images": rom_images}
    given = [str(word) for option, value in options.items() if value is not None
             for word in (option, value)]
    return shlex.join(["python", "-m", "boards.build", board.name, str(network_path), *given])


def trace(network_path, top, outcome, *, constraints, weights=None):
    """Return hashes of all that a build read and wrote, and versions of what made it.

    Parameters
    ----------
    network_path : Path
        The network's file.
    top : boards.top.Top
        The design.
    outcome : boards.toolchain.flow.Outcome
        What the toolchain gave.
    constraints : str
        Ending of the file of pins and clocks.
    weights : Path or None
        What is to lie in the flash beside the bitstream.

    Returns
    -------
    dict
        ``inputs`` and ``outputs``: SHA-256 by what it is of. The network's identity leaves its
        provenance out, its file's hash does not; ``code`` is that of this repository without
        comments. ``versions`` of Python and of packages. ``arguments`` of each tool.
    """
    work = outcome.bitstream.parent / "work"
    return {
        "inputs": {
            "network": hash_file(network_path),
            "schedule": _hash(top.schedule.to_json().encode()),
            "benchmark_images": _hash(top.packed.tobytes()),
            "code": sources.digest("boards.build"),
            **{what: hash_file(work / name) for what, name in INPUTS.items()},
            "constraints": hash_file(work / f"top{constraints}")},
        "outputs": {
            "netlist": hash_file(work / NETLIST),
            "bitstream": hash_file(outcome.bitstream),
            **({"weights": hash_file(weights)} if weights else {})},
        "versions": {"python": platform.python_version(),
                     **{name: metadata.version(name) for name in PACKAGES}},
        "arguments": outcome.arguments,
    }


def hash_file(path):
    """Return the SHA-256 of a file's content, in hexadecimal."""
    return _hash(path.read_bytes())


def _hash(octets):
    return hashlib.sha256(octets).hexdigest()
