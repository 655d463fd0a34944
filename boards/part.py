"""A bare FPGA as a board: a device in a package, with the pins of its clock and serial port."""

from dataclasses import dataclass, field
from fractions import Fraction

from amaranth.build import Attrs, Clock, Pins, PinsN, Resource
from amaranth.vendor import LatticeECP5Platform, LatticeICE40Platform
from amaranth_boards.resources import UARTResource

from hw.plan.device import DEVICES
from hw.plan.pll import make_clock
from sw.command import MHZ

from .board import SERIAL_ATTRS, Board


__all__ = ["PACKAGES", "Part", "create"]

# Packages that the place-and-route tools know, by the die's device.
_ECP5 = {"12F": "CABGA256 CSFBGA285 CABGA381 TQFP144", "25F": "CABGA256 CSFBGA285 CABGA381 TQFP144",
         "45F": "CABGA256 CSFBGA285 CABGA381 CABGA554 TQFP144",
         "85F": "CSFBGA285 CABGA381 CABGA554 CABGA756"}
_ICE40_4K = "BG121 CB132 CM81 CM121 CM225 TQ144"
_ICE40_8K = "BG121 CB132 CM81 CM121 CM225 CT256"
PACKAGES = {
    **{name: tuple(_ECP5[name[-3:]].split()) for name in DEVICES if name.startswith("LFE5")},
    "iCE40UP5K": ("SG48", "UWG30"), "iCE40HX4K": tuple(_ICE40_4K.split()),
    "iCE40HX8K": tuple(_ICE40_8K.split()), "iCE40LP8K": tuple(_ICE40_8K.split())}

SPEEDS = ("6", "7", "8")  # of ECP5; the 5G devices exist in the fastest grade only
STANDARDS = ("LVCMOS33", "LVCMOS25", "LVCMOS18", "LVCMOS15", "LVCMOS12", "LVTTL33")

# Clock unless the user asks for another, in MHz; the PLL makes it of the oscillator's.
CLOCKS = {"ecp5": 50, "ice40": 48, "iCE40UP5K": 24}

BAUD = 115_200  # which every adapter can do
NETWORKS = {"ecp5": "ulx3s-25f", "ice40": "tfc"}
LEDS = 8


@dataclass(frozen=True)
class Part:
    """A device with the pins that a design needs, as a user gives them.

    Attributes
    ----------
    device : str
        Key in :data:`hw.plan.device.DEVICES`.
    package : str
        One of :data:`PACKAGES`.
    clock_pin, rx_pin, tx_pin : str
        Pins of the oscillator and of the serial port: ``rx`` is the FPGA's input.
    clock_mhz : Fraction
        Frequency of the oscillator, in MHz.
    leds : tuple of str
        Pins of LEDs, lowest first; ``!`` before a pin says that 0 lights the LED.
    speed : str or None
        Speed grade of an ECP5; None for the slowest.
    io_standard : str or None
        Voltage of the pins of an ECP5; None for LVCMOS33. Those of an iCE40 have that of their
        bank.
    """

    device: str
    package: str
    clock_pin: str
    clock_mhz: Fraction
    rx_pin: str
    tx_pin: str
    leds: tuple = ()
    speed: str | None = None
    io_standard: str | None = None
    family: str = field(init=False, repr=False)

    def __post_init__(self):
        device = _among("Device", self.device, tuple(DEVICES))
        package = _among(f"Package of {device}", self.package, PACKAGES[device])
        family = DEVICES[device].family
        for name, value in (("device", device), ("package", package), ("family", family)):
            object.__setattr__(self, name, value)
        if family == "ice40":
            for option, value in (("--speed", self.speed), ("--io-standard", self.io_standard)):
                if value is not None:
                    raise ValueError(f"{option} must be left out with {device}: the grade of an "
                                     f"iCE40 is in its name, and the supply of a bank is the "
                                     f"voltage of its pins: {value!r}")
        else:
            fastest = SPEEDS[-1] if "5G" in device else SPEEDS[0]
            object.__setattr__(self, "speed", _among("Speed grade", self.speed or fastest, SPEEDS))
            object.__setattr__(self, "io_standard", _among(
                "IO standard", self.io_standard or STANDARDS[0], STANDARDS))
        if len(self.leds) > LEDS:
            raise ValueError(f"LEDs must be at most {LEDS}: {len(self.leds)} pins")
        for name in ("clock_pin", "rx_pin", "tx_pin"):
            object.__setattr__(self, name, getattr(self, name).strip().upper())
        object.__setattr__(self, "leds", tuple(pin.strip().upper() for pin in self.leds))
        self._check_pins()

    def _check_pins(self):
        """Refuse a pin with two uses."""
        used = {}
        for use, pin in self.pins.items():
            name = pin.removeprefix("!")
            if not (name.isascii() and name.isalnum()):
                raise ValueError(f"Pin of {use} must be a name in letters and digits: {pin!r}")
            if name in used:
                raise ValueError(f"Pin {name} must have one use: it is given for {used[name]} and "
                                 f"{use}")
            used[name] = use

    @property
    def pins(self):
        """Pins by the option that gave them."""
        return {"--clock-pin": self.clock_pin, "--rx-pin": self.rx_pin, "--tx-pin": self.tx_pin,
                **{f"--leds, number {number}": pin for number, pin in enumerate(self.leds)}}

    @property
    def name(self):
        """Name of the board: ``"lfe5u-25f-cabga256"``."""
        return f"{self.device}-{self.package}".lower()

    @property
    def arguments(self):
        """Arguments of a command line that give this part."""
        given = {"--device": self.device, "--package": self.package,
                 "--clock-pin": self.clock_pin, "--clock-mhz": str(self.clock_mhz),
                 "--rx-pin": self.rx_pin, "--tx-pin": self.tx_pin, "--leds": ",".join(self.leds),
                 "--speed": self.speed, "--io-standard": self.io_standard}
        return tuple(word for option, value in given.items() if value for word in (option, value))


