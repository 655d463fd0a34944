"""Matrix-vector-threshold unit for all windows of a row of a feature map at once."""

from amaranth import *
from amaranth.lib import memory

from sw.layer.dense import Dense

from ..memo import memo
from ..plan.area import Resources
from ..plan.area import memory as memory_resources
from .positionorder import GIVE, READ
from .sharedmvtu import Handshake as SharedHandshake
from .sharedmvtu import SharedLanes, SharedMVTU, lanes_resources
from .walker import Walker, count
from .windowwalk import row_walk_of


__all__ = ["RowMVTU", "check_rows", "row_resources"]

# Fitted to synthesized units: LUT4 of the counters of rows, columns and channels.
CONTROL = 90


class Handshake(SharedHandshake):
    """Handshake of an MVTU for the windows of a row."""

    def __init__(self, unit):
        super().__init__(unit)
        self.walk = unit.walk
        self.row_words = unit.row_words
        self.room, self.missing = unit.rows, self.walk.needs[0]
        self.row = 0

    def ready(self, o_ready):
        return self.room > 0

    @property
    def enough(self):
        return self.missing <= 0

    def take(self):
        self.arrived = (self.arrived + 1) % self.row_words
        if self.arrived == 0:
            self.room -= 1
            self.missing -= 1

    def end_group(self):
        self.room += self.walk.frees[self.row]
        self.missing += self.walk.more_needs[self.row]
        self.row = (self.row + 1) % self.walk.positions[0]


class RowMVTU(SharedMVTU):
    """A convolution whose windows of a row are computed at once, straight from the map's rows.

    A memory holds rows of the map. One of its words has all positions of a row of ``simd /
    columns`` channels, so that the windows of a row of the output lie beside each other in it, and
    each tap of the kernel's ``columns`` is the word, moved by a position. Neither windows nor
    vectors are stored. Positions come as from any layer: a word is written bit by bit, as block RAM
    of iCE40 allows. Results go out position by position through the order of an
    :class:`hw.stage.sharedmvtu.SharedMVTU`. Padding is a mask and wires.

    The interval is ``rows * passes * steps`` cycles an image, with the rows of the output. Latency
    of a map that comes slowly, from its last word to its last result, is ``n * passes * steps + 8 +
    r + p + h + passes * width - 1`` cycles (:attr:`latency`), with r, p and h as of an MVTU, n rows
    of windows that read the last row of the map, and ``width`` windows in a row.

    Parameters
    ----------
    layer : :class:`sw.layer.conv2d.Conv2d`
        The layer, of stride 1.
    pe, rom
        As of an MVTU.
    simd : int
        Inputs of a window at once: the kernel's columns times channels at once.

    Members
    -------
    i : In(stream.Signature(simd / columns))
        The map position by position in raster order, the first channel lowest.
    o, weights, last_weight
        As of an MVTU.
    """

    def __init__(self, layer, *, pe, simd, rom="block"):
        check_rows(layer, simd, layer.positions[1])
        self.conv = layer
        self.channels = simd // layer.kernel[1]
        super().__init__(turned(layer, self.channels), pe=pe, simd=simd, rom=rom,
                         positions=layer.positions[1], vectors=layer.vectors)
        self.walk = row_walk_of(layer, self.channels, self.passes)
        self.depth = row_depth(layer, self.channels)
        self.rows = self.depth // self.walk.chunks
        self.row_words = self.walk.chunks * layer.width
        waiting = sum(rows == layer.height for rows in self.walk.needs)
        self.latency = (waiting * self.interval + self.lanes.step_latency + READ + GIVE
                        + self.positions * self.passes - 1)

    @property
    def i_width(self):
        return self.channels

    def handshake(self):
        return Handshake(self)

    def resources(self, name, family, left):
        return {name: row_resources(self.conv, self.pe, self.simd, self.rom, family)}

    def _read_vector(self, m, queue, loaded):
        """Step through the rows of a row of windows once a pass."""
        layer = self.conv
        m.submodules.map = rows = memory.Memory(shape=self.channels * layer.width,
                                                depth=self.depth, init=[])
        write, read = rows.write_port(granularity=1), rows.read_port()
        walk = Walker(m, self.walk, len(read.addr))
        first, number = Signal(init=1), Signal(range(self.passes), name="fold")
        m.d.comb += number.eq(walk.window)
        with m.If(walk.steps):
            m.d.sync += first.eq(walk.window_ends)

        taken = Signal()
        m.d.comb += taken.eq(self.i.valid & self.i.ready)
        row_comes = self._write_map(m, write, taken)
        room, enough = walk.keep_rows(m, self.rows, taken & row_comes)
        m.d.comb += self.i.ready.eq(room & loaded)
        m.d.comb += walk.steps.eq(~first | (enough & queue.free))
        m.d.comb += queue.reserve.eq(walk.steps & first)
        m.d.comb += read.addr.eq(walk.address)

        # Windows: each column of the kernel is the word, moved. What lies beside is padding.
        was_padded, word = Signal(), Signal.like(read.data)
        m.d.sync += was_padded.eq(walk.padded)
        m.d.comb += word.eq(Mux(was_padded, Const(layer.pad, 1).replicate(len(word)), read.data))
        taps = []
        for position in range(self.positions):
            for column in range(position - layer.padding,
                                position - layer.padding + layer.kernel[1]):
                inside = 0 <= column < layer.width
                taps += [word[channel * layer.width + column] if inside else Const(layer.pad, 1)
                         for channel in range(self.channels)]
        return walk.steps, first, walk.steps & walk.window_ends, number, Cat(*taps)

    def _write_map(self, m, write, taken):
        """Write the bits of a position into the words of its row; return whether it is whole."""
        layer, chunks = self.conv, self.walk.chunks
        chunk, chunk_last = count(m, "in_chunk", chunks, taken)
        column, column_last = count(m, "in_column", layer.width, taken & chunk_last)
        row = Signal(len(write.addr))  # address of the row's first word
        with m.If(taken & chunk_last & column_last):
            m.d.sync += row.eq(row + chunks)
        m.d.comb += write.addr.eq(row + chunk)
        m.d.comb += write.data.eq(Cat(bit.replicate(layer.width) for bit in self.i.payload))
        here = Signal(layer.width)
        m.d.comb += here.eq(taken << column)
        m.d.comb += write.en.eq(here.replicate(self.channels))
        return chunk_last & column_last


