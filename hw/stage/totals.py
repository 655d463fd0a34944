"""Totals of neurons that begin with a constant, so that their sign says whether they fire."""

import numpy as np
from amaranth import *
from amaranth.lib import memory

from sw.line.words import neuron_words

from ..count.carry import ZERO, Bit, Position, carry_chain, gap
from ..count.lut import family_of


__all__ = ["LOGIC_PASSES", "accumulate", "pass_constants", "total_bits"]

LOGIC_PASSES = 32  # most passes whose constants are in LUTs; with more they are in block RAM


def pass_constants(delays, lanes, neurons, number, values, width):
    """Return the constants of the neurons of a pass, a list of Value.

    Parameters
    ----------
    delays : Delays
        Makes the registers.
    lanes : :class:`hw.stage.lanes.Lanes`
        The passes.
    neurons : range
        Neurons of a pass that are wanted.
    number : Value
        Number of the pass. It comes earlier than the constants, by the cycles that reading them
        takes: one, and the registers behind a ROM.
    values : ndarray of int
        Constant of each neuron of the layer.
    width : int
        Bits of a constant.
    """
    m = delays.m
    if np.all(values == values[0]):
        return [Const(int(values[0]) % 2**width, width)] * len(neurons)
    if lanes.passes == 1:
        return [Const(int(values[neuron]) % 2**width, width) for neuron in neurons]
    mask = (1 << len(neurons) * width) - 1
    words = [word >> neurons.start * width & mask
             for word in neuron_words(values, width, pe=lanes.pe)]
    style = "logic" if lanes.passes <= LOGIC_PASSES else "block"
    m.submodules[f"constants_{neurons.start}"] = rom = memory.Memory(
        shape=width * len(neurons), depth=lanes.passes, init=words, attrs={"rom_style": style})
    port = rom.read_port()
    m.d.comb += port.addr.eq(number)
    word = delays.delay(port.data, lanes.rom_delay)
    return [word.word_select(place, width) for place in range(len(neurons))]


def total_bits(thresholds, most):
    """Return the bits of a total between minus the largest threshold and ``most``."""
    return 1 + max(int(thresholds.max()), most).bit_length()


def accumulate(m, value, start, keep, name, platform):
    """Return a total: ``start + value``, or the total of the cycle before plus ``value``.

    Parameters
    ----------
    m : Module
        Where the register goes.
    value, start : Value
        Number to add; number to begin with, as wide as the total.
    keep : Value or None
        Whether the total goes on; None if it never does.
    name : str
        Name of the total.
    platform : Platform or None
        On ECP5 a LUT4 a bit chooses and adds. Synthesis does not find that.
    """
    total = Signal(len(start), reset_less=True, name=name)
    if family_of(platform) != "ecp5":
        m.d.sync += total.eq(value + (start if keep is None else Mux(keep, total, start)))
        return total
    positions = [gap(ZERO)]
    for place in range(len(start)):
        bit = Bit(value[place]) if place < len(value) else None
        terms = ((Bit(start[place]),) if keep is None
                 else (Bit(total[place]), Bit(keep), Bit(start[place])))
        positions.append(Position(bit, "is" if keep is None else "choose", terms))
    m.d.sync += total.eq(carry_chain(m, positions, platform, f"{name}_next")[1:])
    return total
