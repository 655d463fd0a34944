"""Estimated resources of wired layers, from the plans of their neurons."""

import numpy as np

from ..count.popcount import CountPlan
from ..count.treeplan import TreePlan
from ..count.truth import luts
from ..memo import memo
from ..plan.area import CARRY, COUNT_ADDER, Resources, cells, interpolate
from .groups import copies
from .layer import TruthPlan, neuron_plans, shared_adders


__all__ = ["wired_resources"]

# Fitted to synthesized parts: docs/decisions/006-estimate.md.
# LUT4 of an adder of a popcount with a threshold in its sum, which needs the highest carry only,
# by the number of inputs.
FIRE_ADDER = {"ecp5": ((4, 0.7), (6, 0.8), (16, 1.4), (32, 1.65), (64, 1.75)),
              "ice40": ((4, 0.9), (6, 1.0), (16, 1.55), (32, 1.75), (64, 1.8))}
TREE = {"ecp5": 1.0, "ice40": 1.15}  # LUT4 of a tree, for each LUT4 of its plan


def wired_resources(layer, mode, family, seen):
    """Return the resources of the neurons that are ``seen``: bool, shape (neurons,)."""
    return _wired_neurons(layer, mode, family, seen.tobytes())


@memo
def _wired_neurons(layer, mode, family, seen):
    """Return the resources of neurons; ``seen`` has an octet for each, 1 if the neuron is built."""
    seen = np.frombuffer(seen, dtype=bool)
    plans = neuron_plans(layer, mode)
    depth = max([plan.depth for plan in plans if plan], default=0)
    bits = layer.gives.bits
    own = int(seen.sum()) * bits  # output registers, in the cells of their logic
    lut4, ff = 0, copies(layer.weights, mode.hops)
    for neuron in np.flatnonzero(seen):
        if plan := plans[neuron]:
            lut4 += _neuron_luts(layer, int(neuron), plan, mode, family)
            late = depth - plan.depth
            if isinstance(plan, TreePlan):
                ff += plan.registers + len(plan.outputs) * late
            elif isinstance(plan, CountPlan):
                ff += 1.2 * sum(plan.registered) + len(plan.outputs) * late
            else:
                ff += late
        if layer.gives_scores:
            lut4 += CARRY[family] * bits
            ff += bits
    shared = {triple for triples in shared_adders(layer, mode).values() for triple in triples}
    saved = 2 * sum(triple.saved(family) for triple in shared)  # a full adder is two LUTs
    lut4 -= saved * TREE[family]
    ff -= saved * (mode.levels == 1)
    return cells(family, lut4, ff) + Resources(0, own)


def _neuron_luts(layer, neuron, plan, mode, family):
    if isinstance(plan, TruthPlan):
        return luts(plan.count, plan.threshold)
    if isinstance(plan, TreePlan):
        return plan.luts * TREE[family]
    # Adders that registers separate cannot share LUTs: with one level each adder takes two LUTs.
    apart = max(0, (4 - mode.levels) / 3) ** 1.6
    if layer.gives_scores or apart:
        table = (COUNT_ADDER if layer.gives_scores else FIRE_ADDER)[family]
        adder = interpolate(table, plan.count)
        return (adder + apart * (2 - adder)) * len(plan.steps)
    return max(1, interpolate(FIRE_ADDER[family], plan.count) * len(plan.steps))
