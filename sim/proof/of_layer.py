"""Proofs of what computes: encoder, MVTU, wired layers and label select against plain sums."""

from unittest.mock import patch

import numpy as np
from amaranth import Array, Cat, Const, Elaboratable, Fragment, Module, Mux, Signal, Value, signed
from amaranth.asserts import AnySeq
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.plan.schedule import Wired
from hw.stage.encoder import ThermometerEncoder
from hw.stage.labelselect import LabelSelect, select_depth
from hw.stage.mvtu import MVTU
from hw.stage.spram import SPRAM_WIDTH
from hw.wired.pipeline import WiredPipeline, is_compared, pipeline_depth
from sw.network import Encoder, Scores

from ..model.networks import random_layer
from .contract import Contract
from .harness import Fault, Proof
from .of_count import ECP5, ECP5_MODELS
from .pushed import Pushed


__all__ = ["PROOFS", "answer", "encoded", "outputs"]

CONTRACT = ("Every vector that goes in comes out once, in order and in bounded time, held until "
            "taken, and its words are those of plain arithmetic for all inputs")


def counted(bits):
    """Sum of one-bit values."""
    return sum(bits, Const(0, 1))


def encoded(encoder, pixels):
    """Bits of a thermometer encoder: pixel by pixel, the lowest threshold first."""
    return [pixel >= Const(int(threshold) >> encoder.shift, encoder.pixel_bits + 1)
            for pixel, row in zip(pixels, encoder.thresholds, strict=True) for threshold in row]


def outputs(layer, bits):
    """What a layer makes of bits: a bit a neuron, or a signed score a class."""
    result = []
    for neuron in range(layer.outputs):
        agree = [bit if weight > 0 else ~bit
                 for bit, weight in zip(bits, layer.weights[neuron], strict=True) if weight]
        if layer.gives_scores:
            offset = int(layer.bias[neuron]) - int(layer.fan_in[neuron])
            result.append((counted(agree) * 2 + Const(offset, signed(16)))[:layer.score_bits])
        else:
            result.append(counted(agree) >= int(layer.thresholds[neuron]))
    return result


def answer(scores, score_bits):
    """Label and scores: the first maximum's index lowest."""
    numbers = [Value.cast(score).as_signed() for score in scores]
    label = Const(0, (len(scores) - 1).bit_length())
    for index in reversed(range(len(numbers))):
        first = [numbers[index] > other for other in numbers[:index]]
        rest = [numbers[index] >= other for other in numbers[index + 1:]]
        label = Mux(Cat(*first, *rest).all(), index, label)
    return Cat(label[:(len(scores) - 1).bit_length()], *scores)


def words_of(values, pe):
    """Words of ``pe`` values each; the last one may be short."""
    return [Cat(*values[at:at + pe]) for at in range(0, len(values), pe)]


def encoder_proof(name, encoder, pixels, fault, **others):
    def build():
        dut = ThermometerEncoder(encoder, pixels=pixels)

        def expected(words):
            flat = Cat(*words)
            values = [flat.word_select(place, encoder.pixel_bits)
                      for place in range(encoder.inputs)]
            return words_of(encoded(encoder, values), pixels * encoder.levels)

        return Contract(dut, expected, i_words=dut.beats, o_words=dut.beats, wait=1, busy=1,
                        inside=2)

    return Proof(name, CONTRACT, f"{encoder.inputs} pixels of {encoder.pixel_bits} bits, "
                 f"{pixels} a beat, {encoder.levels} levels", build, fault,
                 ("ThermometerEncoder",), **others)


