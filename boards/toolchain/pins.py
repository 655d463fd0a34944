"""Checks that a package has the pins of a board, before the long steps of a build."""

import json
import re
import subprocess

from .inputs import CONSTRAINTS, TOP


# A line of a file of constraints that puts a port on a pin: port, pin.
PLACED = {"ecp5": r'^LOCATE COMP "(\S+)" SITE "(\S+)";', "ice40": r"^set_io (\S+) (\S+)"}

# What nextpnr says of a pin or a package that it does not know.
NO_PIN = re.compile(r"constrained to pin '([^']*)', which does not exist|"
                    r"package does not have a pin named '([^']*)'")
NO_PACKAGE = re.compile(r"Unsupported package '([^']*)'")

OUTPUTS = ("--json", "--textcfg", "--asc", "--report")  # nextpnr's options whose files are left out
SECONDS = 300  # until nextpnr is given up: an answer takes about one


def check(job, arguments, nextpnr):
    """Let nextpnr read a board's constraints, with a design of ports only.

    Parameters
    ----------
    job : boards.toolchain.flow.Job
        What is built; the file of constraints is in its work folder.
    arguments : list of str
        Arguments of nextpnr for the real design.
    nextpnr : boards.toolchain.tools.Tool
        The program.

    Raises
    ------
    ValueError
        If the package has no such pin, or the device no such package.
    """
    board, work = job.board, job.work
    text = (work / f"{TOP}{CONSTRAINTS[board.family]}").read_text(encoding="utf-8")
    placed = dict(re.findall(PLACED[board.family], text, re.MULTILINE))
    design = work / "pins.json"
    design.write_text(json.dumps(_ports(placed)), encoding="utf-8")
    kept = [word for before, word in zip(["", *arguments], arguments, strict=False)
            if not {before, word} & set(OUTPUTS)]
    done = subprocess.run([*nextpnr.command, *kept, "--json", design.name, "--pack-only"],
                          cwd=work, capture_output=True, text=True, encoding="utf-8",
                          errors="replace", timeout=SECONDS, check=False)
    said = done.stdout + done.stderr
    platform = board.platform
    if NO_PACKAGE.search(said):
        raise ValueError(f"Package of board {board.name} must be one that {board.device} has: "
                         f"{platform.package!r} (check the package and the device)")
    if found := NO_PIN.search(said):
        pin = found[1] or found[2]
        uses = ", ".join(_shown(port) for port, place in placed.items() if place == pin)
        raise ValueError(f"Pin of {uses} on board {board.name} must be one of {board.device} in "
                         f"package {platform.package}: {pin!r} is none (check the pins of the "
                         f"package)")


def _shown(port):
    """Return a port's name as people say it: ``uart_0__rx__io`` is ``uart 0 rx``."""
    return port.removesuffix("__io").replace("__", " ").replace("_", " ")


def _ports(placed):
    """Return a netlist, as Yosys writes it, that has nothing but input ports."""
    bits = {port: [number] for number, port in enumerate(placed, 2)}
    return {"creator": "thresher", "modules": {TOP: {
        "attributes": {"top": "1"}, "cells": {},
        "ports": {port: {"direction": "input", "bits": bit} for port, bit in bits.items()},
        "netnames": {port: {"hide_name": 0, "bits": bit, "attributes": {}}
                     for port, bit in bits.items()}}}}
