# amaranth: UnusedElaboratable=no
"""The benches themselves: faults planted in the hardware, never in golden, must be caught."""

import re

import numpy as np
import pytest
from amaranth import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

import sw.line.words
from hw.accelerator import Accelerator
from hw.count.carry import Bit
from hw.plan.schedule import Schedule, Scheduled, Wired
from hw.stage.labelselect import LabelSelect
from hw.stage.mvtu import MVTU
from hw.stream.credit import CreditQueue, Dataflow, StreamBuffer
from sim import full
from sim.bench.runner import BenchFailure, check_streams
from sim.model import vectors
from sim.model.networks import random_bits, random_layer, random_network
from sim.model.preloaded import Preloaded
from sim.trace import trace
from sw.network import Dense, Network


NETWORK = random_network((30, 12, 9, 10), thresholds=(64, 128))
SCHEDULES = {
    "scheduled": Schedule(5, {"fc0": Scheduled(3, 7), "fc1": Scheduled(4, 5),
                              "scores": Scheduled(2, 3)}),
    "wired": Schedule(30, {"fc0": Wired(3), "fc1": Wired(), "scores": Wired()}),
}
IMAGES = np.random.default_rng(3).integers(256, size=(60, 30), dtype=np.uint8)


def flip_weight(layer):
    weights = layer.weights.copy()
    weights[4, 7] *= -1
    return Dense(layer.name, weights, layer.thresholds)


def move_threshold(step):
    def change(layer):
        thresholds = layer.thresholds.copy()
        thresholds[4] += step
        return Dense(layer.name, layer.weights, thresholds)
    return change


def faulty_accelerator(schedule, change, name="fc1"):
    """Build an accelerator of a changed network that claims to be that of the right one."""
    layers = [change(layer) if layer.name == name else layer for layer in NETWORK.layers]
    accelerator = Accelerator(Network(layers, NETWORK.labels, NETWORK.input_shape),
                              SCHEDULES[schedule])
    accelerator.network = NETWORK
    return accelerator


def replacing(pattern, replacement):
    """Return an edit of Verilog that must find something to replace."""
    def edit(text):
        edited, count = re.subn(pattern, replacement, text)
        assert count, f"no {pattern} in the Verilog"
        return edited
    return edit


