"""A board file: Python code outside the repository that describes boards of the user's own."""

import traceback
from difflib import get_close_matches
from pathlib import Path

from .device import DEVICES


__all__ = ["HELP", "choose", "read"]

HELP = ("Python file with BOARDS, a tuple of Board, or BOARD: boards that are not in the list. The "
        "file is a program, which this command runs")

PACKAGE = "boards.catalog"  # of which a board file is a member, for its relative imports


def read(path):
    """Run a board file; return the boards that it defines, a tuple of :class:`boards.board.Board`.

    The file has the form of those in ``boards/catalog``, and may be a copy of one: relative imports
    work, too. Its code may do anything that the user may do.

    Raises
    ------
    ValueError
        If the file is no board file. The message names the line of an error in its code.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"Board file {path} must be Python in UTF-8: it holds other octets "
                         f"(docs/boards.md has an example)") from None
    found = {"__name__": f"{PACKAGE}.{path.stem}", "__package__": PACKAGE, "__file__": str(path)}
    try:
        exec(compile(text, str(path), "exec"), found)
    except SyntaxError as error:
        raise ValueError(f"Board file {path} must be Python: line {error.lineno}: "
                         f"{error.msg}") from None
    except (Exception, SystemExit) as error:  # code of the user's, which may raise anything
        raise ValueError(f"Board file {path} must run to its end: line {_line(error, path)}: "
                         f"{type(error).__name__}: {error}") from error
    boards = found.get("BOARDS", (found["BOARD"],) if "BOARD" in found else None)
    if not isinstance(boards, (tuple, list)) or not boards:
        raise ValueError(f"Board file {path} must define BOARDS, a tuple of at least one Board, or "
                         f"BOARD: {_shown(found)} (docs/boards.md has an example)")
    for board in boards:
        _check(path, board)
    return tuple(boards)


def choose(boards, name, path):
    """Return the board of a name; without a name, the only one.

    Raises
    ------
    ValueError
        If there is none of this name, or no name although there are several boards.
    """
    by_name = {board.name.lower().replace("_", "-"): board for board in boards}
    known = ", ".join(board.name for board in boards)
    if name is None:
        if len(boards) > 1:
            raise ValueError(f"Board of {path} must be named: the file has {known} (give one of "
                             f"them as BOARD)")
        return boards[0]
    board = by_name.get(name.strip().lower().replace("_", "-"))
    if board is None:
        raise ValueError(f"Board of {path} must be one of {known}: {name!r}")
    return board


def _line(error, path):
    """Return the last line of the file that was running when an error came."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
             if frame.filename == str(path)]
    return lines[-1] if lines else 1


def _shown(found):
    """Return what a file defines, for a message."""
    if "BOARDS" in found:
        return f"BOARDS is {found['BOARDS']!r:.60}"
    names = [name for name in found if not name.startswith("__")]
    return f"it defines {', '.join(names)}" if names else "it defines nothing"


def _check(path, board):
    """Refuse what is no board, and a board of a device that the tools do not know."""
    for name in ("name", "device", "oscillator", "megahertz", "fpga"):
        if not hasattr(type(board), name) and not hasattr(board, name):
            raise ValueError(f"Board file {path} must have a Board in BOARDS: {board!r:.60} "
                             f"(docs/boards.md has an example)")
    if board.device not in DEVICES:
        near = get_close_matches(str(board.device), DEVICES, n=3)
        raise ValueError(f"Device of board {board.name!r} in {path} must be one of "
                         f"{', '.join(DEVICES)}: {board.device!r}"
                         + (f" (similar: {', '.join(near)})" if near else ""))