class Loaded(wiring.Component):
    """A component whose ``weights`` are loaded first, a word whenever it pleases.

    Members
    -------
    i, o
        Those of the component.
    loaded : Out(1)
        All words are in.
    """

    def __init__(self, inner):
        self.inner = inner
        super().__init__({"i": In(inner.i.signature.flip()), "o": Out(inner.o.signature),
                          "loaded": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = inner = self.inner
        wiring.connect(m, wiring.flipped(self.i), inner.i)
        wiring.connect(m, inner.o, wiring.flipped(self.o))
        words = Array(Const(word, SPRAM_WIDTH) for word in inner.load)
        index = Signal(range(len(words) + 1))
        m.d.comb += self.loaded.eq(index == len(words))
        m.d.comb += inner.weights.valid.eq(AnySeq(1) & ~self.loaded)
        m.d.comb += inner.weights.payload.eq(words[index])
        with m.If(inner.weights.valid):
            m.d.sync += index.eq(index + 1)
        return m


class Grouped(Elaboratable):
    """A harness made while groups of a unit have at most so many lanes."""

    def __init__(self, make, lanes):
        self.make = make
        self.lanes = lanes

    def elaborate(self, platform):
        with patch("hw.stage.lanes.GROUP_LANES", self.lanes):
            return Fragment.get(self.make(), platform)


MVTU_CYCLES = 18
MVTU_ENOUGH = ("two vectors are out and a third is inside, under any pauses and back-pressure that "
               "fit: both banks, every fold and every weight are used")


def mvtu_proof(name, layer, pe, simd, fault, *, rom="block", lanes=None, **others):
    def make():
        dut = MVTU(layer, pe=pe, simd=simd, rom=rom)

        def expected(words):
            return words_of(outputs(layer, Cat(*words)[:layer.inputs]), pe)

        return Contract(Loaded(dut) if rom == "spram" else dut, expected,
                        i_words=dut.steps, o_words=dut.passes, wait=dut.latency,
                        inside=3 + dut.queue_depth,
                        busy=dut.interval + dut.latency)

    groups = f", {pe * simd // lanes} groups" if lanes else ""
    return Proof(name, CONTRACT + ("; the weights are loaded first" if rom == "spram" else ""),
                 f"{layer.kind}, {layer.inputs} inputs × {layer.outputs} neurons, pe = {pe}, "
                 f"simd = {simd}, ROM {rom}{groups}",
                 (lambda: Grouped(make, lanes)) if lanes else make, fault, ("MVTU",),
                 method="bmc", depth=MVTU_CYCLES, enough=MVTU_ENOUGH, **others)


PUSHED = ("Every vector taken reserves a slot and is pushed into it exactly as many cycles later "
          "as stated, as what plain arithmetic makes of it: with the queue's contract, nothing is "
          "lost, doubled, changed or late")


def wired_proof(name, layers, modes, fault, **others):
    depth = pipeline_depth(layers, modes)

    def build():
        def expected(bits):
            for layer in layers:
                values = outputs(layer, bits)
                bits = Cat(*values)
            last = layers[-1]
            return answer(values, last.score_bits) if last.gives_scores else bits

        last = layers[-1]
        early = (select_depth(last.outputs, compared=is_compared(modes))
                 if last.gives_scores else 0)
        constant = {}
        if modes[-1].adders == "columns":  # an even or odd number of votes decides about bit 0
            label = (last.outputs - 1).bit_length()
            constant = {label + index * last.score_bits: int(offset) & 1
                        for index, offset in enumerate(last.bias - last.fan_in)}
        return Pushed(WiredPipeline(layers, modes), expected, depth, early, constant)

    return Proof(name, PUSHED, "; ".join(
        f"{layer.kind}, {layer.inputs} inputs × {layer.outputs}, {mode.adders}, levels "
        f"{mode.levels}, hops {mode.hops}" for layer, mode in zip(layers, modes, strict=True))
        + f": {depth} cycles", build, fault, ("WiredPipeline",), method="induction",
        depth=depth + 2, **others)


def wide_label_proof(classes, score_bits, fault, **others):
    delay = (classes - 1).bit_length() + 1

    def expected(word):
        return answer([word.word_select(index, score_bits) for index in range(classes)],
                      score_bits)

    return Proof(f"label-{classes}-{classes}", PUSHED + "; of equal scores the first wins",
                 f"{classes} scores of {score_bits} bits, pe = {classes}: {delay} cycles",
                 lambda: Pushed(LabelSelect(classes, score_bits, pe=classes), expected, delay),
                 fault, ("LabelSelect",), method="induction", depth=delay + 2, **others)


def label_proof(classes, score_bits, pe, fault, **others):
    def build():
        dut = LabelSelect(classes, score_bits, pe=pe)

        def expected(words):
            flat = Cat(*words)
            return [answer([flat.word_select(index, score_bits) for index in range(classes)],
                           score_bits)]

        return Contract(dut, expected, i_words=dut.words, wait=dut.latency,
                        busy=dut.words + dut.latency, inside=dut.queue_depth + 1)

    return Proof(f"label-{classes}-{pe}", CONTRACT + "; of equal scores the first wins",
                 f"{classes} scores of {score_bits} bits, pe = {pe}", build, fault,
                 ("LabelSelect",), **others)


THERMOMETER = Encoder("encoder", np.array([[2, 6]] * 3, np.int32), 3)
PER_PIXEL = Encoder("encoder", np.array([[1], [2], [4]], np.int32), 2)
SMALL = random_layer(3, 4, seed=5)
SPARSE = random_layer(3, 5, density=0.6, seed=2)
SCORES = random_layer(3, 3, classes=True, seed=4)

DENSE = random_layer(4, 12, density=0.8, seed=1)
LAST = random_layer(3, 4, classes=True, seed=3)
FOUR_EACH = np.kron(np.eye(3, dtype=np.int8), np.ones((1, 4), np.int8))
VOTES = Scores("scores", FOUR_EACH, np.array([0, 0, -2], np.int32))
BIASED_VOTES = Scores("scores", FOUR_EACH, np.array([0, 1, -2], np.int32))

PROOFS = [
    encoder_proof("encoder", THERMOMETER, 2, Fault(
        "hw.stage.encoder.encoded", ">= threshold", "> threshold"),
        short=True),
    encoder_proof("encoder-rom", PER_PIXEL, 2, Fault(
        "hw.stage.encoder.ThermometerEncoder.elaborate", "port.addr.eq(next_beat)",
        "port.addr.eq(beat)")),
    label_proof(3, 2, 1, Fault("hw.stage.labelselect.LabelSelect.elaborate", "score > best",
                               "score >= best"), short=True),
    label_proof(3, 2, 2, Fault("hw.stage.labelselect.select", "_moved(right[0]) > _moved(left[0])",
                               "_moved(right[0]) >= _moved(left[0])")),
    wide_label_proof(10, 4, Fault(
        "hw.stage.labelselect.select", "_moved(right[0]) > _moved(left[0])",
        "_moved(right[0]) >= _moved(left[0])"), short=True),
    mvtu_proof("mvtu", SMALL, 2, 2, Fault(
        "hw.stage.mvtu.MVTU._results", "total >= constant", "total > constant")),
    mvtu_proof("mvtu-sparse", SPARSE, 2, 3, Fault(
        "hw.stage.mvtu.MVTU._group", "Mux(x, *w)", "Mux(x, w[0], ~w[0])"), rom="distributed"),
    mvtu_proof("mvtu-scores", SCORES, 3, 3, Fault(
        "hw.stage.mvtu.MVTU._results", "total << 1", "total << 1 | 1")),
    mvtu_proof("mvtu-spram", SMALL, 1, 4, Fault(
        "hw.stage.spram.SpramWeights.elaborate", "self.i.valid & (chip == number)", "self.step"),
        rom="spram"),
    mvtu_proof("mvtu-groups", SMALL, 3, 2, Fault(
        "hw.stage.mvtu.MVTU.elaborate", "self.lanes.hops - hops", "0"), lanes=2),
    wired_proof("wired", [DENSE, LAST], [Wired(2, 0, "luts"), Wired(1, 1, "chains")], Fault(
        "hw.wired.layer._Group._build_neurons", "depth - plan.depth", "0"), short=True),
    wired_proof("wired-hidden", [DENSE], [Wired(2, 2, "chains")], Fault(
        "hw.wired.pipeline.WiredPipeline.elaborate", "control.delay(transfer, self.depth)",
        "control.delay(transfer, self.depth - 1)")),
    wired_proof("votes", [BIASED_VOTES], [Wired(2, 1, "columns")], Fault(
        "hw.wired.votes.VoteLayer.elaborate", "Const(low, 1)", "Const(0, 1)")),
    wired_proof("votes-ecp5", [VOTES], [Wired(1, 0, "columns")], Fault(
        "hw.stage.voteselect._compare", "inverted=(sign, not sign)", "inverted=(False, True)"),
        platform=ECP5, models=ECP5_MODELS),
]
