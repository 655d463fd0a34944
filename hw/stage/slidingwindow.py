"""Sliding-window unit: rows of a feature map in memory, given again as one window after another."""

from math import ceil

from amaranth import *
from amaranth.lib import memory, stream
from amaranth.lib.wiring import In, Out

from ..plan.area import Resources
from ..plan.area import memory as memory_resources
from ..stream.stage import Stage
from .walker import Walker, count
from .windowwalk import walk_of


__all__ = ["SlidingWindow", "window_resources"]

# Fitted to synthesized units. LUT4 of a bit of the kernel's counters and of other counters, and of
# a row or column of windows that reaches beyond the map.
KERNEL = {"ecp5": 8.5, "ice40": 6.0}
COUNTER = {"ecp5": 2.4, "ice40": 2.6}
BESIDE = {"ecp5": 0.3, "ice40": 2.8}


class Handshake:
    """Handshake of a sliding-window unit."""

    def __init__(self, unit):
        walk = self.walk = unit.walk
        self.parts = unit.parts
        self.words = walk.positions[1] * walk.reads  # of a row of windows
        self.room, self.enough = unit.rows, -walk.needs[0]
        self.arrived = self.row = self.word = 0
        self.read = self.valid = False

    def ready(self, o_ready):
        return self.room > 0

    def tick(self, i_transfer, o_transfer):
        moves = not self.valid or o_transfer
        steps = moves and (self.word > 0 or self.enough >= 0)
        if moves:
            self.valid = self.read and self.word % self.parts == 0
            self.read = steps
        if steps:
            self.word += 1
            if self.word == self.words - self.walk.fill:
                self.room += self.walk.frees[self.row]
                self.enough -= self.walk.more_needs[self.row]
                self.row = (self.row + 1) % self.walk.positions[0]
            self.word %= self.words
        if i_transfer:
            self.arrived = (self.arrived + 1) % self.walk.row_words
            if self.arrived == 0:
                self.room -= 1
                self.enough += 1


