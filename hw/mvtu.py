"""Matrix-vector-threshold unit: a layer computed by ``pe × simd`` lanes, weights in memory."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from .popcount import Delays, count_bits, plan_count
from .rom import neuron_words, step_words
from .schedule import ROMS
from .spram import SPRAM_DEPTH, SPRAM_WIDTH, SpramWeights, load_words
from .stream import CreditQueue, queue_size


__all__ = ["MVTU", "Folding"]

POPCOUNT_LEVELS = 6  # adders in a row between registers

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
    """

    layer: object
    pe: int
    simd: int

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
    def plan(self):
        """Plan of the popcount of ``simd`` lanes."""
        return plan_count(self.simd, POPCOUNT_LEVELS)

    @property
    def step_latency(self):
        """Cycles from the last step of a fold to its push."""
        return STEP_LATENCY + self.plan.depth

    @property
    def queue(self):
        """Depth and latency of the output queue."""
        return queue_size(self.synapse_folds - 1 + self.step_latency, self.synapse_folds)


class MVTU(wiring.Component):
    """One layer of a folded network, ``pe`` neurons × ``simd`` inputs a cycle.

    Takes a vector in ``ceil(inputs / simd)`` words, keeps it, and goes through it once for each
    fold of ``pe`` neurons: a lane whose input agrees with its weight counts 1. A second buffer
    takes the next vector meanwhile. Nothing stops a fold that has begun: it reserves its place in
    the output queue first.

    The interval is ``ceil(inputs / simd) * ceil(neurons / pe)`` cycles a vector, without a bubble.
    Latency, from the last word of a vector to its last result, is ``interval + 5 + p + q`` cycles
    (:attr:`latency`), p for the registers inside the popcount and q, 1 or 2, for the queue.

    Parameters
    ----------
    layer : :class:`sw.network.Dense` or :class:`sw.network.Scores`
        Weights, and thresholds or biases.
    pe : int
        Neurons at once, in ``1..neurons``; the last fold is filled up.
    simd : int
        Inputs at once, in ``1..inputs``; the last word of a vector is filled up with zeros.
    rom : str
        Where the weights are: ``"block"`` RAM, ``"distributed"`` over LUTs, or ``"spram"``: then
        they come from a stream first, at most 16384 steps of them, and no vector is taken before.

    Members
    -------
    i : In(stream.Signature(simd))
        Input bits, the first one lowest.
    o : Out(stream.Signature(pe)) or Out(stream.Signature(ArrayLayout(signed(score_bits), pe)))
        Activations, or scores, of a fold of neurons, the first one lowest.
    weights : In(stream.Signature(16))
        With ``rom="spram"``: the words :attr:`load`, one a cycle, while no vector is inside.
    last_weight : Out(1)
        With ``rom="spram"``: the next word of ``weights`` is the last one.
    """

    def __init__(self, layer, *, pe, simd, rom="block"):
        self.folding = Folding(layer, pe, simd)
        if rom not in ROMS:
            raise ValueError(f"ROM of layer {layer.name!r} must be one of {', '.join(ROMS)}: "
                             f"{rom!r}")
        if rom == "spram" and self.folding.interval > SPRAM_DEPTH:
            raise ValueError(f"Steps of layer {layer.name!r} must be at most {SPRAM_DEPTH:,}, the "
                             f"words of an SPRAM: {self.folding.interval:,} (raise pe or simd)")
        self.layer = layer
        self.pe = pe
        self.simd = simd
        self.rom = rom
        self.neuron_folds = self.folding.neuron_folds
        self.synapse_folds = self.folding.synapse_folds
        self.interval = self.folding.interval
        self.plan = self.folding.plan
        self.queue_depth, queue_latency = self.folding.queue
        self.latency = self.interval + self.folding.step_latency + queue_latency
        self.result = (pe if layer.kind == "dense"
                       else data.ArrayLayout(signed(layer.score_bits), pe))
        super().__init__({
            "i": In(stream.Signature(simd)),
            "o": Out(stream.Signature(self.result)),
            **({"weights": In(stream.Signature(SPRAM_WIDTH)), "last_weight": Out(1)}
               if rom == "spram" else {}),
        })

    @cached_property
    def load(self):
        """Words to load before the first vector, a list of int; none unless in SPRAM."""
        if self.rom != "spram":
            return []
        steps, planes = step_words(self.layer.weights, pe=self.pe, simd=self.simd)
        return load_words(steps, planes * self.pe * self.simd)

    def elaborate(self, platform):
        m = Module()
        m.submodules.queue = queue = CreditQueue(self.result, depth=self.queue_depth)
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        delays, control = Delays(m, "wait"), Delays(m, "control", reset_less=False)

        # Read: a word of the vector, and the weights of this step.
        loaded = Signal()
        step, first, last, fold, inputs = self._read_vector(m, queue, loaded)
        planes = self._read_weights(m, step, loaded)

        # Agree: XNOR, or one of two planes where some lanes have no synapse.
        agree = []
        for lane in range(self.pe * self.simd):
            x = inputs[lane % self.simd]
            w = [plane[lane] for plane in planes]
            agree.append(delays.register(~(x ^ w[0]) if len(w) == 1 else Mux(x, *w)))

        # Count and accumulate; control signals wait for the data.
        waited = 2 + self.plan.depth + 1
        first, fold = (delays.delay(value, waited) for value in (first, fold))
        last = control.delay(last, waited)
        totals = []
        for neuron in range(self.pe):
            lanes = agree[neuron * self.simd:(neuron + 1) * self.simd]
            count = delays.register(Cat(*count_bits(delays, lanes, self.plan)))
            total = Signal(range(self.layer.inputs + 1), reset_less=True, name=f"total_{neuron}")
            if self.synapse_folds == 1:
                m.d.sync += total.eq(count)
            else:
                m.d.sync += total.eq(Mux(first, 0, total) + count)
            totals.append(total)

        # Compare: the results of a fold enter the queue together.
        results = Signal(self.pe * (Shape.cast(self.result).width // self.pe), reset_less=True)
        m.d.sync += results.eq(Cat(*self._results(m, totals, fold)))
        finished = Signal(2)  # a total, then a result, is that of a whole fold
        m.d.sync += finished.eq(Cat(last, finished[0]))
        m.d.comb += queue.push.eq(finished[1])
        m.d.comb += Value.cast(queue.payload).eq(results)
        return m

    def _read_vector(self, m, queue, loaded):
        """Write vectors into two banks and step through the full one, once a neuron fold."""
        index_bits = (self.synapse_folds - 1).bit_length()
        m.submodules.banks = banks = memory.Memory(shape=self.simd, depth=2 << index_bits, init=[])
        write, read = banks.write_port(), banks.read_port()
        full = Signal(2)
        w_bank, w_index = Signal(), Signal(index_bits)
        m.d.comb += self.i.ready.eq(~full.bit_select(w_bank, 1) & loaded)
        m.d.comb += write.addr.eq(Cat(w_index, w_bank))
        m.d.comb += write.data.eq(self.i.payload)
        m.d.comb += write.en.eq(self.i.valid & self.i.ready)
        with m.If(write.en):
            m.d.sync += w_index.eq(w_index + 1)
            with m.If(w_index == self.synapse_folds - 1):
                m.d.sync += w_index.eq(0)
                m.d.sync += w_bank.eq(~w_bank)
                m.d.sync += full.bit_select(w_bank, 1).eq(1)

        r_bank, r_index = Signal(), Signal(index_bits)
        fold = Signal(range(self.neuron_folds))
        step, first, last, last_fold = Signal(), Signal(), Signal(), Signal()
        m.d.comb += first.eq(r_index == 0)
        m.d.comb += last.eq(r_index == self.synapse_folds - 1)
        m.d.comb += last_fold.eq(fold == self.neuron_folds - 1)
        m.d.comb += step.eq(~first | (full.bit_select(r_bank, 1) & queue.free))
        m.d.comb += queue.reserve.eq(step & first)
        m.d.comb += read.addr.eq(Cat(r_index, r_bank))
        with m.If(step):
            m.d.sync += r_index.eq(r_index + 1)
            with m.If(last):
                m.d.sync += r_index.eq(0)
                m.d.sync += fold.eq(Mux(last_fold, 0, fold + 1))
                with m.If(last_fold):
                    m.d.sync += r_bank.eq(~r_bank)
                    m.d.sync += full.bit_select(r_bank, 1).eq(0)
        return step, first, step & last, fold, read.data

    def _read_weights(self, m, step, loaded):
        """Words of the weights, one plane or two, in the cycle after each step."""
        steps, planes = step_words(self.layer.weights, pe=self.pe, simd=self.simd)
        lanes = self.pe * self.simd
        if self.rom == "spram":
            m.submodules.weights = store = SpramWeights(depth=self.interval, width=lanes * planes)
            wiring.connect(m, wiring.flipped(self.weights), store.i)
            m.d.comb += self.last_weight.eq(store.last)
            m.d.comb += [store.step.eq(step), loaded.eq(store.loaded)]
            word = store.data
        else:
            m.submodules.weights = rom = memory.Memory(
                shape=lanes * planes, depth=self.interval, init=steps,
                attrs={"rom_style": "block" if self.rom == "block" else "logic"})
            port = rom.read_port()
            address = Signal(range(self.interval))
            m.d.comb += port.addr.eq(address)
            with m.If(step):
                m.d.sync += address.eq(Mux(address == self.interval - 1, 0, address + 1))
            m.d.comb += loaded.eq(1)
            word = port.data
        return [word[place * lanes:(place + 1) * lanes] for place in range(planes)]

    def _results(self, m, totals, fold):
        """Activations or scores of the fold whose totals are there; ``fold`` is a cycle ahead."""
        if self.layer.kind == "dense":
            values = self.layer.thresholds
            width = int(values.max()).bit_length()
        else:
            values = self.layer.bias - self.layer.fan_in
            width = self.layer.score_bits + 1
        width = max(width, 1)
        if np.all(values == values[0]):
            constants = [Const(int(values[0]) % 2**width, width)] * self.pe
        elif self.neuron_folds == 1:
            constants = [Const(int(value) % 2**width, width) for value in values]
        else:
            words = neuron_words(values, width, pe=self.pe)
            style = "logic" if self.neuron_folds <= 32 else "block"
            m.submodules.constants = rom = memory.Memory(
                shape=width * self.pe, depth=self.neuron_folds, init=words,
                attrs={"rom_style": style})
            port = rom.read_port()
            m.d.comb += port.addr.eq(fold)
            constants = [port.data.word_select(place, width) for place in range(self.pe)]
        if self.layer.kind == "dense":
            return [total >= constant for total, constant in zip(totals, constants, strict=True)]
        return [((total << 1) + constant.as_signed())[:self.layer.score_bits]
                for total, constant in zip(totals, constants, strict=True)]
