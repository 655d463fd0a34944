"""Passes, steps and groups of the lanes of a scheduled layer, and the area of its MVTU."""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np

from ..count.popcount import plan_count
from ..memo import memo
from ..plan.area import (
    CARRY,
    COUNT_ADDER,
    Resources,
    cells,
    interpolate,
    logic_rom,
    memory,
    rom_blocks,
)
from ..stream.credit import queue_resources, queue_size
from .loaded import writer_resources
from .spram import SPRAM_WIDTH
from .totals import LOGIC_PASSES


__all__ = ["Lanes", "constants_resources", "mvtu_resources", "planes_of", "weights_resources"]

# Adders between two registers, by whether the layer has one group. Layers of several groups have
# fewer, because large layers target fast clocks, where six adders and the nets between them would
# be the longest path (see hw.solver).
POPCOUNT_LEVELS = {True: 6, False: 3}

# Most lanes that share the registers of inputs, address and control signals. Their weights fill 16
# block RAMs. With more lanes the wires would be too long for 80 MHz.
GROUP_LANES = 576

# Cycles from the last step of a pass to the push of its results, without the popcount's: memory,
# agree, count, total, result.
STEP_LATENCY = 5


@dataclass(frozen=True)
class Lanes:
    """The lanes of a layer, ``pe × simd`` of them, and the cycles that they take.

    A *pass* computes ``pe`` neurons; it has a *step* for each ``simd`` inputs.

    Attributes
    ----------
    layer : :class:`sw.layer.dense.Weighted`
        The layer.
    pe, simd : int
        Neurons and inputs at once.
    rom : str
        Memory of the weights, see :class:`hw.stage.mvtu.MVTU`.
    """

    layer: object
    pe: int
    simd: int
    rom: str = "block"

    def __post_init__(self):
        for what, value, most, of in [("PE", self.pe, self.layer.outputs, "neurons"),
                                      ("SIMD", self.simd, self.layer.inputs, "inputs")]:
            if not 1 <= value <= most:
                raise ValueError(f"{what} of layer {self.layer.name!r} must be in 1..{most}, its "
                                 f"{of}: {value}")

    @property
    def bits(self):
        """Bits that a word of weights meets for each of its own: they decide about groups."""
        return 1

    @property
    def width(self):
        """Bits of an input word."""
        return self.simd * self.layer.takes.bits

    @property
    def passes(self):
        """Number of passes over a vector."""
        return ceil(self.layer.outputs / self.pe)

    @property
    def steps(self):
        """Number of steps of a pass."""
        return ceil(self.layer.inputs / self.simd)

    @property
    def interval(self):
        """Cycles for which a vector occupies the lanes."""
        return self.passes * self.steps

    @property
    def groups(self):
        """Groups of neurons whose lanes are near each other: ranges of about equal size."""
        count = min(self.pe, ceil(self.pe * self.simd * self.bits / GROUP_LANES))
        ends = [self.pe * number // count for number in range(count + 1)]
        return [range(start, end) for start, end in pairwise(ends)]

    @property
    def hops(self):
        """Registers between the vector and the last group: one a group, or none for one group."""
        return len(self.groups) if len(self.groups) > 1 else 0

    @property
    def hops_to(self):
        """Pairs of the registers between the vector and a group, and the group."""
        return [(min(number, self.hops), group) for number, group in enumerate(self.groups, 1)]

    @property
    def plan(self):
        """Plan of the popcount of ``simd`` lanes."""
        return plan_count(self.simd, POPCOUNT_LEVELS[self.hops == 0])

    @property
    def rom_delay(self):
        """Registers behind the weights' memory: one in block RAM, one on the way to the lanes."""
        return 2 if self.rom in ("registered", "loaded") else 0

    @property
    def step_latency(self):
        """Cycles from the last step of a pass to the push of its results."""
        return STEP_LATENCY + self.rom_delay + self.plan.depth + self.hops

    @property
    def queue(self):
        """Depth and latency of the output queue."""
        return queue_size(self.steps - 1 + self.step_latency, self.steps)


def planes_of(layer):
    """Return the bits of memory that a weight takes: 2 in a layer that has weights of 0."""
    return 1 if layer.synapses == layer.weights.size else 2


@memo
def mvtu_resources(layer, pe, simd, rom, family):
    """Return the estimated resources of an :class:`hw.stage.mvtu.MVTU`."""
    lanes = Lanes(layer, pe, simd, rom)
    lanes_in_all, depth, plan = pe * simd, lanes.interval, lanes.plan
    count, total = simd.bit_length(), layer.inputs.bit_length()
    registered = 2 * sum(plan.registered)
    if layer.gives_scores:
        constants = layer.bias - layer.fan_in
        result = width = layer.score_bits
    else:
        constants, result, width = layer.thresholds, 1, total
    from_rom = rom == "loaded" or (lanes.passes > 1 and bool(np.any(constants != constants[0])))
    accumulate = (CARRY[family] + 1) * total if lanes.steps > 1 else 0
    lut4 = lanes_in_all + 40 + pe * (interpolate(COUNT_ADDER[family], simd) * len(plan.steps)
                              + accumulate + CARRY[family] * width)
    ff = lanes_in_all + 45 + pe * (registered + count + total + result)
    ff += lanes.hops * (simd + depth.bit_length() + lanes.passes.bit_length() + 2)
    constant = constants_resources(lanes, width, family) if from_rom else Resources()
    block_ram = constant.block_ram
    resources = cells(family, lut4 + constant.lut4, ff + constant.ff)
    resources += queue_resources(family, lanes.queue[0], pe * result)
    resources += memory(family, 2 << (lanes.steps - 1).bit_length(), simd)
    return (resources + Resources(0, 0, block_ram)
            + weights_resources(lanes, planes_of(layer), family, 2 * len(lanes.groups) * simd))


def constants_resources(lanes, width, family):
    """Return the resources of a ROM of a constant of ``width`` bits for each neuron.

    On iCE40 the flip-flops lie in the cells of other logic.
    """
    if lanes.passes <= LOGIC_PASSES:
        return Resources(lanes.pe * logic_rom(lanes.passes, width), lanes.pe * width)
    return Resources(0, 0, sum(rom_blocks(family, lanes.passes, len(neurons) * width)
                               for neurons in lanes.groups))


def weights_resources(lanes, planes, family, waiting):
    """Return the estimated resources of the memory of weights, and of what waits for it.

    Parameters
    ----------
    lanes : Lanes
        The lanes.
    planes : int
        Bits of memory that a weight takes.
    family : str
        ``"ecp5"`` or ``"ice40"``.
    waiting : int
        Flip-flops in which inputs wait for registers behind the memory, if there are any.
    """
    depth, bits = lanes.interval, lanes.pe * lanes.simd * planes
    if lanes.rom in ("block", "registered", "loaded"):
        block_ram = sum(rom_blocks(family, depth, len(neurons) * lanes.simd * planes)
                        for neurons in lanes.groups)
        used = Resources(0, 0, block_ram)
        if lanes.rom_delay:  # one of the two registers behind the weights is inside the block RAM
            used += cells(family, 0, bits + waiting)
        if lanes.rom == "loaded":
            used += cells(family, *writer_resources(lanes, planes))
        return used
    if lanes.rom == "spram":
        chips = ceil(bits / SPRAM_WIDTH)
        return cells(family, chips + 16, 4) + Resources(0, 0, 0, chips)
    return Resources(ceil(planes * logic_rom(depth, lanes.pe * lanes.simd)))
