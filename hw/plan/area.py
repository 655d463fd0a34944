"""Estimated resources of small parts, to be added up: LUTs, flip-flops and memories."""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil


__all__ = ["CARRY", "COUNT_ADDER", "Resources", "cells", "interpolate", "logic_rom", "memory",
           "rom_blocks"]

# Shapes of a block RAM: number of words, and bits of a word.
SHAPES = {
    "ecp5": ((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36)),
    "ice40": ((2048, 2), (1024, 4), (512, 8), (256, 16)),
}

# Fitted to synthesized parts: docs/decisions/006-estimate.md.
CARRY = {"ecp5": 1.2, "ice40": 1.1}  # LUT4 of a bit of a carry chain, its ends included
# LUT4 of an adder of a popcount whose result is used in full, by the number of inputs.
COUNT_ADDER = {"ecp5": ((4, 1.1), (16, 1.4), (32, 1.9), (64, 2.0)),
               "ice40": ((4, 1.1), (16, 1.3), (32, 1.7), (64, 1.8))}


@dataclass(frozen=True)
class Resources:
    """Resources of a part of a design.

    Attributes
    ----------
    lut4, ff, block_ram, spram : int
        Four-input LUTs, flip-flops, block RAMs and SPRAMs. On iCE40 ``lut4`` counts logic cells,
        so a flip-flop without a LUT counts there too.
    """

    lut4: int = 0
    ff: int = 0
    block_ram: int = 0
    spram: int = 0

    def __add__(self, other):
        return Resources(self.lut4 + other.lut4, self.ff + other.ff,
                         self.block_ram + other.block_ram, self.spram + other.spram)


def rom_blocks(family, words, width):
    """Return the block RAMs of a memory, in the shape that takes the fewest."""
    return min(ceil(words / depth) * ceil(width / bits) for depth, bits in SHAPES[family])


def cells(family, lut4, ff):
    """Return resources; on iCE40 about 40 % of the flip-flops have a logic cell of their own."""
    if family == "ice40":
        lut4 += max(0.4 * ff, ff - lut4)
    return Resources(ceil(lut4), ceil(ff))


def interpolate(table, value):
    """Return the value of a table of points, linear between them and constant outside."""
    for (x0, y0), (x1, y1) in pairwise(table):
        if value <= x1:
            return y0 + (y1 - y0) * max(0, value - x0) / (x1 - x0)
    return table[-1][1]


def logic_rom(words, width):
    """Return the LUTs of a ROM in logic: a LUT4 for 16 words of a bit, and multiplexers."""
    return width * (1 if words <= 16 else 2.3 * words / 16)


def memory(family, words, width, in_logic=32):
    """Return the resources of a memory: distributed RAM if it is small, else block RAM."""
    if family == "ecp5" and words <= in_logic:
        banks = ceil(words / 16)
        return Resources(banks * ceil(width / 4) * 4 + (banks - 1).bit_length() * width)
    return Resources(0, 0, rom_blocks(family, words, width))
