"""Checks a built bitstream, from the file back to the answers: ``python -m sim.bitstream``."""

import json
import re
import shlex
import sys
import time
from pathlib import Path

import numpy as np

from boards import target
from boards.board import Board, find
from boards.usage import Parser
from hw.accelerator import Accelerator
from hw.plan.schedule import read_schedule
from hw.synthesis.verilog import to_verilog
from sw import golden
from sw.command import run
from sw.data.testset import load_test_set
from sw.line.client import Client
from sw.line.serialport import SerialPort
from sw.network import load
from sw.store.files import write_text
from sw.store.lock import scratch

from . import virtual
from .board.flash import Flash
from .cell import cells
from .cell.decompile import block_rams, chip_verilog, ice40_clock
from .cell.pins import with_pins
from .cell.romcheck import missing_columns, netlist_block_rams
from .model.verilator import compile_model
from .netlist import OPEN


PLACE = Path("sim/bitstream")  # in the folder that is written to
IMAGES = 20


class Built:
    """Files that ``python -m boards.build`` left.

    Parameters
    ----------
    board : str or boards.board.Board
        Name of the board, or the board.
    output : Path
        The folder that was built in.

    Attributes
    ----------
    board : boards.board.Board
        The board.
    report : dict
        Its ``report.json``.
    network : sw.network.Network
        The network, which must still be the same.
    bitstream : Path
        The bitstream.
    work : Path
        The folder of intermediate files.
    """

    def __init__(self, board, output):
        self.board = board if isinstance(board, Board) else find(board)
        folder = output / self.board.name
        try:
            text = (folder / "report.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ValueError(f"Bitstream of board {self.board.name!r} must be built: {folder} has "
                             f"no report.json (python -m boards.build "
                             f"{shlex.join(self.board.words)} NETWORK)") from None
        self.report = json.loads(text)
        path = Path(self.report["network"]["file"])
        self.network = load(path)
        if self.network.identity != self.report["network"]["identity"]:
            raise ValueError(f"Network {path} must be the one that was built: its identity is "
                             f"{self.network.identity[:12]}, in {folder / 'report.json'} it is "
                             f"{self.report['network']['identity'][:12]} (build again)")
        self.bitstream = folder / self.report["bitstream"]
        self.work = folder / "work"
        if not self.bitstream.is_file():
            raise ValueError(f"Bitstream {self.bitstream} must be there: build again")

    @property
    def divisor(self):
        """Cycles of a bit on the serial line."""
        return round(self.report["clock"]["megahertz"] * 1e6 / self.report["baud"])

    @property
    def flash(self):
        """Octets of the weights that lie in the flash beside the bitstream, none without."""
        if "weights" not in self.report:
            return b""
        return (self.bitstream.parent / self.report["weights"]["file"]).read_bytes()

    @property
    def clock_pin(self):
        """Name of the pin of the oscillator."""
        return f"{self.board.create_platform().default_clk}_0__io"


def decompiled(built):
    """Return an iCE40 bitstream as Verilog with a top, its clock checked against the report."""
    constraints = built.work / "top.pcf"
    verilog = chip_verilog(built.bitstream, constraints, built.clock_pin)
    clock = ice40_clock(verilog, float(built.board.create_platform().default_clk_frequency))
    if round(clock) != round(built.report["clock"]["megahertz"] * 1e6):
        raise ValueError(f"PLL of {built.bitstream} must make the clock of the report, "
                         f"{built.report['clock']['megahertz']} MHz: {clock / 1e6:g} MHz")
    pins = re.findall(r"set_io (\S+)", constraints.read_text(encoding="utf-8"))
    models = cells.MODELS["ice40"].read_text(encoding="utf-8")
    contents = built.flash
    flash = to_verilog(Flash(contents), "spi_flash") if contents else ""
    return with_pins(f"{verilog}\n{models}\n{flash}", "chip", built.clock_pin, pins,
                     flash=bool(contents))


def netlist_with_pins(built, netlist):
    """Return the netlist that was placed and routed as Verilog with a top."""
    name = "top"
    verilog = re.sub(rf"^module {name}\b", "module chip",
                     cells.to_verilog(netlist, built.board.family), count=1, flags=re.MULTILINE)
    return with_pins(verilog, "chip", built.clock_pin, netlist["modules"][name]["ports"])


