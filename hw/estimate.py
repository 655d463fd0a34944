# amaranth: UnusedElaboratable=no
"""Estimates LUTs, flip-flops and block RAMs of an accelerator without synthesizing it."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from .accelerator import stages
from .encoder import ThermometerEncoder
from .labelselect import LabelSelect
from .mvtu import MVTU
from .schedule import Wired
from .stream import SMALL_QUEUE
from .width import WidthConverter
from .wired import WiredPipeline


__all__ = ["ROOM", "Estimate", "Resources", "estimate", "layer_resources", "shell_resources"]

# Share of a device's LUTs and flip-flops that place and route still finds its way in.
ROOM = {"ecp5": 0.85, "ice40": 0.92}

# Shapes of a block RAM: words and bits of a word.
SHAPES = {
    "ecp5": [(16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36)],
    "ice40": [(2048, 2), (1024, 4), (512, 8), (256, 16)],
}


@dataclass(frozen=True)
class Resources:
    """What a part of a design takes.

    Attributes
    ----------
    lut4, ff, block_ram : int
        Four-input LUTs (on iCE40: logic cells, a flip-flop without a LUT of its own included),
        flip-flops and block RAMs.
    """

    lut4: int = 0
    ff: int = 0
    block_ram: int = 0

    def __add__(self, other):
        return Resources(self.lut4 + other.lut4, self.ff + other.ff,
                         self.block_ram + other.block_ram)


@dataclass(frozen=True)
class Estimate:
    """Resources of an accelerator.

    Attributes
    ----------
    family : str
        ``"ecp5"`` or ``"ice40"``.
    stages : dict of str to Resources
        By stage; a wired pipeline by layer.
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
    schedule : :class:`hw.schedule.Schedule`
        How much of it per cycle.
    family : str
        ``"ecp5"`` or ``"ice40"``.

    Returns
    -------
    Estimate
    """
    parts = {}
    for name, stage in stages(network, schedule).items():
        if isinstance(stage, WiredPipeline):
            inputs = _cells(family, 0, stage.layers[0].inputs)
            for layer in stage.layers:
                parts[layer.name] = _wired_layer(stage.stages[layer.name], family) + inputs
                inputs = Resources()
            parts[name] = _wired_ends(stage, family)
        else:
            parts[name] = STAGES[type(stage)](stage, family)
    return Estimate(family, parts)


def layer_resources(layer, part, family, *, bits, width, after_wired):
    """Estimate one layer with the width converter before it: what the solver adds up.

    Parameters
    ----------
    layer : :class:`sw.network.Dense` or :class:`sw.network.Scores`
        The layer.
    part : :class:`hw.schedule.Wired` or :class:`hw.schedule.Scheduled`
        How much of it per cycle.
    family : str
        ``"ecp5"`` or ``"ice40"``.
    bits, width : int
        Length of the vectors that come in, and of the words they come in.
    after_wired : bool
        Whether the layer before is wired too, so that nothing is between them.
    """
    if isinstance(part, Wired):
        pipeline = WiredPipeline([layer], levels=part.levels)
        resources = _wired_layer(pipeline.stages[layer.name], family)
        if not after_wired:
            resources += _cells(family, 0, layer.inputs) + _wired_ends(pipeline, family)
        wanted = layer.inputs
    else:
        resources = _mvtu(MVTU(layer, pe=part.pe, simd=part.simd, rom=part.rom), family)
        wanted = part.simd
    if wanted != width:
        resources += _converter(WidthConverter(bits=bits, i_width=width, o_width=wanted), family)
    return resources


def shell_resources(family):
    """Serial link, benchmark and clock around the accelerator on a board, measured."""
    return SHELL[family]


def _cells(family, lut4, ff, shared=0):
    """Resources of so many LUTs and flip-flops, of which ``shared`` sit behind a LUT of them."""
    lut4, ff = ceil(lut4), ceil(ff)
    if family == "ice40":
        lut4 += max(0, ff - ceil(shared))
    return Resources(lut4, ff)


def rom_blocks(family, words, width):
    """Block RAMs of a memory, in the shape that takes fewest."""
    return min(ceil(words / depth) * ceil(width / bits) for depth, bits in SHAPES[family])


def _logic_rom(words, width):
    """LUTs of a ROM over logic: a LUT4 for 16 words, and multiplexers that are half of them."""
    return width * ceil(words / 16) * (1.0 if words <= 16 else 1.35)


def _memory(family, words, width):
    """Resources of a small memory that is written: distributed RAM, or block RAM."""
    if family == "ecp5" and words <= 64:
        return Resources(ceil(words / 16) * ceil(width / 4) * 4 + (width if words > 16 else 0), 0)
    return Resources(0, 0, rom_blocks(family, words, width))


def _queue(family, depth, width):
    """Resources of a CreditQueue."""
    if depth == 1:
        return _cells(family, 4, width + 2)
    if depth > SMALL_QUEUE:
        return _cells(family, 40, 30, 20) + Resources(0, 0, rom_blocks(family, depth, width))
    if family == "ecp5":
        return _cells(family, ceil(width / 4) * 4 * ceil(depth / 16) + 14, 10)
    return _cells(family, depth * 1.0 * width + 20, depth * width + 10, depth * width)


def _encoder(stage, family):
    if stage.is_wire:
        return Resources()
    width = stage.pixels * stage.encoder.levels
    each = stage.encoder.pixel_bits / 2
    if (stage.rows == stage.rows[0]).all():
        return _cells(family, width * each + 4, width, width)
    rom = rom_blocks(family, stage.beats, width * (stage.encoder.pixel_bits + 1))
    return _cells(family, width * 2 * each + 24, width + 10, width) + Resources(0, 0, rom)


def _converter(stage, family):
    bits = {"same": 0, "up": stage.i_words * stage.i_width if stage.o_words == 1 else stage.o_width,
            "down": min(stage.i_width, stage.bits), "gearbox": stage.i_width + stage.o_width}
    bits = bits[stage.form]
    if stage.form == "gearbox":
        return _cells(family, bits * 2.2 * (stage.o_width + stage.i_width).bit_length() / 2 + 30,
                      bits + 14, bits)
    if stage.form == "down":
        return _cells(family, bits + 14, bits + 8, bits)
    return _cells(family, 14 if bits else stage.o_width / 4, bits + 8)


def _mvtu(stage, family):
    pe, lanes = stage.pe, stage.pe * stage.simd
    count = stage.simd.bit_length()
    total = stage.layer.inputs.bit_length()
    depth = stage.interval
    planes = 1 if np.all(stage.layer.weights) else 2
    steps = len(stage.plan.steps)
    registered = 2 * sum(stage.plan.registered)
    if stage.layer.kind == "dense":
        constant = np.all(stage.layer.thresholds == stage.layer.thresholds[0])
        result, width = 1, total
    else:
        offsets = stage.layer.bias - stage.layer.fan_in
        constant = np.all(offsets == offsets[0])
        result = width = stage.layer.score_bits
    own = 0 if constant or stage.neuron_folds == 1 else 1  # constants from a ROM
    carried = CARRY[family]
    accumulate = carried * total + (total if stage.synapse_folds > 1 else 0)
    lut4 = (lanes + pe * (ADDER[family] * steps + accumulate + carried * total
                          + own * _logic_rom(stage.neuron_folds, width)) + 40)
    ff = lanes + pe * (registered + count + total + result + own * width) + 45
    resources = _cells(family, lut4, ff, lanes + pe * (total + result + own * width + count) + 20)
    resources += _queue(family, stage.queue_depth, pe * result)
    index_bits = (stage.synapse_folds - 1).bit_length()
    resources += _memory(family, 2 << index_bits, stage.simd)
    if stage.rom == "block":
        return resources + Resources(0, 0, rom_blocks(family, depth, lanes * planes))
    return resources + Resources(ceil(planes * lanes * _logic_rom(depth, 1)))


def _wired_layer(stage, family):
    """Resources of a layer's logic, by the fan-in of its neurons."""
    lut4 = ff = 0
    for plan in stage.plans:
        if plan:
            lut4 += _neuron_luts(plan, family)
            ff += 2 * sum(plan.registered) + len(plan.outputs) * (stage.depth - plan.depth)
    return _cells(family, lut4, ff + stage.width, ff + stage.width)