def create(part):
    """Return the board that a :class:`Part` is, a :class:`boards.board.Board`."""
    clock = part.clock_mhz * MHZ
    return Board(
        name=part.name, platform=_platform(part), device=part.device,
        megahertz=_usual_clock(part, clock), baud=BAUD, network=NETWORKS[part.family],
        serial=f"adapter: RX on {part.rx_pin}, TX on {part.tx_pin}", programmers=(),
        leds=tuple(f"led {number}" for number in range(len(part.leds))),
        arguments=part.arguments)


def _usual_clock(part, oscillator):
    """Return the clock in MHz: the usual one if the PLL can make it, else the oscillator's."""
    usual = CLOCKS.get(part.device, CLOCKS[part.family])
    try:
        return float(make_clock(part.family, oscillator, Fraction(usual) * MHZ) / MHZ)
    except ValueError:
        return float(oscillator / MHZ)


def _platform(part):
    """Return the Amaranth platform class of a part."""
    if part.family == "ecp5":
        attrs = Attrs(IO_TYPE=part.io_standard)
        serial = Attrs(IO_TYPE=part.io_standard, PULLMODE="UP")
        base, names = LatticeECP5Platform, {part.package: part.package}
        more = {"speed": part.speed, "_nextpnr_package_options": names}
    else:
        attrs, serial = Attrs(IO_STANDARD="SB_LVCMOS"), SERIAL_ATTRS["ice40"]
        base, more = LatticeICE40Platform, {}
    leds = [Resource("led", number, (PinsN if pin.startswith("!") else Pins)(
        pin.removeprefix("!"), dir="o"), attrs) for number, pin in enumerate(part.leds)]
    return type("PartPlatform", (base,), {
        "device": part.device, "package": part.package, "default_clk": "clk", "connectors": [],
        "resources": [Resource("clk", 0, Pins(part.clock_pin, dir="i"),
                               Clock(float(part.clock_mhz * MHZ)), attrs),
                      UARTResource(0, rx=part.rx_pin, tx=part.tx_pin, attrs=serial), *leds],
        **more})


def _among(what, value, known):
    """Return the member of ``known`` that a user means, whatever its case."""
    for name in known:
        if name.lower() == str(value).strip().lower():
            return name
    raise ValueError(f"{what} must be one of {', '.join(known)}: {value!r}")
