"""Sliding window over a feature map: positions in, windows out, in raster order."""

from math import ceil

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..plan.area import Resources, cells
from .geometry import Geometry
from .rowmemory import row_memory, row_memory_resources


__all__ = ["Window", "window_resources"]

# LUT4 of the multiplexer that chooses a bit of a row, by the number of memories, 5 for more.
TURNED = {"ecp5": {1: 0, 2: 1, 3: 2, 4: 2.7, 5: 3.5}, "ice40": {1: 0, 2: 1, 3: 2, 4: 3, 5: 5}}


def window_resources(view, width, family):
    """Return the estimated resources of a :class:`Window` for positions of ``width`` bits."""
    # Fitted to synthesized windows: docs/decisions/028-convolution.md.
    rows, columns = view.kernel
    bits = rows * width
    turned = TURNED[family][min(view.memories, 5)] * bits
    masked = min(view.edges, view.right) * bits
    control = (12 * (view.height * view.width).bit_length() - 30) / (1 + (rows == 1))
    memories = Resources()
    for _ in range(view.memories):
        memories += row_memory_resources(family, width, view.width)
    lut4, ff = turned + masked + control, columns * bits + 20 + 8 * min(rows, 3)
    if family == "ice40":  # a register behind another one has a cell of its own
        return Resources(ceil(lut4 + 20 + (columns - 1) * bits), ff) + memories
    return cells(family, lut4, ff) + memories


