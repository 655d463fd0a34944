"""Pooling of bits: positions in, one position out for each square."""

from amaranth import *
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..plan.area import cells
from ..stream.stage import Stage, StreamTap
from .rowmemory import row_memory, row_memory_resources


__all__ = ["Pool", "pool_resources"]


def pool_resources(layer, family):
    """Return the estimated resources of a :class:`Pool`."""
    columns = layer.width // layer.size
    kept = row_memory_resources(family, layer.channels, columns)
    lut4 = 2 * layer.channels + 35 if layer.size == 2 else 3 * layer.channels + 20
    return cells(family, lut4, 2 * layer.channels + 16) + kept


class Handshake:
    """Handshake of a pool."""

    def __init__(self, layer):
        self.layer = layer
        self.place = 0
        self.valid = False

    @property
    def ends(self):
        """Whether the next position ends a square."""
        row, column = divmod(self.place, self.layer.width)
        size, (rows, columns) = self.layer.size, self.layer.positions
        return (row % size == column % size == size - 1
                and row < rows * size and column < columns * size)

    def ready(self, o_ready):
        return not (self.valid and self.ends)

    def tick(self, i_transfer, o_transfer):
        self.valid = self.valid and not o_transfer
        if i_transfer:
            self.valid = self.valid or self.ends
            self.place = (self.place + 1) % (self.layer.height * self.layer.width)


class Pool(Stage):
    """The OR or the AND of the bits of each square of a map, channel by channel.

    A row of squares is reduced along each row of the map first. A memory keeps what is known of
    the squares until their last row comes.

    Throughput is a position a cycle: ``height * width`` cycles a map, if a result is taken in the
    cycle in which it is offered or in the ``size - 1`` next ones. So whether a position is taken
    does not depend on ``o.ready`` of the same cycle. Latency is 1 cycle, from the last position of
    a square to its result.

    Parameters
    ----------
    layer : :class:`sw.layer.pool2d.Pool2d`
        Size of a square, and whether a channel is an OR or an AND.

    Members
    -------
    i : In(stream.Signature(channels))
        The map position by position in raster order, the first channel lowest.
    o : Out(stream.Signature(channels))
        The map of the squares, square by square.
    """

    latency = 1

    def __init__(self, layer):
        self.layer = layer
        super().__init__({"i": In(stream.Signature(layer.channels)),
                          "o": Out(stream.Signature(layer.channels))})

    def handshake(self):
        return Handshake(self.layer)

    def resources(self, name, family, left):
        return {name: pool_resources(self.layer, family)}

    def taps(self, path):
        return [StreamTap(self.layer.name, path, "o", self.layer.vectors, self.layer.channels)]

    def elaborate(self, platform):
        m = Module()
        layer, size = self.layer, self.layer.size
        rows, columns = layer.positions
        all_of = Const(sum(int(bit) << place for place, bit in enumerate(layer.all_of)),
                       layer.channels)

        # Place: the column and the row of a square, and the square's own.
        transfer, ends_column = Signal(), Signal()
        column, ends_row = _counter(m, "column", layer.width, transfer)
        row, _ = _counter(m, "row", layer.height, transfer & ends_row)
        inner, ends_square = _counter(m, "inner", size, transfer, ends_row)
        depth, lowest = _counter(m, "depth", size, transfer & ends_row,
                                 row == layer.height - 1)
        square = Signal(range(columns))
        m.d.comb += ends_column.eq(transfer & ends_square & (column < columns * size))
        with m.If(transfer & ends_row):
            m.d.sync += square.eq(0)
        with m.Elif(ends_column & (square != columns - 1)):
            m.d.sync += square.eq(square + 1)

        # Along a row: the bits of a square so far.
        along, reduced = Signal(layer.channels, reset_less=True), Signal(layer.channels)
        m.d.comb += reduced.eq(_reduced(all_of, along, self.i.payload))
        with m.If(transfer):
            m.d.sync += along.eq(Mux(inner == 0, self.i.payload, reduced))

        # Down the rows: a square's last column comes at least two cycles after the one before, so
        # the memory is read anew by then.
        m.submodules.kept = kept = row_memory(layer.channels, columns, platform)
        write, read = kept.write_port(), kept.read_port()
        whole = Signal(layer.channels)
        m.d.comb += whole.eq(Mux(depth == 0, reduced, _reduced(all_of, read.data, reduced)))
        m.d.comb += [read.addr.eq(square), write.addr.eq(square), write.data.eq(whole),
                     write.en.eq(ends_column)]

        # Output: a register, free by the end of the next square if its result is taken.
        ends = Signal()
        m.d.comb += ends.eq(ends_square & lowest & (column < columns * size) & (row < rows * size))
        m.d.comb += self.i.ready.eq(~(self.o.valid & ends))
        m.d.comb += transfer.eq(self.i.valid & self.i.ready)
        with m.If(transfer & ends):
            m.d.sync += self.o.valid.eq(1)
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(transfer & ends):
            m.d.sync += self.o.payload.eq(whole)
        return m


def _reduced(all_of, some, others):
    """Return the AND of bits where ``all_of`` says so, else their OR."""
    return (some & others) | ((some | others) & ~all_of)


def _counter(m, name, count, step, restart=None):
    """Add a counter of ``step``; return it, and whether it is at its end."""
    number = Signal(range(count), name=name)
    last = Signal(name=f"{name}_last")
    m.d.comb += last.eq(number == count - 1)
    again = last if restart is None else last | restart
    with m.If(step):
        m.d.sync += number.eq(Mux(again, 0, number + 1))
    return number, last
