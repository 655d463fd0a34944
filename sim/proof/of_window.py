"""Proofs of what walks over feature maps: windows, pools, space to depth, scores of maps."""

import numpy as np
from amaranth import Cat, Const, Module, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.plan.schedule import Wired
from hw.stage.partpool import PartPool
from hw.stage.pool import Pool
from hw.stage.scoresums import ScoreSums
from hw.stage.spacetodepth import Squares
from hw.stage.window import Window
from hw.stream.credit import CreditQueue, queue_size
from hw.wired.conv2d import WiredConv2d
from hw.wired.scores2d import WiredScores2d
from sw.layer.conv2d import Conv2d
from sw.layer.integer import IntegerConv2d
from sw.layer.pool2d import Pool2d
from sw.layer.scores2d import Scores2d
from sw.layer.spacetodepth import SpaceToDepth

from .contract import Contract
from .harness import Fault, Proof
from .of_layer import outputs


__all__ = ["PROOFS"]

CONTRACT = ("Every map that goes in comes out once, position by position, in order and in bounded "
            "time, held until taken, and its words are those of plain arithmetic for all inputs")
ENOUGH = ("a second map follows the first under any pauses and back-pressure that fit, so that all "
          "rows of memory are used again")


class Shown(wiring.Component):
    """A window behind its queue, with nothing between.

    Members
    -------
    i : In(stream.Signature(channels * taken_bits))
        A map.
    o : Out(stream.Signature(rows * columns * channels * taken_bits))
        Its windows.
    """

    def __init__(self, layer):
        self.window = Window(layer)
        self.queue_depth, queue_latency = queue_size(Window.latency, 1)
        self.latency = Window.latency + queue_latency
        super().__init__({"i": In(stream.Signature(self.window.width)),
                          "o": Out(stream.Signature(layer.dense.takes.width))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.window = window = self.window
        m.submodules.queue = queue = CreditQueue(len(window.x), depth=self.queue_depth)
        wiring.connect(m, wiring.flipped(self.i), window.i)
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        m.d.comb += [window.free.eq(queue.free), queue.reserve.eq(window.reserve)]
        m.d.comb += [queue.push.eq(window.valid), queue.payload.eq(window.x)]
        return m


def windows(layer, words):
    """Return the windows of a map, each a list of the words of its positions."""
    pad = Cat(Const(layer.pad, layer.taken_bits) for _ in range(layer.channels))
    found = []
    for y, x in np.ndindex(*layer.positions):
        window = []
        for row, column in np.ndindex(*layer.kernel):
            row += y * layer.stride - layer.padding
            column += x * layer.stride - layer.padding
            inside = 0 <= row < layer.height and 0 <= column < layer.width
            window.append(words[row * layer.width + column] if inside else pad)
        found.append(window)
    return found


def _conv(height, width, kernel, **options):
    """Return a convolution of two neurons over a map of one channel."""
    weights = np.ones((2, *kernel, 1), np.int8)
    weights[1, ::2, 1::2] = -1
    fan_in = weights[0].size
    return Conv2d("conv", weights, np.array([fan_in // 2, fan_in // 2 + 1], np.int32), height,
                  width, **options)


def _about(layer):
    rows, columns = layer.kernel
    return (f"map of {layer.height} × {layer.width} of {layer.taken_bits} bits, kernel {rows} × "
            f"{columns}, stride {layer.stride}, padding {layer.padding} by {layer.pad}")


def _map_contract(dut, layer, expected, *, words, wait, busy, inside):
    return Contract(dut, expected, i_words=words, o_words=layer.vectors, wait=wait, busy=busy,
                    inside=inside)


def window_proof(name, layer, fault, **others):
    def build():
        dut = Shown(layer)
        return _map_contract(
            dut, layer, lambda words: [Cat(*window) for window in windows(layer, words)],
            words=layer.height * layer.width, wait=dut.latency + 2 * max(layer.width, 3),
            busy=dut.latency + layer.width + 3, inside=5 + dut.queue_depth)

    return Proof(name, CONTRACT + ": windows, filled up with padding", _about(layer), build,
                 fault, ("Window",), **others)


def bounded(cycles):
    """Return what a proof of so many cycles is made with."""
    return {"method": "bmc", "depth": cycles, "enough": ENOUGH}


def conv_proof(name, layer, mode, fault, **others):
    def build():
        dut = WiredConv2d(layer, mode)

        def expected(words):
            return [Cat(*outputs(layer.dense, Cat(*window))) for window in windows(layer, words)]

        return _map_contract(dut, layer, expected, words=layer.height * layer.width,
                             wait=dut.pipeline_latency + 2 * max(layer.width, 3),
                             busy=dut.pipeline_latency + layer.width + 3,
                             inside=5 + dut.queue_depth)

    return Proof(name, CONTRACT, f"{_about(layer)}, {layer.made} neurons", build, fault,
                 ("WiredConv2d",), **others)


def pool_proof(name, layer, fault, **others):
    def build():
        def expected(words):
            (rows, columns), size, found = layer.positions, layer.size, []
            for y, x in np.ndindex(rows, columns):
                square = [words[(y * size + row) * layer.width + x * size + column]
                          for row, column in np.ndindex(size, size)]
                found.append(Cat(Cat(word[channel] for word in square).all() if every else
                                 Cat(word[channel] for word in square).any()
                                 for channel, every in enumerate(layer.all_of)))
            return found

        return _map_contract(Pool(layer), layer, expected, words=layer.height * layer.width,
                             wait=2, busy=1, inside=2)

    return Proof(name, CONTRACT, f"map of {layer.height} × {layer.width}, squares of {layer.size}",
                 build, fault, ("Pool",), **others)


def part_pool_proof(name, layer, width, fault, **others):
    parts = layer.channels // width

    def build():
        def expected(words):
            (_, columns), size, found = layer.positions, layer.size, []
            for square, part in np.ndindex(layer.vectors, parts):
                y, x = divmod(square, columns)
                bits = [words[((y * size + row) * layer.width + x * size + column) * parts + part]
                        for row, column in np.ndindex(size, size)]
                found.append(Cat(Cat(word[place] for word in bits).all() if every else
                                 Cat(word[place] for word in bits).any() for place, every
                                 in enumerate(layer.all_of[part * width:(part + 1) * width])))
            return found

        return Contract(PartPool(layer, width), expected,
                        i_words=layer.height * layer.width * parts,
                        o_words=layer.vectors * parts, wait=3, busy=2, inside=3)

    return Proof(name, CONTRACT, f"map of {layer.height} × {layer.width}, squares of {layer.size}, "
                 f"{parts} parts of {width} channels", build, fault, ("PartPool",), **others)


def squares_proof(name, layer, width, fault, **others):
    def build():
        dut = Squares(layer, width)

        def expected(words):
            flat, found = Cat(*words), []
            for y, x in np.ndindex(*layer.positions):
                places = [(y * layer.block + row) * layer.width + x * layer.block
                          for row in range(layer.block)]
                found.append(Cat(flat.bit_select(place * layer.channels,
                                                 layer.block * layer.channels)
                                 for place in places))
            return found

        each = dut.words.squares * layer.block
        return _map_contract(dut, layer, expected, words=layer.height * layer.width // each,
                             wait=dut.words.columns * layer.block + 3,
                             busy=layer.vectors + 3, inside=5)

    return Proof(name, CONTRACT, f"map of {layer.height} × {layer.width} × {layer.channels}, "
                 f"squares of {layer.block}", build, fault, ("Squares",), **others)


def scores_proof(name, layer, mode, fault, **others):
    def build():
        dut = WiredScores2d(layer, mode)

        def expected(words):
            each = [outputs(layer.position, word) for word in words]
            sums = [sum((Value.cast(scores[place]).as_signed() for scores in each),
                        Const(int(layer.bias[place]), signed(16)))[:layer.score_bits]
                    for place in range(layer.outputs)]
            return [Cat(*sums)]

        return Contract(dut, expected, i_words=layer.vectors, wait=dut.latency,
                        busy=dut.latency + layer.vectors, inside=dut.queue_depth + 3)

    return Proof(name, CONTRACT, f"{layer.vectors} positions of {layer.position.inputs} bits, "
                 f"{layer.outputs} classes", build, fault, ("WiredScores2d",), method="bmc",
                 depth=20, enough="two maps are out and a third is inside", **others)


def sums_proof(name, layer, pe, fault, **others):
    def build():
        dut = ScoreSums(layer, pe=pe)

        def expected(words):
            each = layer.position.gives.bits
            scores = [word.word_select(place, each).as_signed() for word in words
                      for place in range(pe)]
            total = [sum(scores[place::dut.words * pe], Const(int(bias), signed(16)))
                     for place, bias in enumerate(layer.bias)]
            made = [value[:layer.score_bits] for value in total]
            return [Cat(*made[start:start + pe]) for start in range(0, layer.outputs, pe)]

        return Contract(dut, expected, i_words=layer.vectors * dut.words, o_words=dut.words,
                        wait=2, busy=1, inside=2)

    return Proof(name, CONTRACT, f"{layer.vectors} positions, {layer.outputs} classes, pe = {pe}",
                 build, fault, ("ScoreSums",), **others)


SAME = _conv(2, 2, (3, 3), padding=1, pad_bit=1)
INTEGERS = IntegerConv2d("conv", np.ones((1, 3, 3, 1), np.int8), np.ones(1, np.int32), 2, 2,
                         padding=1, pad_value=2, input_bits=2)
STRIDE = _conv(3, 2, (3, 3), padding=1, stride=2)
COLUMN = _conv(3, 1, (3, 1))
POOL = Pool2d("pool", np.array([0, 1], np.uint8), 2, 4, 2)
PARTS = Pool2d("pool", np.array([0, 1], np.uint8), 2, 2, 2)
SQUARES = SpaceToDepth("squares", 4, 4, 1, 2)
SCORES = Scores2d("scores", np.array([[1, -1, 0], [-1, 1, 1]], np.int8),
                  np.array([1, -2], np.int32), 1, 3)
SUMS = Scores2d("scores", np.array([[1, -1], [-1, 1], [1, 1]], np.int8),
                np.array([1, -2, 3], np.int32), 1, 2)

PROOFS = [
    window_proof("wired-window", SAME, Fault(
        "hw.stage.window._select", "(index + tap) % count", "(index - tap) % count"),
        **bounded(15)),
    window_proof("wired-window-stride", STRIDE, Fault(
        "hw.stage.window.Window._read", "last_row.eq(row == view.rows - 1)",
        "last_row.eq(row == view.rows - 2)"), **bounded(14)),
    window_proof("wired-window-column", COLUMN, Fault(
        "hw.stage.window.Window._read", "enough.eq(~filled[-1])", "enough.eq(1)")),
    window_proof("wired-window-pad", SAME, Fault(
        "hw.stage.window.Window.elaborate", "Const(self.layer.pad, self.layer.taken_bits)",
        "Const(1 - self.layer.pad, 1)"), **bounded(15)),
    window_proof("wired-window-integers", INTEGERS, Fault(
        "hw.stage.window.Window.elaborate", "Const(self.layer.pad, self.layer.taken_bits)",
        "Const(self.layer.pad % 2, self.layer.taken_bits)"), **bounded(15)),
    conv_proof("wired-conv", SAME, Wired(2, 0), Fault(
        "hw.wired.conv2d.WiredConv2d.elaborate", "control.delay(window.valid, neurons.latency)",
        "control.delay(window.valid, neurons.latency - 1)"), **bounded(16)),
    pool_proof("pool", POOL, Fault(
        "hw.stage.pool.Pool.elaborate", "Mux(depth == 0, reduced", "Mux(depth == 1, reduced")),
    part_pool_proof("pool-parts", PARTS, 1, Fault(
        "hw.stage.partpool.PartPool.elaborate", "(inner == 0) & (depth == 0)", "inner == 0")),
    squares_proof("squares", SQUARES, 4, Fault(
        "hw.stage.spacetodepth.Squares.elaborate", "claimed != most", "claimed != most + 1")),
    scores_proof("scores2d", SCORES, Wired(2), Fault(
        "hw.wired.scores2d.WiredScores2d.elaborate", "first.eq(index == 0)",
        "first.eq(index == 1)")),
    sums_proof("score-sums", SUMS, 2, Fault(
        "hw.stage.scoresums.ScoreSums.elaborate", "with m.If(self.i.ready):",
        "with m.If(self.o.ready):")),
]
