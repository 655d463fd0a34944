"""Facts about a board, and the catalog of all boards."""

from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib import import_module

from amaranth.build import Attrs
from amaranth_boards.resources import UARTResource

from hw.plan.device import DEVICES


# One file each; the first variant in a file answers to the file's name as well.
FILES = ("ulx3s", "icebreaker", "icesugar", "upduino_v3", "ice40_hx8k_b_evn", "orangecrab",
         "ecpix5", "versa_ecp5", "colorlight_5a75b", "icesugar_pro", "icepi_zero", "ecp5_5g_evn",
         "icebreaker_bitsy", "ice40_up5k_b_evn", "tinyfpga_bx", "blackice_ii")

SERIAL_ATTRS = {"ecp5": Attrs(IO_TYPE="LVCMOS33", PULLMODE="UP"),
                "ice40": Attrs(IO_STANDARD="SB_LVCMOS", PULLUP=1)}


@dataclass(frozen=True)
class Board:
    """One supported board.

    Attributes
    ----------
    name : str
        What the user types.
    platform : type
        Amaranth platform class: pins, oscillator, part and package.
    device : str
        Key in :data:`hw.plan.device.DEVICES`.
    megahertz : float
        Clock of the design unless the user asks for another.
    baud : int
        Bit rate of the serial port, in bits per second.
    network : str
        Name of the recipe trained for the board unless the user brings a network.
    serial : str
        How the host reaches the serial port, for tables.
    programmers : tuple of str
        Commands that load ``{file}``, the preferred one first.
    pins : dict or None
        Pins ``rx`` and ``tx`` and the connector ``conn`` they are on, if the board's platform has
        no serial port of its own.
    leds : tuple of str
        The platform's LEDs that show the design's, lowest first: names of resources, each with
        its number (``"led 0"``) and, in an RGB LED, its colour (``"rgb_led 0 r"``).
    high : tuple of str
        Outputs to hold at 1, named like LEDs.
    flash_programmers : tuple of str
        Commands that write ``{file}`` at the octet ``{offset}`` of the flash from which the FPGA
        starts, the preferred one first. A board without one gets no weights into its SPRAMs.
    arguments : tuple of str
        Arguments that name the board on a command line, if its name does not suffice: see
        :mod:`boards.target`.
    """

    name: str
    platform: type
    device: str
    megahertz: float
    baud: int
    network: str
    serial: str
    programmers: tuple
    pins: dict | None = None
    leds: tuple = ()
    high: tuple = ()
    flash_programmers: tuple = ()
    arguments: tuple = ()

    @property
    def words(self):
        """Arguments that name the board on a command line."""
        return self.arguments or (self.name,)

    @property
    def fpga(self):
        """Resources of the FPGA for a design: a :class:`hw.plan.device.Device`."""
        device = DEVICES[self.device]
        return device if self.flash_programmers else replace(device, sprams=0)

    @property
    def family(self):
        return DEVICES[self.device].family

    @property
    def suffix(self):
        """File name ending of a bitstream, as the family's tools want it."""
        return {"ecp5": ".bit", "ice40": ".bin"}[self.family]

    @property
    def oscillator(self):
        """Frequency of the clock on the board, in Hz."""
        return round(self.create_platform().default_clk_frequency)

    def create_platform(self):
        """Return a new Amaranth platform with a serial port on it (each can build once)."""
        platform = self.platform()
        if self.pins:
            platform.add_resources([UARTResource(0, **self.pins,
                                                 attrs=SERIAL_ATTRS[self.family])])
        return platform


def leds(count, name="led"):
    """Return names of the first LEDs, for :attr:`Board.leds`."""
    return tuple(f"{name} {number}" for number in range(count))


def rgb_leds(count):
    """Return names of the colours of the first RGB LEDs, for :attr:`Board.leds`."""
    return tuple(f"rgb_led {number} {colour}" for number in range(count) for colour in "rgb")


@cache
def catalog():
    """Return all boards by name, in the order of their files."""
    return {board.name: board for file in FILES
            for board in _variants(file)}


def find(name):
    """Look a board up by its name, or by its family's name for the usual variant.

    Raises
    ------
    ValueError
        If there is no such board: the message names similar ones.
    """
    wanted = _plain(name)
    names = {_plain(board): board for board in catalog()}
    for file in reversed(FILES):
        names.setdefault(_plain(file), _variants(file)[0].name)
    if wanted not in names:
        near = get_close_matches(wanted, names, n=3, cutoff=0.4)
        near += [board for board in names if wanted and wanted in board and board not in near]
        known = ", ".join(dict.fromkeys(names[board] for board in near[:4]))
        raise ValueError(f"Board must be one of those that 'python -m boards.build --list' shows: "
                         f"{name!r}" + (f" (similar: {known})" if known else ""))
    return catalog()[names[wanted]]


def _variants(file):
    return import_module(f".catalog.{file}", __package__).BOARDS


def _plain(name):
    return name.strip().lower().replace("_", "-")
