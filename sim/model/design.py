"""The accelerator to simulate: a network with a schedule by hand, or that of a board."""

import hashlib
from fractions import Fraction
from importlib import metadata
from pathlib import Path

from boards.board import find
from boards.toolchain.sources import digest
from hw.accelerator import Accelerator
from hw.plan.schedule import read_schedule
from hw.solver import choose_at
from hw.synthesis.verilog import to_verilog
from sw.command import MHZ, hertz
from sw.store.files import write_text

from .preloaded import preloaded


# Modules that make an accelerator's Verilog.
MAKERS = ("hw.accelerator", "hw.synthesis.verilog", "sim.model.preloaded")


def add_options(parser):
    """Add the options that say which schedule is simulated: see :func:`schedule_of`."""
    add = parser.add_argument
    add("--board", default="ulx3s", metavar="B",
        help="schedule as in this board's bitstream (default: %(default)s)")
    add("--schedule", type=Path, metavar="JSON", help="schedule by hand, instead")
    add("--images-per-second", type=float, metavar="N",
        help="choose the smallest schedule that is this fast at the board's clock")
    add("--freq", type=hertz, metavar="MHz",
        help="clock that the schedule is chosen for (default: the board's)")


def schedule_of(args, network):
    """Return the schedule that the options of :func:`add_options` ask for."""
    return schedule_for(network, board=args.board, path=args.schedule,
                        rate=args.images_per_second, frequency=args.freq)


def given_options(args):
    """Return the options of :func:`add_options` that give the same schedule again, as words."""
    options = {"--board": args.board, "--schedule": args.schedule,
               "--images-per-second": args.images_per_second,
               "--freq": args.freq and args.freq / MHZ}
    return [str(word) for option, value in options.items() if value is not None
            for word in (option, value)]


def schedule_for(network, *, board="ulx3s", path=None, rate=None, frequency=None):
    """Return the schedule in a JSON file, or that of a board's bitstream.

    ``rate`` is one that the smallest schedule is to reach, in images a second; ``frequency`` is
    another clock to ask for than the board's usual one, in Hz.

    Raises
    ------
    ValueError
        If the schedule is not one for the network, or nothing fits the board.
    """
    if path is not None:
        return read_schedule(path.read_text(encoding="utf-8"), network)
    board = find(board)
    return choose_at(network, board.fpga, oscillator=board.oscillator,
                     wished=frequency or Fraction(str(board.megahertz)) * MHZ,
                     images_per_second=rate)


def cached_verilog(network, schedule, directory):
    """Return the Verilog of an accelerator, from a file named by all that it is made from."""
    sha = hashlib.sha256(network.identity.encode())
    sha.update(schedule.to_json().encode())
    sha.update(metadata.version("amaranth").encode())
    sha.update(digest(*MAKERS).encode())
    path = Path(directory) / f"accelerator-{sha.hexdigest()[:16]}.v"
    if not path.exists():
        write_text(path, to_verilog(preloaded(Accelerator(network, schedule)), "accelerator"))
    return path.read_text(encoding="utf-8")
