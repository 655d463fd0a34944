# amaranth: UnusedElaboratable=no
"""Estimates LUTs, flip-flops and block RAMs of an accelerator without synthesizing it."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from .accelerator import stages
from .lower import LOWER
from .memo import memo
from .plan.area import Resources, rom_blocks
from .plan.schedule import Wired
from .plan.simplify import simplify, used_bits
from .plan.simplify.reduction import REDUCE
from .serial.benchmark import counter_width
from .serial.imageregister import LOGIC_IMAGES, copy_bits
from .stream.credit import queue_size
from .stream.width import Conversion, conversion_resources
from .wired.pipeline import pipeline_depth, wired_ends


__all__ = ["Estimate", "estimate", "images_that_fit", "layer_resources",
           "left_over", "shell_resources", "stored_bits"]

# Serial link, frame buffer, benchmark and clock. The benchmark's images are counted apart, and on
# iCE40 its histogram too, which is in distributed RAM on ECP5. Fitted to builds:
# docs/decisions/006-estimate.md.
SHELL = {"ecp5": Resources(1200, 430, 1), "ice40": Resources(870, 430, 5)}
SHELL_CLOCK = 48_000_000  # Hz: the fastest usual clock of the boards with an iCE40

ROM_DEPTH = 16_384  # most words of the benchmark's ROM, unless the user asks for more

# The loader, which reads the weights of SPRAM from the flash.
LOADER = Resources(330, 130)

# The loader of weights over the line, and the writers behind it: fitted to a build of tfc.
WEIGHT_LOADER = Resources(560, 220)


@dataclass(frozen=True)
class Estimate:
    """Resources of an accelerator.

    Attributes
    ----------
    family : str
        ``"ecp5"`` or ``"ice40"``.
    stages : dict of str to Resources
        By stage. A wired pipeline has an entry for each layer, and one under its own name for its
        ends: label select and queues.
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
        Network to compute.
    schedule : :class:`hw.plan.schedule.Schedule`
        How much of each layer is computed per cycle.
    family : str
        ``"ecp5"`` or ``"ice40"``.

    Returns
    -------
    Estimate
    """
    left = {}
    if _is_wired(schedule):
        left = _left(network)
    parts = {}
    for name, stage in stages(network, schedule).items():
        parts |= stage.resources(name, family, left)
    return Estimate(family, parts)


def left_over(network, schedule):
    """Return how many outputs synthesis leaves of each layer: a dict of (left, all) by name.

    Only a network whose layers are all wired loses outputs. The dict is empty otherwise, and where
    nothing is removed.
    """
    if not _is_wired(schedule):
        return {}
    simplified = _simplified(network)
    left = {network.first.name: (len(simplified.inputs), network.first.outputs)}
    left |= {layer.name: (after.outputs, layer.outputs)
             for layer, after in zip(network.hidden, simplified.layers[:-1], strict=True)}
    return left if any(some < every for some, every in left.values()) else {}


def _is_wired(schedule):
    """Return whether all layers are wired: then synthesis sees their constants."""
    return all(isinstance(mode, Wired) for mode in schedule.layers.values())


def _left(network):
    """Return the layers without the parts that synthesis removes, a dict by name."""
    first, simplified = network.first, _simplified(network)
    left = {layer.name: layer for layer in simplified.layers}
    if LOWER.of(first).has_mode and not LOWER.of(first).streams:
        left[first.name] = REDUCE.of(first).rows(first, simplified.inputs)
    return left


@memo
def _simplified(network):
    """Return the network without the parts that synthesis removes."""
    return simplify(network)


def layer_resources(layer, mode, family, *, bits, width, after_wired):
    """Estimate one layer with the width converter before it, for the solver to add up.

    Parameters
    ----------
    layer : :class:`sw.layer.kind.Layer`
        The layer.
    mode : :class:`hw.plan.schedule.Wired` or :class:`hw.plan.schedule.Scheduled`
        How much of the layer is computed per cycle.
    family : str
        ``"ecp5"`` or ``"ice40"``.
    bits, width : int
        Bits of an input vector, and of an input word.
    after_wired : bool
        Whether the layer before ends in a pipeline that this layer would join. Then no queue lies
        between them.
    """
    lower = LOWER.of(layer)
    if isinstance(mode, Wired) and not lower.streams:
        seen = np.ones(layer.outputs, dtype=bool)
        resources = lower.wired_resources(layer, mode, family, seen)
        if not after_wired:
            depth, _ = queue_size(pipeline_depth((layer,), (mode,)), 1)
            resources += wired_ends((layer,), (mode,), depth, family)
    else:
        resources = lower.stage_resources(layer, mode, width, family)
    takes, _ = lower.words(layer, mode, width)
    return resources + conversion_resources(Conversion(bits, width, takes), family)


def stored_bits(network, schedule):
    """Return how many bits of an image, or of a word of an image, the link stores."""
    if schedule.interval(network) == 1:
        return int(used_bits(network).sum())
    return schedule.pixels * network.pixel_bits


def shell_resources(network, schedule, family, words=0, width=1):
    """Estimate the parts around an accelerator on a board.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        Network to compute.
    schedule : :class:`hw.plan.schedule.Schedule`
        How much of each layer is computed per cycle.
    family : str
        ``"ecp5"`` or ``"ice40"``.
    words, width : int
        Size of the ROM with the benchmark's images.
    """
    stored = stored_bits(network, schedule)
    used = SHELL[family]
    if schedule.interval(network) == 1:  # a block RAM says which bits are stored
        used += Resources(stored, stored + copy_bits(stored, words), 1)
    elif stored > 8:
        used += Resources(stored, stored + (width if words else 0))
    if words * width > 1024:  # a smaller ROM becomes LUTs
        used += Resources(0, 0, rom_blocks(family, words, width))
    if family == "ice40":
        bits = counter_width(SHELL_CLOCK, schedule.interval(network))
        used += Resources(0, 0, rom_blocks(family, network.classes, bits))
    if any(getattr(mode, "rom", None) == "spram" for mode in schedule.layers.values()):
        used += LOADER
    if any(getattr(mode, "rom", None) == "loaded" for mode in schedule.layers.values()):
        used += WEIGHT_LOADER
    return used


def images_that_fit(network, schedule, device, most):
    """Return how many images, at least 1, fit into logic or into the unused block RAMs.

    The ROM is at most as deep as a block RAM, because the multiplexer behind a deeper one would be
    the longest path of all.
    """
    in_logic = min(most, LOGIC_IMAGES) if schedule.interval(network) == 1 else 1
    used = (estimate(network, schedule, device.family).total
            + shell_resources(network, schedule, device.family))
    beats = ceil(network.inputs / schedule.pixels)
    width = stored_bits(network, schedule)
    candidates = range(min(most, ROM_DEPTH // beats), in_logic, -1)
    return next((count for count in candidates if used.block_ram + rom_blocks(
        device.family, count * beats, width) <= device.block_rams), in_logic)
