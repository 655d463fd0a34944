"""Proofs of units whose lanes are not those of dense layers: shared weights, and integers."""

import numpy as np
from amaranth import Cat, Const

from hw.stage.integermvtu import IntegerMVTU
from hw.stage.rowmvtu import RowMVTU
from hw.stage.sharedmvtu import SharedMVTU
from sw.layer.integer import IntegerDense

from ..model.networks import random_layer
from .contract import Contract
from .harness import Fault, Proof
from .of_count import ECP5, ECP5_MODELS
from .of_layer import CONTRACT, outputs, words_of
from .of_window import SAME, windows


__all__ = ["PROOFS"]

ENOUGH = ("two images are out and a third is inside, under any pauses and back-pressure that fit: "
          "both banks, every pass, every vector of a group and every weight are used")


def shared_proof(name, layer, pe, simd, positions, vectors, fault, *, depth, **others):
    def build():
        dut = SharedMVTU(layer, pe=pe, simd=simd, positions=positions, vectors=vectors)

        def expected(words):
            made = []
            for start in range(0, len(words), dut.steps):
                bits = Cat(*words[start:start + dut.steps])[:layer.inputs]
                made += words_of(outputs(layer, bits), pe)
            return made

        return Contract(dut, expected, i_words=vectors * dut.steps, o_words=vectors * dut.passes,
                        wait=dut.latency, busy=dut.image_interval + dut.latency,
                        inside=4 + dut.slots // dut.passes)

    return Proof(name, CONTRACT, f"{layer.inputs} inputs × {layer.outputs} neurons, pe = {pe}, "
                 f"simd = {simd}, {positions} positions of {vectors}", build, fault,
                 ("SharedMVTU", "PositionOrder"), method="bmc", depth=depth, enough=ENOUGH,
                 **others)


def row_proof(name, layer, pe, simd, fault, *, depth, **others):
    def build():
        dut = RowMVTU(layer, pe=pe, simd=simd)

        def expected(words):
            made = []
            for window in windows(layer, words):
                made += words_of(outputs(layer.dense, Cat(*window)), pe)
            return made

        return Contract(dut, expected, i_words=layer.height * layer.width,
                        o_words=layer.vectors * dut.passes, wait=dut.latency,
                        busy=dut.image_interval + dut.latency, inside=4 + dut.rows)

    (height, width), (rows, columns) = (layer.height, layer.width), layer.kernel
    return Proof(name, CONTRACT, f"map of {height} × {width}, kernel {rows} × {columns}, padding "
                 f"{layer.padding} by {layer.pad_bit}, pe = {pe}, simd = {simd}", build, fault,
                 ("RowMVTU", "PositionOrder"), method="bmc", depth=depth, enough=ENOUGH_ROWS,
                 **others)


def integer_proof(name, layer, pe, simd, fault, *, depth, **others):
    def build():
        dut = IntegerMVTU(layer, pe=pe, simd=simd)

        def expected(words):
            flat = Cat(*words)
            fires = []
            for row, threshold in zip(layer.weights, layer.thresholds, strict=True):
                total = sum((flat.word_select(place, layer.input_bits) * int(weight)
                             for place, weight in enumerate(row) if weight), Const(0, 1))
                fires.append(total >= int(threshold))
            return words_of(fires, pe)

        return Contract(dut, expected, i_words=dut.steps, o_words=dut.passes, wait=dut.latency,
                        inside=3 + dut.queue_depth, busy=dut.interval + dut.latency)

    return Proof(name, CONTRACT, f"{layer.inputs} inputs of {layer.input_bits} bits × "
                 f"{layer.outputs} neurons, pe = {pe}, simd = {simd}", build, fault,
                 ("IntegerMVTU",), method="bmc", depth=depth,
                 enough="two vectors are out and a third is inside", **others)


ENOUGH_ROWS = ("a second map follows the first under any pauses and back-pressure that fit: every "
               "row of memory, every pass and every weight are used")
SMALL = random_layer(3, 4, seed=5)
INTEGERS = IntegerDense("fc", np.array([[1, -1, -1, 1], [-1, 1, -1, -1], [1, 1, 1, -1]], np.int8),
                        np.array([1, -4, 3], np.int32), 2)
TERNARY = IntegerDense("fc", np.array([[1, 0, -1], [-1, -1, 0]], np.int8),
                       np.array([1, -2], np.int32), 2)

PROOFS = [
    shared_proof("mvtu-shared", SMALL, 2, 2, 2, 3, Fault(
        "hw.stage.sharedmvtu.SharedMVTU._group", "~total[-1]", "~total[-1] | total.any()"),
        depth=29),
    shared_proof("mvtu-shared-ecp5", SMALL, 2, 2, 2, 2, Fault(
        "hw.stage.positionorder.PositionOrder.elaborate", "parts[was_place]", "parts[place]"),
        depth=25, platform=ECP5, models=ECP5_MODELS),
    row_proof("mvtu-rows", SAME, 1, 3, Fault(
        "hw.stage.rowmvtu.RowMVTU._group", "fires & ~begins", "fires"), depth=40),
    integer_proof("mvtu-integer", INTEGERS, 2, 2, Fault(
        "hw.stage.integermvtu._Tree.add", "b ^ flip.replicate(width)", "b"), depth=18),
    integer_proof("mvtu-integer-ecp5", TERNARY, 1, 3, Fault(
        "hw.stage.integermvtu._Tree.add", "Bit(flip), Bit(mask)", "Bit(flip), Bit(flip)"),
        depth=18, platform=ECP5, models=ECP5_MODELS),
]
