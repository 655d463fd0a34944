"""Lanes of a convolution that computes the windows of a row at once, and the area of its unit."""

from dataclasses import dataclass
from functools import reduce
from math import ceil
from operator import and_, or_

from sw.line.words import neuron_words

from ..count.treeplan import plan_tree
from ..memo import memo
from ..plan.area import CARRY, Resources, rom_blocks
from ..plan.area import memory as memory_resources
from .lanes import constants_resources, planes_of, weights_resources
from .positionorder import order_resources
from .sharedmvtu import CONTROL, SharedLanes
from .totals import LOGIC_PASSES


__all__ = ["RowLanes", "check_rows", "row_depth", "row_resources"]

LEVELS = 2  # most adders between two registers

# Fitted to synthesized units: LUT4 of the counters of rows, columns and channels.
WALK = 90


@dataclass(frozen=True)
class RowLanes(SharedLanes):
    """The lanes of a layer for the windows of a row.

    A total begins with 0, which a flip-flop does with its reset. It overflows if a neuron fires, so
    that what is missing to a power of two, the *rest*, has to be added to it in a pass: the bits
    above those of a step's count in one step, where nothing else is added to these bits, and the
    bits below by ones beside the lanes, one or some a step.

    Attributes
    ----------
    width : int
        Bits of an input word: channels of a position.
    """

    width: int = 1

    @property
    def plan(self):
        """Plan of the popcount of ``simd`` lanes and of the ones beside them."""
        return plan_tree(self.simd + self.ones, LEVELS)

    @property
    def ones(self):
        """Ones that may be counted beside the lanes of a step, a power of two."""
        ones = 1
        while ones * self.steps < 1 << (self.simd + ones).bit_length():
            ones *= 2
        return ones

    @property
    def count_bits(self):
        """Bits of a step's count."""
        return (self.simd + self.ones).bit_length()

    @property
    def total_bits(self):
        """Bits of a total, without its overflow."""
        return max(self.layer.inputs.bit_length(), self.count_bits)

    @property
    def step_latency(self):
        """Cycles from the last step of a pass to the push of its results."""
        return super().step_latency - 1  # the overflow is the result

    @property
    def rests(self):
        """The rest of each neuron: the bits above a count's lowest, then the number of ones."""
        missing = (1 << self.total_bits) - self.layer.thresholds
        above = (missing >> self.count_bits).clip(max=(1 << self.above_bits) - 1)
        return above + (missing - (above << self.count_bits) << self.above_bits)

    @property
    def above_bits(self):
        """Bits of a total above those of a count."""
        return self.total_bits - self.count_bits


def check_rows(layer, simd, positions):
    """Raise ValueError unless a layer's windows can be computed a row at once.

    Parameters
    ----------
    layer : :class:`sw.layer.conv2d.Conv2d`
        The layer.
    simd, positions : int
        Inputs and windows at once.
    """
    name, columns = layer.name, layer.kernel[1]
    if layer.stride != 1:
        raise ValueError(f"Stride of layer {name!r} must be 1 for rows of windows at once: "
                         f"{layer.stride} (rows of false)")
    if positions != layer.positions[1]:
        raise ValueError(f"Positions of layer {name!r} must be {layer.positions[1]}, its windows "
                         f"of a row: {positions} (or rows of false)")
    if simd % columns or layer.channels % (simd // columns):
        widths = [str(columns * number) for number in range(1, layer.channels + 1)
                  if layer.channels % number == 0]
        raise ValueError(f"SIMD of layer {name!r} must be the kernel's {columns} columns times a "
                         f"divisor of {layer.channels} channels for rows of windows at once: "
                         f"{simd} ({', '.join(widths)})")


def row_depth(layer, channels):
    """Return the words of the memory of rows: as many rows as keep a unit from waiting."""
    rows = max(layer.kernel[0] + 2, 2 * (layer.kernel[0] - layer.padding))
    return 1 << (rows * (layer.channels // channels) - 1).bit_length()


def _rest_columns(lanes):
    """Return the bits of a word of rests that are not the same in all words."""
    words = neuron_words(lanes.rests, lanes.total_bits + 1, pe=lanes.pe)
    return max(1, (reduce(or_, words) & ~reduce(and_, words)).bit_count())


@memo
def row_resources(layer, pe, simd, rom, family):
    """Return the estimated resources of a :class:`RowMVTU`."""
    channels, positions = simd // layer.kernel[1], layer.positions[1]
    lanes = RowLanes(layer.dense, pe, simd, rom, positions, layer.vectors, channels)
    neurons, plan, width = pe * positions, lanes.plan, channels * layer.width
    lut4 = CONTROL + WALK + layer.width + pe * (lanes.above_bits + lanes.ones * lanes.count_bits)
    lut4 += neurons * (simd + plan.luts + CARRY[family] * lanes.total_bits + 2)
    ff = CONTROL + 30 + neurons * (simd + plan.registers + lanes.count_bits + lanes.total_bits + 1)
    constant = Resources()
    if lanes.passes > LOGIC_PASSES:
        constant = Resources(0, 0, rom_blocks(family, lanes.passes, _rest_columns(lanes)))
    elif lanes.passes > 1:
        constant = constants_resources(lanes, lanes.total_bits + 1, family)
    return (Resources(ceil(lut4 + constant.lut4), ceil(ff + constant.ff), constant.block_ram)
            + memory_resources(family, row_depth(layer, channels), width)
            + order_resources(family, positions, lanes.passes, pe, lanes.slots)
            + weights_resources(lanes, planes_of(layer.dense), family, 0))
