# amaranth: UnusedElaboratable=no
"""A board without its UART as a port: octets in, octets out, and time counted in its cycles.

Time is what the simulation says, so a host that waits a second for a lost answer waits for nobody,
and a run depends on its seed alone.
"""

import ctypes
from pathlib import Path

from amaranth import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.serial.framing import RECEIVED
from hw.synthesis.verilog import to_verilog

from ..model.verilator import compile_model


__all__ = ["Line", "OctetBoard", "compile_board"]

MAIN = Path(__file__).with_suffix(".cpp")
ERROR = 1 << 8   # of an octet for the model: its stop bit was wrong
GAP = 16         # where the cycles are that the line rests before an octet
ROOM = 4096      # octets from the model at once


class OctetBoard(wiring.Component):
    """Link and accelerator of a :class:`boards.top.Top`, with the octets of the line as streams.

    Members
    -------
    i : In(stream.Signature(RECEIVED))
        Octets from the line.
    o : Out(stream.Signature(8))
        Octets to the line.
    busy : Out(1)
        A request is being answered.
    """

    def __init__(self, top):
        self.top = top
        super().__init__({"i": In(stream.Signature(RECEIVED)), "o": Out(stream.Signature(8)),
                          "busy": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.accelerator = accelerator = self.top.accelerator
        m.submodules.link = link = self.top.link
        wiring.connect(m, link.images, accelerator.i)
        wiring.connect(m, accelerator.o, link.results)
        wiring.connect(m, wiring.flipped(self.i), link.i)
        wiring.connect(m, link.o, wiring.flipped(self.o))
        m.d.comb += self.busy.eq(link.busy)
        return m


def compile_board(top, directory, *, edit=None, long=False):
    """Compile the :class:`OctetBoard` of a top; return the library.

    ``edit`` plants a fault; ``long`` spends more time on a library that runs faster.
    """
    text = to_verilog(OctetBoard(top))
    return compile_model(edit(text) if edit else text, "top", MAIN.read_text(encoding="utf-8"),
                         directory, optimize="-O2" if long else "-O0", shared=True)


class Line:
    """A compiled board as a port and as a clock for :class:`sw.line.client.Client`.

    It runs while it is the context of a ``with`` statement.

    Parameters
    ----------
    model : path-like
        What :func:`compile_board` made.
    clock_hz : int
        Frequency of the board: what turns cycles into seconds.
    faults : sim.board.linefault.Faults
        What happens to octets on their way.

    Attributes
    ----------
    now : float
        Seconds that passed on the line.
    cycles : int
        Cycles that were simulated. Those in which nothing moves are not.
    """

    path = "simulated line"

    def __init__(self, model, clock_hz, faults):
        self.model = model
        self.clock_hz = clock_hz
        self.faults = faults
        self.now = 0.0
        self.cycles = 0
        self._down = []   # octets for the model
        self._up = []     # (time, octets) for the host, in order: a line overtakes nothing
        self._idle = True

    def __enter__(self):
        self._library = library = ctypes.CDLL(str(self.model))
        library.board_new.restype = ctypes.c_void_p
        library.board_delete.argtypes = [ctypes.c_void_p]
        library.board_run.restype = ctypes.c_uint32
        self._board = ctypes.c_void_p(library.board_new())
        self._answer = ctypes.create_string_buffer(ROOM)
        self._answered, self._still = ctypes.c_uint32(), ctypes.c_uint32()
        return self

    def __exit__(self, *_):
        self._library.board_delete(self._board)

    def write(self, octets):
        """Send octets to the board."""
        self._down += self.faults.downward(octets)

    def read(self, seconds):
        """Return the next octets from the board, none if ``seconds`` pass without any."""
        end = self.now + seconds
        while not self._up:
            if self._idle and not self._down:
                self.now = max(self.now, end)
                return b""
            if self.now >= end:
                return b""
            self._simulate(end)
        time, octets = self._up[0]
        if time > end:
            self.now = max(self.now, end)
            return b""
        self.now = max(self.now, time)
        del self._up[0]
        return octets

    def monotonic(self):
        """Return the time in seconds."""
        return self.now

    def sleep(self, seconds):
        """Let time pass; what the board does meanwhile is done later."""
        self.now += seconds

    def _simulate(self, end):
        """Run until nothing moves, or up to a time; take what came."""
        limit = min(max(1, round((end - self.now) * self.clock_hz)), 2**31)
        count = len(self._down)
        cycles = self._library.board_run(
            self._board, limit, (ctypes.c_uint32 * count)(*self._down), count, self._answer, ROOM,
            ctypes.byref(self._answered), ctypes.byref(self._still))
        self._down = []
        self._idle = bool(self._still.value)
        octets = self._answer.raw[:self._answered.value]
        self.cycles += cycles
        self.now += cycles / self.clock_hz
        if octets:
            at = max(self.now, self._up[-1][0] if self._up else 0.0)
            for later, part in self.faults.upward(octets):
                at += later
                self._up.append((at, part))
