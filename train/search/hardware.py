"""Area and speed of a network on a board, by the estimate and the schedule of its build."""

from dataclasses import dataclass
from fractions import Fraction
from math import floor

from hw.estimate import estimate, shell_resources
from hw.fit import ROOM, misfits
from hw.plan.pll import make_clock
from hw.solver import choose
from sw.command import MHZ


@dataclass(frozen=True)
class Figures:
    """Figures of a network on a board.

    Attributes
    ----------
    lut4 : int
        Estimated LUT4, the board's serial link included.
    rate : float
        Images per second at the board's clock.
    interval : int
        Cycles an image.
    over : float
        By how much the network is too large for the device, in parts of it; 0 or less if it fits.
    """

    lut4: int
    rate: float
    interval: int
    over: float

    @property
    def fits(self):
        return self.over <= 0


class Hardware:
    """A board's device and clock.

    Parameters
    ----------
    board : boards.board.Board
        The board.
    megahertz : float or None
        Wished clock; None for the board's.
    images_per_second : float or None
        Rate that the smallest schedule must reach. None: the fastest schedule that fits.
    """

    def __init__(self, board, megahertz=None, images_per_second=None):
        self.board = board
        self.device = board.fpga
        self.wished = megahertz
        wished = Fraction(str(megahertz or board.megahertz)) * MHZ
        self.clock = float(make_clock(board.family, board.oscillator, wished))
        self.images_per_second = images_per_second

    @property
    def lut4(self):
        """LUT4 that a design may take."""
        return floor(self.device.lut4 * ROOM[self.board.family])

    def figures(self, network):
        """Return the :class:`Figures` of a folded network."""
        try:
            schedule = choose(network, self.device, clock_hz=self.clock,
                              images_per_second=self.images_per_second)
        except ValueError:
            return Figures(0, 0.0, 0, 1.0)
        used = (estimate(network, schedule, self.board.family).total
                + shell_resources(network, schedule, self.board.family))
        interval = schedule.interval(network)
        over = max((need / have - 1 for _, need, have in misfits(network, schedule, self.device)),
                   default=used.lut4 / self.lut4 - 1)
        return Figures(used.lut4, self.clock / interval, interval, over)
