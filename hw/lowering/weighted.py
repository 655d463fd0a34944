# amaranth: UnusedElaboratable=no
"""Hardware of dense layers and scores: scheduled on lanes, or wired."""

from dataclasses import replace
from math import ceil

from sw.layer.dense import Dense
from sw.layer.scores import Scores

from ..count.columnplan import MOST_VOTES
from ..lower import LOWER, Lowering
from ..plan.schedule import Scheduled
from ..stage.lanes import mvtu_resources, planes_of
from ..stage.loadedmvtu import LoadedMVTU
from ..stage.mvtu import MVTU
from ..stage.spram import SPRAM_DEPTH
from ..wired.area import wired_resources
from ..wired.layer import WiredLayer, layer_latency
from ..wired.votes import VoteLayer, vote_latency, vote_resources


# Block RAM of ECP5 has a register inside. Without this register a word comes 4.6 ns later.
BLOCK_RAM = {"ecp5": "registered", "ice40": "block"}


class LowerWeighted(Lowering):
    """Hardware of neurons with synapses."""

    def wired(self, layer, mode):
        return (VoteLayer if mode.adders == "columns" else WiredLayer)(layer, mode)

    def wired_latency(self, layer, mode):
        return (vote_latency if mode.adders == "columns" else layer_latency)(layer, mode)

    def wired_resources(self, layer, mode, family, seen):
        if mode.adders == "columns":
            return vote_resources(layer, mode, family)
        return wired_resources(layer, mode, family, seen)

    def scheduled(self, layer, mode):
        if mode.rom == "loaded":
            return LoadedMVTU(layer, pe=mode.pe, simd=mode.simd)
        return MVTU(layer, pe=mode.pe, simd=mode.simd, rom=mode.rom)

    def scheduled_resources(self, layer, mode, family):
        return mvtu_resources(layer, mode.pe, mode.simd, mode.rom, family)

    def stored_bits(self, layer):
        return layer.weights.size * planes_of(layer)

    def slowest(self, layer):
        return layer.inputs * layer.outputs

    def candidates(self, layer, interval, wired, device):
        if wired.adders == "chains" and device.family == "ecp5" and fits_columns(layer):
            # One register on the way lets a vote lie far from its table. Each vote is read by one
            # class, so that no further copy brings it nearer.
            wired = replace(wired, adders="columns", hops=min(1, wired.hops))
        modes = [wired] if self.fits_wired(layer, device) else []
        for pe, simd in lanes_within(layer, interval):
            modes += [Scheduled(pe, simd, BLOCK_RAM[device.family]),
                      Scheduled(pe, simd, "distributed")]
            spram = Scheduled(pe, simd, "spram")
            if device.sprams and spram.interval(layer) <= SPRAM_DEPTH:
                modes.append(spram)
        return modes

    def fits_wired(self, layer, device):
        """Return whether a wired layer may fit, which saves the plans of thousands of neurons."""
        return layer.synapses < 2 * device.lut4  # a synapse takes more than half a LUT


def fits_columns(layer):
    """Return whether columns are the smallest way to build a wired layer on ECP5.

    Classes that share inputs share full adders of trees, which counts over columns do not.
    """
    return (isinstance(layer, Scores) and layer.counts_votes
            and int(layer.fan_in.max()) <= MOST_VOTES)


def lanes_within(layer, interval):
    """Return the (pe, simd) with the fewest lanes for an interval, for each number of passes."""
    found, passes = {}, 1
    while passes <= min(interval, layer.outputs):
        pe = ceil(layer.outputs / passes)
        passes = ceil(layer.outputs / pe)
        if passes <= interval:
            least = ceil(layer.inputs / max(1, interval // passes))
            for simd in {least, divisor(layer.inputs, least)}:
                found[pe, simd] = None
        passes = max(passes + 1, ceil(layer.outputs / (pe - 1)) if pe > 1 else layer.outputs + 1)
    return list(found)


def divisor(whole, least):
    """Return the smallest divisor of ``whole`` that is at least ``least``."""
    return next(number for number in range(least, whole + 1) if whole % number == 0)


LOWER.register(Dense, Scores)(LowerWeighted())
