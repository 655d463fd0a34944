"""Request for a build: which network on which board, how fast, with which options."""

import shlex
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from sw import network as networks
from sw.artefact import HELP, network_file
from sw.command import MHZ, hertz

from . import target
from .board import Board
from .top import ROM_IMAGES


@dataclass(frozen=True)
class Request:
    """A network on a board, with the options of ``python -m boards.build``.

    Attributes
    ----------
    board : Board
        The board.
    network : Network
        The network.
    path : Path or None
        The network's file; ``None`` where no command line is wanted.
    frequency : int, Fraction or None
        Clock to ask for, in Hz; ``None``: the board's.
    schedule : Path or None
        Schedule by hand; ``None``: let the solver choose.
    rate : float or None
        Images per second that the chosen schedule must reach with the least area; ``None``: as
        many as fit.
    baud : int or None
        Bits per second on the serial line; ``None``: as many as the board's serial port and the
        clock allow.
    rom_images : int or None
        Images in the benchmark's ROM; ``None``: as many as there is block RAM left for.
    seed : int
        Seed of the placer.
    """

    board: Board
    network: networks.Network = field(repr=False)
    path: Path | None = None
    frequency: int | Fraction | None = None
    schedule: Path | None = None
    rate: float | None = None
    baud: int | None = None
    rom_images: int | None = None
    seed: int = 1

    def __post_init__(self):
        if self.frequency is None:
            object.__setattr__(self, "frequency", Fraction(str(self.board.megahertz)) * MHZ)

    @property
    def words(self):
        """Arguments of ``boards.build`` that ask for the same, whatever is left to a default."""
        asked = {"frequency": Fraction(self.frequency) / MHZ, "schedule": self.schedule,
                 "rate": self.rate, "baud": self.baud, "seed": self.seed,
                 "rom_images": self.rom_images}
        given = [str(word) for option, value in asked.items() if value is not None
                 for word in (OPTIONS[option], value)]
        return [*self.board.words, str(self.path), *given]

    @property
    def command(self):
        """The command that builds the same again."""
        return shlex.join(["python", "-m", "boards.build", *self.words])


OPTIONS = {"frequency": "--freq", "schedule": "--schedule", "rate": "--images-per-second",
           "baud": "--baud", "seed": "--seed", "rom_images": "--rom-images"}


def add_arguments(parser, *, placed=False):
    """Add the arguments of a request to a parser; ``placed`` adds the seed of the placer."""
    add = parser.add_argument
    add("board", metavar="BOARD", nargs="?", help="one of python -m boards.build --list")
    add("network", metavar="NETWORK", nargs="?", type=network_file, help=HELP)
    add("--freq", dest="frequency", type=hertz, metavar="MHz",
        help="clock; the nearest that the PLL can make, not above (default: the board's)")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--schedule", type=Path, metavar="JSON",
                        help="schedule by hand (default: the fastest that fits)")
    chosen.add_argument("--images-per-second", dest="rate", type=float, metavar="N",
                        help="choose the smallest schedule that is this fast")
    add("--baud", type=int, metavar="N", help="serial port (default: the board's)")
    add("--rom-images", type=int, metavar="N",
        help="test images on the chip, for the benchmark (default: "
             + ", ".join(f"up to {count} on {family}" for family, count in ROM_IMAGES.items())
             + ")")
    if placed:
        add("--seed", type=int, default=1, metavar="N",
            help="of the placer: another may meet timing (default: %(default)s)")
    target.add_options(parser)


def complete(parser, args):
    """Return parsed arguments that have a board and a network; refuse those that lack either."""
    target.settle(args)
    if args.network is None:
        parser.need("NETWORK" if args.board or target.asked(args) else "BOARD, NETWORK")
    return args


def from_arguments(args):
    """Return the request of parsed arguments; the network is loaded and checked."""
    board = target.board_of(args)
    for option in ("rate", "baud", "rom_images"):
        value = getattr(args, option)
        if value is not None and not value > 0:
            raise ValueError(f"{OPTIONS[option]} must be above 0: {value:g}")
    return Request(board, networks.load(args.network), args.network, frequency=args.frequency,
                   schedule=args.schedule, rate=args.rate, baud=args.baud,
                   rom_images=args.rom_images, seed=getattr(args, "seed", 1))
