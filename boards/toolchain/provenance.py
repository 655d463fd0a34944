"""Inputs and outputs of a build: the command, versions, and a hash of each file."""

import platform
from importlib import metadata

from . import inputs, sources


PACKAGES = ("amaranth", "amaranth-boards", "numpy")

NETLIST = "top.json"


def trace(request, top, outcome, weights=None):
    """Return the command of a build, hashes of all that it read and wrote, and versions.

    Parameters
    ----------
    request : boards.request.Request
        What was asked for.
    top : boards.top.Top
        The design.
    outcome : boards.toolchain.flow.Outcome
        What the toolchain gave.
    weights : Path or None
        What is to lie in the flash beside the bitstream.

    Returns
    -------
    dict
        ``command`` makes the same again. ``inputs`` and ``outputs``: SHA-256 by what it is of. The
        network's identity leaves its provenance out, its file's hash does not; ``code`` is that
        of this repository without comments. ``consumed``: what the build depends on.
        ``versions`` of Python and of packages. ``arguments`` of each tool.
    """
    work = outcome.bitstream.parent / "work"
    return {
        "command": request.command,
        "inputs": {
            "network": hash_file(request.path),
            "schedule": inputs.sha(top.schedule.to_json()),
            "benchmark_images": inputs.sha(top.packed.tobytes()),
            "code": sources.digest("boards.build"),
            **{what: outcome.consumed[what] for what in ("design", "script", "constraints")}},
        "outputs": {
            "netlist": hash_file(work / NETLIST),
            "bitstream": hash_file(outcome.bitstream),
            **({"weights": hash_file(weights)} if weights else {})},
        "consumed": outcome.consumed,
        "versions": {"python": platform.python_version(),
                     **{name: metadata.version(name) for name in PACKAGES}},
        "arguments": outcome.arguments,
    }


def hash_file(path):
    """Return the SHA-256 of a file's content, in hexadecimal."""
    return inputs.sha(path.read_bytes())
