"""Builds a bitstream for a board from a folded network, and reports what it takes and how fast."""

import argparse
import json
from fractions import Fraction
from functools import reduce
from operator import or_
from pathlib import Path

from hw.estimate import estimate, shell_resources
from hw.plan.device import DEVICES
from hw.plan.pll import megahertz
from hw.plan.schedule import Wired
from hw.serial.flash import FLASH_OFFSET
from sw import network as networks
from sw.command import MHZ, hertz, run
from sw.store.files import replacing, write_text
from sw.store.lock import alone

from .board import catalog, find
from .toolchain import provenance, report, resources
from .toolchain.flow import CONSTRAINTS, build
from .toolchain.steps import Steps, stopping_on_terminate
from .top import ROM_IMAGES, create


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
    with replacing(path) as temporary:
        temporary.write_bytes(image.encode())


def router_of(family, schedule):
    """Return nextpnr's router for a schedule.

    ``router2`` takes a fraction of the other's time on large designs, and finds a way where a small
    device is full of wired layers; scheduled ones on iCE40 are up to 18 % slower with it.
    """
    wired = any(isinstance(part, Wired) for part in schedule.layers.values())
    return "router2" if family == "ecp5" or wired else "router1"


def build_network(board, path, *, frequency, schedule=None, rate=None, output=Path("build"),
                  baud=None, seed=1, rom_images=None, reuse=False):
    """Build a network's bitstream and its report; see the command line's help.

    Returns
    -------
    dict
        The report.
    """
    network = networks.load(path)
    name = path.name.removesuffix(".npz").removesuffix(".net")
    device = board.fpga
    steps = Steps()
    with steps.step("schedule"):
        top = create(board, network, frequency=frequency, schedule=schedule, rate=rate, baud=baud,
                     rom_images=rom_images)
    words = top.link.feed.block_ram
    expected = (estimate(network, top.schedule, device.family).total
                + shell_resources(network, top.schedule, device.family, len(words),
                                  changing_bits(words)))

    directory = output / board.name
    results = [directory / file for file in ("report.json", "report.txt", "resources.png")]
    weights = directory / f"{name}{WEIGHTS}"
    with stopping_on_terminate(), alone(directory / ".lock", f"Build in {directory}"):
        outcome = build(board, top, frequency, name=name, directory=directory, steps=steps,
                        seed=seed, before=(*results, weights), reuse=reuse,
                        router=router_of(device.family, top.schedule))
        if top.image:
            write_weights(weights, top.image, outcome.bitstream)
        parts = resources.attribute(outcome.cells, [layer.name for layer in network.layers],
                                    outcome.used)
        flash = weights if top.image else None
        made = {"command": provenance.command(
                    board, path, frequency=frequency, schedule=schedule, rate=rate, baud=baud,
                    seed=seed, rom_images=rom_images),
                **provenance.trace(path, top, outcome, constraints=CONSTRAINTS[board.family],
                                   weights=flash)}
        result = report.create(board, device, network, path, top, outcome, vars(expected), parts,
                               steps.seconds, seed, flash, made)
        write_text(results[0], json.dumps(result, indent=2) + "\n")
        write_text(results[1], report.table(result))
        resources.draw(results[2], parts,
                       {kind: numbers["available"] for kind, numbers in
                        result["resources"].items()}, f"{name} on {board.name}")
    return result


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m boards.build", description=__doc__)
    parser.add_argument("board", nargs="?", metavar="BOARD", help="one of --list")
    parser.add_argument("network", nargs="?", type=Path, metavar="NETWORK",
                        help="NAME.net.npz from sw.fold")
    parser.add_argument("--list", action="store_true", help="print the boards and leave")
    parser.add_argument("--default-network", action="store_true",
                        help="print the name of BOARD's default recipe and leave")
    parser.add_argument("--freq", type=hertz, metavar="MHz",
                        help="clock; the nearest that the PLL can make, not above (default: the "
                             "board's)")
    parser.add_argument("--schedule", type=Path, metavar="JSON",
                        help="schedule by hand (default: the fastest that fits)")
    parser.add_argument("--images-per-second", type=float, metavar="N",
                        help="choose the smallest schedule that is this fast")
    parser.add_argument("--output", type=Path, default=Path("build"), metavar="DIR",
                        help="folder for BOARD/NAME.bit and its report (default: %(default)s)")
    parser.add_argument("--baud", type=int, metavar="N", help="serial port (default: the board's)")
    parser.add_argument("--seed", type=int, default=1, metavar="N",
                        help="of the placer: another may meet timing (default: %(default)s)")
    parser.add_argument("--rom-images", type=int, metavar="N",
                        help="test images on the chip, for the benchmark (default: "
                             + ", ".join(f"up to {count} on {family}" for family, count in
                                         ROM_IMAGES.items()) + ")")
    parser.add_argument("--reuse", action="store_true",
                        help="keep what an earlier build left of steps whose inputs, tools and "
                             "seed are the same")
    args = parser.parse_args(argv)
    if args.list:
        print(boards_table())
        return
    if args.default_network and args.board:
        print(find(args.board).network)
        return
    if args.network is None:
        parser.error("BOARD and NETWORK are needed (or --list)")
    if args.schedule and args.images_per_second:
        parser.error("--schedule and --images-per-second exclude each other")
    for option in ("images_per_second", "baud", "rom_images"):
        value = getattr(args, option)
        if value is not None and not value > 0:
            raise ValueError(f"--{option.replace('_', '-')} must be above 0: {value:g}")

    board = find(args.board)
    result = build_network(
        board, args.network, frequency=args.freq or Fraction(str(board.megahertz)) * MHZ,
        schedule=args.schedule, rate=args.images_per_second, output=args.output, baud=args.baud,
        seed=args.seed, rom_images=args.rom_images, reuse=args.reuse)
    directory = args.output / board.name
    print(report.table(result), end="")
    files = [result["bitstream"], *([result["weights"]["file"]] if "weights" in result else []),
             "report.json", "report.txt", "resources.png"]
    print(f"wrote {', '.join(str(directory / file) for file in files)}")


if __name__ == "__main__":
    run(main)
