"""What a step consumes, as hashes: a result stands as long as these are the same.

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
    names = [name for name in dict.fromkeys([*before, *now]) if name != "tools"]
    different = [_described(name, before.get(name), now.get(name)) for name in names
                 if before.get(name) != now.get(name) and MADE_BY.get(name) not in changed]
    return different, others


def _described(name, before, now):
    """Name an input that differs: with both values where these are no hashes."""
    if before is None or now is None:
        return f"{name} ({'new' if before is None else 'gone'})"
    if isinstance(before, dict) or isinstance(now, dict):
        inner = [key for key in dict.fromkeys([*before, *now]) if before.get(key) != now.get(key)]
        return f"{name} of {', '.join(inner)}"
    if len(before) == len(now) == 64:
        return name
    return f"{name} ({before} -> {now})"
