# amaranth: UnusedElaboratable=no
"""Estimates LUTs, flip-flops and block RAMs of an accelerator without synthesizing it."""

from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from math import ceil

import numpy as np

from .accelerator import stages
from .plan.area import (
    CARRY,
    COUNT_ADDER,
    Resources,
    cells,
    interpolate,
    logic_rom,
    memory,
    queue,
    rom_blocks,
)
from .plan.schedule import Wired
from .plan.simplify import simplify
from .serial.benchmark import counter_width
from .serial.imageregister import LOGIC_IMAGES, copy_bits, used_bits
from .stage.encoder import ThermometerEncoder
from .stage.folding import Folding
from .stage.labelselect import LabelSelect
from .stage.mvtu import MVTU
from .stage.spram import SPRAM_WIDTH
from .stream.credit import queue_size
from .stream.width import Conversion, WidthConverter
from .wired.area import wired_ends, wired_layer
from .wired.pipeline import WiredPipeline, pipeline_depth


__all__ = ["Estimate", "estimate", "images_that_fit", "layer_resources",
           "shell_resources", "stored_bits"]

# Serial link, frame buffer, benchmark and clock, without the benchmark's images and, on iCE40, its
# histogram, which is distributed RAM elsewhere. Fitted, see docs/decisions/006-estimate.md.
SHELL = {"ecp5": Resources(1200, 430, 1), "ice40": Resources(870, 430, 5)}
SHELL_CLOCK = 48_000_000  # Hz, at most, of a board with an iCE40

ROM_DEPTH = 16_384  # words of the benchmark's ROM, at most, unless asked for

# What reads the weights of SPRAM from the flash.
LOADER = Resources(330, 130)


@dataclass(frozen=True)
class Estimate:
    """Resources of an accelerator.

    Attributes
    ----------
    family : str
        ``"ecp5"`` or ``"ice40"``.
    stages : dict of str to Resources
        By stage; a wired pipeline by layer, and its ends under its own name.
    """

    family: str
    stages: dict

    @property
    def total(self):
        return sum(self.stages.values(), Resources())


def estimate(network, schedule, family):
    """Estimate an accelerator, stage by stage.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        What is computed.
    schedule : :class:`hw.plan.schedule.Schedule`
        How much of it per cycle.
    family : str
        ``"ecp5"`` or ``"ice40"``.

    Returns
    -------
    Estimate
    """
    parts = {}
    for name, stage in stages(network, schedule).items():
        if isinstance(stage, MVTU):
            parts[name] = _mvtu(stage.folding, family)
        elif isinstance(stage, WidthConverter):
            parts[name] = _converter(stage.conversion, family)
        elif isinstance(stage, LabelSelect):
            parts[name] = _label_select(stage, family)
        elif isinstance(stage, ThermometerEncoder):
            parts[name] = _encoder(stage, family)
        elif isinstance(stage, WiredPipeline):
            if stage.encoder:
                parts[network.encoder.name] = _pixel_encoder(network.encoder, family)
            layers = (_left_over(network) if len(stage.layers) == len(network.layers) - 1
                      else stage.layers)
            for layer, part, after in zip_longest(layers, stage.parts, layers[1:]):
                parts[layer.name] = wired_layer(layer, part, family, after)
            parts[name] = wired_ends(stage.layers, stage.parts, stage.queue_depth, family)
    return Estimate(family, parts)


@cache
def _left_over(network):
    """Layers without what synthesis removes from them."""
    return simplify(network).layers


def layer_resources(layer, part, family, *, bits, width, after_wired):
    """Estimate one layer with the width converter before it: what the solver adds up.

    Parameters
    ----------
    layer : :class:`sw.network.Dense` or :class:`sw.network.Scores`
        The layer.
    part : :class:`hw.plan.schedule.Wired` or :class:`hw.plan.schedule.Scheduled`
        How much of it per cycle.
    family : str
        ``"ecp5"`` or ``"ice40"``.
    bits, width : int
        Length of the vectors that come in, and of the words they come in.
    after_wired : bool
        Whether the layer before is wired too, so that nothing is between them.
    """
    if isinstance(part, Wired):
        resources = wired_layer(layer, part, family)
        if not after_wired:
            depth, _ = queue_size(pipeline_depth((layer,), (part,)), 1)
            resources += wired_ends((layer,), (part,), depth, family)
        wanted = layer.inputs
    else:
        resources = _mvtu(Folding(layer, part.pe, part.simd, part.rom), family)
        wanted = part.simd
    return resources + _converter(Conversion(bits, width, wanted), family)


def stored_bits(network, schedule):
    """Bits of an image, or of a word of it, that the link stores for an accelerator."""
    if schedule.interval(network) == 1:
        return int(used_bits(network).sum())
    return schedule.pixels * network.encoder.pixel_bits


