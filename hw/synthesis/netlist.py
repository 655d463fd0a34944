"""Synthesis by Yosys to a netlist of a device family: the same for a bitstream and a simulation."""

import json
import os
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from amaranth.back import rtlil

from sw.store.files import write_text
from sw.store.lock import alone

from ..count.carry import CHAIN_START
from .verilog import find_yosys, uncollected


__all__ = ["READ_OR_WRITE", "Family", "after_reading", "after_synthesis", "finish", "options",
           "synthesize", "version"]

# Wide multiplexers (PFUMX, L6MUX21) double the LUTs of a popcount, measured: four LUT4 become one
# LUT6 where two in a row would do. The run ends before LUTs are mapped: after_synthesis goes on.
OPTIONS = {"ecp5": "-nowidelut -run begin:map_luts", "ice40": ""}

# No memory here is read and written at one address in a cycle whose reading matters. A block RAM
# that gives the old word even then takes a copy of what is written and a comparison of addresses:
# 230 logic cells in the queue, the frame buffer and the histogram of a small wired design.
READ_OR_WRITE = ("setparam -set COLLISION_X_MASK 1'1 t:$memrd_v2 r:CLK_ENABLE=1 %i "
                 "r:COLLISION_X_MASK=1'0 %i")

# Groups of neurons have their own copies of their inputs (hw.wired.layer). Synthesis would merge
# the copies: the groups' modules are kept apart until all other equal registers are merged.
KEEP_GROUPS = "setattr -mod -set keep_hierarchy 1 *.group_* *.copy_*"
JOIN_GROUPS = ("setattr -mod -unset keep_hierarchy *.group_* *.copy_*", "flatten -noscopeinfo",
               "clean")


@dataclass(frozen=True)
class Family:
    """What of a platform decides about primitives: stands for a board where there is none.

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

    LUTs of ECP5 are mapped by abc, as abc9 takes five times as long and finds no smaller ones in a
    popcount.
    """
    if family == "ice40":
        return [*JOIN_GROUPS]
    return [*JOIN_GROUPS, "techmap -map +/lattice/latches_map.v", "abc -lut 4", "clean",
            f"synth_ecp5 -nowidelut -top {top} -run map_cells:json"]


def synthesize(component, family, directory, *, top="top"):
    """Synthesize a component alone, as boards.toolchain.flow does a board's whole design.

    Parameters
    ----------
    component : wiring.Component
        The design.
    family : str
        ``"ecp5"`` or ``"ice40"``.
    directory : Path
        Where Yosys works: it holds ``TOP.il``, ``TOP.ys`` and ``yosys.log`` of the last run.
        Another run in the same folder waits. Netlists are named by a hash of all that they are
        made from: one that is there is kept.
    top : str
        Name of the top module.

    Returns
    -------
    Path
        The netlist: Yosys' JSON, of ECP5 finished.

    Raises
    ------
    ValueError
        If Yosys fails.
    """
    directory = Path(directory)
    with uncollected():
        text = rtlil.convert(component, name=top, platform=Family(family), emit_src=False)
    script = "\n".join([
        f"read_rtlil {top}.il", *after_reading(), f"synth_{family} {options(family)} -top {top}",
        *after_synthesis(family, top), f"write_json {top}.json", ""])
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
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"Yosys must succeed: {done.stderr.strip()[-300:]} "
                         f"(log: {directory / 'yosys.log'})")
    return directory / f"{top}.json"


def version():
    """Return what the Yosys to use says of its version."""
    return subprocess.run([find_yosys(), "-V"], capture_output=True, text=True,
                          check=False).stdout.strip()


def finish(path, top):
    """Do in a netlist of ECP5 what Yosys leaves undone: see the two functions below.

    Parameters
    ----------
    path : Path
        Yosys' JSON; replaced.
    top : str
        Name of the top module.

    Returns
    -------
    set of str
        Names of the cells that are left. A netlist that is finished stays as it is.
    """
    netlist = json.loads(path.read_text(encoding="utf-8"))
    module = netlist["modules"][top]
    _trim_chains(module["cells"])
    _absorb_registers(module)
    write_text(path, json.dumps(netlist))
    return set(module["cells"])


