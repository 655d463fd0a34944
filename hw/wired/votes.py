"""Wired scores behind look-up layers: a class's score counts bits of weight +1, its votes."""

import numpy as np
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..count.columnplan import plan_columns
from ..count.columns import build_columns
from ..count.popcount import Delays
from ..memo import memo
from ..plan.area import Resources, cells


__all__ = ["VoteLayer", "constant_bits", "lowest_compared_bit", "vote_latency", "vote_plans",
           "vote_resources"]

# LUT4 of a layer for each LUT4 of its plans: on ECP5 the ends of shared chains. On iCE40 every
# function in front of a chain takes cells of its own.
VOTES = {"ecp5": 1.033, "ice40": 1.65}


@memo
def vote_plans(layer, mode):
    """Return the plans of a layer of votes.

    A score is ``2 * (count + constant)`` plus a constant bit, so a plan counts and adds the
    constant.

    Parameters
    ----------
    layer : :class:`sw.network.Scores`
        Weights, all of them 0 or +1, and biases.
    mode : :class:`hw.plan.schedule.Wired`
        Registers in the layer.

    Returns
    -------
    tuple of (ColumnPlan or None)
        A plan for each class; None for a class without votes.
    """
    width = layer.score_bits - 1  # at least 1 where there is a vote
    return tuple(plan_columns(int(votes), mode.levels, int(offset) >> 1, width) if votes else None
                 for votes, offset in zip(layer.fan_in, layer.bias - layer.fan_in, strict=True))


def vote_latency(layer, mode):
    """Return the cycles from the input of a layer of votes to its output, at least 1."""
    return mode.hops + max([plan.depth for plan in vote_plans(layer, mode) if plan], default=0) + 1


def constant_bits(layer):
    """Return the lowest bit of each class's score, which is constant, a list of int."""
    return [int(offset) & 1 for offset in layer.bias - layer.fan_in]


def lowest_compared_bit(layer):
    """Return the lowest bit of scores that tells classes apart: 0, or 1 if all bits 0 are equal."""
    return int(len(set(constant_bits(layer))) == 1 and layer.score_bits > 1)


def vote_resources(layer, mode, family):
    """Estimate a :class:`VoteLayer`.

    Parameters
    ----------
    layer : :class:`sw.network.Scores`
        The layer that is built. Synthesis simplifies no plan, so it must not be simplified before.
    mode : :class:`hw.plan.schedule.Wired`
        How the layer is built.
    family : str
        ``"ecp5"`` or ``"ice40"``.

    Returns
    -------
    :class:`hw.plan.area.Resources`
    """
    plans = [plan for plan in vote_plans(layer, mode) if plan]
    depth = max([plan.depth for plan in plans], default=0)
    width = layer.score_bits - 1
    luts = sum(plan.luts for plan in plans) * VOTES[family]
    registers = mode.hops * layer.inputs + sum(
        plan.registers + width * (depth - plan.depth) for plan in plans)
    own = width * len(plans)  # output registers, in the cells of their logic
    return cells(family, luts, registers) + Resources(0, own)


class VoteLayer(wiring.Component):
    """Scores that count votes on carry chains over columns (:mod:`hw.count.columns`).

    Latency is :attr:`latency` cycles, from ``x`` to ``y``, at least 1; throughput is one vector
    per cycle.

    Parameters
    ----------
    layer : :class:`sw.network.Scores`
        Weights, all of them 0 or +1, and biases.
    mode : :class:`hw.plan.schedule.Wired`
        Registers in the layer; its adders are ``"columns"``.

    Members
    -------
    x : In(inputs)
        Input bits.
    y : Out(classes * score_bits)
        Signed scores, the first one lowest. The lowest bit of each score is constant.
    """

    def __init__(self, layer, mode):
        mode.check(layer)
        self.layer = layer
        self.mode = mode
        self.latency = vote_latency(layer, mode)
        super().__init__({"x": In(layer.inputs), "y": Out(layer.outputs * layer.score_bits)})

    def elaborate(self, platform):
        m = Module()
        layer, mode = self.layer, self.mode
        delays = Delays(m, "wait")
        plans = vote_plans(layer, mode)
        inputs = list(delays.delay(self.x, mode.hops))
        counts = [([inputs[int(place)] for place in np.flatnonzero(weights)], plan)
                  for weights, plan in zip(layer.weights, plans, strict=True) if plan]
        built = iter(build_columns(delays, counts, platform, levels=mode.levels))
        scores = []
        for plan, low, offset in zip(plans, constant_bits(layer), layer.bias - layer.fan_in,
                                     strict=True):
            if plan is None:
                scores.append(Const(int(offset), signed(layer.score_bits)))
                continue
            late = self.latency - mode.hops - plan.depth
            count = delays.delay(Cat(*next(built)), late)
            scores.append(Cat(Const(low, 1), count))
        m.d.comb += self.y.eq(Cat(*scores))
        return m
