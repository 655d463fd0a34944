"""The board that a command line means: of the catalog, of the user's file, or a bare part."""

from argparse import ArgumentTypeError
from fractions import Fraction
from pathlib import Path

from amaranth.build import ResourceError

from hw.plan import boardfile
from sw.artefact import network_file

from . import part
from .board import Board, find


__all__ = ["add_options", "asked", "board_of", "part_of", "settle"]

# Options of a bare part: name of the field, and whether a part needs it.
PART = {"--device": ("device", True), "--package": ("package", True),
        "--clock-pin": ("clock_pin", True), "--clock-mhz": ("clock_mhz", True),
        "--rx-pin": ("rx_pin", True), "--tx-pin": ("tx_pin", True), "--leds": ("leds", False),
        "--speed": ("speed", False), "--io-standard": ("io_standard", False)}


def add_options(parser):
    """Add the options that name a board which is not in the catalog."""
    own = parser.add_argument_group(
        "boards that are not in the list", "a file, or a device in a package with its pins; "
        "docs/boards.md has examples of both")
    add = own.add_argument
    add("--board-file", type=Path, metavar="PY",
        help=f"{boardfile.HELP}; BOARD may be left out if it has one")
    add("--device", metavar="PART", help="bare FPGA, such as LFE5U-25F or iCE40UP5K")
    add("--package", metavar="P", help="its package, such as CABGA256 or SG48")
    add("--clock-pin", metavar="PIN", help="pin of the oscillator")
    add("--clock-mhz", type=_megahertz, metavar="MHz", help="frequency of the oscillator")
    add("--rx-pin", metavar="PIN", help="pin of the serial port, from the host")
    add("--tx-pin", metavar="PIN", help="pin of the serial port, to the host")
    add("--leds", type=_pins, metavar="PIN,…",
        help="pins of up to 8 LEDs; ! before a pin says that 0 lights it")
    add("--speed", metavar="N", help="speed grade of an ECP5, 6 to 8 (default: the slowest)")
    add("--io-standard", metavar="S", help="of an ECP5's pins (default: LVCMOS33)")


def asked(args):
    """Whether the options name a board, so that a single argument is the network."""
    return args.board_file is not None or any(_given(args))


def settle(args):
    """Take the only positional argument as NETWORK if the options name the board."""
    if asked(args) and args.network is None and args.board is not None:
        try:
            args.network, args.board = network_file(args.board), None
        except ArgumentTypeError as error:
            raise ValueError(str(error)) from None


def board_of(args, default=None):
    """Return the board that parsed arguments mean.

    Parameters
    ----------
    args : Namespace
        ``board``, a name or None, and the options of :func:`add_options`.
    default : str, optional
        Name of the board if nothing names one.

    Raises
    ------
    ValueError
        If there is no such board, or the options contradict each other.
    """
    given = _given(args)
    if args.board_file is not None and given:
        raise ValueError(f"Board must come from one place: --board-file and {given[0]} are given "
                         f"(leave one out)")
    if args.board_file is not None:
        board = boardfile.choose(boardfile.read(args.board_file), args.board, args.board_file)
        return check(board, args.board_file)
    if given:
        return _part_of(args, given)
    return find(args.board or default)


def check(board, path):
    """Refuse a board of a file whose facts cannot be true; return it with its arguments."""
    what = f"board {board.name!r} in {path}"
    if not isinstance(board, Board):
        raise ValueError(f"Board file {path} must have a Board in BOARDS: {board!r:.60} (write "
                         f"'from boards.board import Board')")
    if not all(letter.isalnum() or letter in "-_." for letter in board.name) or not (
            board.name[:1].isalnum()):
        raise ValueError(f"Name of {what} must be letters, digits, - and _, because a folder has "
                         f"it: {board.name!r}")
    for field in ("programmers", "flash_programmers", "leds", "high"):
        value = getattr(board, field)
        if not isinstance(value, tuple) or not all(isinstance(each, str) for each in value):
            raise ValueError(f"Field {field} of {what} must be a tuple of texts: {value!r} (a "
                             f"tuple of one has a comma behind it)")
    for field in ("megahertz", "baud"):
        value = getattr(board, field)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            raise ValueError(f"Field {field} of {what} must be a number above 0: {value!r}")
    _check_platform(board, what)
    return _named(board, path)


