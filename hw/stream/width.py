"""Width conversion: vectors come in words of one width and leave in words of another."""

from dataclasses import dataclass
from functools import cache

from amaranth import *
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..plan.area import Resources, cells
from .stage import Stage


__all__ = ["Conversion", "WidthConverter", "conversion_resources"]


@dataclass(frozen=True)
class Conversion:
    """Widths of a conversion, and the form of its hardware.

    Attributes
    ----------
    bits : int
        Bits of a vector.
    i_width, o_width : int
        Bits of an input word and of an output word.
    """

    bits: int
    i_width: int
    o_width: int

    def __post_init__(self):
        for what, value in [("Vector length", self.bits), ("Input width", self.i_width),
                            ("Output width", self.o_width)]:
            if value < 1:
                raise ValueError(f"{what} of a width converter must be at least 1: {value}")

    @property
    def i_words(self):
        return -(-self.bits // self.i_width)

    @property
    def o_words(self):
        return -(-self.bits // self.o_width)

    @property
    def form(self):
        """One of ``"same"``, ``"up"``, ``"down"`` and ``"gearbox"``."""
        if self.i_width == self.o_width:
            return "same"
        if self.o_words == 1 or (self.o_width % self.i_width == 0
                                 and self.i_words % (self.o_width // self.i_width) == 0):
            return "up"
        return "down" if self.i_words == 1 or self.i_width % self.o_width == 0 else "gearbox"

    @property
    def is_wire(self):
        """Whether wires suffice: the widths are equal and no word must be filled up."""
        return self.form == "same" and self.bits % self.i_width == 0


@cache
def conversion_resources(conversion, family):
    """Return the estimated resources of a conversion's hardware."""
    form, i_width, o_width = conversion.form, conversion.i_width, conversion.o_width
    if form == "same":
        return Resources() if conversion.is_wire else Resources(o_width // 2 + 8, 4)
    if form == "down":
        bits = min(i_width, conversion.bits)
        return cells(family, bits + 14, bits + 8)
    if form == "up":
        bits = conversion.i_words * i_width if conversion.o_words == 1 else o_width
        return cells(family, 14, bits + 8)
    bits = i_width + o_width
    return cells(family, bits * 1.3 * bits.bit_length() + 30, bits + 14)


class Handshake:
    """Handshake of a width converter that collects, deals out, or does both.

    Parameters
    ----------
    conversion : Conversion
        Its widths and form.
    """

    def __init__(self, conversion):
        self.form = conversion.form
        self.bits = conversion.bits
        self.i_width, self.o_width = conversion.i_width, conversion.o_width
        self.arrived = self.left = 0  # bits of this vector that came in, that remain
        self.gone = 0
        self.level = 0

    @property
    def valid(self):
        return self.level >= self._need(self.gone, self.o_width) > 0

    def _need(self, done, width):
        return min(width, self.bits - done)

    def ready(self, o_ready):
        rest = self.level - (self._need(self.gone, self.o_width) if o_ready and self.valid else 0)
        if self.form == "gearbox":
            return rest <= self.o_width - 1
        if self.form == "down":
            return rest == 0
        return not self.valid or o_ready

    def tick(self, i_transfer, o_transfer):
        if o_transfer:
            given = self._need(self.gone, self.o_width)
            self.level -= given
            self.gone = (self.gone + given) % self.bits
        if i_transfer:
            taken = self._need(self.arrived, self.i_width)
            self.level += taken
            self.arrived = (self.arrived + taken) % self.bits


class WidthConverter(Stage):
    """Vectors of ``bits`` bits, from words of ``i_width`` bits to words of ``o_width``.

    The first bit of a vector is the lowest of the first word. The unused bits of the last input
    word are ignored; those of the last output word are zeros. A word never holds bits of two
    vectors.

    One of four forms is built: *same* (equal widths, no register), *up* (a shift register that
    collects whole words), *down* (a shift register that deals them out) and *gearbox* (any
    widths, a barrel shifter).

    Latency is 0 cycles (*same*) or 1 cycle, from the input word that completes an output word to
    the output word. A vector takes as many cycles as it has input words or output words, whichever
    is more.

    Parameters
    ----------
    bits : int
        Length of a vector.
    i_width, o_width : int
        Bits of an input word and of an output word.

    Members
    -------
    i : In(stream.Signature(i_width))
        ``ceil(bits / i_width)`` words a vector.
    o : Out(stream.Signature(o_width))
        ``ceil(bits / o_width)`` words a vector.
    """

    def __init__(self, *, bits, i_width, o_width):
        self.conversion = Conversion(bits, i_width, o_width)
        self.bits = bits
        self.i_width = i_width
        self.o_width = o_width
        self.i_words = self.conversion.i_words
        self.o_words = self.conversion.o_words
        self.form = self.conversion.form
        self.latency = 0 if self.form == "same" else 1
        super().__init__({"i": In(stream.Signature(i_width)), "o": Out(stream.Signature(o_width))})

    def handshake(self):
        return Handshake(self.conversion)

    def resources(self, name, family, left):
        return {name: conversion_resources(self.conversion, family)}

    def elaborate(self, platform):
        m = Module()
        getattr(self, f"_{self.form}")(m)
        return m

    def _counter(self, m, name, words, step):
        """Count a vector's words, advanced by ``step``; return whether the word is the last."""
        if words == 1:
            return Const(1, 1)
        index = Signal(range(words), name=f"{name}_index")
        last = Signal(name=f"{name}_last")
        m.d.comb += last.eq(index == words - 1)
        with m.If(step):
            m.d.sync += index.eq(Mux(last, 0, index + 1))
        return last

    def _padded(self, m, word, last, width, words):
        """Return ``word`` with zeros where the last word of a vector has no bits."""
        used = self.bits - (words - 1) * width
        if used == width:
            return word
        padded = Signal(width)
        m.d.comb += padded.eq(Mux(last, word[:used], word))
        return padded

    def _same(self, m):
        transfer = self.i.valid & self.i.ready
        last = self._counter(m, "word", self.i_words, transfer)
        m.d.comb += self.o.payload.eq(self._padded(m, self.i.payload, last, self.i_width,
                                                   self.i_words))
        m.d.comb += self.o.valid.eq(self.i.valid)
        m.d.comb += self.i.ready.eq(self.o.ready)

    def _up(self, m):
        parts = self.i_words if self.o_words == 1 else self.o_width // self.i_width
        collected = Signal(parts * self.i_width)
        missing = Signal(range(parts + 1), init=parts)
        m.d.comb += self.o.valid.eq(missing == 0)
        m.d.comb += self.i.ready.eq(~self.o.valid | self.o.ready)

        # Unused bits of the last input word are cut off at the output, or zeroed at the input.
        if self.o_words == 1:
            word = self.i.payload
            m.d.comb += self.o.payload.eq(collected[:self.bits])
        else:
            last = self._counter(m, "word", self.i_words, self.i.valid & self.i.ready)
            word = self._padded(m, self.i.payload, last, self.i_width, self.i_words)
            m.d.comb += self.o.payload.eq(collected)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += collected.eq(Cat(collected, word)[self.i_width:])
            m.d.sync += missing.eq(Mux(self.o.valid, parts, missing) - 1)
        with m.Elif(self.o.valid & self.o.ready):
            m.d.sync += missing.eq(parts)

    def _down(self, m):
        parts = -(-min(self.i_width, self.bits) // self.o_width)
        last_parts = self.o_words - (self.i_words - 1) * parts
        held = Signal(parts * self.o_width)
        left = Signal(range(parts + 1))
        transfer = self.i.valid & self.i.ready
        last = self._counter(m, "word", self.i_words, transfer)
        word = self._padded(m, self.i.payload, last, self.i_width, self.i_words)

        m.d.comb += self.o.valid.eq(left != 0)
        m.d.comb += self.o.payload.eq(held)
        m.d.comb += self.i.ready.eq((left == 0) | ((left == 1) & self.o.ready))
        with m.If(transfer):
            m.d.sync += held.eq(word)
            m.d.sync += left.eq(Mux(last, last_parts, parts))
        with m.Elif(self.o.valid & self.o.ready):
            m.d.sync += held.eq(held >> self.o_width)
            m.d.sync += left.eq(left - 1)

    def _gearbox(self, m):
        size = self.i_width + self.o_width - 1
        held = Signal(size)
        level = Signal(range(size + 1))
        given = Signal(range(self.o_width + 1))
        rest = Signal(size)
        rest_level = Signal(range(size + 1))
        room = Signal()

        # Output: the last word of a vector needs only the vector's remaining bits.
        taken = Signal()
        o_last = self._counter(m, "o", self.o_words, taken)
        need = Mux(o_last, self.bits - (self.o_words - 1) * self.o_width, self.o_width)
        m.d.comb += self.o.valid.eq(level >= need)
        m.d.comb += taken.eq(self.o.valid & self.o.ready)
        m.d.comb += self.o.payload.eq(self._padded(m, held[:self.o_width], o_last, self.o_width,
                                                   self.o_words))
        m.d.comb += given.eq(Mux(taken, need, 0))
        m.d.comb += rest.eq(held >> given)
        m.d.comb += rest_level.eq(level - given)

        # Input: a word is appended behind the bits that remain.
        transfer = Signal()
        m.d.comb += room.eq(rest_level <= size - self.i_width)
        m.d.comb += self.i.ready.eq(room)
        m.d.comb += transfer.eq(self.i.valid & room)
        i_last = self._counter(m, "i", self.i_words, transfer)
        word = self._padded(m, self.i.payload, i_last, self.i_width, self.i_words)
        added = Mux(i_last, self.bits - (self.i_words - 1) * self.i_width, self.i_width)
        m.d.sync += held.eq(rest)
        m.d.sync += level.eq(rest_level)
        with m.If(transfer):
            m.d.sync += held.eq(rest | (word << rest_level))
            m.d.sync += level.eq(rest_level + added)