class SlidingWindow(Stage):
    """The windows of a convolution, from a feature map position by position.

    The unit keeps rows of the map in a cyclic memory. A row of windows begins when the last row of
    the map that it reads has come. A row of the map is overwritten when no window reads it any
    more, so the next image comes in while the last windows of an image go out. Padding is a mask:
    no cycle and no memory is spent on it.

    A window goes out row by row, column by column and channel by channel, ``simd`` values a word.
    Zeros fill up its last word. The memory gives a word of :attr:`word` values a cycle, the most
    that divide both ``simd`` and the channels of a position, or of positions beside each other
    where stride, padding, the kernel's columns and the map's are multiples of so many. A window
    thus takes :attr:`reads` cycles, ``ceil(values / simd) * simd / word``.

    The interval is ``reads`` cycles a window, or a cycle for each input word if these are more
    (:attr:`interval`, cycles an image). Latency is ``simd / word + 1`` cycles (:attr:`latency`),
    from the last word of the last row that a window needs to its first word.

    Parameters
    ----------
    layer : :class:`sw.layer.window.Windowed`
        Layer that takes the windows.
    simd : int
        Values of an output word, in ``1..values``, those of a window.
    rows : int, optional
        Rows of the map in memory, at least those of the kernel and of the stride. By default one
        row more, or what the last windows of an image and the first ones of the next read. Then
        nothing waits even if the layer before is as slow as the one behind. The memory's size is a
        power of two, so it may hold more.

    Members
    -------
    i : In(stream.Signature(word * taken_bits))
        Values of the map, position by position in raster order, the first one lowest.
    o : Out(stream.Signature(simd * taken_bits))
        Values of the windows.
    """

    def __init__(self, layer, *, simd, rows=None):
        most = layer.kernel[0] * layer.kernel[1] * layer.channels
        if not 1 <= simd <= most:
            raise ValueError(f"SIMD of layer {layer.name!r} must be in 1..{most}, the inputs of a "
                             f"neuron: {simd}")
        least = layer.kernel[0] + layer.stride
        if rows is None:
            rows = max(least + 1, 2 * (layer.kernel[0] - layer.padding))
        if rows < least:
            raise ValueError(f"Rows of the map that layer {layer.name!r} keeps must be at least "
                             f"{least}, those of a window and of a stride: {rows}")
        self.layer = layer
        self.simd = simd
        self.walk, self.word = walk_of(layer, simd)
        self.depth = 1 << (rows * self.walk.row_words - 1).bit_length()
        self.rows = self.depth // self.walk.row_words
        self.parts = simd // self.word
        self.reads = self.walk.reads
        self.interval = max(layer.height * self.walk.row_words, layer.vectors * self.reads)
        self.latency = self.parts + 2
        self.width = self.word * layer.taken_bits
        super().__init__({"i": In(stream.Signature(self.width)),
                          "o": Out(stream.Signature(simd * layer.taken_bits))})

    def handshake(self):
        return Handshake(self)

    def resources(self, name, family, left):
        return {name: window_resources(self, family)}

    def elaborate(self, platform):
        m = Module()
        m.submodules.map = rows = memory.Memory(shape=self.width, depth=self.depth, init=[])
        write, read = rows.write_port(), rows.read_port()
        moves, begins = Signal(), Signal()
        m.d.comb += moves.eq(~self.o.valid | self.o.ready)
        m.d.comb += read.en.eq(moves)

        # Read: a word a cycle, unless an output word is refused.
        walk = Walker(m, self.walk, len(read.addr), self.parts)
        m.d.comb += walk.steps.eq(moves & (walk.inside | begins))
        m.d.comb += read.addr.eq(walk.address)
        m.d.comb += begins.eq(self._keep_rows(m, write, walk))

        # Mask what lies beside the map, and put the words of an output word together.
        was_read, was_last = Signal(), Signal()
        was_padded, was_filled = Signal(), Signal()
        word = Signal(self.width)
        m.d.comb += word.eq(Mux(was_padded, self.pad_word, read.data) & ~was_filled.replicate(
            self.width))
        with m.If(moves):
            m.d.sync += [was_read.eq(walk.steps), was_last.eq(walk.last_part),
                         was_padded.eq(walk.padded), was_filled.eq(walk.filling)]
            m.d.sync += self.o.valid.eq(was_read & was_last)
            with m.If(was_read):
                m.d.sync += self.o.payload.eq(Cat(self.o.payload, word)[self.width:])
        return m

    @property
    def pad_word(self):
        """A word of padding, an int."""
        bits = self.layer.taken_bits
        return sum(self.layer.pad << bits * place for place in range(self.word))

    def _keep_rows(self, m, write, walk):
        """Write the map, and count rows; return whether a row of windows may begin."""
        _, arrived = count(m, "arrived", self.walk.row_words, write.en)
        room, enough = walk.keep_rows(m, self.rows, write.en & arrived)
        m.d.comb += self.i.ready.eq(room)
        m.d.comb += [write.en.eq(self.i.valid & self.i.ready), write.data.eq(self.i.payload)]
        address = Signal(len(write.addr))
        m.d.comb += write.addr.eq(address)
        with m.If(write.en):
            m.d.sync += address.eq(address + 1)
        return enough


def window_resources(unit, family):
    """Return the estimated resources of a :class:`SlidingWindow`."""
    walk, address = unit.walk, (unit.depth - 1).bit_length()
    kernel = sum((count - 1).bit_length() for count in walk.kernel)
    counters = address + sum((count - 1).bit_length() for count in (
        *walk.positions, walk.chunks, walk.row_words, unit.parts, walk.fill or 1))
    beside = len(walk.outside(0)) + len(walk.outside(1))
    masked = unit.width if beside or walk.fill else 0
    lut4 = KERNEL[family] * kernel + COUNTER[family] * counters + BESIDE[family] * beside
    # On iCE40 each flip-flop of the payload takes a logic cell.
    lut4 += masked if family == "ecp5" else unit.width * unit.parts
    return (Resources(ceil(lut4), 15 + kernel + counters + address + unit.width * unit.parts)
            + memory_resources(family, unit.depth, unit.width))
