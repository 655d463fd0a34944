"""Matrix-vector-threshold unit for integers: sums of pixels times -1, 0 and +1."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil

from amaranth import *

from sw.line.words import join_planes

from ..count.carry import ZERO, Bit, Position, carry_chain, gap
from ..count.lut import family_of
from ..memo import memo
from ..plan.area import Resources
from ..plan.area import memory as memory_resources
from ..stream.credit import queue_resources
from .lanes import Lanes, constants_resources, planes_of, weights_resources
from .mvtu import MVTU
from .signs import integer_words, levels_of
from .totals import accumulate, pass_constants, total_bits


__all__ = ["IntegerLanes", "IntegerMVTU", "integer_mvtu_resources"]

# Fitted to synthesized units. LUT4 of a position of an adder, whose right operand may be inverted,
# and of a bit of a total; LUT4 and flip-flops of control.
ADDER = {"ecp5": 1.0, "ice40": 1.8}
ACCUMULATE = {"ecp5": 1.15, "ice40": 2.1}
CONTROL = 60


@dataclass(frozen=True)
class IntegerLanes(Lanes):
    """The lanes of a layer of integers, which are adders."""

    @property
    def bits(self):
        return self.layer.input_bits

    @property
    def waited(self):
        """Cycles from a step to the sum of its lanes, without the way to the group."""
        return max(1 + levels_of(self.simd) + 1, self.rom_delay + 1)

    @property
    def step_latency(self):
        """Cycles from the last step of a pass to the push of its results."""
        return self.waited + 2 + self.rom_delay + self.hops


class IntegerMVTU(MVTU):
    """First layer of integers, ``pe`` neurons × ``simd`` inputs a cycle.

    The unit is an :class:`hw.stage.mvtu.MVTU` whose lanes are a tree of adders, with a register
    behind each level. An input whose weight is -1 is inverted inside the LUTs of an adder
    (:mod:`hw.stage.signs`). The constants that inversions add are part of the threshold.

    The interval is ``ceil(inputs / simd) * ceil(neurons / pe)`` cycles a vector, without a bubble.
    Latency, from the last word of a vector to its last result, is ``interval + 4 + r + l + q + h``
    cycles (:attr:`latency`), with l levels of adders and r, q and h as of an MVTU. It is one more
    for ``simd`` of 1 with registers behind the ROM.

    Parameters
    ----------
    layer : :class:`sw.layer.integer.IntegerDense`
        Weights and thresholds; ``dense`` of an :class:`sw.layer.integer.IntegerConv2d`.
    pe, simd, rom
        As of an MVTU.

    Members
    -------
    i : In(stream.Signature(simd * input_bits))
        Unsigned inputs, the first one lowest. The last word of a vector is filled up with zeros.
    o : Out(stream.Signature(pe))
        Activations of a pass, the first neuron lowest.
    weights, last_weight
        As of an MVTU.
    """

    @cached_property
    def integer_words(self):
        """Bits that the lanes read, :class:`hw.stage.signs.IntegerWords`."""
        return integer_words(self.layer.weights, self.layer.input_bits, self.simd)

    def resources(self, name, family, left):
        return {name: integer_mvtu_resources(self.layer, self.pe, self.simd, self.rom, family)}

    def _plan_lanes(self, layer, pe, simd, rom):
        return IntegerLanes(layer, pe, simd, rom)

    def _step_words(self):
        planes = self.integer_words.planes
        return join_planes(planes, pe=self.pe, simd=self.simd), len(planes)

    def _group(self, delays, platform, neurons, planes, inputs, first, number):
        """Return the results of a range of neurons, one register each."""
        m, lanes, bits = delays.m, self.lanes, self.layer.input_bits
        values = [inputs.word_select(place, bits) for place in range(self.simd)]
        keep = delays.delay(~first, lanes.waited)
        number = delays.delay(number, lanes.waited - 1 - lanes.rom_delay)
        offsets = self.integer_words.offsets
        thresholds = self.layer.thresholds + offsets
        most = int((self.layer.bounds[1] + offsets).max())
        starts = pass_constants(delays, lanes, neurons, number, -thresholds,
                                total_bits(thresholds, most))
        results = []
        for place, neuron in enumerate(neurons):
            flips, *counts = [plane[place * self.simd:(place + 1) * self.simd] for plane in planes]
            tree = _Tree(delays, platform, f"sum_{neuron}")
            summed = tree.build(values, flips, counts[0] if counts else None)
            summed = delays.delay(summed, lanes.waited - 2 - levels_of(self.simd))
            total = accumulate(m, summed, starts[place], keep if self.steps > 1 else None,
                               f"total_{neuron}", platform)
            results.append(delays.register(~total[-1]))
        return results


class _Tree:
    """A tree of adders whose right operands may be inverted, with a register behind each level."""

    def __init__(self, delays, platform, name):
        self.delays = delays
        self.platform = platform
        self.name = name
        self.adders = 0

    def build(self, values, flips, counts):
        """Return the sum in the register behind the one of the last level.

        ``flips`` and ``counts`` are the bits of a step (:class:`hw.stage.signs.IntegerWords`).
        """
        width = len(values[0])
        masks = [None] * len(values)
        if counts is not None:  # an adder masks its right operand itself
            masks = list(counts)
            values = [value if place % 2 else value & masks[place].replicate(width)
                      for place, value in enumerate(values)]
        while len(values) > 1:
            pairs = len(values) // 2
            made = [self.add(values[2 * pair], values[2 * pair + 1], flips[pair],
                             masks[2 * pair + 1], width) for pair in range(pairs)]
            if len(values) % 2:
                made.append(self.delays.register(values[-1]))
            values, masks = made, [None] * len(made)
            flips = self.delays.register(flips[pairs:])
            width += 1
        whole = Signal(width)
        self.delays.m.d.comb += whole.eq(values[0])
        return self.delays.register(whole ^ flips[0].replicate(width))

    def add(self, left, right, flip, mask, width):
        """Return ``left`` plus ``right``, which is inverted by ``flip``, then masked."""
        m = self.delays.m
        self.adders += 1
        a, b = Signal(width, name=f"{self.name}_left_{self.adders}"), Signal(
            width, name=f"{self.name}_right_{self.adders}")
        m.d.comb += [a.eq(left), b.eq(right)]
        if family_of(self.platform) != "ecp5":
            b = b ^ flip.replicate(width)
            return self.delays.register(a + (b if mask is None else b & mask.replicate(width)))
        terms = (Bit(flip),) if mask is None else (Bit(flip), Bit(mask))
        form = "xor" if mask is None else "masked"
        chain = [gap(ZERO), *(Position(Bit(a[place]), form, (Bit(b[place]), *terms))
                              for place in range(width)), Position(None)]
        total = carry_chain(m, chain, self.platform, f"{self.name}_{self.adders}")
        return self.delays.register(total[1:])


@memo
def integer_mvtu_resources(layer, pe, simd, rom, family):
    """Return the estimated resources of an :class:`IntegerMVTU`."""
    lanes, bits = IntegerLanes(layer, pe, simd, rom), layer.input_bits
    planes = planes_of(layer)
    adders, registers, count = 0, 0, simd
    for level in range(levels_of(simd)):
        width = bits + level
        adders += count // 2 * ADDER[family] * (width + 2)
        # The register behind each level, and inversions that later levels read.
        count, wait = count - count // 2, count - count // 2
        registers += count * (width + 1) + wait
    masks = (simd + 1) // 2 * bits if planes > 1 else 0
    whole = bits + levels_of(simd)
    total = whole + lanes.steps.bit_length() + 1
    ff = CONTROL + pe * (registers + whole + total + 1)
    ff += lanes.hops * (bits * simd + lanes.interval.bit_length() + lanes.passes.bit_length() + 2)
    lut4 = CONTROL + pe * (adders + masks + whole + ACCUMULATE[family] * total)
    constant = constants_resources(lanes, total, family) if lanes.passes > 1 else Resources()
    # On iCE40, too, nearly all flip-flops lie behind the LUTs of adders.
    return (Resources(ceil(lut4 + constant.lut4), ceil(ff + constant.ff), constant.block_ram)
            + queue_resources(family, lanes.queue[0], pe)
            + memory_resources(family, 2 << (lanes.steps - 1).bit_length(), bits * simd)
            + weights_resources(lanes, planes, family, 2 * bits * simd))
