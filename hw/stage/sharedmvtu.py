"""Matrix-vector-threshold unit for several vectors at once, which share each word of weights."""

from collections import deque

from amaranth import *
from amaranth.lib import memory

from ..count.popcount import count_bits
from .lanes import Lanes
from .mvtu import MVTU
from .positionorder import GIVE, READ, PositionOrder, count_places, order_slots, sizes
from .rom import neuron_words


__all__ = ["SharedMVTU"]


class Handshake:
    """Handshake of an MVTU for several vectors at once."""

    def __init__(self, unit):
        self.steps, self.passes = unit.steps, unit.passes
        self.sizes = sizes(unit.vectors, unit.positions)
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

    def tick(self, i_transfer, o_transfer):
        self.cycle += 1
        returned = self._give(o_transfer)
        begins = self.step == 0 and self.full > 0 and self.credits > 0
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
                self.full -= self.done == 0
        if i_transfer:
            self.arrived += 1
            if self.arrived == self.steps * self.sizes[self.filled]:
                self.arrived, self.filled = 0, (self.filled + 1) % len(self.sizes)
                self.full += 1

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
        if layer.gives_scores:
            raise ValueError(f"Layer {layer.name!r} must have thresholds to share its weights: it "
                             f"gives scores (positions of 1)")
        lanes = Lanes(layer, pe, simd, rom)
        for what, most in [("passes", lanes.passes), ("steps", lanes.steps), ("vectors", vectors)]:
            if not 1 <= positions <= most:
                raise ValueError(f"Positions of layer {layer.name!r} must be in 1..{most}, its "
                                 f"{what}: {positions} (lower pe or simd)")
        self.positions = positions
        self.vectors = vectors
        super().__init__(layer, pe=pe, simd=simd, rom=rom)
        push_delay = self.steps - 1 + self.lanes.step_latency
        self.slots = order_slots(positions, self.passes, self.steps, push_delay)
        groups = sizes(vectors, positions)
        self.image_interval = len(groups) * self.interval
        self.latency = (self.interval + self.lanes.step_latency + READ + GIVE
                        + groups[-1] * self.passes - 1)

    def handshake(self):
        return Handshake(self)

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

    def _group(self, m, delays, neurons, planes, inputs, first, number):
        """Return the results of a range of neurons: of a neuron, one register a vector."""
        waited = 2 + self.plan.depth + 1
        first = delays.delay(first, waited)
        number = delays.delay(number, waited - 1 - self.lanes.rom_delay)
        starts = self._starts(m, delays, neurons, number)
        results = []
        for place, start in enumerate(starts):
            weights = [plane[place * self.simd:(place + 1) * self.simd] for plane in planes]
            for position in range(self.positions):
                values = inputs.word_select(position, self.simd)
                agree = delays.register(~(values ^ weights[0]) if len(weights) == 1 else
                                        (values & weights[0]) | (~values & weights[1]))
                count = delays.register(Cat(*count_bits(delays, list(agree), self.plan)))
                total = Signal(len(start), reset_less=True,
                               name=f"total_{neurons[place]}_{position}")
                m.d.sync += total.eq(count + (start if self.steps == 1
                                              else Mux(first, start, total)))
                results.append(delays.register(~total[-1]))
        return results

    def _starts(self, m, delays, neurons, number):
        """Return what each neuron's total begins with: minus its threshold.

        A total that is not negative in the end has reached the threshold.
        """
        width = 1 + max(int(self.layer.thresholds.max()), self.layer.inputs).bit_length()
        return self._constants(m, delays, neurons, number, -self.layer.thresholds, width)
