"""Builds a bitstream for a board from a folded network, and reports what it takes and how fast."""

import json
import tempfile
from dataclasses import replace
from functools import reduce
from operator import or_
from pathlib import Path

from hw.estimate import estimate, shell_resources
from hw.lower import LOWER, with_mode
from hw.plan.device import DEVICES
from hw.plan.pll import megahertz
from hw.plan.schedule import Wired
from hw.serial.flash import FLASH_OFFSET
from sw.artefact import stem
from sw.command import run
from sw.store.files import write_bytes, write_text
from sw.store.lock import alone

from . import target
from .board import catalog
from .request import add_arguments, complete, from_arguments
from .suggest import usual_seconds
from .toolchain import provenance, report, resources
from .toolchain.flow import Job, build, consumed
from .toolchain.steps import Steps, stopping_on_terminate
from .top import create
from .usage import Parser


WEIGHTS = ".flash.bin"  # ending of the file for the flash


def boards_table():
    """Return a table of all boards, as text."""
    rows = [("board", "device", "LUT4", "block RAM", "oscillator", "clock", "serial port", "baud")]
    for board in catalog().values():
        device = DEVICES[board.device]
        oscillator = board.create_platform().default_clk_frequency
        rows.append((board.name, device.name, f"{device.lut4:,}",
                     f"{device.block_rams} x {device.block_ram_bits // 1024} kbit",
                     f"{megahertz(oscillator)} MHz", f"{board.megahertz:g} MHz", board.serial,
                     f"{board.baud:,}"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
                     .rstrip() for row in rows)


def changing_bits(words):
    """Return how many bits are not the same in all words of a ROM, at least 1."""
    return max(1, reduce(or_, (word ^ words[0] for word in words), 0).bit_count())


def write_weights(path, image, bitstream):
    """Write what is to lie in the flash, behind the bitstream."""
    if bitstream.stat().st_size > FLASH_OFFSET:
        raise ValueError(f"Bitstream must end before the weights, at octet {FLASH_OFFSET:,} of the "
                         f"flash: {bitstream} has {bitstream.stat().st_size:,}")
    write_bytes(path, image.encode())


def way_of(family, network, schedule):
    """Return how to place and route a schedule: a key of :data:`boards.toolchain.placing.WAYS`.

    ``router2`` takes a fraction of the other's time on large designs; scheduled layers on iCE40
    are up to 18 % slower with it. Look-up tables, and all wired neurons on iCE40, must be spread
    over the device. Packed densely, they cannot be routed (docs/decisions/027-spread.md).
    """
    wired = any(isinstance(schedule.layers[layer.name], Wired) and layer.parts
                for layer in with_mode(network.layers))
    if family == "ice40":
        return "spread" if wired else "router1"
    return "spread" if any(LOWER.of(layer).crowded for layer in network.layers) else "router2"


def build_network(request, output=Path("build"), *, reuse=False):
    """Build a network's bitstream and its report.

    Parameters
    ----------
    request : Request
        What is asked for.
    output : Path
        Folder for ``BOARD/NAME.bit`` and its report.
    reuse : bool
        As of :class:`boards.toolchain.flow.Job`.

    Returns
    -------
    dict
        The report.
    """
    steps = Steps()
    with steps.step("schedule"):
        top = create(request)
        expected = expect(request, top)
    steps.usual = usual_seconds(request.board.family, expected.lut4)
    job = job_of(request, top, output, reuse=reuse)
    weights = job.directory / f"{job.name}{WEIGHTS}"
    with stopping_on_terminate(), alone(job.directory / ".lock", f"Build in {job.directory}"):
        outcome = build(replace(job, before=(*job.before, weights)), top, steps)
        if top.image:
            write_weights(weights, top.image, outcome.bitstream)
        flash = weights if top.image else None
        parts = resources.attribute(outcome.cells, [layer.name for layer in request.network.layers],
                                    outcome.used)
        result = report.create(report.Built(
            request, top, outcome, vars(expected), parts, steps.seconds, flash,
            provenance.trace(request, top, outcome, flash)))
        as_json, as_text, picture = job.before
        write_text(as_json, json.dumps(result, indent=2) + "\n")
        write_text(as_text, report.table(result))
        resources.draw(picture, parts,
                       {kind: numbers["available"] for kind, numbers in
                        result["resources"].items()}, f"{job.name} on {request.board.name}")
    return result


def expect(request, top):
    """Return the estimated resources of a design with its shell."""
    words, family = top.link.feed.block_ram, request.board.family
    return (estimate(request.network, top.schedule, family).total
            + shell_resources(request.network, top.schedule, family, len(words),
                              changing_bits(words)))


def job_of(request, top, output, *, reuse=False):
    """Return the toolchain's job for a request; ``before`` are the files of the report."""
    directory = Path(output) / request.board.name
    results = tuple(directory / file for file in ("report.json", "report.txt", "resources.png"))
    way = way_of(request.board.family, request.network, top.schedule)
    return Job(request.board, request.frequency, stem(request.path), directory, seed=request.seed,
               way=way, before=results, reuse=reuse)


def write_inputs(request, path):
    """Write what a build depends on, without running a tool; the network's identity is in it."""
    top = create(request)
    with tempfile.TemporaryDirectory() as folder:
        found = consumed(job_of(request, top, Path(folder)), top)
    write_text(path, json.dumps({"network": request.network.identity, **found}, indent=1) + "\n")


def main(argv=None):
    parser = Parser(prog="python -m boards.build", description=__doc__, example="icebreaker tfc")
    add_arguments(parser, placed=True)
    parser.add_argument("--list", action="store_true", help="print the boards and leave")
    parser.add_argument("--default-network", action="store_true",
                        help="print the name of BOARD's default recipe and leave")
    parser.add_argument("--output", type=Path, default=Path("build"), metavar="DIR",
                        help="folder for BOARD/NAME.bit and its report (default: %(default)s)")
    parser.add_argument("--reuse", action="store_true",
                        help="keep what an earlier build left of steps whose inputs, tools and "
                             "seed are the same")
    parser.add_argument("--inputs", type=Path, metavar="JSON",
                        help="write what the build depends on, as hashes, and build nothing")
    args = parser.parse_args(argv)
    if args.list:
        print(boards_table())
        return
    if args.default_network and (args.board or target.asked(args)):
        print(target.board_of(args).network)
        return
    args = complete(parser, args)
    request = from_arguments(args)
    if args.inputs:
        write_inputs(request, args.inputs)
        return
    result = build_network(request, args.output, reuse=args.reuse)
    directory = args.output / request.board.name
    print(report.table(result), end="")
    files = [result["bitstream"], *([result["weights"]["file"]] if "weights" in result else []),
             "report.json", "report.txt", "resources.png"]
    print(f"wrote {', '.join(str(directory / file) for file in files)}")


if __name__ == "__main__":
    run(main)
