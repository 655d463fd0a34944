"""Inputs of a step, as hashes: a result stands as long as these are the same.

The inputs of a step are a dict of strings by name. Hashes stand for content, arguments stand for
themselves. ``tools`` is a dict of its own: versions differ from machine to machine, and a result
that other tools made is still a result about the same hardware.
"""

import hashlib
import shlex

from . import sources


TOP = "top"  # name of the design's files

CONSTRAINTS = {"ecp5": ".lpf", "ice40": ".pcf"}  # files of pins and clocks

# Code that edits a netlist of ECP5 between synthesis and placement.
FINISHING = ("hw.synthesis.finish", "hw.synthesis.floorplan")

# Inputs that a tool makes of others: another version may make others of the same hardware.
MADE_BY = {"verilog": "yosys"}


def of_build(job, commands, attempts, chosen):
    """Return the inputs of a build whose files are in its work folder.

    Parameters
    ----------
    job : boards.toolchain.flow.Job
        What is built; :func:`.flow.prepare` has written its files.
    commands : dict of str to list of str
        Arguments of ``pack``, among others.
    attempts : dict of str to list of str
        Arguments of nextpnr by attempt.
    chosen : tuple of Tool
        Yosys, nextpnr and the packer.

    Returns
    -------
    dict
        ``design`` (RTLIL), ``script``, ``constraints``: SHA-256. ``place`` and ``pack``:
        arguments. ``finishing``, of ECP5 only: digest of the code that edits the netlist.
        ``tools``: versions.
    """
    files = {"design": ".il", "script": ".ys", "constraints": CONSTRAINTS[job.board.family]}
    return {
        **{what: sha((job.work / f"{TOP}{suffix}").read_bytes())
           for what, suffix in files.items()},
        **({"finishing": finishing()} if job.board.family == "ecp5" else {}),
        "place": "; ".join(shlex.join(arguments) for arguments in attempts.values()),
        "pack": shlex.join(commands["pack"]),
        "tools": {tool.name: f"{tool.version} ({tool.origin})" for tool in chosen},
    }


def finishing():
    """Return the digest of the code that edits a netlist of ECP5."""
    return sources.digest(*FINISHING, packages=FINISHING)


def sha(content):
    """Return the SHA-256 of bytes or text, in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def differences(before, now):
    """Compare the inputs of a recorded step with today's.

    Returns
    -------
    list of str
        Inputs that make the record one of other hardware, or of another check.
    list of str
        Tools with other versions, ``"yosys 0.70 -> 0.71"``.
    """
    tools_before, tools_now = before.get("tools", {}), now.get("tools", {})
    others = [f"{name} {tools_before.get(name, 'none')} -> {tools_now.get(name, 'none')}"
              for name in dict.fromkeys([*tools_before, *tools_now])
              if tools_before.get(name) != tools_now.get(name)]
    changed = {text.split()[0] for text in others}
    return _different(before, now, changed), others


def _different(before, now, changed):
    """Return the names of inputs that differ, but for what tools of other versions make."""
    found = []
    for name in dict.fromkeys([*before, *now]):
        old, new = before.get(name), now.get(name)
        if name == "tools" or old == new or MADE_BY.get(name) in changed:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            if inner := _different(old, new, changed):
                found.append(f"{name} ({', '.join(inner)})")
        elif old is None or new is None:
            found.append(f"{name} ({'new' if old is None else 'gone'})")
        elif isinstance(old, str) and isinstance(new, str) and len(old) == len(new) == 64:
            found.append(name)
        else:
            found.append(f"{name} ({old} -> {new})")
    return found