def shell_resources(network, schedule, family, words=0, width=1):
    """Estimate what surrounds an accelerator on a board.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        What is computed.
    schedule : :class:`hw.plan.schedule.Schedule`
        How much of it per cycle.
    family : str
        ``"ecp5"`` or ``"ice40"``.
    words, width : int
        Size of the ROM with the benchmark's images.
    """
    stored = stored_bits(network, schedule)
    used = SHELL[family]
    if schedule.interval(network) == 1:  # which bits are stored is in block RAM
        used += Resources(stored, stored + copy_bits(stored, words), 1)
    elif stored > 8:
        used += Resources(stored, stored + (width if words else 0))
    if words * width > 1024:  # smaller ones become LUTs
        used += Resources(0, 0, rom_blocks(family, words, width))
    if family == "ice40":
        bits = counter_width(SHELL_CLOCK, schedule.interval(network))
        used += Resources(0, 0, rom_blocks(family, network.classes, bits))
    if any(getattr(part, "rom", None) == "spram" for part in schedule.layers.values()):
        used += LOADER
    return used


def images_that_fit(network, schedule, device, most):
    """Return how many images, at least 1, logic or the block RAMs that are left over can hold.

    A ROM deeper than a block RAM would have a multiplexer behind it, the longest path of all.
    """
    in_logic = min(most, LOGIC_IMAGES) if schedule.interval(network) == 1 else 1
    used = (estimate(network, schedule, device.family).total
            + shell_resources(network, schedule, device.family))
    beats = ceil(network.encoder.inputs / schedule.pixels)
    width = stored_bits(network, schedule)
    candidates = range(min(most, ROM_DEPTH // beats), in_logic, -1)
    return next((count for count in candidates if used.block_ram + rom_blocks(
        device.family, count * beats, width) <= device.block_rams), in_logic)


def _encoder(stage, family):
    if stage.is_wire:
        return Resources()
    width = stage.pixels * stage.encoder.levels
    each = stage.encoder.pixel_bits / 2
    if (stage.rows == stage.rows[0]).all():
        return cells(family, width * each + 4, width)
    rom = rom_blocks(family, stage.beats, width * (stage.encoder.pixel_bits + 1))
    return cells(family, width * 2 * each + 24, width + 10) + Resources(0, 0, rom)


def _pixel_encoder(encoder, family):
    return cells(family, encoder.outputs * encoder.pixel_bits / 2, encoder.outputs)


@cache
def _converter(conversion, family):
    form, i_width, o_width = conversion.form, conversion.i_width, conversion.o_width
    if form == "same":
        return Resources() if conversion.is_wire else Resources(o_width // 2 + 8, 4)
    if form == "down":
        bits = min(i_width, conversion.bits)
        return cells(family, bits + 14, bits + 8)
    if form == "up":
        bits = conversion.i_words * i_width if conversion.o_words == 1 else o_width
        return cells(family, 14, bits + 8)
    bits = i_width + o_width
    return cells(family, bits * 1.3 * bits.bit_length() + 30, bits + 14)


@cache
def _mvtu(folding, family):
    layer, pe, simd, rom = folding.layer, folding.pe, folding.simd, folding.rom
    lanes, depth, plan = pe * simd, folding.interval, folding.plan
    planes = 1 if layer.synapses == layer.weights.size else 2
    count, total = simd.bit_length(), layer.inputs.bit_length()
    registered = 2 * sum(plan.registered)
    if layer.kind == "dense":
        constants, result, width = layer.thresholds, 1, total
    else:
        constants = layer.bias - layer.fan_in
        result = width = layer.score_bits
    from_rom = folding.neuron_folds > 1 and bool(np.any(constants != constants[0]))
    accumulate = (CARRY[family] + 1) * total if folding.synapse_folds > 1 else 0
    lut4 = lanes + 40 + pe * (interpolate(COUNT_ADDER[family], simd) * len(plan.steps)
                              + accumulate + CARRY[family] * width)
    ff = lanes + 45 + pe * (registered + count + total + result)
    ff += folding.hops * (simd + depth.bit_length() + folding.neuron_folds.bit_length() + 2)
    block_ram = 0
    if from_rom and folding.neuron_folds <= 32:
        lut4 += pe * logic_rom(folding.neuron_folds, width)
        ff += pe * width
    elif from_rom:
        block_ram = sum(rom_blocks(family, folding.neuron_folds, len(neurons) * width)
                        for neurons in folding.groups)
    resources = cells(family, lut4, ff)
    resources += queue(family, folding.queue[0], pe * result)
    resources += memory(family, 2 << (folding.synapse_folds - 1).bit_length(), simd)
    if rom in ("block", "registered"):
        if folding.rom_delay:  # one register behind the weights is in the block RAM, one is not
            resources += cells(family, 0, lanes * planes + 2 * len(folding.groups) * simd)
        block_ram += sum(rom_blocks(family, depth, len(neurons) * simd * planes)
                         for neurons in folding.groups)
        return resources + Resources(0, 0, block_ram)
    if rom == "spram":
        chips = ceil(lanes * planes / SPRAM_WIDTH)
        return resources + cells(family, chips + 16, 4) + Resources(0, 0, block_ram, chips)
    return resources + Resources(ceil(planes * logic_rom(depth, lanes)), 0, block_ram)


def _label_select(stage, family):
    width = stage.classes * stage.score_bits
    nodes = stage.pe - 1
    lut4 = (nodes + 1) * (CARRY[family] + 1) * stage.score_bits + 30
    ff = width + nodes * 2 * stage.score_bits + stage.score_bits + 16
    return (cells(family, lut4, ff)
            + queue(family, stage.queue_depth, width + (stage.classes - 1).bit_length()))