class Window(wiring.Component):
    """Keeps the last rows of a feature map, and shows one window of them after the other.

    Each of the window's rows has a memory: row r of all maps lies in memory ``r % rows``. A writer
    takes positions as they come. A reader reads a column of all memories a cycle, puts the rows in
    order and shifts the column into a register of the window's columns. Rows and columns outside
    of the map are filled with the pad bit. The last windows of a row, whose columns lie right of
    the map, are shown while the first columns of the next row are read, or before if these have
    not come. So padding takes no cycle, and no window waits for the next map.

    Throughput is a position a cycle: ``height * width`` cycles a map, and maps follow each other
    without a bubble. A window is valid 2 cycles after its reservation (:attr:`latency`). A window
    is reserved at the earliest in the cycle after its last position was taken.

    Parameters
    ----------
    layer : :class:`sw.layer.window.Windowed`
        Kernel, padding and the extents of the map.

    Members
    -------
    i : In(stream.Signature(channels * taken_bits))
        The map position by position in raster order.
    free : In(1)
        The queue behind has a slot.
    reserve : Out(1)
        A window starts and takes the slot.
    valid : Out(1)
        ``x`` is the window that was reserved 2 cycles ago.
    x : Out(rows * columns * channels * taken_bits)
        A window of the layer's whole kernel: row by row, column by column, the first channel
        lowest. Taps that no neuron reads, or that never see the map, have the pad bit.
    """

    latency = 2

    def __init__(self, layer):
        self.layer = layer
        self.geometry = Geometry.of(layer)
        self.width = layer.channels * layer.taken_bits
        rows, columns = layer.kernel
        super().__init__({
            "i": In(stream.Signature(self.width)),
            "free": In(1),
            "reserve": Out(1),
            "valid": Out(1),
            "x": Out(rows * columns * self.width),
        })

    def elaborate(self, platform):
        m = Module()
        view = self.geometry
        taken, write_row, write_column = self._write(m)
        column, advance, reads, selects, clear, outside = self._read(m, taken)

        # Memories: one for each row of the window.
        rows = []
        for index in range(view.memories):
            row = row_memory(self.width, view.width, platform)
            m.submodules[f"row_{index}"] = row
            write, read = row.write_port(), row.read_port()
            m.d.comb += [write.addr.eq(write_column), write.data.eq(self.i.payload),
                         write.en.eq(taken & (write_row == index))]
            m.d.comb += [read.addr.eq(column), read.en.eq(reads)]
            rows.append(read.data)

        # Registers between: what was decided waits for the column.
        shift, cleared, chosen = Signal(), Signal(), []
        m.d.sync += [shift.eq(advance), cleared.eq(clear)]
        for index, select in enumerate(selects):
            chosen.append(Signal.like(select, name=f"chosen_{index}", reset_less=True))
            m.d.sync += chosen[-1].eq(select)
        starts = Signal()
        m.d.sync += [starts.eq(self.reserve), self.valid.eq(starts)]
        beyond = _later(m, outside, "beyond", 2)

        # Window: a column moves to the left. The columns left of the map's first one are cleared.
        pad = Const(self.layer.pad, self.layer.taken_bits).replicate(self.layer.channels)
        taps = {}
        for row in range(view.kernel[0]):
            newest = Signal(self.width, name=f"newest_{row}")
            with m.Switch(chosen[row]):
                for index, data in enumerate(rows):
                    with m.Case(index):
                        m.d.comb += newest.eq(data)
                with m.Default():
                    m.d.comb += newest.eq(pad)
            after = newest
            for place in reversed(range(view.kernel[1])):
                tap = Signal(self.width, name=f"tap_{row}_{place}", reset_less=True)
                with m.If(shift):
                    m.d.sync += tap.eq(Mux(cleared, pad, after) if place < view.left else after)
                taps[row, place] = after = tap

        # Output: columns right of the map are masked in the windows that reach them.
        for (row, place), tap in taps.items():
            late = place - view.left
            taps[row, place] = Mux(beyond[late], pad, tap) if late in beyond else tap
        m.d.comb += self.x.eq(Cat(self._tap(taps, pad, row, place)
                                  for row in range(self.layer.kernel[0])
                                  for place in range(self.layer.kernel[1])))
        return m

    def _tap(self, taps, pad, row, column):
        """Return the bits of a tap of the layer's kernel."""
        view, padding = self.geometry, self.layer.padding
        return taps.get((row - padding + view.up, column - padding + view.left), pad)

    def _write(self, m):
        """Add the writer; return whether it takes a position, the memory and the column for it."""
        view = self.geometry
        taken = Signal()
        row, column = Signal(range(view.memories)), Signal(range(view.width))
        m.d.comb += taken.eq(self.i.valid & self.i.ready)
        with m.If(taken):
            m.d.sync += column.eq(column + 1)
            with m.If(column == view.width - 1):
                m.d.sync += column.eq(0)
                m.d.sync += row.eq(Mux(row == view.memories - 1, 0, row + 1))
        return taken, row, column

    def _read(self, m, taken):
        """Add the reader's control.

        Returns
        -------
        column : Signal
            Column to read.
        advance, reads : Signal
            Whether the window moves on, and whether it reads a column to do so.
        selects : list of Value
            Memory of each row of the window; a number that is none for a row outside of the map.
        clear : Value
            Whether the columns left of the map's first one are to be cleared.
        outside : dict of int to Value
            Whether the tap so many columns right of the centre is right of the map.
        """
        view = self.geometry
        filled, room = Signal(_filled_range(view), init=-1 - view.lowest(0) * view.width), Signal(
            _room_range(view), init=view.ahead * view.width - 1)
        row, column = Signal(range(view.rows)), Signal(range(view.width))
        top = Signal(range(view.memories), init=-view.up % view.memories)
        pending = Signal(range(view.edges + 1))  # windows that reach right of the map

        # What a column and a pending window mean are registers, because counters all around depend
        # on them.
        at_edge, edge_emits, first_column = Signal(), Signal(), Signal(init=1)
        whole = Signal(init=self._whole(0))

        # Advance: a column has come, or a window of the row before needs none.
        enough, emits = Signal(), Signal()
        advance, reads, last_column, last_row = Signal(), Signal(), Signal(), Signal()
        m.d.comb += self.i.ready.eq(~room[-1])
        m.d.comb += enough.eq(~filled[-1])
        if view.edges > 1:  # once begun, a row must not stop before the row before is over
            with m.If(first_column & (filled + 1 < pending)):
                m.d.comb += enough.eq(0)
        m.d.comb += emits.eq(Mux(at_edge, edge_emits, whole))
        m.d.comb += advance.eq((enough | (at_edge & first_column)) & (self.free | ~emits))
        m.d.comb += reads.eq(advance & enough)
        m.d.comb += self.reserve.eq(advance & emits)

        # Place: the next column, row and map.
        m.d.comb += [last_column.eq(column == view.width - 1), last_row.eq(row == view.rows - 1)]
        with m.If(reads):
            m.d.sync += [column.eq(column + 1), first_column.eq(last_column)]
            m.d.sync += whole.eq(_table([self._whole((number + 1) % view.width)
                                         for number in range(view.width)], column))
            with m.If(last_column):
                m.d.sync += [column.eq(0), row.eq(Mux(last_row, 0, row + 1))]
                m.d.sync += top.eq(_turned(top, view.memories, last_row, view.centre_steps))
        edges = [self._edge(number) for number in range(view.edges + 1)]
        with m.If(reads & last_column):
            m.d.sync += [pending.eq(view.edges), at_edge.eq(view.edges > 0),
                         edge_emits.eq(edges[-1])]
        with m.Elif(advance & at_edge):
            m.d.sync += [pending.eq(pending - 1), at_edge.eq(pending != 1),
                         edge_emits.eq(_table([False, *edges[:-1]], pending))]

        # Counts: positions that have come, less one, of those that the windows of this row and
        # column reach; and positions that may come, less one.
        needed, freed = Signal.like(filled), Signal.like(room)
        m.d.comb += [needed.eq(-1), freed.eq(1)]
        with m.If(last_column):
            m.d.comb += needed.eq(_by_row(
                row, [(1 - steps) * view.width - 1 for steps in view.lowest_steps]))
            m.d.comb += freed.eq(_by_row(
                row, [(steps - 1) * view.width + 1 for steps in view.centre_steps]))
        m.d.sync += filled.eq(Mux(reads, filled + needed, filled) + taken)
        m.d.sync += room.eq(Mux(reads, room + freed, room) - taken)

        selects = [_select(row, top, tap, view) for tap in range(view.kernel[0])]
        outside = {late: at_edge & (pending < view.edges - view.right + late + 1)
                   for late in range(view.right - view.edges + 1, view.right + 1)}
        return column, advance, reads, selects, reads & (column == view.right), outside

    def _whole(self, column):
        """Whether a window inside the map is whole when a column comes."""
        return self.geometry.centre(column)

    def _edge(self, pending):
        """Whether a window is whole when so many edges are pending."""
        view = self.geometry
        return pending > 0 and view.centre(view.width + view.edges - pending)


