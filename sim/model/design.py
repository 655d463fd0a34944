"""The accelerator to simulate: a network with a schedule by hand, or that of a board."""

import hashlib
from importlib import metadata
from pathlib import Path

from boards.board import find
from boards.toolchain.sources import digest
from hw.accelerator import Accelerator
from hw.plan.schedule import read_schedule
from hw.solver import choose
from hw.synthesis.verilog import to_verilog
from sw.store.files import write_text

from .preloaded import preloaded


def schedule_for(network, *, board="ulx3s", path=None, rate=None, megahertz=None):
    """Return the schedule in a JSON file, or that of a board's bitstream.

    ``rate`` is one that the smallest schedule is to reach, in images a second; ``megahertz``
    another clock than the board's usual one.

    Raises
    ------
    ValueError
        If the schedule is not one for the network, or nothing fits the board.
    """
    if path is not None:
        return read_schedule(path.read_text(encoding="utf-8"), network)
    board = find(board)
    return choose(network, board.fpga, clock_hz=(megahertz or board.megahertz) * 1e6,
                  images_per_second=rate)


def cached_verilog(network, schedule, directory):
    """Return the Verilog of an accelerator, from a file named by all that it is made from."""
    sha = hashlib.sha256(network.identity.encode())
    sha.update(schedule.to_json().encode())
    sha.update(metadata.version("amaranth").encode())
    sha.update(digest("hw.accelerator", "hw.synthesis.verilog", "sim.model.preloaded").encode())
    path = Path(directory) / f"accelerator-{sha.hexdigest()[:16]}.v"
    if not path.exists():
        write_text(path, to_verilog(preloaded(Accelerator(network, schedule)), "accelerator"))
    return path.read_text(encoding="utf-8")
