"""A board as a program: its exact top, compiled by Verilator, behind a pseudo-terminal."""

import fcntl
import os
import signal
import subprocess
import sys
import tty
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shlex import quote

from boards.request import add_arguments, complete, from_arguments
from boards.top import create
from boards.usage import Parser
from hw.synthesis.verilog import to_verilog
from sw.command import run

from .board.flash import WithFlash
from .model.verilator import compile_model


MAIN = Path(__file__).with_suffix(".cpp")
OUTPUT = Path("build")  # of the current folder
PLACE = Path("virtual")  # in the folder that is written to


def compile_board(top, output=OUTPUT, *, flash=None):
    """Compile a :class:`boards.top.Top` with the main of a virtual board; return its path.

    ``output`` is the folder for the model and all that is made on the way.
    ``flash`` are the octets of the flash where weights should be: the top's own ones, if it needs
    any, unless others are given.
    """
    if top.image:
        top = WithFlash(top, top.image.encode() if flash is None else flash)
    return compile_model(to_verilog(top), "top", MAIN.read_text(encoding="utf-8"),
                         output / PLACE / "models", runtime=output / "sim/runtime")


class VirtualBoard:
    """A compiled board; it runs while it is the context of a ``with`` statement.

    Parameters
    ----------
    model : path-like
        What :func:`compile_board` made.
    divisor : int
        Cycles of a bit on its serial line.
    port : path-like
        Symbolic link to make, to the pseudo-terminal: the host's port.

    Attributes
    ----------
    process : subprocess.Popen
        The model, once it runs.
    """

    def __init__(self, model, divisor, port):
        self.model = model
        self.divisor = divisor
        self.port = Path(port)

    def __enter__(self):
        with ExitStack() as stack:
            self._take_port(stack)
            master, slave = os.openpty()  # the slave too stays open: hosts may come and go
            stack.callback(os.close, master)
            stack.callback(os.close, slave)
            tty.setraw(slave)
            self._link(os.ttyname(slave), stack)
            self.process = subprocess.Popen(
                [self.model, str(master), str(self.divisor)], pass_fds=[master],
                stdin=subprocess.DEVNULL)
            stack.callback(self._stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _stop(self):
        self.process.terminate()
        self.process.wait()

    def _take_port(self, stack):
        """Lock the port's name: two boards under one name would take turns in answering."""
        if self.port.exists() and not self.port.is_symlink():
            raise ValueError(f"Port {self.port} must be free for a link: there is a file (give "
                             f"another name with --port)")
        self.port.parent.mkdir(parents=True, exist_ok=True)
        lock_path = self.port.with_name(f".{self.port.name}.lock")
        lock = stack.enter_context(open(lock_path, "w", encoding="utf-8"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"Port {self.port} must be free: another virtual board runs there "
                             f"(stop it, or give another name with --port)") from None

    def _link(self, target, stack):
        part = self.port.with_name(f".{self.port.name}.part")
        part.unlink(missing_ok=True)
        part.symlink_to(target)
        os.replace(part, self.port)
        stack.callback(self.port.unlink, missing_ok=True)


@contextmanager
def _interrupted_by_terminate():
    """Turn SIGTERM into KeyboardInterrupt inside a block, so that ``kill`` removes the link."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main(argv=None):
    parser = Parser(prog="python -m sim.virtual", description=__doc__, example="icebreaker tfc")
    add_arguments(parser)
    parser.add_argument("--flash", type=Path, metavar="FILE",
                        help="weights in the flash (default: the network's, as the NAME.flash.bin "
                             "of boards.build)")
    parser.add_argument("--port", type=Path, metavar="PATH",
                        help=f"link to make (default: {PLACE}/BOARD in the folder of --output)")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="DIR",
                        help="folder for the link and all that is made on the way (default: "
                             "%(default)s)")
    args = complete(parser, parser.parse_args(argv))

    request = from_arguments(args)
    top = create(request)
    port = args.port or args.output / PLACE / (args.board or request.board.name)
    if args.flash and not top.image:
        raise ValueError(f"Flash must hold weights for an SPRAM: {args.network} on {top.board} has "
                         f"none there (leave --flash out)")
    flash = args.flash.read_bytes() if args.flash else None
    print(f"compiling {top.board} with {args.network} ...", file=sys.stderr)
    with (_interrupted_by_terminate(),
          VirtualBoard(compile_board(top, args.output, flash=flash), top.divisor,
                       port) as virtual):
        try:
            print(f"{top.board} at {port}; in another terminal, try:\n"
                  f"  python -m sw.host --port {quote(str(port))} --network "
                  f"{quote(str(args.network))} evaluate --limit 200\n"
                  f"Ctrl-C stops it", flush=True)
            status = virtual.process.wait()
        except KeyboardInterrupt:
            print("stopped")
            return 0
    raise ValueError(f"Virtual board must keep running: its model ended with status {status}")


if __name__ == "__main__":
    run(main)
