"""Loads a board's latest bitstream: through openFPGALoader, or another program that can."""

import shlex
import shutil
import subprocess
from pathlib import Path

from hw.serial.flash import FLASH_OFFSET
from sw.command import run
from sw.store.files import read_json

from . import target
from .usage import Parser


GET = {
    "openFPGALoader": "apt install openfpgaloader, or https://github.com/trabucayre/openFPGALoader",
    "fujprog": "https://github.com/kost/fujprog",
    "iceprog": "apt install fpga-icestorm",
    "icesprog": "https://github.com/wuxx/icesugar",
    "ecpdap": "cargo install ecpdap",
    "dfu-util": "apt install dfu-util",
    "tinyprog": "pip install tinyprog",
}


def build_command(board):
    """Return the command that builds a board's bitstream."""
    return (f"python -m boards.build {shlex.join(board.arguments)} NETWORK" if board.arguments else
            f"make bitstream BOARD={board.name}")


def latest(board, output):
    """Return the bitstream that the board's report is about, and its weights for the flash or None.

    Raises
    ------
    ValueError
        If one is not there, or the report is damaged.
    """
    report = output / board.name / "report.json"
    build = build_command(board)
    try:
        content = read_json(report)
        path = report.with_name(content["bitstream"])
        weights = report.with_name(content["weights"]["file"]) if "weights" in content else None
    except FileNotFoundError:
        raise ValueError(f"Bitstream of {board.name} must be built first: there is no {report} "
                         f"({build})") from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{report} must be a report of boards.build: it is damaged "
                         f"({build})") from None
    for file in filter(None, (path, weights)):
        if not file.is_file():
            raise ValueError(f"Bitstream of {board.name} must be built first: there is no {file} "
                             f"({build})")
    return path, weights


def beside(bitstream):
    """Return a bitstream, and the weights that were built with it or None."""
    weights = bitstream.with_suffix(".flash.bin")
    return bitstream, weights if weights.is_file() else None


def command(board, path, templates, **words):
    """Return the command that loads a file: the first of some programs that is installed.

    Raises
    ------
    ValueError
        If none is: the message says which there are and how to get them.
    """
    if not templates:
        raise ValueError(f"Board {board.name} must name a program to load {path}: it names none "
                         f"(call yours, as in 'openFPGALoader -c CABLE {path}')")
    calls = [[word.format(file=path, **words) for word in shlex.split(template)]
             for template in templates]
    for call in calls:
        if shutil.which(call[0]):
            return call
    ways = "; or ".join(f"'{shlex.join(call)}'" + (f" ({GET[call[0]]})" if call[0] in GET else "")
                        for call in calls)
    raise ValueError(f"A program for {board.name} must be installed to load {path}: {ways}")


def main(argv=None):
    parser = Parser(prog="python -m boards.program", description=__doc__, example="icebreaker")
    parser.add_argument("board", metavar="BOARD", nargs="?",
                        help="one of python -m boards.build --list")
    target.add_options(parser)
    parser.add_argument("--bitstream", type=Path, metavar="FILE",
                        help="default: the latest that was built for the board")
    parser.add_argument("--output", type=Path, default=Path("build"), metavar="DIR",
                        help="where boards.build put it (default: %(default)s)")
    args = parser.parse_args(argv)
    if args.board is None and not target.asked(args):
        parser.need("BOARD")
    board = target.board_of(args)
    if args.bitstream and not args.bitstream.is_file():
        raise ValueError(f"Bitstream must be a file: {args.bitstream} (build one with "
                         f"'{build_command(board)}')")
    path, weights = beside(args.bitstream) if args.bitstream else latest(board, args.output)
    calls = [command(board, path, board.programmers)]
    if weights:  # first: the bitstream looks for them as soon as it runs
        calls.insert(0, command(board, weights, board.flash_programmers, offset=FLASH_OFFSET))
    for call in calls:
        print(shlex.join(call), flush=True)
        status = subprocess.run(call, check=False).returncode
        if status:
            raise ValueError(f"{call[0]} must succeed: it ended with status {status} (is the board "
                             f"plugged in and may you open it? 'make doctor' looks)")
    print(f"loaded {path}{f' and {weights}' if weights else ''} into {board.name}")


if __name__ == "__main__":
    run(main)
