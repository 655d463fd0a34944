"""Synthesis by Yosys to a netlist of a device family, equal for bitstreams and simulations."""

import os
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from amaranth.back import rtlil

from sw.store.files import write_text
from sw.store.lock import alone

from .finish import finish
from .verilog import find_yosys, uncollected


__all__ = ["READ_OR_WRITE", "Family", "after_reading", "after_synthesis", "finish", "options",
           "source", "synthesize", "version"]

# Wide multiplexers (PFUMX, L6MUX21) double the measured LUTs of a popcount: four LUT4 become one
# LUT6 where two in a row would do. The run ends before LUTs are mapped; after_synthesis goes on.
OPTIONS = {"ecp5": "-nowidelut -run begin:map_luts", "ice40": ""}

# If a memory here is read and written at one address in one cycle, nothing depends on the read
# word. A block RAM that gives the old word even then needs a copy of the written word and a
# comparison of addresses: 230 logic cells in queue, frame buffer and histogram of a small wired
# design.
READ_OR_WRITE = ("setparam -set COLLISION_X_MASK 1'1 t:$memrd_v2 r:CLK_ENABLE=1 %i "
                 "r:COLLISION_X_MASK=1'0 %i")

# Groups of neurons have their own copies of their inputs (hw.wired.layer). Synthesis would merge
# the copies, so the groups' modules are kept apart until all other equal registers are merged.
KEEP_GROUPS = "setattr -mod -set keep_hierarchy 1 *.group_* *.copy_*"
JOIN_GROUPS = ("setattr -mod -unset keep_hierarchy *.group_* *.copy_*", "flatten -noscopeinfo",
               "clean")


@dataclass(frozen=True)
class Family:
    """Platform without a board: it only has the family, which decides about primitives.

    Attributes
    ----------
    name : str
        ``"ecp5"`` or ``"ice40"``.
    """

    name: str

    @property
    def family(self):
        return {"ecp5": "ecp5", "ice40": "iCE40"}[self.name]

    @property
    def device(self):
        return {"ecp5": "LFE5U-85F", "ice40": "iCE40UP5K"}[self.name]


def options(family):
    """Return the options of ``synth_ecp5`` or ``synth_ice40``."""
    return OPTIONS[family]


def after_reading():
    """Return Yosys' commands between reading a design and synthesis."""
    return [KEEP_GROUPS, READ_OR_WRITE]


def after_synthesis(family, top):
    """Return Yosys' commands that complete synthesis, for a top module's name.

    abc maps the LUTs of ECP5, because abc9 takes five times as long and finds no smaller
    popcounts.
    """
    if family == "ice40":
        return [*JOIN_GROUPS]
    return [*JOIN_GROUPS, "techmap -map +/lattice/latches_map.v", "abc -lut 4", "clean",
            f"synth_ecp5 -nowidelut -top {top} -run map_cells:json"]


def source(component, family, *, top="top"):
    """Return the input of Yosys for a component alone: the design and the script.

    Parameters
    ----------
    component : wiring.Component
        The design.
    family : str
        ``"ecp5"`` or ``"ice40"``.
    top : str
        Name of the top module.

    Returns
    -------
    str, str
        RTLIL, for a file ``TOP.il``; Yosys' commands, which write ``TOP.json``.
    """
    with uncollected():
        text = rtlil.convert(component, name=top, platform=Family(family), emit_src=False)
    return text, "\n".join([
        f"read_rtlil {top}.il", *after_reading(), f"synth_{family} {options(family)} -top {top}",
        *after_synthesis(family, top), f"write_json {top}.json", ""])


def synthesize(component, family, directory, *, top="top"):
    """Synthesize a component alone, as boards.toolchain.flow does a board's whole design.

    Parameters
    ----------
    component, family, top
        As of :func:`source`.
    directory : Path
        Where Yosys works. It holds ``TOP.il``, ``TOP.ys`` and ``yosys.log`` of the last run.
        Another run in the same folder waits. A netlist's name has a hash of all its inputs, and an
        existing netlist is used again.

    Returns
    -------
    Path
        The netlist: Yosys' JSON, of ECP5 finished.

    Raises
    ------
    ValueError
        If Yosys fails.
    """
    return run(*source(component, family, top=top), family, directory, top=top)


def run(text, script, family, directory, *, top="top"):
    """Synthesize a design and a script from :func:`source`; see :func:`synthesize`."""
    directory = Path(directory)
    key = sha256("\n".join([text, script, str(find_yosys()), version()]).encode()).hexdigest()
    netlist = directory / f"{top}-{key[:16]}.json"
    with alone(directory / ".lock", f"Synthesis in {directory}", wait=True):
        if not netlist.exists():
            made = _run_yosys(text, script, directory, top)
            if family == "ecp5":
                finish(made, top)
            os.replace(made, netlist)
    return netlist


def _run_yosys(text, script, directory, top):
    """Run Yosys on RTLIL; return the path of the JSON that its script writes."""
    write_text(directory / f"{top}.il", text)
    write_text(directory / f"{top}.ys", script)
    done = subprocess.run([find_yosys(), "-q", "-l", "yosys.log", f"{top}.ys"], cwd=directory,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        raise ValueError(f"Yosys must succeed: {done.stderr.strip()[-300:]} "
                         f"(log: {directory / 'yosys.log'})")
    return directory / f"{top}.json"


def version():
    """Return the version of the Yosys in use, as it prints it."""
    return subprocess.run([find_yosys(), "-V"], capture_output=True,
                          encoding="utf-8", errors="replace",
                          check=False).stdout.strip()
