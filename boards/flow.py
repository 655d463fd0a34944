"""From a design on a board to a bitstream: elaborate, synthesize, place, route, pack."""

import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from hw.carry import CHAIN_START
from hw.verilog import uncollected
from sw.files import replacing

from . import tools
from .ledger import Ledger, key_of
from .pll import megahertz
from .resources import list_commands, read_cells
from .shell import Shell


# router2 takes a fraction of router1's time on designs of more than 10,000 cells.
ROUTER = {"ecp5": ["--router", "router2"], "ice40": []}

# Wide multiplexers (PFUMX, L6MUX21) double the LUTs of a popcount, measured: four LUT4 become one
# LUT6 where two in a row would do. The run ends before LUTs are mapped: MAP_LUTS goes on.
SYNTHESIS = {"ecp5": "-nowidelut -run begin:map_luts", "ice40": ""}

# No memory here is read and written at one address in a cycle whose reading matters. A block RAM
# that gives the old word even then takes a copy of what is written and a comparison of addresses:
# 230 logic cells in the queue, the frame buffer and the histogram of a small wired design.
READ_OR_WRITE = ("setparam -set COLLISION_X_MASK 1'1 t:$memrd_v2 r:CLK_ENABLE=1 %i "
                 "r:COLLISION_X_MASK=1'0 %i")

# nextpnr's names of what a family has: LUT4 (on iCE40 logic cells), flip-flops, block RAMs, SPRAMs.
USED = {"ecp5": {"lut4": "TRELLIS_COMB", "ff": "TRELLIS_FF", "block_ram": "DP16KD"},
        "ice40": {"lut4": "ICESTORM_LC", "ff": None, "block_ram": "ICESTORM_RAM",
                  "spram": "ICESTORM_SPRAM"}}

TOP = "top"

CONSTRAINTS = {"ecp5": ".lpf", "ice40": ".pcf"}  # files of pins and clocks

# Groups of neurons have their own copies of their inputs (hw.wired). Synthesis would merge them:
# the groups' modules are kept apart until it has done so with everything else. LUTs are mapped by
# abc, as abc9 takes five times as long and finds no smaller ones in a popcount.
KEEP_GROUPS = "setattr -mod -set keep_hierarchy 1 *.group_* *.copy_*"
JOIN_GROUPS = ("setattr -mod -unset keep_hierarchy *.group_* *.copy_*", "flatten -noscopeinfo",
               "clean")
MAP_LUTS = ("techmap -map +/lattice/latches_map.v", "abc -lut 4", "clean",
            f"synth_ecp5 -nowidelut -top {TOP} -run map_cells:json")
AFTER_SYNTHESIS = {"ecp5": (*JOIN_GROUPS, *MAP_LUTS), "ice40": JOIN_GROUPS}


class TimingError(ValueError):
    """A design that was placed and routed, but is too slow for its clock."""


@dataclass(frozen=True)
class Outcome:
    """What a build gave.

    Attributes
    ----------
    bitstream : Path
        The bitstream.
    frequency, reached : float
        Clock that the PLL makes and highest that timing allows, in Hz.
    used : dict of str to int
        By kind of :data:`USED`: nextpnr's count; flip-flops of iCE40 by synthesis.
    cells : dict of str to list of str
        Hierarchical names of the synthesized cells, by :data:`boards.resources.KINDS`.
    tools : tuple of Tool
        What ran.
    pll : None, Ecp5Pll or Ice40Pll
        Settings of the clock generator.
    arguments : dict of str to list of str
        Of each tool, which ran in the folder ``work``.
    """

    bitstream: Path
    frequency: float
    reached: float
    used: dict
    cells: dict
    tools: tuple
    pll: object
    arguments: dict = field(default_factory=dict)


def build(board, design, frequency, *, name, directory, steps, seed=1, before=(), reuse=False):
    """Build a bitstream.

    What an earlier build left under the same name is removed first: after a failure there is no
    bitstream that could be taken for this one's.

    Parameters
    ----------
    board : Board
        The board.
    design : wiring.Component
        What runs on it, see :class:`boards.shell.Shell`.
    frequency : int or Fraction
        Clock to ask for, in Hz.
    name : str
        Name of the bitstream, without ending.
    directory : Path
        Where it goes; logs and intermediate files go to ``work`` in it.
    steps : Steps
        Progress and wall times.
    seed : int
        Of the placer.
    before : tuple of Path
        More files to remove first: results that belong to the bitstream.
    reuse : bool
        Keep what an earlier build in ``directory`` made in a step, if it made it from the same:
        the elaborated design and its constraints, the tool's options, version and seed.

    Returns
    -------
    Outcome

    Raises
    ------
    TimingError
        If the design cannot run at the frequency.
    ValueError
        If a tool is missing or fails.
    """
    chosen = tuple(map(tools.find, tools.FAMILIES[board.family]))
    yosys, nextpnr, packer = chosen
    directory = Path(directory)
    work = directory / "work"
    bitstream = directory / f"{name}{board.suffix}"
    work.mkdir(parents=True, exist_ok=True)
    for path in (bitstream, *before):
        path.unlink(missing_ok=True)
    if not reuse:
        for path in (*work.glob("steps.json"), *work.glob(f"{TOP}.*"), *work.glob("cells.*")):
            path.unlink()
    done = Done(steps, Ledger(work / "steps.json"))

    with steps.step("elaborate"):
        shell = Shell(board, design, frequency)
        commands = prepare(board, shell, work)
    constraints = CONSTRAINTS[board.family]
    key = key_of(*((work / f"{TOP}{suffix}").read_bytes() for suffix in (".il", ".ys")),
                 str(yosys))
    script = ["-l", f"{TOP}.rpt", f"{TOP}.ys"]
    done.run("synthesize", key, yosys, script, directory=work, log="yosys.log")
    if board.family == "ecp5":
        trim_chains(work / f"{TOP}.json")
    cells = read_cells(work)
    arguments = [*commands["nextpnr"], *ROUTER[board.family], "--seed", str(seed),
                 "--timing-allow-fail", "--report", f"{TOP}.report.json"]
    key = key_of(*((work / f"{TOP}{suffix}").read_bytes() for suffix in (".json", constraints)),
                 str(nextpnr), arguments)
    try:
        done.run("place", key, nextpnr, arguments, directory=work, log="nextpnr.log",
                 phases=((r"Info: (Routing|Running router)", "route"),))
    except ValueError as error:
        refuse_overfull(board, work / "nextpnr.log")
        raise error
    report = json.loads((work / f"{TOP}.report.json").read_text(encoding="utf-8"))
    reached = check_timing(report, shell.frequency)
    done.run("pack", key_of(key, str(packer), commands["pack"]), packer, commands["pack"],
             directory=work, log="pack.log")
    with replacing(bitstream) as temporary:
        shutil.copyfile(work / f"{TOP}{board.suffix}", temporary)
    return Outcome(bitstream, float(shell.frequency), reached,
                   _used(board.family, report["utilization"], cells), cells, chosen, shell.pll,
                   {yosys.name: script, nextpnr.name: arguments, packer.name: commands["pack"]})


