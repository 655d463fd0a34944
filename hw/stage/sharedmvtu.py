"""Matrix-vector-threshold unit for several vectors at once, which share each word of weights."""

from collections import deque
from dataclasses import dataclass
from math import ceil

from amaranth import *
from amaranth.lib import memory

from ..count.carry import Bit
from ..count.tree import build_trees
from ..count.treeplan import plan_tree
from ..memo import memo
from ..plan.area import Resources
from ..plan.area import memory as memory_resources
from .lanes import Lanes, constants_resources, planes_of, weights_resources
from .mvtu import MVTU
from .positionorder import (
    GIVE,
    READ,
    PositionOrder,
    count_places,
    order_resources,
    order_slots,
    sizes,
)
from .totals import accumulate, pass_constants, total_bits


__all__ = ["Handshake", "SharedLanes", "SharedMVTU", "shared_resources"]

LEVELS = 3  # most adders between two registers

# Fitted to synthesized units. LUT4 of a tree, for each of its plan; of a bit of a total that begins
# with a constant; of control, which has as many flip-flops.
TREE = {"ecp5": 1.0, "ice40": 1.15}
ACCUMULATE = {"ecp5": 1.15, "ice40": 2.1}
CONTROL = 60


@dataclass(frozen=True)
class SharedLanes(Lanes):
    """The lanes of a layer for several vectors at once: ``positions × pe × simd`` of them.

    Attributes
    ----------
    positions : int
        Vectors at once, in ``1..min(passes, steps)``: a word a cycle comes in and goes out.
    vectors : int
        Vectors of an image.
    """

    positions: int = 1
    vectors: int = 1

    def __post_init__(self):
        super().__post_init__()
        name = self.layer.name
        if self.layer.gives_scores:
            raise ValueError(f"Layer {name!r} must have thresholds to share its weights: it gives "
                             f"scores (positions of 1)")
        for what, most in [("passes", self.passes), ("steps", self.steps),
                           ("vectors", self.vectors)]:
            if not 1 <= self.positions <= most:
                raise ValueError(f"Positions of layer {name!r} must be in 1..{most}, its {what}: "
                                 f"{self.positions} (lower pe or simd)")

    @property
    def bits(self):
        return self.positions

    @property
    def plan(self):
        """Plan of the popcount of ``simd`` lanes."""
        return plan_tree(self.simd, LEVELS)

    @property
    def sizes(self):
        """Vectors of each group of an image, a list of int."""
        return sizes(self.vectors, self.positions)

    @property
    def image_interval(self):
        """Cycles for which an image occupies the lanes."""
        return len(self.sizes) * self.interval

    @property
    def slots(self):
        """Passes that the order of results holds."""
        return order_slots(self.positions, self.passes, self.steps,
                           self.steps - 1 + self.step_latency)


class Handshake:
    """Handshake of an MVTU for several vectors at once."""

    def __init__(self, unit):
        self.steps, self.passes = unit.steps, unit.passes
        self.sizes = unit.lanes.sizes
        self.push_delay = unit.lanes.step_latency
        self.credits = unit.slots
        self.cycle = 0
        self.arrived = self.filled = self.full = 0    # words of a group, its number, whole groups
        self.step = self.done = 0                     # of a pass; passes over a group
        self.coming, self.pushed = deque(), 0         # cycles of pushes; passes of a group there
        self.whole = self.given = self.word = 0       # groups there, number and word to read
        self.read = self.valid = False

    def ready(self, o_ready):
        return self.full < 2

    @property
    def enough(self):
        """Whether the vectors of a group have come."""
        return self.full > 0

    def tick(self, i_transfer, o_transfer):
        self.cycle += 1
        returned = self._give(o_transfer)
        begins = self.step == 0 and self.enough and self.credits > 0
        self.credits += returned - begins
        if self.coming and self.coming[0] == self.cycle:
            self.coming.popleft()
            self.pushed = (self.pushed + 1) % self.passes
            self.whole += self.pushed == 0
        if begins or self.step > 0:
            self.step = (self.step + 1) % self.steps
            if self.step == 0:
                self.coming.append(self.cycle + self.push_delay)
                self.done = (self.done + 1) % self.passes
                if self.done == 0:
                    self.end_group()
        if i_transfer:
            self.take()

    def take(self):
        """Take a word."""
        self.arrived += 1
        if self.arrived == self.steps * self.sizes[self.filled]:
            self.arrived, self.filled = 0, (self.filled + 1) % len(self.sizes)
            self.full += 1

    def end_group(self):
        """Free what only the group read whose last step ends."""
        self.full -= 1

    def _give(self, o_transfer):
        """Advance the order of results; return whether a slot is given back."""
        if self.valid and not o_transfer:
            return False
        self.valid, self.read = self.read, self.whole > 0
        if not self.read:
            return False
        words = self.sizes[self.given] * self.passes
        self.word += 1
        returned = self.word > words - self.passes
        if self.word == words:
            self.word, self.given = 0, (self.given + 1) % len(self.sizes)
            self.whole -= 1
        return returned