def _table(bits, number):
    """Return the bit of a number."""
    return Cat(Const(bit, 1) for bit in bits).bit_select(number, 1)


def _later(m, values, name, cycles):
    """Return a dict of values some cycles later."""
    for cycle in range(cycles):
        later = {key: Signal(name=f"{name}_{key}_{cycle}", reset_less=True) for key in values}
        m.d.sync += [later[key].eq(value) for key, value in values.items()]
        values = later
    return values


def _by_row(row, values):
    """Return the value of a row, from a list that has few different neighbours."""
    result = Const(values[0], signed(32))
    for place in range(1, len(values)):
        if values[place] != values[place - 1]:
            result = Mux(row >= place, Const(values[place], signed(32)), result)
    return result


def _turned(top, count, last_row, steps):
    """Return the memory of the window's top row for the next row of the output."""
    def moved(by):
        return Array(Const((index + by) % count, range(count)) for index in range(count))[top]

    return Mux(last_row, moved(steps[-1]), moved(steps[0]))


def _select(row, top, tap, view):
    """Return the memory of a row of the window, or the number of memories outside of the map."""
    count = view.memories
    inside = [place for place in range(view.rows) if view.is_inside(place, tap)]
    place = Array(Const((index + tap) % count, range(count + 1)) for index in range(count))[top]
    return Mux((row >= inside[0]) & (row <= inside[-1]), place, count)


def _filled_range(view):
    """Return the range of the positions that have come, less one."""
    low = min(-view.lowest(0), view.lowest(view.rows - 1) + 1 - view.height - view.lowest(0))
    return range(low * view.width - 1, view.ahead * view.width + 1)


def _room_range(view):
    """Return the range of the positions that may come, less one."""
    return range(-1, (view.height + view.ahead - view.lowest(view.rows - 1)) * view.width + 1)
