"""Builds a bitstream for a board from a folded network, and reports what it takes and how fast."""

import argparse
import json
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np

from hw.device import DEVICES
from hw.estimate import estimate, shell_resources
from hw.schedule import read_schedule
from hw.solver import choose, refuse_misfit
from sw import datasets
from sw import network as networks
from sw.command import run
from sw.files import write_text

from . import report, resources
from .board import catalog, find
from .flow import build
from .pll import MHZ, megahertz
from .shell import clock_plan
from .steps import Steps, stopping_on_terminate
from .top import Top


# Images in the benchmark's ROM. On ECP5 they lie in block RAM, 512 words deep whether used or
# not; on iCE40 four images of a wide word are look-up tables that are mostly shared.
ROM_IMAGES = {"ecp5": 256, "ice40": 4}


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


def benchmark_images(network, count):
    """Return images for the benchmark's ROM: the first test images of the network's dataset.

    A network that does not say what it was trained on, or whose dataset is gone, gets noise.

    Parameters
    ----------
    network : Network
        The network.
    count : int
        Images.

    Returns
    -------
    ndarray of unsigned int, shape (count or less, *input_shape)
    """
    name = network.provenance.get("dataset")
    why = "the network does not say what it was trained on"
    if name:
        try:
            images, _, _ = datasets.load_test(name, download=False)
            if images.shape[1:] == network.input_shape:
                return images[:count]
            why = f"images of {name} have the shape {images.shape[1:]}"
        except (ValueError, OSError) as error:
            why = str(error)
    print(f"note: the benchmark's images are noise: {why}", file=sys.stderr)
    dtype = np.uint8 if network.encoder.input_bits <= 8 else np.uint16
    return np.random.default_rng(0).integers(
        0, 2**network.encoder.input_bits, (count, *network.input_shape), dtype=dtype)


def build_network(board, path, *, frequency, schedule=None, rate=None, output=Path("build"),
                  baud=None, seed=1, rom_images=None):
    """Build a network's bitstream and its report; see the command line's help.

    Returns
    -------
    dict
        The report.
    """
    network = networks.load(path)
    name = path.name.removesuffix(".npz").removesuffix(".net")
    _, clock = clock_plan(board, frequency)
    device = DEVICES[board.device]
    if schedule:
        schedule = read_schedule(schedule.read_text(encoding="utf-8"), network)
        refuse_misfit(network, schedule, device)
    else:
        schedule = choose(network, device, clock_hz=float(clock), images_per_second=rate)
    expected = estimate(network, schedule, device.family).total + shell_resources(device.family)
    images = benchmark_images(network, rom_images or ROM_IMAGES[board.family])
    top = Top(network, schedule, clock_hz=round(clock), baud=baud or board.baud, images=images,
              board=board.name)

    directory = output / board.name
    results = [directory / file for file in ("report.json", "report.txt", "resources.png")]
    steps = Steps()
    with stopping_on_terminate():
        outcome = build(board, top, frequency, name=name, directory=directory, steps=steps,
                        seed=seed, before=results)
        parts = resources.attribute(outcome.cells, [layer.name for layer in network.layers],
                                    outcome.used)
        result = report.create(board, device, network, path, top, outcome,
                               vars(expected), parts, steps.seconds, seed)
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
    parser.add_argument("--freq", type=_frequency, metavar="MHz",
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
                             + ", ".join(f"{count} on {family}" for family, count in
                                         ROM_IMAGES.items()) + ")")
    args = parser.parse_args(argv)
    if args.list:
        print(boards_table())
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
        seed=args.seed, rom_images=args.rom_images)
    directory = args.output / board.name
    print(report.table(result), end="")
    print(f"wrote {directory / result['bitstream']}, {directory / 'report.json'}, "
          f"{directory / 'report.txt'}, {directory / 'resources.png'}")


def _frequency(text):
    """Read a frequency in MHz; return it in Hz, exactly."""
    try:
        value = Fraction(text) * MHZ
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"must be a number of MHz: {text!r}") from None
    if value <= 0:
        raise argparse.ArgumentTypeError(f"must be above 0: {text}")
    return value


if __name__ == "__main__":
    run(main)