def _named(board, path):
    """Return a board that knows the arguments which name it."""
    fields = {name: getattr(board, name) for name in board.__dataclass_fields__}
    return type(board)(**{**fields, "arguments": ("--board-file", str(path), board.name)})


def _check_platform(board, what):
    """Refuse a platform without clock, serial port or LEDs that the board names."""
    if not isinstance(board.platform, type) or not hasattr(board.platform, "default_clk"):
        raise ValueError(f"Platform of {what} must be a class of an Amaranth platform: "
                         f"{board.platform!r:.80} (no brackets behind its name)")
    try:
        platform = board.create_platform()
        family = str(platform.family).lower()
    except (AssertionError, AttributeError, NameError, ResourceError, TypeError,
            ValueError) as error:
        raise ValueError(f"Platform of {what} must be complete: {error}") from error
    if family != board.family:
        raise ValueError(f"Platform of {what} must be one of {board.device}'s family, "
                         f"{board.family}: its own is {family}")
    if not platform.default_clk:
        raise ValueError(f"Platform of {what} must have a clock: its default_clk is "
                         f"{platform.default_clk!r} (name the resource of the oscillator, which "
                         f"has a Clock)")
    for name, needed in ((f"{platform.default_clk} 0", "the clock"), ("uart 0", "the serial port"),
                         *((led, "a LED") for led in board.leds),
                         *((pin, "an output to hold high") for pin in board.high)):
        if name == "SB_HFOSC 0":
            continue
        resource, number, *_ = f"{name} 0".split()
        try:
            platform.lookup(resource, int(number))
        except ResourceError:
            more = " (or give the Board pins={'rx': …, 'tx': …})" if resource == "uart" else ""
            raise ValueError(f"Platform of {what} must have {needed}: there is no resource "
                             f"'{resource} {number}'{more}") from None
    if platform.default_clk != "SB_HFOSC" and platform.default_clk_constraint is None:
        raise ValueError(f"Clock of {what} must have a frequency: resource "
                         f"'{platform.default_clk}' has no Clock (add Clock(25e6) to it)")


def _part_of(args, given):
    """Return the board of a bare part."""
    if args.board is not None:
        raise ValueError(f"BOARD must be left out with {given[0]}, which gives a board of its own: "
                         f"{args.board!r}")
    return _created({name: getattr(args, name) for name, _ in PART.values()
                     if getattr(args, name) is not None})


def part_of(texts):
    """Return the board of a bare part: its fields in ``PART``, and their texts; empty: not given.

    ``{"device": "iCE40UP5K", "package": "SG48", "clock_pin": "35", "leds": "!41,!40", ...}``
    """
    reads = {"clock_mhz": _megahertz, "leds": _pins}
    try:
        fields = {name: reads.get(name, str)(texts[name]) for name, _ in PART.values()
                  if texts.get(name)}
    except ArgumentTypeError as error:
        raise ValueError(f"--clock-mhz {error}") from None
    return _created(fields)


def _created(fields):
    missing = [option for option, (name, needed) in PART.items() if needed and name not in fields]
    if missing:
        given = [option for option, (name, _) in PART.items() if name in fields]
        raise ValueError(f"A bare part must have {', '.join(missing)} too: only "
                         f"{', '.join(given) or 'nothing'} given (or name a board: python -m "
                         f"boards.build --list)")
    return part.create(part.Part(**fields))


def _given(args):
    return [option for option, (name, _) in PART.items() if getattr(args, name) is not None]


def _pins(text):
    return tuple(pin for pin in text.split(",") if pin.strip())


def _megahertz(text):
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ArgumentTypeError(f"must be a number of MHz: {text!r}") from None
    if not 0 < value < 10_000:
        raise ArgumentTypeError(f"must be above 0 MHz and below 10 GHz: {text}")
    return value