class SharedMVTU(MVTU):
    """One layer of a folded network for ``positions`` vectors at once, ``pe`` × ``simd`` each.

    The unit is an :class:`hw.stage.mvtu.MVTU` that collects a group of vectors before it makes its
    passes. Each word of weights is read once and used for all vectors of the group, so that the
    memory of the weights needs a fraction of the ports. Vectors go in, and results come out, one
    vector after the other, as in an MVTU. The last group of an image may be short and does not
    wait for the next image.

    The interval is ``ceil(vectors / positions) * passes * steps`` cycles an image, without a
    bubble. Latency, from the last word of an image to its last result, is ``passes * steps + 8 + r
    + p + h + passes * last - 1`` cycles (:attr:`latency`), with r, p and h as of an MVTU and
    ``last`` vectors in the last group.

    Parameters
    ----------
    layer : :class:`sw.layer.dense.Dense`
        Weights and thresholds.
    pe, simd, rom
        As of an MVTU.
    positions : int
        Vectors at once, in ``1..min(passes, steps)``: a word a cycle comes in and goes out.
    vectors : int
        Vectors of an image.

    Members
    -------
    i, o, weights, last_weight
        As of an MVTU.
    """

    def __init__(self, layer, *, pe, simd, positions, vectors, rom="block"):
        self.positions = positions
        self.vectors = vectors
        super().__init__(layer, pe=pe, simd=simd, rom=rom)
        self.slots = self.lanes.slots
        self.image_interval = self.lanes.image_interval
        self.latency = (self.interval + self.lanes.step_latency + READ + GIVE
                        + self.lanes.sizes[-1] * self.passes - 1)

    def handshake(self):
        return Handshake(self)

    def resources(self, name, family, left):
        return {name: shared_resources(self.layer, self.pe, self.simd, self.positions,
                                       self.vectors, self.rom, family)}

    def _plan_lanes(self, layer, pe, simd, rom):
        return SharedLanes(layer, pe, simd, rom, self.positions, self.vectors)

    def _queue(self):
        return PositionOrder(pe=self.pe, positions=self.positions, vectors=self.vectors,
                             passes=self.passes, slots=self.slots)

    def _store_vectors(self, m, loaded, index_bits):
        """Write groups of vectors into two banks; return which are full, and the read port."""
        m.submodules.banks = banks = memory.Memory(
            shape=self.positions * self.simd, depth=2 << index_bits, init=[])
        write, read = banks.write_port(granularity=self.simd), banks.read_port()
        full = Signal(2)
        w_bank, w_index, taken = Signal(), Signal(index_bits), Signal()
        vector_ends = Signal()
        m.d.comb += self.i.ready.eq(~full.bit_select(w_bank, 1) & loaded)
        m.d.comb += taken.eq(self.i.valid & self.i.ready)
        m.d.comb += vector_ends.eq(taken & (w_index == self.steps - 1))
        place, place_last = count_places(m, "write", self.vectors, self.positions, vector_ends)
        m.d.comb += write.addr.eq(Cat(w_index, w_bank))
        m.d.comb += write.data.eq(self.i.payload.replicate(self.positions))
        m.d.comb += write.en.eq(taken << place)
        with m.If(taken):
            m.d.sync += w_index.eq(w_index + 1)
        with m.If(vector_ends):
            m.d.sync += w_index.eq(0)
            with m.If(place_last):
                m.d.sync += w_bank.eq(~w_bank)
                m.d.sync += full.bit_select(w_bank, 1).eq(1)
        return full, read

    def _group(self, delays, platform, neurons, planes, inputs, first, number):
        """Return the results of a range of neurons: of a neuron, one register a vector."""
        m, lanes = delays.m, self.lanes
        values = [inputs.word_select(position, self.simd) for position in range(self.positions)]
        waited = 2 + self.plan.depth + 1
        keep = delays.delay(~first, waited)
        number = delays.delay(number, waited - 1 - lanes.rom_delay)
        thresholds = self.layer.thresholds
        starts = pass_constants(delays, lanes, neurons, number, -thresholds,
                                total_bits(thresholds, self.layer.inputs))

        # Agree: XNOR. Where some weights are 0, the input chooses one of two planes instead.
        trees = []
        for place in range(len(neurons)):
            w = [plane[place * self.simd:(place + 1) * self.simd] for plane in planes]
            for x in values:
                agree = delays.register(~(x ^ w[0]) if len(w) == 1 else (x & w[0]) | (~x & w[1]))
                trees.append(([Bit(bit) for bit in agree], self.plan))

        # Count, and accumulate from minus the threshold: the sign is the result.
        results = []
        for number, bits in enumerate(build_trees(delays, trees, platform)):
            place, position = divmod(number, self.positions)
            total = accumulate(m, delays.register(Cat(*bits)), starts[place],
                               keep if self.steps > 1 else None,
                               f"total_{neurons[place]}_{position}", platform)
            results.append(delays.register(~total[-1]))
        return results


@memo
def shared_resources(layer, pe, simd, positions, vectors, rom, family):
    """Return the estimated resources of a :class:`SharedMVTU`."""
    lanes = SharedLanes(layer, pe, simd, rom, positions, vectors)
    neurons, plan = pe * positions, lanes.plan
    count, total = simd.bit_length(), total_bits(layer.thresholds, layer.inputs)
    width = positions * simd
    lut4 = CONTROL + neurons * (simd + TREE[family] * plan.luts + ACCUMULATE[family] * total)
    ff = CONTROL + neurons * (simd + plan.registers + count + total + 1)
    ff += lanes.hops * (width + lanes.interval.bit_length() + lanes.passes.bit_length() + 2)
    if lanes.passes > 1:
        constant = constants_resources(lanes, total, family)
        lut4, ff = lut4 + constant.lut4, ff + constant.ff
    else:
        constant = Resources()
    vectors_memory = memory_resources(family, 2 << (lanes.steps - 1).bit_length(), width)
    if lanes.rom_delay and vectors_memory.block_ram:  # a register lies inside the block RAM
        ff -= width
    # On iCE40, too, nearly all flip-flops lie behind LUTs.
    return (Resources(ceil(lut4), ceil(ff), constant.block_ram) + vectors_memory
            + order_resources(family, positions, lanes.passes, pe, lanes.slots)
            + weights_resources(lanes, planes_of(layer), family, 2 * width))
