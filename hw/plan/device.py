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
    sprams : int
        Number of SPRAMs, 16384 words of 16 bits each, which must be loaded at start.
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
    _ecp5("LFE5U-12F", 24_288, 56),  # the 25F's die; the tools let all of it be used
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

# The device on each board, by its name with hyphens; boards/ has the rest.
BOARDS = {
    "ulx3s-85f": "LFE5U-85F",
    "ulx3s-45f": "LFE5U-45F",
    "ulx3s-25f": "LFE5U-25F",
    "ulx3s-12f": "LFE5U-12F",
    "icebreaker": "iCE40UP5K",
    "icesugar": "iCE40UP5K",
    "upduino-v3": "iCE40UP5K",
    "upduino-v3-osc": "iCE40UP5K",
    "ice40-hx8k-b-evn": "iCE40HX8K",
    "orangecrab-25f": "LFE5U-25F",
    "orangecrab-85f": "LFE5U-85F",
    "ecpix5-85f": "LFE5UM5G-85F",
    "ecpix5-45f": "LFE5UM5G-45F",
    "versa-ecp5": "LFE5UM-45F",
    "versa-ecp5-5g": "LFE5UM5G-45F",
    "colorlight-5a75b": "LFE5U-25F",
    "icesugar-pro": "LFE5U-25F",
    "icepi-zero": "LFE5U-25F",
    "ecp5-5g-evn": "LFE5UM5G-85F",
    "icebreaker-bitsy": "iCE40UP5K",
    "ice40-up5k-b-evn": "iCE40UP5K",
    "tinyfpga-bx": "iCE40LP8K",
    "blackice-ii": "iCE40HX4K",
    "ulx3s": "LFE5U-85F",
    "orangecrab": "LFE5U-25F",
    "ecpix5": "LFE5UM5G-85F",
}


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
