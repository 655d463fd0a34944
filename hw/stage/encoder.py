"""Thermometer encoder: pixels in, one bit a level out."""

import numpy as np
from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..plan.area import Resources, cells, rom_blocks
from ..stream.handshake import Buffer
from ..stream.stage import Stage, StreamTap


__all__ = ["PixelEncoder", "ThermometerEncoder"]


class ThermometerEncoder(Stage):
    """Compares pixels with the thresholds of a folded network's encoder.

    A beat holds ``pixels`` pixels of ``pixel_bits`` bits, the first one lowest, each shifted right
    by ``encoder.shift``. It becomes ``pixels * levels`` bits, pixel by pixel, the lowest threshold
    first. Unused pixels of the last beat give bits without meaning.

    Latency is 1 cycle, or 0 if the pixels are already the encoded bits. Throughput is one beat per
    cycle.

    Parameters
    ----------
    encoder : :class:`sw.network.Encoder`
        Thresholds.
    pixels : int
        Pixels in a beat.

    Members
    -------
    i : In(stream.Signature(pixels * pixel_bits))
        Pixels, ``ceil(inputs / pixels)`` beats an image.
    o : Out(stream.Signature(pixels * levels))
        Encoded bits.
    """

    def __init__(self, encoder, *, pixels):
        if not 1 <= pixels <= encoder.inputs:
            raise ValueError(f"Pixels in a beat must be in 1..{encoder.inputs}: {pixels}")
        self.encoder = encoder
        self.pixels = pixels
        self.beats = -(-encoder.inputs // pixels)
        rows = np.zeros((self.beats * pixels, encoder.levels), dtype=np.int64)
        rows[:encoder.inputs] = encoder.thresholds >> encoder.shift
        rows[encoder.inputs:] = rows[encoder.inputs - 1]  # any value will do
        self.rows = repeated(rows.reshape(self.beats, pixels, encoder.levels))
        self.is_wire = encoder.pixel_bits == encoder.levels == 1 and bool((rows == 1).all())
        self.latency = 0 if self.is_wire else 1
        super().__init__({
            "i": In(stream.Signature(pixels * encoder.pixel_bits)),
            "o": Out(stream.Signature(pixels * encoder.levels)),
        })

    def handshake(self):
        return Buffer()

    def resources(self, name, family, left):
        if self.is_wire:
            return {name: Resources()}
        width = self.pixels * self.encoder.levels
        each = self.encoder.pixel_bits / 2
        if len(self.rows) == 1:
            return {name: cells(family, width * each + 4, width)}
        rom = rom_blocks(family, len(self.rows), width * (self.encoder.pixel_bits + 1))
        return {name: (cells(family, width * 2 * each + 24, width + 10)
                       + Resources(0, 0, rom))}

    def taps(self, path):
        # Synthesis leaves no module of an encoder of wires: its bits are the accelerator's input.
        place = ((), "i") if self.is_wire else (path, "o")
        return [StreamTap(self.encoder.name, *place, self.beats,
                          self.pixels * self.encoder.levels)]

    def elaborate(self, platform):
        m = Module()

        if self.is_wire:
            m.d.comb += self.o.payload.eq(self.i.payload)
            m.d.comb += self.o.valid.eq(self.i.valid)
            m.d.comb += self.i.ready.eq(self.o.ready)
            return m

        # Thresholds of this beat: the same for all beats, or read from a ROM one beat ahead. Those
        # of the channels of a colour come back after some beats.
        width = self.encoder.pixel_bits + 1  # 2**pixel_bits never fires
        transfer = Signal()
        primed = Const(1)
        if len(self.rows) == 1:
            thresholds = [Const(int(value), width) for value in self.rows[0].ravel()]
        else:
            words = [sum(int(value) << (width * place)
                         for place, value in enumerate(beat.ravel())) for beat in self.rows]
            m.submodules.rom = rom = memory.Memory(shape=width * self.rows[0].size,
                                                   depth=len(words), init=words)
            port = rom.read_port()
            beat, next_beat = Signal(range(len(words))), Signal(range(len(words)))
            m.d.comb += next_beat.eq(beat)
            with m.If(transfer):
                m.d.comb += next_beat.eq(Mux(beat == len(words) - 1, 0, beat + 1))
            m.d.sync += beat.eq(next_beat)
            m.d.comb += port.addr.eq(next_beat)
            primed = Signal()
            m.d.sync += primed.eq(1)
            thresholds = [port.data.word_select(place, width)
                          for place in range(self.rows[0].size)]

        m.d.comb += self.i.ready.eq((~self.o.valid | self.o.ready) & primed)
        m.d.comb += transfer.eq(self.i.valid & self.i.ready)
        with m.If(transfer):
            m.d.sync += self.o.payload.eq(encoded(self.encoder, self.i.payload, thresholds))
        with m.If(~self.o.valid | self.o.ready):
            m.d.sync += self.o.valid.eq(transfer)
        return m


def repeated(rows):
    """Return the first rows of thresholds, of which all the others are copies, in turn."""
    for period in range(1, len(rows)):
        if len(rows) % period == 0 and (rows == np.resize(rows[:period], rows.shape)).all():
            return rows[:period]
    return rows


class PixelEncoder(wiring.Component):
    """Compares all pixels of an image, in every cycle: the head of a pipeline that nothing stops.

    Latency is 1 cycle, from ``x`` to ``y``; throughput is one image per cycle.

    Parameters
    ----------
    encoder : :class:`sw.network.Encoder`
        Thresholds.

    Members
    -------
    x : In(inputs * pixel_bits)
        Pixels, the first one lowest, each shifted right by ``encoder.shift``.
    y : Out(outputs)
        Encoded bits: pixel by pixel, the lowest threshold first.
    """

    latency = 1

    def __init__(self, encoder):
        self.layer = self.encoder = encoder
        super().__init__({"x": In(encoder.inputs * encoder.pixel_bits), "y": Out(encoder.outputs)})

    def elaborate(self, platform):
        m = Module()
        thresholds = [Const(int(value), self.encoder.pixel_bits + 1)
                      for value in (self.encoder.thresholds >> self.encoder.shift).ravel()]
        bits = Signal(self.encoder.outputs, reset_less=True)
        m.d.sync += bits.eq(encoded(self.encoder, self.x, thresholds))
        m.d.comb += self.y.eq(bits)
        return m


def encoded(encoder, pixels, thresholds):
    """Return a bit for each threshold of some neighbouring pixels: whether it is reached."""
    return Cat(pixels.word_select(place // encoder.levels, encoder.pixel_bits) >= threshold
               for place, threshold in enumerate(thresholds))
