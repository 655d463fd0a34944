"""Pooling of bits in words that are parts of a position."""

from amaranth import *
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from sw.bits import to_int

from ..plan.area import cells
from ..stream.stage import Stage, StreamTap
from .rowmemory import row_memory, row_memory_resources
from .walker import count


__all__ = ["PartPool", "part_pool_resources"]


def part_pool_resources(layer, width, family):
    """Return the estimated resources of a :class:`PartPool`."""
    rows, columns = layer.height.bit_length(), layer.width.bit_length()
    counters = rows + columns + 3 * ceil_log2(layer.channels // width)
    return (cells(family, 1.5 * counters + 5 * width + 10, counters + 3 * width + 9)
            + row_memory_resources(family, width, _depth(layer, width)))


def _depth(layer, width):
    """Return the words of the memory: for each square the parts of a position."""
    return layer.positions[1] << ceil_log2(layer.channels // width)


class Handshake:
    """Handshake of a pool of parts."""

    def __init__(self, pool):
        self.layer, self.parts = pool.layer, pool.parts
        self.place = 0
        self.waiting = self.held = self.gives = self.valid = False

    def ready(self, o_ready):
        return not self.waiting

    def tick(self, i_transfer, o_transfer):
        enters = self.waiting or i_transfer
        self.waiting = enters and self.valid and not o_transfer
        if self.valid and not o_transfer:
            return
        self.valid = self.held and self.gives
        self.held = enters
        if enters:
            row, column = divmod(self.place // self.parts, self.layer.width)
            size, (rows, columns) = self.layer.size, self.layer.positions
            self.gives = (row % size == column % size == size - 1
                          and row < rows * size and column < columns * size)
            words = self.layer.height * self.layer.width * self.parts
            self.place = (self.place + 1) % words


class PartPool(Stage):
    """The OR or the AND of the bits of each square of a map, a part of the channels at a time.

    A memory keeps what is known of the squares of a row: a word is read, joined with the word that
    comes, and written back. So the words that an MVTU gives are never collected to positions, and
    the memory is as narrow as the words. ``i.ready`` is a register: a word that comes while the
    pool stands waits beside it.

    Throughput is a word a cycle: ``height * width * channels / word`` cycles a map of ``height *
    width`` positions. Latency is 2 cycles, from the last word of a square's part to its result.

    Parameters
    ----------
    layer : :class:`sw.layer.pool2d.Pool2d`
        Size of a square, and whether a channel is an OR or an AND.
    width : int
        Channels of a word, a divisor of the layer's channels and fewer.

    Members
    -------
    i : In(stream.Signature(width))
        The map position by position in raster order, the first channel lowest.
    o : Out(stream.Signature(width))
        The map of the squares in such words.
    """

    latency = 2

    def __init__(self, layer, width):
        if not 1 <= width < layer.channels or layer.channels % width:
            raise ValueError(f"Words of layer {layer.name!r} must be parts of its {layer.channels} "
                             f"channels: {width} bits")
        self.layer = layer
        self.width = width
        self.parts = layer.channels // width
        super().__init__({"i": In(stream.Signature(width)), "o": Out(stream.Signature(width))})

    def handshake(self):
        return Handshake(self)

    def resources(self, name, family, left):
        return {name: part_pool_resources(self.layer, self.width, family)}

    def taps(self, path):
        return [StreamTap(self.layer.name, path, "o", self.layer.vectors * self.parts, self.width)]

    def elaborate(self, platform):
        m = Module()
        layer, size = self.layer, self.layer.size
        rows, columns = layer.positions
        m.submodules.kept = kept = row_memory(self.width, _depth(layer, self.width), platform)
        write, read = kept.write_port(), kept.read_port()
        moves, enters, transfer = Signal(), Signal(), Signal()
        m.d.comb += moves.eq(~self.o.valid | self.o.ready)

        # Enter: the word that comes, or one that has come while nothing moved.
        waiting, waits, comes = Signal(), Signal(self.width, reset_less=True), Signal(self.width)
        m.d.comb += [self.i.ready.eq(~waiting), enters.eq(self.i.valid | waiting),
                     comes.eq(Mux(waiting, waits, self.i.payload)), transfer.eq(enters & moves)]
        m.d.sync += waiting.eq(enters & ~moves)
        with m.If(~waiting):
            m.d.sync += waits.eq(self.i.payload)

        # Place: part of the position, square, and place in the square.
        part, ends = count(m, "part", self.parts, transfer)
        column, ends_row = count(m, "column", layer.width, transfer & ends)
        row, _ = count(m, "row", layer.height, transfer & ends & ends_row)
        square, inner, right = _square(m, "column", size, transfer & ends, column, ends_row)
        _, depth, low = _square(m, "row", size, transfer & ends & ends_row, row,
                                row == layer.height - 1)
        m.d.comb += [read.addr.eq(Cat(part, square)[:len(read.addr)]), read.en.eq(moves)]

        # A cycle later: the first word of a square begins, the last one is the result.
        held, begins, gives, keeps, all_of = (
            Signal(), Signal(), Signal(), Signal(), Signal(self.width))
        word, whole = Signal(self.width), Signal(self.width)
        with m.If(moves):
            m.d.sync += [held.eq(enters), word.eq(comes),
                         write.addr.eq(read.addr), all_of.eq(self._all_of(part)),
                         begins.eq((inner == 0) & (depth == 0)),
                         keeps.eq(column < columns * size),
                         gives.eq(right & low & (column < columns * size) & (row < rows * size))]
            m.d.sync += self.o.valid.eq(held & gives)
            m.d.sync += self.o.payload.eq(whole)
        m.d.comb += whole.eq(Mux(begins, word, (read.data & word) | (
            (read.data | word) & ~all_of)))
        m.d.comb += [write.data.eq(whole), write.en.eq(moves & held & keeps)]
        return m

    def _all_of(self, part):
        """Return whether each bit of a part is an AND."""
        words = self.layer.all_of.reshape(-1, self.width)
        return Array(Const(to_int(word), self.width) for word in words)[part]


def _square(m, name, size, step, place, restart):
    """Count squares in a direction.

    Returns
    -------
    Value, Value, Value
        Number of the square, the place in it, and whether this place is the last one.
    """
    if size & size - 1 == 0:
        bits = ceil_log2(size)
        return place[bits:], place[:bits], place[:bits] == size - 1
    number, inner = Signal.like(place, name=f"{name}_square"), Signal(range(size),
                                                                      name=f"{name}_inner")
    last = inner == size - 1
    with m.If(step):
        m.d.sync += inner.eq(Mux(last | restart, 0, inner + 1))
        m.d.sync += number.eq(Mux(restart, 0, number + last))
    return number, inner, last