def check_rows(layer, simd, positions):
    """Raise ValueError unless a layer's windows can be computed a row at once.

    Parameters
    ----------
    layer : :class:`sw.layer.conv2d.Conv2d`
        The layer.
    simd, positions : int
        Inputs and windows at once.
    """
    name, columns = layer.name, layer.kernel[1]
    if layer.stride != 1:
        raise ValueError(f"Stride of layer {name!r} must be 1 for rows of windows at once: "
                         f"{layer.stride} (rows of false)")
    if positions != layer.positions[1]:
        raise ValueError(f"Positions of layer {name!r} must be {layer.positions[1]}, its windows "
                         f"of a row: {positions} (or rows of false)")
    if simd % columns or layer.channels % (simd // columns):
        widths = [str(columns * number) for number in range(1, layer.channels + 1)
                  if layer.channels % number == 0]
        raise ValueError(f"SIMD of layer {name!r} must be the kernel's {columns} columns times a "
                         f"divisor of {layer.channels} channels for rows of windows at once: "
                         f"{simd} ({', '.join(widths)})")


def turned(layer, channels):
    """Return the dense layer of a convolution's windows, its inputs in the order of the steps.

    A step has ``channels`` channels of the kernel's columns, column by column.
    """
    weights = layer.weights
    neurons, rows, columns, every = weights.shape
    weights = weights.reshape(neurons, rows, columns, every // channels, channels)
    weights = weights.transpose(0, 1, 3, 2, 4).reshape(neurons, -1)
    return Dense(layer.name, weights, layer.thresholds)


def row_depth(layer, channels):
    """Return the words of the memory of rows: as many rows as keep a unit from waiting."""
    rows = max(layer.kernel[0] + 2, 2 * (layer.kernel[0] - layer.padding))
    return 1 << (rows * (layer.channels // channels) - 1).bit_length()


@memo
def row_resources(layer, pe, simd, rom, family):
    """Return the estimated resources of a :class:`RowMVTU`."""
    channels = simd // layer.kernel[1]
    lanes = SharedLanes(layer.dense, pe, simd, rom, layer.positions[1], layer.vectors)
    width = channels * layer.width
    masked = width * bool(layer.padding)
    return (lanes_resources(lanes, family) + Resources(CONTROL + masked + layer.width, 30)
            + memory_resources(family, row_depth(layer, channels), width))