def _neuron_luts(plan, family):
    return WIRED_ADDER[family] * len(plan.steps)


def _wired_ends(stage, family):
    """Resources around a wired pipeline's layers: label select and queue."""
    last = stage.layers[-1]
    if last.kind != "scores":
        return _queue(family, stage.queue_depth, last.outputs)
    width = last.outputs * last.score_bits
    levels = (last.outputs - 1).bit_length()
    select = _cells(family, (last.outputs - 1) * (CARRY[family] * last.score_bits
                                                  + last.score_bits + 3),
                    levels * width + (last.outputs - 1) * (last.score_bits + 4),
                    (last.outputs - 1) * (last.score_bits + 4))
    return select + _queue(family, stage.queue_depth, width + 4)


def _label_select(stage, family):
    width = stage.classes * stage.score_bits
    lut4 = stage.pe * (CARRY[family] * stage.score_bits + stage.score_bits) + 30
    ff = width + stage.depth * stage.pe * stage.score_bits * 2 + stage.score_bits + 16
    return (_cells(family, lut4, ff, 20)
            + _queue(family, stage.queue_depth, width + (stage.classes - 1).bit_length()))


STAGES = {ThermometerEncoder: _encoder, WidthConverter: _converter, MVTU: _mvtu,
          LabelSelect: _label_select}

# LUT4 of an adder of one to three bits inside a popcount, of a bit of a carry chain, and of an
# adder of a wired neuron: fitted to synthesized designs (docs/decisions/0003-estimate.md).
ADDER = {"ecp5": 1.5, "ice40": 1.5}
CARRY = {"ecp5": 1.2, "ice40": 1.1}
WIRED_ADDER = {"ecp5": 1.35, "ice40": 1.5}
SHELL = {"ecp5": Resources(1100, 900, 4), "ice40": Resources(1200, 900, 12)}