def _trim_chains(cells):
    """Cut the ends of carry chains: nextpnr spends two LUTs on each that has a net.

    A chain begins with a constant carry, which one of :mod:`hw.count.carry` does not look at, and
    ends with a carry that nothing takes.
    """
    taken = _sinks(cells)
    for cell in cells.values():
        if cell["type"] == "CCU2C":
            ports = cell["connections"]
            if CHAIN_START in cell["attributes"]:
                ports["CIN"] = ["x"]
                cell["port_directions"]["CIN"] = "input"
            if not any(bit in taken for bit in ports.get("COUT", ())):
                ports["COUT"] = ["x"]
                cell["port_directions"]["COUT"] = "output"


def _absorb_registers(module):
    """Put registers behind block RAM into it: 1.0 instead of 5.6 ns after the clock (grade 6).

    A port's output register is used if each data bit that anything takes is taken by one
    flip-flop alone, without enable or reset, at the same clock, and the port always reads.
    """
    cells = module["cells"]
    sinks = _sinks(cells)
    for port in module["ports"].values():
        for bit in port["bits"]:
            sinks.setdefault(bit, []).append((None, None))
    for ram in [cell for cell in cells.values() if cell["type"] == "DP16KD"]:
        if int(ram["parameters"]["DATA_WIDTH_B"], 2) == 36:  # port B reads by the pins of both
            _absorb(cells, sinks, ram, "B", "AB")
        else:
            _absorb(cells, sinks, ram, "A", "A")
            _absorb(cells, sinks, ram, "B", "B")


def _absorb(cells, sinks, ram, port, sides):
    """Use the output register of a port that reads by the data pins of some sides."""
    pins = ram["connections"]
    outputs = [pin for side in sides for place in range(18)
               if pins[pin := f"DO{side}{place}"][0] in sinks]
    ends = [sinks[pins[pin][0]] for pin in outputs]
    clock = pins[f"CLK{port}"]
    if (not ends or ram["parameters"][f"REGMODE_{port}"] != "NOREG"
            or not _always_reads(ram, port)
            or not all(len(end) == 1 and _follows(cells, end[0], clock) for end in ends)):
        return
    for pin, ((register, _),) in zip(outputs, ends, strict=True):
        pins[pin] = cells.pop(register)["connections"]["Q"]
    for side in sides:  # both sides' registers, whichever pins a pair has them from
        ram["parameters"][f"REGMODE_{side}"] = "OUTREG"
        pins |= {f"OCE{side}": ["1"], f"CLK{side}": clock}


def _sinks(cells):
    """Return what takes each net: lists of (cell, port) by bit."""
    sinks = {}
    for name, cell in cells.items():
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] == "input":
                for bit in bits:
                    sinks.setdefault(bit, []).append((name, port))
    return sinks


def _always_reads(ram, port):
    """Whether a port gives a word every cycle, and the other one has the same clock or none."""
    pins = ram["connections"]
    fixed = {f"CE{port}": "1", f"OCE{port}": "1", f"RST{port}": "0"}
    return (all(pins.get(pin) == [value] for pin, value in fixed.items())
            and all(ram["parameters"].get(f"CLK{side}MUX", f"CLK{side}").strip() == f"CLK{side}"
                    and pins[f"CLK{side}"] in (["0"], ["x"], pins[f"CLK{port}"]) for side in "AB"))


def _follows(cells, end, clock):
    """Whether a sink is the data input of a plain register at a clock, 0 at first."""
    name, port = end
    cell = cells.get(name)
    if cell is None or cell["type"] != "TRELLIS_FF" or port != "DI":
        return False
    settings = {key: value.strip() for key, value in cell["parameters"].items()}
    return (settings.get("CEMUX") == "1" and settings.get("CLKMUX") == "CLK"
            and settings.get("LSRMUX") == "LSR" and settings.get("REGSET") == "RESET"
            and cell["connections"].get("LSR", ["0"]) == ["0"]
            and cell["connections"]["CLK"] == clock)
