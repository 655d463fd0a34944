"""Sizes of the FPGAs that the open toolchain builds for."""

from dataclasses import dataclass


__all__ = ["BOARDS", "DEVICES", "Device", "find_device"]


@dataclass(frozen=True)
class Device:
    """One FPGA die as the place-and-route tool sees it.

    Attributes
    ----------
    name : str
        Lattice's part number, without package and speed.
    family : str
        ``"ecp5"`` or ``"ice40"``: which primitives there are, and which tools.
    lut4, ff : int
        Four-input look-up tables and flip-flops. On iCE40 one logic cell holds one of each, so a
        flip-flop without its own look-up table still takes a cell.
    block_rams : int
        Number of block RAMs.
    block_ram_bits : int
        Bits of one block RAM.
    """

    name: str
    family: str
    lut4: int
    ff: int
    block_rams: int
    block_ram_bits: int


def _ecp5(name, lut4, block_rams):
    return Device(name, "ecp5", lut4, lut4, block_rams, 18 * 1024)


def _ice40(name, lut4, block_rams):
    return Device(name, "ice40", lut4, lut4, block_rams, 4 * 1024)


DEVICES = {device.name: device for device in (
    _ecp5("LFE5U-12F", 24_288, 56),  # the 25F's die; the tools let all of it be used
    _ecp5("LFE5U-25F", 24_288, 56),
    _ecp5("LFE5U-45F", 43_848, 108),
    _ecp5("LFE5UM-45F", 43_848, 108),
    _ecp5("LFE5UM5G-45F", 43_848, 108),
    _ecp5("LFE5U-85F", 83_640, 208),
    _ecp5("LFE5UM5G-85F", 83_640, 208),
    _ice40("iCE40UP5K", 5_280, 30),
    _ice40("iCE40HX4K", 7_680, 32),  # the 8K's die in a smaller package
    _ice40("iCE40HX8K", 7_680, 32),
    _ice40("iCE40LP8K", 7_680, 32),
)}


def find_device(name):
    """Look a device up by its part number, or by the name of a board that has it.

    Raises
    ------
    ValueError
        If there is no such device or board.
    """
    wanted = name.strip().lower().replace("_", "-")
    parts = {part.lower(): part for part in DEVICES}
    part = parts.get(wanted) or BOARDS.get(wanted)
    if part is None:
        raise ValueError(f"Device must be one of {', '.join(DEVICES)}, or one of the boards "
                         f"{', '.join(BOARDS)}: {name!r}")
    return DEVICES[part]
