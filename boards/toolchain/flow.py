"""From a design on a board to a bitstream: elaborate, synthesize, place, route, pack."""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from hw.plan.pll import megahertz
from hw.synthesis import floorplan
from hw.synthesis import netlist as synthesis
from hw.synthesis.verilog import uncollected
from sw.store.files import replacing, write_bytes

from ..shell import Shell
from . import inputs, pins, tools
from .inputs import TOP
from .ledger import Ledger, key_of
from .placing import attempts, place
from .resources import list_commands, read_cells


# nextpnr's names of what a family has: LUT4 (on iCE40 logic cells), flip-flops, block RAMs, SPRAMs.
USED = {"ecp5": {"lut4": "TRELLIS_COMB", "ff": "TRELLIS_FF", "block_ram": "DP16KD"},
        "ice40": {"lut4": "ICESTORM_LC", "ff": None, "block_ram": "ICESTORM_RAM",
                  "spram": "ICESTORM_SPRAM"}}

SCRIPT = ["-l", f"{TOP}.rpt", f"{TOP}.ys"]  # Yosys' arguments

GIVEN_UP = "given up"  # in the ledger, of a step that was watched and stopped


class TimingError(ValueError):
    """A design that was placed and routed, but is too slow for its clock."""


@dataclass(frozen=True)
class Outcome:
    """Outcome of a build.

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
    consumed : dict
        What the build depends on: :func:`boards.toolchain.inputs.of_build`.
    """

    bitstream: Path
    frequency: float
    reached: float
    used: dict
    cells: dict
    tools: tuple
    pll: object
    arguments: dict = field(default_factory=dict)
    consumed: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A bitstream to build.

    Attributes
    ----------
    board : Board
        The board.
    frequency : int or Fraction
        Clock to ask for, in Hz.
    name : str
        Name of the bitstream, without ending.
    directory : Path
        Folder of the bitstream; logs and intermediate files go to ``work`` in it.
    seed : int
        Seed of the placer.
    way : str
        How to place and route: a key of :data:`.placing.WAYS`.
    before : tuple of Path
        More files to remove first: results that belong to the bitstream.
    reuse : bool
        Whether a step's result is kept that an earlier build in ``directory`` made from the same
        design, constraints, options, tool and seed.
    """

    board: object
    frequency: object
    name: str
    directory: Path
    seed: int = 1
    way: str = "router2"
    before: tuple = ()
    reuse: bool = False

    @property
    def work(self):
        """Folder of logs and intermediate files."""
        return Path(self.directory) / "work"

    @property
    def bitstream(self):
        """The bitstream."""
        return Path(self.directory) / f"{self.name}{self.board.suffix}"


def build(job, design, steps):
    """Build a bitstream.

    An earlier bitstream of the same name is removed first, because after a failure nobody must
    take it for this build's.

    Parameters
    ----------
    job : Job
        What is asked for.
    design : wiring.Component
        What runs on the board, see :class:`boards.shell.Shell`.
    steps : Steps
        Progress and wall times.

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
    board, work = job.board, job.work
    yosys, nextpnr, packer = chosen = tuple(map(tools.find, tools.FAMILIES[board.family]))
    work.mkdir(parents=True, exist_ok=True)
    for path in (job.bitstream, *job.before):
        path.unlink(missing_ok=True)
    steps.earlier = Ledger(work / "steps.json").durations()
    if not job.reuse:
        for path in (*work.glob("steps.json"), *work.glob(f"{TOP}.*"), *work.glob("cells.*")):
            path.unlink()
    done = Done(steps, Ledger(work / "steps.json"))

    with steps.step("elaborate"):
        shell = Shell(board, design, job.frequency)
        commands = prepare(board, shell, work)
    if board.arguments:  # the pins of a board of the catalog are known to be right
        pins.check(job, commands["nextpnr"], nextpnr)
    consumed = inputs.of_build(job, commands, attempts(job, commands), chosen)
    key = key_of(*((work / f"{TOP}{suffix}").read_bytes() for suffix in (".il", ".ys")),
                 str(yosys))
    done.run("synthesize", key, yosys, SCRIPT, directory=work, log="yosys.log")
    cells = read_cells(work)
    if board.family == "ecp5":
        left = synthesis.finish(work / f"{TOP}.json", TOP)
        floorplan.arrange(work / f"{TOP}.json", TOP, floorplan.die_of(board.fpga.name))
        cells = {kind: [name for name in names if name in left] for kind, names in cells.items()}
    key, arguments = place(job, commands, done, nextpnr)
    report = json.loads((work / f"{TOP}.report.json").read_text(encoding="utf-8"))
    reached = check_timing(report, shell.frequency)
    done.run("pack", key_of(key, str(packer), commands["pack"]), packer, commands["pack"],
             directory=work, log="pack.log")
    with replacing(job.bitstream) as temporary:
        shutil.copyfile(work / f"{TOP}{board.suffix}", temporary)
    return Outcome(job.bitstream, float(shell.frequency), reached,
                   _used(board.family, report["utilization"], cells), cells, chosen, shell.pll,
                   {yosys.name: SCRIPT, nextpnr.name: arguments, packer.name: commands["pack"]},
                   consumed)


def consumed(job, design):
    """Return what a build depends on, see :mod:`.inputs`, without running a tool."""
    job.work.mkdir(parents=True, exist_ok=True)
    commands = prepare(job.board, Shell(job.board, design, job.frequency), job.work)
    chosen = tuple(map(tools.find, tools.FAMILIES[job.board.family]))
    return inputs.of_build(job, commands, attempts(job, commands), chosen)


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
            write_bytes(work / file, data)
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


def _used(family, utilization, cells):
    return {kind: utilization.get(name, {}).get("used", 0) if name else len(cells[kind])
            for kind, name in USED[family].items()}