def check_block_rams(built, netlist):
    """Compare an ECP5 bitstream's block RAMs with the netlist's and the network's.

    Returns
    -------
    dict
        ``block_rams``, ``columns``: how many were compared.

    Raises
    ------
    ValueError
        If one differs.
    """
    inside = block_rams(built.bitstream)
    expected = netlist_block_rams(netlist)
    if sorted(inside) != sorted(contents for contents, _ in expected):
        raise ValueError(f"Block RAMs of {built.bitstream} must be those of the netlist: "
                         f"{len(set(inside) - {each for each, _ in expected})} of {len(inside)} "
                         f"differ")
    schedule = read_schedule(json.dumps(built.report["schedule"]), built.network)
    columns, missing = missing_columns(Accelerator(built.network, schedule), expected)
    if missing:
        raise ValueError(f"Block RAMs of {built.bitstream} must hold the network's weights: "
                         f"{len(missing)} of {columns} columns are not there, the first of layer "
                         f"{missing[0][0]!r}, bit {missing[0][1]}")
    return {"block_rams": len(inside), "columns": columns}


def converse(built, model, images, output):
    """Run images through a simulated board, by its serial line and the host's driver.

    ``output`` is the folder for all that is made on the way.

    Returns
    -------
    int, int
        Labels and scores equal to golden, and images of its ROM that were run besides.
    """
    want = golden.Model(built.network).scores(images)
    with (scratch(output / PLACE, ".port-") as folder,
          virtual.VirtualBoard(model, built.divisor, folder / "port")):
        client = Client(SerialPort(folder / "port", built.report["baud"]))
        if client.info.identity != built.network.identity:
            raise ValueError(f"Board must answer with the identity {built.network.identity[:12]}: "
                             f"{client.info.identity[:12]}")
        labels, scores = client.classify(images)
        equal = int(((labels == golden.labels(want)) & (scores == want).all(axis=1)).sum())
        rom = min(built.report["rom_images"], client.info.max_benchmark)
        report = client.benchmark(rom)
    test = load_test_set(built.network).images
    rows = golden.labels(golden.Model(built.network).scores(test[:rom]))
    histogram = np.bincount(rows, minlength=len(client.info.labels))
    if list(report.histogram) != histogram.tolist():
        raise ValueError(f"Labels of the {rom} images on the chip must be golden's, "
                         f"{histogram.tolist()}: {list(report.histogram)}")
    return equal, rom


def main(argv=None):
    parser = Parser(prog="python -m sim.bitstream", description=__doc__, example="icebreaker")
    parser.add_argument("board", metavar="BOARD", nargs="?",
                        help="one of python -m boards.build --list")
    target.add_options(parser)
    parser.add_argument("--images", type=int, default=IMAGES, metavar="N",
                        help="test images to send over its serial line (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=Path("build"), metavar="DIR",
                        help="folder that boards.build wrote to, for all that is made on the way, "
                             "too (default: %(default)s)")
    parser.add_argument("--record", type=Path, metavar="JSON", help="write what came out here")
    args = parser.parse_args(argv)
    if args.board is None and not target.asked(args):
        parser.need("BOARD")
    if args.images < 1:
        raise ValueError(f"Images must be at least 1: {args.images}")

    began = time.monotonic()
    built = Built(target.board_of(args), args.output)
    record = {"board": args.board or built.board.name, "network": built.network.identity,
              "bitstream": built.bitstream.name}
    if built.board.family == "ice40":
        verilog = decompiled(built)
        print(f"{built.bitstream}: decompiled, the PLL makes "
              f"{built.report['clock']['megahertz']:g} MHz")
    else:
        netlist = json.loads((built.work / "top.json").read_text(encoding="utf-8"))
        checked = check_block_rams(built, netlist)
        record |= checked
        print(f"{built.bitstream}: {checked['block_rams']} block RAMs are those of the netlist, "
              f"{checked['columns']:,} columns of weights in them the network's")
        verilog = netlist_with_pins(built, netlist)
    print("compiling ...", flush=True)
    model = compile_model(verilog, "top", virtual.MAIN.read_text(encoding="utf-8"),
                          args.output / PLACE, options=OPEN, runtime=args.output / "sim/runtime")
    images = load_test_set(built.network).images
    images = images[:args.images]
    equal, rom = converse(built, model, images, args.output)
    what = "bitstream" if built.board.family == "ice40" else "netlist"
    print(f"by its pins: {what} equal to golden: {equal} of {len(images)} labels and scores over "
          f"the serial line, labels of {rom} images on the chip; "
          f"{time.monotonic() - began:.0f} s")
    if args.record:
        record |= {"what": what, "equal": equal, "images": len(images), "rom_images": rom,
                   "seconds": round(time.monotonic() - began, 1)}
        write_text(args.record, json.dumps(record, indent=1) + "\n")
    if equal != len(images):
        print(f"error: {len(images) - equal} of {len(images)} answers differ from golden",
              file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    run(main)
