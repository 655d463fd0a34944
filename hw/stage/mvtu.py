"""Matrix-vector-threshold unit: a layer computed by ``pe × simd`` lanes, weights in memory."""

from functools import cached_property

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from sw.line.words import load_words, step_words

from ..count.popcount import Delays, count_bits
from ..plan.schedule import ROMS
from ..stream.credit import CreditQueue
from ..stream.stage import Stage, StreamTap
from .lanes import Lanes, mvtu_resources
from .mvtumodel import Handshake
from .spram import SPRAM_DEPTH, SPRAM_WIDTH, SpramWeights
from .totals import pass_constants


__all__ = ["MVTU"]


class MVTU(Stage):
    """One layer of a folded network, ``pe`` neurons × ``simd`` inputs a cycle.

    The unit stores a vector of ``ceil(inputs / simd)`` words and makes a pass over it for each
    ``pe`` neurons. A lane whose input agrees with its weight counts 1. A second buffer takes the
    next vector meanwhile. Nothing stops a pass that has begun, because the pass reserves its place
    in the output queue first.

    Many lanes would be far apart. They form groups of neurons (:attr:`Lanes.groups`), each with a
    ROM of its own. Inputs, address and control signals pass from group to group, a register each.
    The results of the first groups wait for those of the last.

    The interval is ``ceil(inputs / simd) * ceil(neurons / pe)`` cycles a vector, without a bubble.
    Latency, from the last word of a vector to its last result, is ``interval + 5 + r + p + q + h``
    cycles (:attr:`latency`): r registers behind the ROM (2 or 0), p inside the popcount, q of the
    queue (1 or 2), and h groups (0 if there is one).

    Parameters
    ----------
    layer : :class:`sw.network.Dense` or :class:`sw.network.Scores`
        Weights, and thresholds or biases.
    pe : int
        Neurons at once, in ``1..neurons``. The results of unused lanes have no meaning.
    simd : int
        Inputs at once, in ``1..inputs``. The last word of a vector is filled up with zeros.
    rom : str
        Memory of the weights: ``"block"`` RAM, ``"registered"`` (with registers behind it),
        ``"distributed"`` over LUTs, or ``"spram"``. With SPRAM a layer has at most 16384 steps, and
        takes no vector before its weights have come from a stream. ``"loaded"`` is
        :class:`hw.stage.loadedmvtu.LoadedMVTU`.

    Members
    -------
    i : In(stream.Signature(simd))
        Input bits, the first one lowest.
    o : Out(stream.Signature(pe)) or Out(stream.Signature(ArrayLayout(signed(score_bits), pe)))
        Activations or scores of a pass, the first neuron lowest.
    weights : In(stream.Signature(16))
        With ``rom="spram"``: the words :attr:`load`, one a cycle, while no vector is inside.
    last_weight : Out(1)
        With ``rom="spram"``: the next word of ``weights`` is the last one.
    """

    def __init__(self, layer, *, pe, simd, rom="block"):
        self.lanes = self._plan_lanes(layer, pe, simd, rom)
        if rom not in ROMS:
            raise ValueError(f"ROM of layer {layer.name!r} must be one of {', '.join(ROMS)}: "
                             f"{rom!r}")
        if rom == "loaded" and not self.preset:
            raise ValueError(f"ROM of layer {layer.name!r} must not be loaded: a "
                             f"{type(self).__name__} keeps its weights (choose another rom)")
        if rom == "spram" and self.lanes.interval > SPRAM_DEPTH:
            raise ValueError(f"Steps of layer {layer.name!r} must be at most {SPRAM_DEPTH:,}, the "
                             f"words of an SPRAM: {self.lanes.interval:,} (raise pe or simd)")
        self.layer = layer
        self.pe = pe
        self.simd = simd
        self.rom = rom
        self.passes = self.lanes.passes
        self.steps = self.lanes.steps
        self.interval = self.lanes.interval
        self.plan = self.lanes.plan
        self.queue_depth, queue_latency = self.lanes.queue
        self.latency = self.interval + self.lanes.step_latency + queue_latency
        self.result = (data.ArrayLayout(signed(layer.score_bits), pe) if layer.gives_scores
                       else pe)
        super().__init__({
            "i": In(stream.Signature(self.lanes.width)),
            "o": Out(stream.Signature(self.result)),
            **({"weights": In(stream.Signature(SPRAM_WIDTH)), "last_weight": Out(1)}
               if rom in ("spram", "loaded") else {}),
        })

    @cached_property
    def load(self):
        """Words to load before the first vector, a list of int; empty unless in SPRAM."""
        if self.rom != "spram":
            return []
        steps, planes = self._step_words()
        return load_words(steps, planes * self.pe * self.simd)

    def handshake(self):
        return Handshake(self)

    def resources(self, name, family, left):
        return {name: mvtu_resources(self.layer, self.pe, self.simd, self.rom, family)}

    def taps(self, path):
        return [StreamTap(self.layer.name, path, "o", self.vectors * self.passes,
                          self.pe * self.layer.gives.bits)]

    def roms(self):
        if self.rom not in ("block", "registered"):
            return []
        words, planes = self._step_words()
        return [(words, planes * self.pe * self.simd)]

    def elaborate(self, platform):
        m = Module()
        m.submodules.queue = queue = self._queue()
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        delays, control = Delays(m, "wait"), Delays(m, "control", reset_less=False)

        # Read a word of the vector, and the weights of this step.
        loaded = Signal()
        step, first, last, number, inputs = self._read_vector(m, queue, loaded)
        read_weights = self._read_spram if self.rom == "spram" else self._read_roms
        words = read_weights(m, delays, step, loaded)

        results = []
        for (hops, neurons), planes in zip(self.lanes.hops_to, words, strict=True):
            read = [delays.delay(value, hops + self.lanes.rom_delay)
                    for value in (inputs, first, number)]
            results += [delays.delay(result, self.lanes.hops - hops) for result in
                        self._group(delays, platform, neurons, planes, *read)]

        # Write: the results of a pass enter the queue together.
        m.d.comb += queue.push.eq(control.delay(last, self.lanes.step_latency))
        m.d.comb += Value.cast(queue.payload).eq(Cat(*results))
        return m

    def _plan_lanes(self, layer, pe, simd, rom):
        """Return the lanes, checked."""
        return Lanes(layer, pe, simd, rom)

    def _step_words(self):
        """Return the weights of each step, a list of int, and the number of their planes."""
        return step_words(self.layer.weights, pe=self.pe, simd=self.simd)

    def _queue(self):
        """Return the queue for the results, whose slots passes reserve."""
        return CreditQueue(self.result, depth=self.queue_depth)

    def _group(self, delays, platform, neurons, planes, inputs, first, number):
        """Return the results of a range of neurons, one register each."""
        m = delays.m
        # Agree: XNOR. Where some weights are 0, the input chooses one of two planes instead.
        agree = []
        for lane in range(len(neurons) * self.simd):
            x = inputs[lane % self.simd]
            w = [plane[lane] for plane in planes]
            agree.append(delays.register(~(x ^ w[0]) if len(w) == 1 else Mux(x, *w)))

        # Count and accumulate. Control signals wait for the data.
        waited = 2 + self.plan.depth + 1
        first = delays.delay(first, waited)
        number = delays.delay(number, waited - self.lanes.rom_delay)
        totals = []
        for place, neuron in enumerate(neurons):
            lanes = agree[place * self.simd:(place + 1) * self.simd]
            count = delays.register(Cat(*count_bits(delays, lanes, self.plan)))
            total = Signal(range(self.layer.inputs + 1), reset_less=True, name=f"total_{neuron}")
            if self.steps == 1:
                m.d.sync += total.eq(count)
            else:
                m.d.sync += total.eq(Mux(first, 0, total) + count)
            totals.append(total)

        # Compare.
        return [delays.register(result)
                for result in self._results(delays, neurons, totals, number)]

    def _store_vectors(self, m, loaded, index_bits):
        """Write vectors into two banks; return which are full, and the read port."""
        m.submodules.banks = banks = memory.Memory(
            shape=len(self.i.payload), depth=2 << index_bits, init=[])
        write, read = banks.write_port(), banks.read_port()
        full = Signal(2)
        w_bank, w_index = Signal(), Signal(index_bits)
        m.d.comb += self.i.ready.eq(~full.bit_select(w_bank, 1) & loaded)
        m.d.comb += [write.addr.eq(Cat(w_index, w_bank)), write.data.eq(self.i.payload)]
        m.d.comb += write.en.eq(self.i.valid & self.i.ready)
        with m.If(write.en):
            m.d.sync += w_index.eq(w_index + 1)
            with m.If(w_index == self.steps - 1):
                m.d.sync += w_index.eq(0)
                m.d.sync += w_bank.eq(~w_bank)
                m.d.sync += full.bit_select(w_bank, 1).eq(1)
        return full, read

    def _read_vector(self, m, queue, loaded):
        """Step through a full bank once a pass."""
        index_bits = (self.steps - 1).bit_length()
        full, read = self._store_vectors(m, loaded, index_bits)
        r_bank, r_index = Signal(), Signal(index_bits)
        number = Signal(range(self.passes), name="fold")
        step, first, last, last_pass = Signal(), Signal(), Signal(), Signal()
        m.d.comb += first.eq(r_index == 0)
        m.d.comb += last.eq(r_index == self.steps - 1)
        m.d.comb += last_pass.eq(number == self.passes - 1)
        m.d.comb += step.eq(~first | (full.bit_select(r_bank, 1) & queue.free))
        m.d.comb += queue.reserve.eq(step & first)
        m.d.comb += read.addr.eq(Cat(r_index, r_bank))
        with m.If(step):
            m.d.sync += r_index.eq(r_index + 1)
            with m.If(last):
                m.d.sync += r_index.eq(0)
                m.d.sync += number.eq(Mux(last_pass, 0, number + 1))
                with m.If(last_pass):
                    m.d.sync += r_bank.eq(~r_bank)
                    m.d.sync += full.bit_select(r_bank, 1).eq(0)
        return step, first, step & last, number, read.data

    def _read_spram(self, m, delays, step, loaded):
        """Yield each group's weights, one plane or two, in the cycle after each step."""
        _, planes = self._step_words()
        lanes = self.pe * self.simd
        m.submodules.weights = store = SpramWeights(depth=self.interval, width=lanes * planes)
        wiring.connect(m, wiring.flipped(self.weights), store.i)
        m.d.comb += self.last_weight.eq(store.last)
        m.d.comb += [store.step.eq(step), loaded.eq(store.loaded)]
        for hops, neurons in self.lanes.hops_to:
            word = delays.delay(store.data, hops)
            yield [word[plane * lanes:][neurons.start * self.simd:neurons.stop * self.simd]
                   for plane in range(planes)]

    def _read_roms(self, m, delays, step, loaded):
        """Yield each group's weights, one plane or two, in the cycle after each step."""
        m.d.comb += loaded.eq(1)
        address = Signal(range(self.interval))
        with m.If(step):
            m.d.sync += address.eq(Mux(address == self.interval - 1, 0, address + 1))
        steps, planes = self._step_words()
        for hops, neurons in self.lanes.hops_to:
            lanes = len(neurons) * self.simd
            firsts = [(plane * self.pe + neurons.start) * self.simd for plane in range(planes)]
            mask = (1 << lanes) - 1
            m.submodules[f"weights_{neurons.start}"] = rom = self._memory(
                m, [sum((word >> first & mask) << (plane * lanes)
                        for plane, first in enumerate(firsts)) for word in steps], firsts, lanes)
            port = rom.read_port()
            m.d.comb += port.addr.eq(delays.delay(address, hops))
            word = delays.delay(port.data, self.lanes.rom_delay)
            yield [word[plane * lanes:(plane + 1) * lanes] for plane in range(planes)]

    def _memory(self, m, words, firsts, lanes):
        """Return the memory of a group's weights, in which each plane has bits for its lanes.

        ``firsts`` are the places of these bits in the weights of a whole step.
        """
        return memory.Memory(
            shape=lanes * len(firsts), depth=self.interval, init=words,
            attrs={"rom_style": "logic" if self.rom == "distributed" else "block"})

    def _constants(self):
        """Return the constant of each neuron, which results are made with, and bits for one."""
        layer = self.layer
        if layer.gives_scores:
            return layer.bias - layer.fan_in, layer.score_bits + 1
        return layer.thresholds, max(int(layer.thresholds.max()).bit_length(), 1)

    def _pass_constants(self, delays, neurons, number):
        """Return the constants of the neurons of a pass, a list of Value."""
        return pass_constants(delays, self.lanes, neurons, number, *self._constants())

    def _results(self, delays, neurons, totals, number):
        """Return the activations or scores of a pass from its totals.

        ``number`` is the number of the pass. It comes earlier than the totals, by the cycles that
        reading the pass's constants takes.
        """
        constants = self._pass_constants(delays, neurons, number)
        if not self.layer.gives_scores:
            return [total >= constant for total, constant in zip(totals, constants, strict=True)]
        return [((total << 1) + constant.as_signed())[:self.layer.score_bits]
                for total, constant in zip(totals, constants, strict=True)]
