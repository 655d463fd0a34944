"""Sizes of the FPGAs that the open toolchain builds for, and the clocks of boards."""

from dataclasses import dataclass, replace

from .pll import make_clock


__all__ = ["BOARDS", "DEVICES", "Device", "Target", "find_device", "find_target"]


@dataclass(frozen=True)
class Device:
    """One FPGA die as the place-and-route tool sees it.

    Attributes
    ----------
    name : str
        Lattice's part number, without package and speed.
    family : str
        ``"ecp5"`` or ``"ice40"``: decides about primitives and tools.
    lut4, ff : int
        Four-input look-up tables and flip-flops. On iCE40 one logic cell holds one of each, so a
        flip-flop without its own look-up table still takes a cell.
    block_rams : int
        Number of block RAMs.
    block_ram_bits : int
        Bits of one block RAM.
    sprams : int
        Number of SPRAMs of 16384 words of 16 bits. Their contents must be loaded at start.
    """

    name: str
    family: str
    lut4: int
    ff: int
    block_rams: int
    block_ram_bits: int
    sprams: int = 0


def _ecp5(name, lut4, block_rams):
    return Device(name, "ecp5", lut4, lut4, block_rams, 18 * 1024)


def _ice40(name, lut4, block_rams, sprams=0):
    return Device(name, "ice40", lut4, lut4, block_rams, 4 * 1024, sprams)


DEVICES = {device.name: device for device in (
    _ecp5("LFE5U-12F", 24_288, 56),  # the 25F's die, all of which the tools can use
    _ecp5("LFE5U-25F", 24_288, 56),
    _ecp5("LFE5U-45F", 43_848, 108),
    _ecp5("LFE5UM-45F", 43_848, 108),
    _ecp5("LFE5UM5G-45F", 43_848, 108),
    _ecp5("LFE5U-85F", 83_640, 208),
    _ecp5("LFE5UM5G-85F", 83_640, 208),
    _ice40("iCE40UP5K", 5_280, 30, 4),
    _ice40("iCE40HX4K", 7_680, 32),  # the 8K's die in a smaller package
    _ice40("iCE40HX8K", 7_680, 32),
    _ice40("iCE40LP8K", 7_680, 32),
)}

@dataclass(frozen=True)
class Target:
    """Target of a schedule: a device, and the clocks of its board.

    Attributes
    ----------
    part : str
        Key in :data:`DEVICES`.
    oscillator : int or None
        Frequency of the board's oscillator in Hz. None for a device without a board, which has any
        clock.
    megahertz : float
        Usual clock in MHz, for users who ask for none.
    loads : bool
        Whether weights can be loaded into the SPRAMs of the device: a board needs a program that
        writes its flash. Who uses a device without a board loads them in a design of one's own.
    """

    part: str
    oscillator: int | None = None
    megahertz: float = 50
    loads: bool = True

    @property
    def device(self):
        """The device; one without SPRAMs if nothing can load them."""
        device = DEVICES[self.part]
        return device if self.loads else replace(device, sprams=0)

    def clock(self, wished):
        """Return the clock that the board's PLL makes for a wished one, both in Hz."""
        if self.oscillator is None:
            return wished
        return make_clock(self.device.family, self.oscillator, wished)


# The boards by their names with hyphens. boards/catalog/ holds everything else about them.
BOARDS = {
    "ulx3s-85f": Target("LFE5U-85F", 25_000_000, 60),
    "ulx3s-45f": Target("LFE5U-45F", 25_000_000, 60),
    "ulx3s-25f": Target("LFE5U-25F", 25_000_000, 60),
    "ulx3s-12f": Target("LFE5U-12F", 25_000_000, 60),
    "icebreaker": Target("iCE40UP5K", 12_000_000, 24),
    "icesugar": Target("iCE40UP5K", 12_000_000, 24, loads=False),
    "upduino-v3": Target("iCE40UP5K", 48_000_000, 24, loads=False),
    "upduino-v3-osc": Target("iCE40UP5K", 12_000_000, 24, loads=False),
    "ice40-hx8k-b-evn": Target("iCE40HX8K", 12_000_000, 48),
    "orangecrab-25f": Target("LFE5U-25F", 48_000_000, 48),
    "orangecrab-85f": Target("LFE5U-85F", 48_000_000, 48),
    "ecpix5-85f": Target("LFE5UM5G-85F", 100_000_000, 50),
    "ecpix5-45f": Target("LFE5UM5G-45F", 100_000_000, 50),
    "versa-ecp5": Target("LFE5UM-45F", 100_000_000, 50),
    "versa-ecp5-5g": Target("LFE5UM5G-45F", 100_000_000, 50),
    "colorlight-5a75b": Target("LFE5U-25F", 25_000_000, 50),
    "icesugar-pro": Target("LFE5U-25F", 25_000_000, 50),
    "icepi-zero": Target("LFE5U-25F", 50_000_000, 50),
    "ecp5-5g-evn": Target("LFE5UM5G-85F", 12_000_000, 48),
    "icebreaker-bitsy": Target("iCE40UP5K", 12_000_000, 24, loads=False),
    "ice40-up5k-b-evn": Target("iCE40UP5K", 12_000_000, 24),
    "tinyfpga-bx": Target("iCE40LP8K", 16_000_000, 32),
    "blackice-ii": Target("iCE40HX4K", 100_000_000, 50),
    "ulx3s": Target("LFE5U-85F", 25_000_000, 60),
    "orangecrab": Target("LFE5U-25F", 48_000_000, 48),
    "ecpix5": Target("LFE5UM5G-85F", 100_000_000, 50),
}


def find_target(name):
    """Return the target of a board's name, or of a device's part number.

    Raises
    ------
    ValueError
        If there is no such device or board.
    """
    wanted = name.strip().lower().replace("_", "-")
    parts = {part.lower(): Target(part) for part in DEVICES}
    target = parts.get(wanted) or BOARDS.get(wanted)
    if target is None:
        raise ValueError(f"Device must be one of {', '.join(DEVICES)}, or one of the boards "
                         f"{', '.join(BOARDS)}: {name!r}")
    return target


def find_device(name):
    """Return the device of :func:`find_target`."""
    return find_target(name).device
