"""Counters that walk over the words of a feature map, and over its rows as they come and go."""

from amaranth import *


__all__ = ["Walker", "count"]


class Walker:
    """Counters and address of a walk.

    Attributes
    ----------
    steps : Signal
        To drive: a word is read.
    address : Signal
        Address of the word.
    inside : Value
        The word is not the first one of a row of windows.
    last_part : Value
        The word completes an output word.
    padded, filling : Signal
        The word lies beside the map; it is one of the zeros behind a window.
    window, window_ends : Value
        Window of a row; the word is its last one, but for zeros.
    row, row_ends : Value
        Row of windows; the word is its last one, but for zeros.

    Parameters
    ----------
    m : Module
        Where the counters go.
    walk : :class:`hw.stage.windowwalk.WindowWalk`
        The walk.
    address_bits : int
        Bits of an address of the map's memory.
    parts : int
        Words of an output word.
    """

    def __init__(self, m, walk, address_bits, parts=1):
        self.walk = walk
        self.steps = Signal()
        self.filling = Signal()
        self.padded = Signal()
        self.address = Signal(address_bits, init=walk.start % 2**address_bits)
        reads = Signal()
        m.d.comb += reads.eq(self.steps & ~self.filling)
        rows, columns = walk.kernel
        many_rows, many_columns = walk.positions
        _, self.last_part = count(m, "part", parts, self.steps)
        _, chunk_last = count(m, "chunk", walk.chunks, reads)
        column, column_last = count(m, "kernel_column", columns, reads & chunk_last)
        line_ends = chunk_last & column_last
        line, line_last = count(m, "kernel_row", rows, reads & line_ends)
        self.window_ends = window_ends = line_ends & line_last & ~self.filling
        self.window, x_last = count(m, "column", many_columns, reads & window_ends)
        self.row_ends = window_ends & x_last
        self.row, y_last = count(m, "row", many_rows, reads & self.row_ends)

        stride = {name: Const(move % 2**address_bits, address_bits)
                  for name, move in walk.strides.items()}
        with m.If(reads):
            m.d.sync += self.address.eq(self.address + Mux(
                ~line_ends, stride["word"], Mux(
                    ~line_last, stride["kernel_row"], Mux(
                        ~x_last, stride["window"], Mux(
                            ~y_last, stride["row"], stride["image"])))))

        begun = Signal()
        self.inside = begun | self.filling
        with m.If(reads):
            m.d.sync += begun.eq(~self.row_ends)
        if walk.fill:
            _, fill_last = count(m, "fill", walk.fill, self.steps & self.filling)
            with m.If(self.steps):
                m.d.sync += self.filling.eq(Mux(self.filling, ~fill_last, window_ends))
        for axis, (window, place) in enumerate(((self.row, line), (self.window, column))):
            with m.Switch(window):
                for number, places in walk.outside(axis).items():
                    with m.Case(number), m.Switch(place), m.Case(*places):
                        m.d.comb += self.padded.eq(1)

    def keep_rows(self, m, rows, row_comes):
        """Count the rows of the map in memory.

        Parameters
        ----------
        m : Module
            Where the counters go.
        rows : int
            Rows that the memory holds.
        row_comes : Value
            The last word of a row is written.

        Returns
        -------
        Value, Value
            Whether a word may come, and whether the rows that the windows of this row read have
            come.
        """
        room = Signal(range(rows + 1), init=rows)
        enough = Signal(range(-max(self.walk.more_needs), rows + 1), init=-self.walk.needs[0])
        frees = _by_row(m, "frees", self.walk.frees, self.row)
        more = _by_row(m, "more", self.walk.more_needs, self.row)
        done = self.steps & self.row_ends
        m.d.sync += room.eq(room - row_comes + Mux(done, frees, 0))
        m.d.sync += enough.eq(enough + row_comes - Mux(done, more, 0))
        return room != 0, enough >= 0


def count(m, name, number, advance):
    """Count to ``number`` again and again; return the counter, and whether it is at its last."""
    if number == 1:
        return Const(0, 1), Const(1, 1)
    value, last = Signal(range(number), name=name), Signal(name=f"{name}_last")
    m.d.comb += last.eq(value == number - 1)
    with m.If(advance):
        m.d.sync += value.eq(Mux(last, 0, value + 1))
    return value, last


def _by_row(m, name, numbers, row):
    """Return the number of a row of windows; most rows have the same."""
    usual = max(set(numbers), key=numbers.count)
    value = Signal(range(max(numbers) + 1), name=name, init=usual)
    with m.Switch(row):
        for number in set(numbers) - {usual}:
            with m.Case(*(place for place, other in enumerate(numbers) if other == number)):
                m.d.comb += value.eq(number)
    return value
