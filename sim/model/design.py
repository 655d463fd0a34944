"""The accelerator to simulate: a network with a schedule by hand, or that of a board."""

import hashlib
from fractions import Fraction
from importlib import metadata
from pathlib import Path

from boards import target
from boards.board import Board, find
from boards.toolchain.sources import digest
from hw.accelerator import Accelerator
from hw.plan.schedule import read_schedule
from hw.solver import choose_at
from hw.synthesis.verilog import to_verilog
from sw.command import MHZ, hertz
from sw.store.files import write_text

from .preloaded import preloaded


OUTPUT = Path("build")  # of the current folder
BOARD = "ulx3s"  # unless a user names another

# Modules that make an accelerator's Verilog.
MAKERS = ("hw.accelerator", "hw.synthesis.verilog", "sim.model.preloaded")


def add_options(parser):
    """Add the options that say which schedule is simulated: see :func:`schedule_of`."""
    add = parser.add_argument
    add("--board", metavar="B",
        help=f"schedule as in this board's bitstream (default: {BOARD})")
    add("--schedule", type=Path, metavar="JSON", help="schedule by hand, instead")
    add("--images-per-second", type=float, metavar="N",
        help="choose the smallest schedule that is this fast at the board's clock")
    add("--freq", type=hertz, metavar="MHz",
        help="clock that the schedule is chosen for (default: the board's)")
    target.add_options(parser)


def add_output(parser):
    """Add the option that says where a simulation writes."""
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="DIR",
                        help="folder for all that is made on the way (default: %(default)s)")


def board_of(args):
    """Return the board that the options of :func:`add_options` name."""
    return target.board_of(args, BOARD)


def schedule_of(args, network):
    """Return the schedule that the options of :func:`add_options` ask for."""
    return schedule_for(network, board=board_of(args), path=args.schedule,
                        rate=args.images_per_second, frequency=args.freq)


def given_options(args):
    """Return the options of :func:`add_options` that give the same schedule again, as words."""
    named = target.asked(args) and args.board_file is None
    options = {"--board-file": args.board_file,
               "--board": args.board if named or args.board_file else args.board or BOARD,
               "--schedule": args.schedule, "--images-per-second": args.images_per_second,
               "--freq": args.freq and args.freq / MHZ}
    words = [str(word) for option, value in options.items() if value is not None
             for word in (option, value)]
    return [*(board_of(args).arguments if named else ()), *words]


def schedule_for(network, *, board=BOARD, path=None, rate=None, frequency=None):
    """Return the schedule in a JSON file, or that of a board's bitstream.

    ``board`` is a :class:`boards.board.Board` or the name of one. ``rate`` is one that the smallest
    schedule is to reach, in images a second; ``frequency`` is another clock to ask for than the
    board's usual one, in Hz.

    Raises
    ------
    ValueError
        If the schedule is not one for the network, or nothing fits the board.
    """
    if path is not None:
        return read_schedule(path.read_text(encoding="utf-8"), network)
    board = board if isinstance(board, Board) else find(board)
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
