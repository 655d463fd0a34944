"""Memory of a row of a feature map: distributed RAM if it is small, else block RAM."""

from amaranth.lib import memory

from ..count.lut import family_of
from ..plan.area import Resources
from ..plan.area import memory as memory_resources


__all__ = ["row_memory", "row_memory_resources"]

# Most words in distributed RAM, whose word comes 4.6 ns earlier than that of a block RAM. An ECP5
# has about 400 LUT4 for each of its block RAMs; 64 words of 17 bits take 114.
LOGIC_WORDS = 16
NARROW, NARROW_WORDS = 18, 64


def _most_in_logic(width):
    return NARROW_WORDS if width < NARROW else LOGIC_WORDS


def row_memory(width, depth, platform):
    """Return a memory of ``depth`` words of ``width`` bits, to be read synchronously."""
    in_logic = family_of(platform) == "ecp5" and depth <= _most_in_logic(width)
    return memory.Memory(shape=width, depth=depth, init=[],
                         attrs={"ram_style": "distributed" if in_logic else "block"})


def row_memory_resources(family, width, depth):
    """Return the estimated resources of a :func:`row_memory`."""
    found = memory_resources(family, depth, width, _most_in_logic(width))
    # Distributed RAM is read without a clock, so the read word has registers of its own.
    return found if found.block_ram else found + Resources(0, width)