class Done:
    """Runs tools, but not again what is done."""

    def __init__(self, steps, ledger):
        self.steps = steps
        self.ledger = ledger

    def run(self, name, key, tool, arguments, *, directory, log, **options):
        """Run a tool as a step; see :meth:`boards.steps.Steps.run`."""
        seconds = self.ledger.result(name, key)
        if seconds is not None:
            self.steps.keep(seconds)
            return
        self.ledger.begin(name, key)
        before = set(self.steps.seconds)
        with self.steps.step(name, directory / log):
            self.steps.run(tool, arguments, directory=directory, log=log, **options)
        self.ledger.finish(name, key, {step: seconds for step, seconds
                                       in self.steps.seconds.items() if step not in before})


def prepare(board, shell, work):
    """Write the toolchain's input files; return the arguments of ``nextpnr`` and ``pack``."""
    platform = board.create_platform()
    with uncollected():
        # Without source lines a changed comment leaves the design's text as it is.
        plan = platform.prepare(
            shell, TOP, emit_src=False, synth_opts=SYNTHESIS[board.family],
            script_after_read="\n".join([KEEP_GROUPS, READ_OR_WRITE]),
            script_after_synth="\n".join([*AFTER_SYNTHESIS[board.family],
                                          *list_commands(board.family)]))
    for file, content in plan.files.items():
        if not file.startswith("build_"):
            data = content.encode() if isinstance(content, str) else content
            (work / file).write_bytes(data)
    called = json.loads(plan.files[f"build_{TOP}.json"])["commands"]
    nextpnr = [word for word in called[1][1:] if word != "--quiet"]
    at = nextpnr.index("--log")  # its output goes to a log anyway
    return {"nextpnr": nextpnr[:at] + nextpnr[at + 2:], "pack": called[2][1:]}


def trim_chains(path):
    """Cut the ends of carry chains in a netlist: nextpnr spends two LUTs on each that has a net.

    A chain begins with a constant carry, which one of :mod:`hw.carry` does not look at, and ends
    with a carry that nothing takes.
    """
    netlist = json.loads(path.read_text(encoding="utf-8"))
    cells = netlist["modules"][TOP]["cells"].values()
    taken = {bit for cell in cells for port, bits in cell["connections"].items()
             if cell["port_directions"][port] == "input" for bit in bits}
    for cell in cells:
        if cell["type"] == "CCU2C":
            ports = cell["connections"]
            if CHAIN_START in cell["attributes"]:
                ports["CIN"] = ["x"]
                cell["port_directions"]["CIN"] = "input"
            if not taken.intersection(ports.get("COUT", ())):
                ports["COUT"] = ["x"]
                cell["port_directions"]["COUT"] = "output"
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(netlist), encoding="utf-8")


def check_timing(report, frequency):
    """Return the frequency that timing allows, in Hz, from nextpnr's report.

    Raises
    ------
    TimingError
        If it is below the one asked for.
    """
    clocks = report["fmax"]
    if not clocks:
        raise ValueError("Design must have a clock: nextpnr reports none (it lost all its logic: "
                         "are the weights there?)")
    reached = 1e6 * min(clock["achieved"] for clock in clocks.values())
    if reached < float(frequency):
        raise TimingError(f"Clock must be at most {reached / 1e6:.1f} MHz, reached after place and "
                          f"route: {megahertz(frequency)} MHz (lower --freq, or choose another "
                          f"schedule; --seed may gain some per cent)")
    return reached


def refuse_overfull(board, log):
    """Raise ValueError if nextpnr's log says that a design needs more than the device has."""
    over = [f"{used} of {there} {name}" for name, used, there in
            re.findall(r"Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s", log.read_text(encoding="utf-8"))
            if int(used) > int(there)]
    if over:
        raise ValueError(f"Design must fit {board.device}: {', '.join(over)} (choose a slower "
                         f"schedule with --images-per-second, fewer synapses, or a larger board; "
                         f"log: {log})")


def _used(family, utilization, cells):
    return {kind: utilization.get(name, {}).get("used", 0) if name else len(cells[kind])
            for kind, name in USED[family].items()}
