"""Matrix-vector-threshold unit for all windows of a row of a feature map at once."""

from amaranth import *
from amaranth.lib import memory
from amaranth.utils import exact_log2

from sw.layer.dense import Dense

from ..count.carry import Bit
from ..count.tree import build_trees
from .positionorder import GIVE, READ
from .rowlanes import RowLanes, check_rows, row_depth, row_resources
from .sharedmvtu import Handshake as SharedHandshake
from .sharedmvtu import SharedMVTU
from .totals import pass_constants
from .walker import Walker, count
from .windowwalk import row_walk_of


__all__ = ["RowMVTU"]


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
    of a map that comes slowly, from its last word to its last result, is ``n * passes * steps + 7 +
    p + h + passes * width - 1`` cycles (:attr:`latency`), with p and h as of an MVTU, n rows of
    windows that read the last row of the map, and ``width`` windows in a row.

    Parameters
    ----------
    layer : :class:`sw.layer.conv2d.Conv2d`
        The layer, of stride 1.
    pe
        As of an MVTU.
    rom : str
        As of an MVTU, but not ``"registered"``.
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
        if rom == "registered":
            raise ValueError(f"ROM of layer {layer.name!r} must be block, distributed or spram for "
                             f"rows of windows at once: {rom!r}")
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

    def handshake(self):
        return Handshake(self)

    def resources(self, name, family, left):
        return {name: row_resources(self.conv, self.pe, self.simd, self.rom, family)}

    def _plan_lanes(self, layer, pe, simd, rom):
        return RowLanes(layer, pe, simd, rom, self.positions, self.vectors, self.channels)

    def _read_vector(self, m, queue, loaded):
        """Step through the rows of a row of windows once a pass."""
        layer = self.conv
        m.submodules.map = rows = memory.Memory(shape=self.channels * layer.width,
                                                depth=self.depth, init=[])
        write, read = rows.write_port(granularity=1), rows.read_port()
        walk = Walker(m, self.walk, len(read.addr))
        first, number = Signal(init=1), Signal(range(self.passes), name="fold")
        m.d.comb += number.eq(walk.window)
        index, goes_on = Signal(range(self.steps)), Signal()
        with m.If(walk.steps):
            m.d.sync += first.eq(walk.window_ends)
            m.d.sync += index.eq(Mux(walk.window_ends, 0, index + 1))

        taken = Signal()
        m.d.comb += taken.eq(self.i.valid & self.i.ready)
        row_comes = self._write_map(m, write, taken)
        room, enough = walk.keep_rows(m, self.rows, taken & row_comes)
        m.d.comb += self.i.ready.eq(room & loaded)
        m.d.comb += walk.steps.eq(~first | (enough & queue.free))
        m.d.comb += queue.reserve.eq(walk.steps & first)
        m.d.comb += read.addr.eq(walk.address)

        # Windows: each column of the kernel is the word, moved. What lies beside is padding.
        was_padded, word, was_index = Signal(), Signal.like(read.data), Signal.like(index)
        m.d.sync += [was_padded.eq(walk.padded), was_index.eq(index),
                     goes_on.eq(walk.steps & ~walk.window_ends)]
        m.d.comb += word.eq(Mux(was_padded, Const(layer.pad, 1).replicate(len(word)), read.data))
        taps = []
        for position in range(self.positions):
            for column in range(position - layer.padding,
                                position - layer.padding + layer.kernel[1]):
                inside = 0 <= column < layer.width
                taps += [word[channel * layer.width + column] if inside else Const(layer.pad, 1)
                         for channel in range(self.channels)]
        inputs = Cat(*taps, goes_on, was_index)
        return walk.steps, first, walk.steps & walk.window_ends, number, inputs

    def _group(self, delays, platform, neurons, planes, inputs, first, number):
        """Return the results of a range of neurons: of a neuron, one register a vector."""
        m, lanes = delays.m, self.lanes
        lanes_in_all = self.positions * self.simd
        goes_on, index = inputs[lanes_in_all], inputs[lanes_in_all + 1:]
        values = [inputs.word_select(position, self.simd) for position in range(self.positions)]
        waited = 2 + self.plan.depth + 1
        begins = delays.delay(first, waited - 1)
        goes_on = delays.delay(goes_on, waited - 1)
        rests = pass_constants(delays, lanes, neurons, number, lanes.rests,
                               lanes.total_bits + 1)
        held = lanes.steps >= waited  # the constants are still there when the first count comes

        # Agree: XNOR. Where some weights are 0, the input chooses one of two planes instead.
        trees, aboves = [], []
        for place, rest in enumerate(rests):
            w = [plane[place * self.simd:(place + 1) * self.simd] for plane in planes]
            above, ones = rest[:lanes.above_bits], rest[lanes.above_bits:]
            above = above if held else delays.delay(above, waited - 2)
            aboves.append(delays.register(Mux(begins, above, 0)))
            beside = delays.register(Cat(Cat(Const(number, exact_log2(lanes.ones)), index) < ones
                                         for number in range(lanes.ones)))
            for x in values:
                agree = delays.register(~(x ^ w[0]) if len(w) == 1 else (x & w[0]) | (~x & w[1]))
                trees.append(([Bit(bit) for bit in (*agree, *beside)], self.plan))

        # Count and accumulate from 0. An overflow on the way is the result.
        begins, results = delays.register(begins), []
        for number, bits in enumerate(build_trees(delays, trees, platform)):
            place, position = divmod(number, self.positions)
            name = f"{neurons[place]}_{position}"
            total = Signal(lanes.total_bits, reset_less=True, name=f"total_{name}")
            fires = Signal(reset_less=True, name=f"fires_{name}")
            after = Signal(lanes.total_bits + 1, name=f"after_{name}")
            m.d.comb += after.eq(total + Cat(delays.register(Cat(*bits)), aboves[place]))
            m.d.sync += [total.eq(Mux(goes_on, after, 0)), fires.eq(after[-1] | (fires & ~begins))]
            results.append(fires)
        return results

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


def turned(layer, channels):
    """Return the dense layer of a convolution's windows, its inputs in the order of the steps.

    A step has ``channels`` channels of the kernel's columns, column by column.
    """
    weights = layer.weights
    neurons, rows, columns, every = weights.shape
    weights = weights.reshape(neurons, rows, columns, every // channels, channels)
    weights = weights.transpose(0, 1, 3, 2, 4).reshape(neurons, -1)
    return Dense(layer.name, weights, layer.thresholds)
