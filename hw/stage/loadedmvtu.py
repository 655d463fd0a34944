"""Matrix-vector-threshold unit whose weights and constants can be replaced at run time."""

from functools import cached_property

from amaranth import *
from amaranth.lib import memory, wiring

from sw.line.words import layer_words, neuron_words

from .loaded import WeightWriter
from .mvtu import MVTU


__all__ = ["LoadedMVTU"]


class LoadedMVTU(MVTU):
    """A :class:`hw.stage.mvtu.MVTU` that starts with its layer's weights and takes others later.

    Its hardware depends on the layer's shape alone: inputs, neurons, whether some weights are 0,
    and for scores the bits of a score. Latency and throughput are those of an MVTU with
    ``rom="registered"``.

    Parameters
    ----------
    layer, pe, simd
        As of an MVTU.

    Members
    -------
    i, o
        As of an MVTU.
    weights : In(stream.Signature(16))
        The words :attr:`load` of this layer or of another one of the same shape, one a cycle, while
        no vector is inside. Until the last word the unit's results mean nothing.
    last_weight : Out(1)
        The next word of ``weights`` is the last one.
    """

    preset = True

    def __init__(self, layer, *, pe, simd):
        super().__init__(layer, pe=pe, simd=simd, rom="loaded")

    @property
    def planes(self):
        """Bits of memory that a weight takes."""
        return self._step_words()[1]

    @property
    def constant_bits(self):
        """Bits of a constant."""
        return self._constants()[1]

    @cached_property
    def load(self):
        """Words of the layer's weights and constants, a list of int."""
        return layer_words(self.layer, pe=self.pe, simd=self.simd, planes=self.planes,
                           constant_bits=self.constant_bits)

    def _read_roms(self, m, delays, step, loaded):
        m.submodules.writer = self.writer = writer = WeightWriter(
            steps=self.interval, width=self.planes * self.pe * self.simd, passes=self.passes,
            constant_width=self.pe * self.constant_bits)
        wiring.connect(m, wiring.flipped(self.weights), writer.i)
        m.d.comb += self.last_weight.eq(writer.last)
        return super()._read_roms(m, delays, step, loaded)

    def _memory(self, m, words, firsts, lanes):
        writer = self.writer
        ram = memory.Memory(shape=lanes * len(firsts), depth=self.interval, init=words,
                            attrs={"ram_style": "block"})
        write = ram.write_port()
        m.d.comb += [write.addr.eq(writer.row), write.en.eq(writer.step_en)]
        m.d.comb += write.data.eq(Cat(writer.step[first:first + lanes] for first in firsts))
        return ram

    def _constants(self):
        """Return the constants, and bits for those of any weights."""
        values, width = super()._constants()
        if not self.layer.gives_scores:
            width = (self.layer.inputs + 1).bit_length()
        return values, width

    def _pass_words(self):
        """Return the constants of each pass, a list of int."""
        values, width = self._constants()
        return neuron_words(values, width, pe=self.pe)

    def _pass_constants(self, delays, neurons, number):
        m, writer, width = delays.m, self.writer, self._constants()[1]
        first, bits = neurons.start * width, len(neurons) * width
        m.submodules[f"constants_{neurons.start}"] = store = memory.Memory(
            shape=bits, depth=self.passes,
            init=[word >> first & (1 << bits) - 1 for word in self._pass_words()])
        write, read = store.write_port(), store.read_port()
        m.d.comb += [write.addr.eq(writer.row), write.en.eq(writer.pass_en)]
        m.d.comb += write.data.eq(writer.constants[first:first + bits])
        m.d.comb += read.addr.eq(number)
        word = delays.delay(read.data, self.lanes.rom_delay)
        return [word.word_select(place, width) for place in range(len(neurons))]
