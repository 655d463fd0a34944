"""Proofs of the sliding-window unit: every window once, in order, whatever waits."""

import numpy as np
from amaranth import Cat, Const

from hw.stage.slidingwindow import SlidingWindow
from sw.layer.conv2d import Conv2d
from sw.layer.integer import IntegerConv2d

from .contract import Contract
from .harness import Fault, Proof


__all__ = ["PROOFS"]

CONTRACT = ("Every window of every map comes out once, in raster order, its values row by row, "
            "column by column and channel by channel, padded as stated; a word offered is held "
            "until taken, none is lost, and the last windows do not wait for the next map")

ENOUGH = ("a map is out whole and the next one is inside, under any pauses and back-pressure that "
          "fit")


def conv(height, width, channels, kernel, **others):
    """Return a layer of one neuron: windows depend on nothing else."""
    return Conv2d("conv", np.ones((1, *kernel, channels), np.int8), np.ones(1, np.int32), height,
                  width, **others)


def integers(height, width, channels, kernel, **others):
    """Return a layer of one neuron over a map of integers of 2 bits."""
    return IntegerConv2d("conv", np.ones((1, *kernel, channels), np.int8), np.ones(1, np.int32),
                         height, width, input_bits=2, **others)


def windows(layer, bits, simd):
    """Words of the windows of a map's bits, a list of Value; zeros fill up a window's last one."""
    words = []
    (rows, columns), width = layer.kernel, layer.channels * layer.taken_bits
    pad = Cat(Const(layer.pad, layer.taken_bits) for _ in range(layer.channels))
    for y in range(layer.positions[0]):
        for x in range(layer.positions[1]):
            values = []
            for place in range(rows * columns):
                row = y * layer.stride - layer.padding + place // columns
                column = x * layer.stride - layer.padding + place % columns
                if 0 <= row < layer.height and 0 <= column < layer.width:
                    values.append(bits.word_select(row * layer.width + column, width))
                else:
                    values.append(pad)
            window = Cat(*values, Const(0, simd * layer.taken_bits))
            words += [window.word_select(step, simd * layer.taken_bits)
                      for step in range(-(-rows * columns * layer.channels // simd))]
    return words


def window_proof(name, layer, simd, fault, **others):
    def build():
        dut = SlidingWindow(layer, simd=simd)
        i_words = layer.height * dut.walk.row_words
        o_words = layer.vectors * (dut.reads // dut.parts)
        return Contract(dut, lambda words: windows(layer, Cat(*words), simd), i_words=i_words,
                        o_words=o_words, wait=dut.parts + dut.latency,
                        busy=2 * max(i_words, layer.vectors * dut.reads),
                        inside=2 + dut.rows // layer.height)

    kernel, stride = "×".join(map(str, layer.kernel)), layer.stride
    return Proof(name, CONTRACT, f"map of {layer.height}×{layer.width}, {layer.channels} values "
                 f"of {layer.taken_bits} bits a position, kernel {kernel}, stride {stride}, "
                 f"padding {layer.padding} by {layer.pad}, simd = {simd}", build,
                 fault, ("SlidingWindow",), **others)


PROOFS = [
    window_proof("window", conv(2, 3, 1, (2, 2)), 2, Fault(
        "hw.stage.walker.Walker.__init__", '~line_last, stride["kernel_row"]',
        '~line_last, stride["word"]'), method="bmc", depth=24, enough=ENOUGH),
    window_proof("window-padded", conv(1, 2, 1, (3, 3), padding=1, pad_bit=1), 3, Fault(
        "hw.stage.slidingwindow.SlidingWindow.elaborate", "Mux(was_padded, self.pad_word",
        "Mux(was_padded, 0"), method="bmc", depth=24, enough=ENOUGH),
    window_proof("window-integers", integers(1, 3, 1, (1, 2)), 2, Fault(
        "hw.stage.slidingwindow.SlidingWindow.elaborate", "word)[self.width:]",
        "word)[self.width - 1:]"), method="bmc", depth=16, enough=ENOUGH),
    window_proof("window-integers-padded", integers(1, 1, 2, (3, 3), padding=1, pad_value=2), 2,
                 Fault("hw.stage.slidingwindow.SlidingWindow.elaborate",
                       "Mux(was_padded, self.pad_word", "Mux(was_padded, self.layer.pad"),
                 method="bmc", depth=15, enough=ENOUGH),
    window_proof("window-stride", conv(2, 4, 1, (2, 2), stride=2), 2, Fault(
        "hw.stage.walker.Walker.__init__", '"column", many_columns,',
        '"column", many_columns - 1,'), depth=60),
    window_proof("window-filled", conv(1, 4, 1, (1, 3)), 2, Fault(
        "hw.stage.slidingwindow.SlidingWindow.elaborate", "~was_filled.replicate",
        "(~was_filled | was_read).replicate"), depth=60),
    window_proof("window-rows", conv(3, 1, 2, (2, 1)), 2, Fault(
        "hw.stage.walker.Walker.keep_rows", "Mux(done, frees, 0)",
        "Mux(done, frees + 1, 0)"), depth=60),
]
