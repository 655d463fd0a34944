"""From a design on a board to a bitstream: elaborate, synthesize, place, route, pack."""

import json
import re
import shutil
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from hw.plan.pll import megahertz
from hw.synthesis import floorplan
from hw.synthesis import netlist as synthesis
from hw.synthesis.verilog import uncollected
from sw.store.files import replacing

from ..shell import Shell
from . import tools
from .ledger import Ledger, key_of
from .resources import list_commands, read_cells


# nextpnr's names of what a family has: LUT4 (on iCE40 logic cells), flip-flops, block RAMs, SPRAMs.
USED = {"ecp5": {"lut4": "TRELLIS_COMB", "ff": "TRELLIS_FF", "block_ram": "DP16KD"},
        "ice40": {"lut4": "ICESTORM_LC", "ff": None, "block_ram": "ICESTORM_RAM",
                  "spram": "ICESTORM_SPRAM"}}

TOP = "top"

# How a design for router2 is routed, one after the other until one comes to its end.
ROUTERS = {"": ["router2", "--tmg-ripup"], " again": ["router2"], " by router1": ["router1"]}

GIVEN_UP = "given up"  # in the ledger, of a step that was watched and stopped

CONSTRAINTS = {"ecp5": ".lpf", "ice40": ".pcf"}  # files of pins and clocks


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
        Hierarchical names of the synthesized cells, by :data:`boards.toolchain.resources.KINDS`.
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


def build(board, design, frequency, *, name, directory, steps, seed=1, before=(), reuse=False,
          router="router2"):
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
    router : str
        nextpnr's ``router1`` or ``router2``.

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
    cells = read_cells(work)
    if board.family == "ecp5":
        left = synthesis.finish(work / f"{TOP}.json", TOP)
        floorplan.arrange(work / f"{TOP}.json", TOP, floorplan.die_of(board.fpga.name))
        cells = {kind: [name for name in names if name in left] for kind, names in cells.items()}
    inputs = [(work / f"{TOP}{suffix}").read_bytes() for suffix in (".json", constraints)]
    attempts = ROUTERS if router == "router2" else {"": [router]}
    try:
        for attempt, (algorithm, *more) in attempts.items():
            arguments = [*commands["nextpnr"], "--router", algorithm, "--seed", str(seed),
                         "--timing-allow-fail", "--report", f"{TOP}.report.json", *more]
            key = key_of(*inputs, str(nextpnr), arguments)
            log = f"nextpnr{attempt.replace(' ', '-')}.log"
            if done.run(f"place{attempt}", key, nextpnr, arguments, directory=work, log=log,
                        phases=((r"Info: (Routing|Running router)", f"route{attempt}"),),
                        watch=Stuck()):
                break
    except ValueError as error:
        refuse_overfull(board, work / log)
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


class Stuck:
    """Watches whether router2 gets on, in the lines of nextpnr's log.

    It may go on for ever: with ``--tmg-ripup`` where connections are late and there is no faster
    way, and on iCE40 where two nets take a wire from each other. router1 prints no such lines.

    Parameters
    ----------
    patience : int
        Iterations in a row that leave as many wires overused or connections late, or more, until
        it is given up.
    """

    def __init__(self, patience=200):
        self.patience = patience
        self.least, self.since = inf, 0

    def __call__(self, line):
        """Take in a line; return whether to give up."""
        found = re.findall(r"\b(?:overused|tmgfail)=(\d+)", line)
        if found:
            left = sum(map(int, found))
            self.since = self.since + 1 if left >= self.least else 0
            self.least = min(self.least, left) if left else inf
        return self.since >= self.patience


class Done:
    """Runs tools, but not again what is done."""

    def __init__(self, steps, ledger):
        self.steps = steps
        self.ledger = ledger

    def run(self, name, key, tool, arguments, *, directory, log, **options):
        """Run a tool as a step, see :meth:`.steps.Steps.run`; return whether it ended."""
        result = self.ledger.result(name, key)
        if result is not None:
            seconds = {step: took for step, took in result.items() if step != GIVEN_UP}
            self.steps.keep(seconds)
            return GIVEN_UP not in result
        self.ledger.begin(name, key)
        before = set(self.steps.seconds)
        with self.steps.step(name, directory / log):
            ended = self.steps.run(tool, arguments, directory=directory, log=log, **options)
        seconds = {step: took for step, took in self.steps.seconds.items() if step not in before}
        self.ledger.finish(name, key, seconds | ({} if ended else {GIVEN_UP: 1}))
        return ended


def prepare(board, shell, work):
    """Write the toolchain's input files; return the arguments of ``nextpnr`` and ``pack``."""
    platform = board.create_platform()
    with uncollected():
        # Without source lines a changed comment leaves the design's text as it is.
        plan = platform.prepare(
            shell, TOP, emit_src=False, synth_opts=synthesis.options(board.family),
            script_after_read="\n".join(synthesis.after_reading()),
            script_after_synth="\n".join([*synthesis.after_synthesis(board.family, TOP),
                                          *list_commands(board.family)]))
    for file, content in plan.files.items():
        if not file.startswith("build_"):
            data = content.encode() if isinstance(content, str) else content
            (work / file).write_bytes(data)
    called = json.loads(plan.files[f"build_{TOP}.json"])["commands"]
    nextpnr = [word for word in called[1][1:] if word != "--quiet"]
    at = nextpnr.index("--log")  # its output goes to a log anyway
    return {"nextpnr": nextpnr[:at] + nextpnr[at + 2:], "pack": called[2][1:]}


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
