"""How a scheduled layer folds onto lanes: cycles, groups of lanes, registers between them."""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from ..count.popcount import plan_count
from ..stream.credit import queue_size


__all__ = ["Folding"]

# Adders in a row between registers, by whether there is one group: what is large is meant for a
# fast clock, where six of them and the nets between would be the longest path (see hw.solver).
POPCOUNT_LEVELS = {True: 6, False: 3}

# Lanes of neurons that share the registers of an input, of the address and of the control signals:
# the weights of as many lanes are 16 block RAMs. More share a longer wire than 80 MHz stands.
GROUP_LANES = 576

# Cycles from a step until its fold is pushed, besides the popcount's: memory, agree, count,
# total, result.
STEP_LATENCY = 5


@dataclass(frozen=True)
class Folding:
    """How a layer's synapses fold onto lanes, and what follows in cycles.

    Attributes
    ----------
    layer : :class:`sw.network.Dense` or :class:`sw.network.Scores`
        The layer.
    pe, simd : int
        Neurons and inputs at once.
    rom : str
        Where the weights are, see :class:`hw.stage.mvtu.MVTU`.
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
    def neuron_folds(self):
        return ceil(self.layer.outputs / self.pe)

    @property
    def synapse_folds(self):
        return ceil(self.layer.inputs / self.simd)

    @property
    def interval(self):
        """Cycles that a vector occupies the lanes."""
        return self.neuron_folds * self.synapse_folds

    @property
    def groups(self):
        """Ranges of lanes' neurons that are near each other: about equal in size, at least one."""
        count = min(self.pe, ceil(self.pe * self.simd / GROUP_LANES))
        ends = [self.pe * number // count for number in range(count + 1)]
        return [range(start, end) for start, end in pairwise(ends)]

    @property
    def hops(self):
        """Registers between the vector and the last group: one to each, none if it is alone."""
        return len(self.groups) if len(self.groups) > 1 else 0

    @property
    def hops_to(self):
        """Registers between the vector and each group, with the group."""
        return [(min(number, self.hops), group) for number, group in enumerate(self.groups, 1)]

    @property
    def plan(self):
        """Plan of the popcount of ``simd`` lanes."""
        return plan_count(self.simd, POPCOUNT_LEVELS[self.hops == 0])

    @property
    def rom_delay(self):
        """Registers behind the weights' memory: one in it, one on the way to the lanes."""
        return 2 if self.rom == "registered" else 0

    @property
    def step_latency(self):
        """Cycles from the last step of a fold to its push."""
        return STEP_LATENCY + self.rom_delay + self.plan.depth + self.hops

    @property
    def queue(self):
        """Depth and latency of the output queue."""
        return queue_size(self.synapse_folds - 1 + self.step_latency, self.synapse_folds)
