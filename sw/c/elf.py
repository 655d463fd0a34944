"""Sizes of a linked ELF file: what lies in flash and what in RAM, from its section headers."""

import struct
from dataclasses import dataclass
from pathlib import Path


ALLOCATED, WRITABLE = 2, 1  # flags of a section
EMPTY = 8  # type of a section without content in the file: .bss
HEAD = 64  # octets of the larger file header


@dataclass(frozen=True)
class Sizes:
    """Octets of a program or library.

    Attributes
    ----------
    flash : int
        Code, constants, and the initial values of variables.
    ram : int
        Variables. The stack is not among them.
    """

    flash: int
    ram: int


def sizes(path):
    """Return the :class:`Sizes` of an ELF file of 32 or 64 bits.

    Raises
    ------
    ValueError
        If the file is no ELF file, or its section headers lie outside it.
    """
    data = Path(path).read_bytes()
    magic = data[:4]
    if len(data) < HEAD or magic != b"\x7fELF" or not {data[4], data[5]} <= {1, 2}:
        raise ValueError(f"{path} must be an ELF file: it begins with {magic.hex() or 'nothing'} "
                         f"(build it again)")
    wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
    at, = struct.unpack_from(f"{order}{'Q' if wide else 'I'}", data, 0x28 if wide else 0x20)
    step, count = struct.unpack_from(f"{order}HH", data, 0x3A if wide else 0x2E)
    header = f"{order}II{'QQQQ' if wide else 'IIII'}"
    if step < struct.calcsize(header) or at + step * count > len(data):
        raise ValueError(f"{path} must be a whole ELF file: its section headers lie outside it "
                         f"(build it again)")
    flash = ram = 0
    for number in range(count):
        _, kind, flags, _, _, size = struct.unpack_from(header, data, at + step * number)
        if flags & ALLOCATED:
            flash += 0 if kind == EMPTY else size
            ram += size if flags & WRITABLE else 0
    return Sizes(flash, ram)
