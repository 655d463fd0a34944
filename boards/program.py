"""Loads a board's latest bitstream: through openFPGALoader, or another program that can."""

import argparse
import json
import shlex
import shutil
import subprocess
from pathlib import Path

from sw.command import run

from .board import find


GET = {
    "openFPGALoader": "apt install openfpgaloader, or https://github.com/trabucayre/openFPGALoader",
    "fujprog": "https://github.com/kost/fujprog",
    "iceprog": "apt install fpga-icestorm",
    "icesprog": "https://github.com/wuxx/icesugar",
    "ecpdap": "cargo install ecpdap",
    "dfu-util": "apt install dfu-util",
    "tinyprog": "pip install tinyprog",
}


def latest(board, output):
    """Return the bitstream that the board's report is about.

    Raises
    ------
    ValueError
        If there is none, or its report is damaged.
    """
    report = output / board.name / "report.json"
    build = f"make bitstream BOARD={board.name}"
    try:
        path = report.with_name(json.loads(report.read_text(encoding="utf-8"))["bitstream"])
    except FileNotFoundError:
        raise ValueError(f"Bitstream of {board.name} must be built first: there is no {report} "
                         f"({build})") from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{report} must be a report of boards.build: it is damaged "
                         f"({build})") from None
    if not path.is_file():
        raise ValueError(f"Bitstream of {board.name} must be built first: there is no {path} "
                         f"({build})")
    return path


def command(board, path):
    """Return the command that loads a bitstream: the board's first program that is installed.

    Raises
    ------
    ValueError
        If none is: the message says which there are and how to get them.
    """
    calls = [[word.replace("{file}", str(path)) for word in shlex.split(template)]
             for template in board.programmers]
    for call in calls:
        if shutil.which(call[0]):
            return call
    ways = "; or ".join(f"'{shlex.join(call)}'" + (f" ({GET[call[0]]})" if call[0] in GET else "")
                        for call in calls)
    raise ValueError(f"A program for {board.name} must be installed to load {path}: {ways}")


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m boards.program", description=__doc__)
    parser.add_argument("board", metavar="BOARD", help="one of python -m boards.build --list")
    parser.add_argument("--bitstream", type=Path, metavar="FILE",
                        help="default: the latest that was built for the board")
    parser.add_argument("--output", type=Path, default=Path("build"), metavar="DIR",
                        help="where boards.build put it (default: %(default)s)")
    args = parser.parse_args(argv)
    board = find(args.board)
    if args.bitstream and not args.bitstream.is_file():
        raise ValueError(f"Bitstream must be a file: {args.bitstream} (build one with 'make "
                         f"bitstream BOARD={board.name}')")
    path = args.bitstream or latest(board, args.output)
    call = command(board, path)
    print(shlex.join(call), flush=True)
    status = subprocess.run(call, check=False).returncode
    if status:
        raise ValueError(f"{call[0]} must succeed: it ended with status {status} (is the board "
                         f"plugged in and may you open it? 'make doctor' looks)")
    print(f"loaded {path} into {board.name}")


if __name__ == "__main__":
    run(main)
