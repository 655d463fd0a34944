"""Space to depth: squares of positions become positions of more channels."""

from amaranth import *
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..plan.area import cells
from ..stream.stage import Stage, StreamTap
from .rowmemory import row_memory, row_memory_resources


__all__ = ["Regroup", "Squares", "squares_resources"]

BANKS = 2  # rows of squares in memory: one is read while the next one comes


class Regroup:
    """Words of a space-to-depth layer: how many squares touch a word.

    Parameters
    ----------
    layer : :class:`sw.layer.spacetodepth.SpaceToDepth`
        The layer.
    width : int
        Bits of the words that come, which may be other words.

    Attributes
    ----------
    squares : int
        Squares side by side of which a word holds one row each: the most for which ``width`` is
        enough, at most ``block``, because more would not make the layer faster.
    """

    def __init__(self, layer, width):
        across = layer.width // layer.block
        row = layer.block * layer.channels
        self.layer = layer
        self.squares = max((number for number in range(1, layer.block + 1)
                            if across % number == 0 and number * row <= width), default=1)
        self.columns = across // self.squares  # words of a row
        self.width = self.squares * row
        self.depth = BANKS << ceil_log2(self.columns)

    @property
    def interval(self):
        """Cycles of a map: its words, or its squares."""
        return max(self.columns * self.layer.height, self.layer.vectors)


def squares_resources(layer, width, family):
    """Return the estimated resources of a :class:`Squares`."""
    words, made = Regroup(layer, width), layer.gives.extents[-1]
    kept = row_memory_resources(family, words.width, words.depth)
    chosen = made * (words.squares - 1)
    used = cells(family, chosen + 42, 22)
    for _ in range(layer.block):
        used += kept
    return used


class Handshake:
    """Handshake of a space-to-depth layer."""

    def __init__(self, words):
        self.words = words
        self.taken = 0      # words so far
        self.fetched = 0    # squares so far
        self.valid = False

    @property
    def read(self):
        return self.fetched // self.words.squares  # columns of words that are free again

    def ready(self, o_ready):
        row, column = divmod(self.taken, self.words.columns)
        group, row = divmod(row, self.words.layer.block)
        return row > 0 or group * self.words.columns + column - self.read < (
            BANKS * self.words.columns)

    def tick(self, i_transfer, o_transfer):
        row, column = divmod(self.taken, self.words.columns)
        group, row = divmod(row, self.words.layer.block)
        whole = group * self.words.columns + (
            column if row == self.words.layer.block - 1 else 0)
        fetches = self.read < whole and (not self.valid or o_transfer)
        self.taken += i_transfer
        self.fetched += fetches
        self.valid = fetches or (self.valid and not o_transfer)


class Squares(Stage):
    """Collects the rows of squares of a map and gives each square as one position.

    A word holds ``squares * block`` positions of a row. Each row of a square has a memory with room
    for two rows of squares: one is read while the next one comes.

    The interval is ``max(height * width / (squares * block), height * width / block**2)`` cycles a
    map: a square a cycle where a word holds ``block`` squares' rows. Latency is :attr:`latency`
    cycles, from the last word of a map to its last square.

    Parameters
    ----------
    layer : :class:`sw.layer.spacetodepth.SpaceToDepth`
        Extents of the map, and of a square.
    width : int
        Bits of the words that come (:class:`Regroup`).

    Members
    -------
    i : In(stream.Signature(squares * block * channels))
        The map in raster order, the first position lowest.
    o : Out(stream.Signature(block**2 * channels))
        Squares in raster order: row by row, column by column, the first channel lowest.
    """

    def __init__(self, layer, width):
        self.layer = layer
        self.words = Regroup(layer, width)
        self.latency = self.words.columns * (self.words.squares - 1) + 2
        super().__init__({
            "i": In(stream.Signature(self.words.width)),
            "o": Out(stream.Signature(layer.gives.extents[-1])),
        })

    def handshake(self):
        return Handshake(self.words)

    def resources(self, name, family, left):
        return {name: squares_resources(self.layer, self.words.width, family)}

    def taps(self, path):
        return [StreamTap(self.layer.name, path, "o", self.layer.vectors,
                          self.layer.gives.extents[-1])]

    def elaborate(self, platform):
        m = Module()
        words, block = self.words, self.layer.block
        most = BANKS * words.columns
        claimed, whole = Signal(range(most + 1)), Signal(range(most + 1))
        taken, fetch, freed = Signal(), Signal(), Signal()

        # Write: the first row of squares claims room for all their rows.
        row = Signal(range(block))
        in_column, in_bank, in_last = self._place(m, "in", taken)
        m.d.comb += self.i.ready.eq((row != 0) | (claimed != most))
        m.d.comb += taken.eq(self.i.valid & self.i.ready)
        with m.If(taken & in_last):
            m.d.sync += row.eq(Mux(row == block - 1, 0, row + 1))
            m.d.sync += in_bank.eq(in_bank ^ (row == block - 1))

        # Read: squares of a word one after the other.
        square, shown = Signal(range(words.squares)), Signal(range(words.squares))
        out_column, out_bank, out_last = self._place(m, "out", freed)
        m.d.comb += fetch.eq((whole != 0) & (~self.o.valid | self.o.ready))
        m.d.comb += freed.eq(fetch & (square == words.squares - 1))
        with m.If(fetch):
            m.d.sync += [shown.eq(square), square.eq(Mux(freed, 0, square + 1))]
        with m.If(freed & out_last):
            m.d.sync += out_bank.eq(~out_bank)
        m.d.sync += self.o.valid.eq(fetch | (self.o.valid & ~self.o.ready))
        m.d.sync += claimed.eq(claimed + (taken & (row == 0)) - freed)
        m.d.sync += whole.eq(whole + (taken & (row == block - 1)) - freed)

        # Memories: one for each row of a square.
        parts = []
        for index in range(block):
            kept = row_memory(words.width, words.depth, platform)
            m.submodules[f"row_{index}"] = kept
            write, read = kept.write_port(), kept.read_port()
            m.d.comb += [write.addr.eq(Cat(in_column, in_bank)), write.data.eq(self.i.payload),
                         write.en.eq(taken & (row == index))]
            m.d.comb += [read.addr.eq(Cat(out_column, out_bank)), read.en.eq(fetch)]
            parts.append(read.data.word_select(shown, words.width // words.squares))
        m.d.comb += self.o.payload.eq(Cat(parts))
        return m

    def _place(self, m, name, step):
        """Add a counter of a row's words; return it, the bank, and whether the word is the last."""
        column = Signal(range(self.words.columns), name=f"{name}_column")
        bank, last = Signal(name=f"{name}_bank"), Signal(name=f"{name}_last")
        m.d.comb += last.eq(column == self.words.columns - 1)
        with m.If(step):
            m.d.sync += column.eq(Mux(last, 0, column + 1))
        return column, bank, last