class Deaf(wiring.Component):
    """A component whose output runs on while its consumer is not ready."""

    def __init__(self, inner):
        self.inner = inner
        super().__init__({"i": In(inner.i.signature.flip()), "o": Out(inner.o.signature)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = self.inner
        wiring.connect(m, wiring.flipped(self.i), self.inner.i)
        m.d.comb += self.o.valid.eq(self.inner.o.valid)
        m.d.comb += Value.cast(self.o.payload).eq(Value.cast(self.inner.o.payload))
        m.d.comb += self.inner.o.ready.eq(1)
        return m


class Lingering(Deaf):
    """A component that offers each output word for one cycle more after it was taken."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = self.inner
        wiring.connect(m, wiring.flipped(self.i), self.inner.i)
        again = Signal()
        last = Signal.like(Value.cast(self.inner.o.payload))
        taken = self.inner.o.valid & self.inner.o.ready
        m.d.sync += again.eq(taken)
        m.d.sync += last.eq(Value.cast(self.inner.o.payload))
        m.d.comb += self.inner.o.ready.eq(self.o.ready & ~again)
        m.d.comb += self.o.valid.eq(self.inner.o.valid | again)
        m.d.comb += Value.cast(self.o.payload).eq(
            Mux(again, last, Value.cast(self.inner.o.payload)))
        return m


class Overflowing(CreditQueue):
    """A queue that says it is free when it is full."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = inner = CreditQueue(self.shape, depth=self.depth)
        m.d.comb += self.free.eq(1)
        m.d.comb += [inner.reserve.eq(self.reserve), inner.push.eq(self.push)]
        m.d.comb += Value.cast(inner.payload).eq(Value.cast(self.payload))
        wiring.connect(m, inner.o, wiring.flipped(self.o))
        return m


def mvtu():
    return MVTU(random_layer(8, 16), pe=2, simd=4)


def mvtu_vectors(component):
    return vectors.for_layer(component, random_bits(20, 16))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_accelerator_without_a_fault_passes(schedule):
    accelerator = Accelerator(NETWORK, SCHEDULES[schedule])
    check_streams(accelerator, f"fault-none-{schedule}", vectors.for_accelerator(accelerator,
                                                                                 IMAGES))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(("fault", "change"), [
    ("weight", flip_weight), ("plus", move_threshold(1)), ("minus", move_threshold(-1))])
def test_a_wrong_bit_or_threshold_is_caught_by_matches_golden(schedule, fault, change):
    accelerator = faulty_accelerator(schedule, change)
    with pytest.raises(BenchFailure, match=r"\(matches_golden.*\): vector \d+ must equal golden"):
        check_streams(accelerator, f"fault-{fault}-{schedule}",
                      vectors.for_accelerator(accelerator, IMAGES))


def test_a_swapped_bit_order_is_caught_by_matches_golden(monkeypatch):
    straight = sw.line.words.lane_words

    def reversed_words(rows, *, pe, simd):
        return straight(rows.reshape(len(rows), -1, simd)[:, :, ::-1].reshape(rows.shape),
                        pe=pe, simd=simd)

    monkeypatch.setattr("sw.line.words.lane_words", reversed_words)
    component = mvtu()
    with pytest.raises(BenchFailure, match=r"\(matches_golden.*\): vector \d+ must equal golden"):
        check_streams(component, "fault-order", mvtu_vectors(component))


def test_a_flipped_weight_in_spram_is_caught_by_matches_golden():
    component = MVTU(random_layer(8, 16), pe=2, simd=4, rom="spram")
    words = [*component.load]
    words[5] ^= 1 << 6
    with pytest.raises(BenchFailure, match=r"\(matches_golden.*\): vector \d+ must equal golden"):
        check_streams(Preloaded(component, words), "fault-spram", mvtu_vectors(component))


def test_greater_for_greater_or_equal_is_caught_by_matches_golden():
    component = mvtu()
    with pytest.raises(BenchFailure, match=r"\(matches_golden.*\): vector \d+ must equal golden"):
        check_streams(component, "fault-greater", mvtu_vectors(component),
                      edit=replacing(r"(total_0) >= ", r"\1 > "))


def test_an_ignored_stall_is_caught_by_matches_golden():
    component = mvtu()
    with pytest.raises(BenchFailure, match=r"\(matches_golden/idle=0/stall=7.*\): output word "
                                           r"\d+ must be (held|offered) until it is taken"):
        check_streams(Deaf(component), "fault-deaf", mvtu_vectors(component))


def test_a_queue_that_overflows_is_caught_by_matches_golden(monkeypatch):
    monkeypatch.setattr("hw.stage.mvtu.CreditQueue", Overflowing)
    component = mvtu()
    with pytest.raises(BenchFailure, match=r"8 tests failed \(matches_golden/idle=0/stall=7"):
        check_streams(component, "fault-overflow", mvtu_vectors(component))


def test_a_valid_held_too_long_is_caught_by_matches_golden():
    component = mvtu()
    with pytest.raises(BenchFailure, match=r"8 tests failed \(matches_golden/idle=0/stall=0"):
        check_streams(Lingering(component), "fault-lingering", mvtu_vectors(component))


def test_a_shared_adder_taken_for_its_opposite_is_caught_by_matches_golden(monkeypatch):
    def upright(wire, inverted=False):
        vector = getattr(wire, "value", None)  # sums of several trees, not registered at once here
        return Bit(wire, inverted and not getattr(vector, "name", "").startswith("sum_"))

    monkeypatch.setattr("hw.count.tree.Bit", upright)
    accelerator = Accelerator(NETWORK, SCHEDULES["wired"])
    with pytest.raises(BenchFailure, match=r"\(matches_golden.*\): vector \d+ must equal golden"):
        check_streams(accelerator, "fault-shared", vectors.for_accelerator(accelerator, IMAGES))


@pytest.mark.parametrize("pe", [1, 10])
def test_ties_broken_the_other_way_are_caught_by_matches_golden(pe):
    component = LabelSelect(10, 8, pe=pe)
    with pytest.raises(BenchFailure, match=r"\(matches_golden.*\): vector \d+ must equal golden"):
        check_streams(component, f"fault-ties-{pe}", vectors.for_label_select(component),
                      edit=replacing(r"(\)|\}) > (\$signed|\{)", r"\1 >= \2"))


def test_a_cycle_too_much_is_caught_by_keeps_its_latency():
    component = mvtu()
    cycles = component.latency
    late = Dataflow({"inner": component, "extra": StreamBuffer(2)})
    with pytest.raises(BenchFailure, match=rf"1 of 8 tests failed \(keeps_its_latency\): latency "
                                           rf"of vector 0 must be {cycles} cycles: {cycles + 1} "):
        check_streams(late, "fault-late", mvtu_vectors(component))


def test_a_bubble_is_caught_by_keeps_its_interval(monkeypatch):
    def shallow(shape, *, depth):
        return CreditQueue(shape, depth=1)

    component = mvtu()
    monkeypatch.setattr("hw.stage.mvtu.CreditQueue", shallow)
    with pytest.raises(BenchFailure, match=r"2 of 8 tests failed \(keeps_its_latency, "
                                           r"keeps_its_interval\): "):
        check_streams(component, "fault-bubble", mvtu_vectors(component))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_full_run_finds_the_image_and_the_trace_the_neuron(schedule):
    accelerator = faulty_accelerator(schedule, move_threshold(1))
    outcome = full.simulate(accelerator, IMAGES, edit=str, progress=False)
    problems, image = full.compare(accelerator, IMAGES, outcome, timed=False)
    assert re.fullmatch(rf"\d+ of 60 answers differ from golden, image {image} first: label .*",
                        problems[0])
    found = trace(accelerator, IMAGES, image)
    assert (found.first().layer.name, found.first().index) == ("fc1", 4)
    assert found.lines()[-1].startswith(f"image {image}: first difference in layer 'fc1', neuron "
                                        f"4: RTL 0, golden 1 (popcount ")


@pytest.mark.parametrize("seed", [0, 1])
def test_the_full_run_passes_without_a_fault(seed):
    accelerator = Accelerator(NETWORK, SCHEDULES["scheduled"])
    outcome = full.simulate(accelerator, IMAGES, seed=seed, progress=False)
    assert full.compare(accelerator, IMAGES, outcome, timed=not seed) == ([], None)


def test_the_full_run_notices_an_accelerator_that_stops():
    accelerator = Accelerator(NETWORK, SCHEDULES["scheduled"])
    outcome = full.simulate(accelerator, IMAGES, progress=False,
                            edit=replacing(r"assign (\\?o__valid) = [^;]*;", r"assign \1 = 1'h0;"))
    problems, image = full.compare(accelerator, IMAGES, outcome, timed=True)
    assert problems == ["only 0 of 60 images were answered"]
    assert image == 0
