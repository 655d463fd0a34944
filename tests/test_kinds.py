# amaranth: UnusedElaboratable=no
"""A kind of layer is one thing: one that only this file knows goes all the way to the RTL."""

from dataclasses import dataclass

import numpy as np
import pytest
from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boards.board import find
from boards.toolchain import sources
from hw.accelerator import Accelerator
from hw.estimate import estimate
from hw.lower import LOWER, Lowering
from hw.plan.area import cells
from hw.plan.schedule import Schedule, Scheduled, Wired, read_schedule
from hw.plan.simplify import simplify, used_bits
from hw.plan.simplify.reduction import REDUCE, Reduction
from hw.solver import choose
from sim import full
from sim.trace import trace
from sim.trace_picture import draw
from sw import golden
from sw.arithmetic import compare
from sw.c import check
from sw.c.part import CODE, Code, Part
from sw.c.target import TARGETS
from sw.golden.model import GOLDEN
from sw.inspect import describe
from sw.layer.kind import KINDS, Array, Layer, kinds
from sw.layer.registry import Registry
from sw.layer.shape import Shape
from sw.network import Dense, Encoder, Network, load, save
from sw.plain.plain import PLAIN
from sw.show.show import SHOWN, Show
from sw.trained.kind import FOLDS
from train.forward.forward import FORWARD

from . import beside
from .networks import random_dense, random_images, random_network
from .sw.c.made import assert_golden, compiled


@dataclass(frozen=True, eq=False)
class Differ(Layer):
    """Output ``n`` is 1 where its two inputs, ``pairs[n]``, differ."""

    kind = "differ"
    arrays = (Array("pairs", "int32", ("neuron", "end"), "inputs that are compared", 0, 2**20),
              Array("width", "int32", (), "number of inputs", 1, 2**20))

    name: str
    pairs: np.ndarray
    width: int

    def check(self):
        if self.pairs.shape[1] != 2 or self.pairs.max() >= self.width:
            raise ValueError(f"Pairs of layer {self.name!r} must be two of its {self.width} inputs")

    takes = property(lambda self: Shape((self.width,)))
    gives = property(lambda self: Shape((len(self.pairs),)))


class DifferLogic(wiring.Component):
    """The layer's hardware: an XOR and a register for each output."""

    latency = 1

    def __init__(self, layer):
        self.layer = layer
        super().__init__({"x": In(layer.inputs), "y": Out(layer.outputs)})

    def elaborate(self, platform):
        m = Module()
        kept = Signal(self.layer.outputs, reset_less=True)
        m.d.sync += kept.eq(Cat(self.x[int(a)] ^ self.x[int(b)] for a, b in self.layer.pairs))
        m.d.comb += self.y.eq(kept)
        return m


class LowerDiffer(Lowering):
    """Wired only."""

    def wired(self, layer, part):
        return DifferLogic(layer)

    def wired_latency(self, layer, part):
        return 1

    def wired_resources(self, layer, part, family, seen):
        return cells(family, int(seen.sum()), int(seen.sum()))


class DifferCode(Code):
    """Straight-line code for one image, logic for many."""

    def image(self, layer, options):
        return Part("\n".join(f"{{y}}[{place}] = {{x}}[{a}] ^ {{x}}[{b}];"
                              for place, (a, b) in enumerate(layer.pairs)))

    def slices(self, layer, read):
        return self.image(layer, None)


def compute(layer):
    return lambda bits: bits[layer.pairs[:, 0]] ^ bits[layer.pairs[:, 1]]


def compare_differ(layer, bits):
    signs = 2 * bits.astype(np.int64) - 1
    plain = signs[:, layer.pairs[:, 0]] * signs[:, layer.pairs[:, 1]] < 0
    return golden.outputs(layer, bits), plain.astype(np.uint8)


def differ_network():
    """Encoder, dense layer, the new kind, dense layer, scores."""
    rng = np.random.default_rng(4)
    plain = random_network(rng, [30, 20, 9, 4], [6, 5, 9])
    pairs = np.stack([rng.permutation(20)[:2] for _ in range(16)]).astype(np.int32)
    behind = random_dense(rng, 9, 16, 5, "fc1")
    layers = [*plain.layers[:2], Differ("middle", pairs, 20), behind, plain.layers[3]]
    return Network(layers, plain.labels, (5, 6), {"dataset": "mnist"})


@pytest.fixture
def network(monkeypatch):
    """A network with the new kind, which is registered for the time of a test."""
    everything = [(GOLDEN, compute), (PLAIN, compare_differ), (SHOWN, Show()),
                  (REDUCE, Reduction()), (LOWER, LowerDiffer()), (FOLDS, lambda layer: layer),
                  (FORWARD, None), (CODE, DifferCode())]
    monkeypatch.setitem(KINDS, "differ", Differ)
    for registry, entry in everything:
        registry.discover()
        monkeypatch.setitem(registry.entries, Differ, entry)
    return differ_network()


IMAGES = random_images(np.random.default_rng(5), 60, differ_network())
SCHEDULES = {
    "wired": Schedule(30, {name: Wired(2) for name in ("fc0", "middle", "fc1", "scores")}),
    "between scheduled layers": Schedule(5, {
        "fc0": Scheduled(3, 7), "middle": Wired(1), "fc1": Scheduled(2, 8),
        "scores": Scheduled(4, 9)}),
}


def test_it_is_saved_and_loaded_with_its_identity(network, tmp_path):
    save(tmp_path / "n.net.npz", network)
    again = load(tmp_path / "n.net.npz")
    assert again.identity == network.identity
    assert again.layers[2].pairs.tolist() == network.layers[2].pairs.tolist()
    assert not again.layers[2].pairs.flags.writeable


def test_its_arrays_are_part_of_the_identity(network):
    layer = network.layers[2]
    other = Differ("middle", layer.pairs[:, ::-1].copy(), 20)
    layers = [*network.layers[:2], other, *network.layers[3:]]
    assert Network(layers, network.labels, (5, 6)).identity != network.identity


@pytest.mark.parametrize(("pairs", "width", "message"), [
    ([[0, 1]], 0, r"^Width of layer 'x' must be in 1\.\.1048576: 0$"),
    ([[0, -1]], 5, r"^Pairs of layer 'x' must be in 0\.\.1048576: -1\.\.0$"),
    ([0, 1], 5, r"^Pairs of layer 'x' must be int32 with 2 dimensions: int32 of shape \(2,\)$"),
    ([[0, 5]], 5, r"^Pairs of layer 'x' must be two of its 5 inputs$")])
def test_its_rules_are_checked(pairs, width, message):
    with pytest.raises(ValueError, match=message):
        Differ("x", np.array(pairs, np.int32), width)


def test_golden_computes_it_and_plain_arithmetic_agrees(network):
    traced = dict(golden.Model(network).trace(IMAGES))
    before, pairs = traced["fc0"], network.layers[2].pairs
    assert (traced["middle"] == (before[:, pairs[:, 0]] != before[:, pairs[:, 1]])).all()
    assert compare(network, IMAGES, progress=False) == (60 * (20 + 16 + 9 + 4), None)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_rtl_equals_golden_in_every_layer(network, name, tmp_path):
    beside.share_runtime(tmp_path)  # Verilog is kept there by the code of the tree
    accelerator = Accelerator(network, SCHEDULES[name])
    outcome = full.simulate(accelerator, IMAGES, output=tmp_path)
    assert full.compare(accelerator, IMAGES, outcome, timed=True) == ([], None)
    found = trace(accelerator, IMAGES, 7)
    assert found.equal
    assert [len(outputs) for outputs in found.outputs["RTL"]] == [30, 20, 16, 9, 4]
    draw(tmp_path / "trace.png", found)
    assert (tmp_path / "trace.png").stat().st_size > 1000


def test_its_c_equals_golden(network, tmp_path):
    library = compiled(tmp_path, network, TARGETS["host"].options, ("-O1",))
    assert_golden(library, network, check.typed(network, IMAGES))


def test_a_fault_in_it_is_named(network):
    layer = network.layers[2]
    pairs = layer.pairs.copy()
    pairs[3] = pairs[3][0]  # never differs
    faulty = Network([*network.layers[:2], Differ("middle", pairs, 20), *network.layers[3:]],
                     network.labels, (5, 6))
    image = int(np.flatnonzero(dict(golden.Model(network).trace(IMAGES))["middle"][:, 3])[0])
    accelerator = Accelerator(faulty, SCHEDULES["wired"])
    accelerator.network = network  # it claims to be the right one
    first = trace(accelerator, IMAGES, image).first()
    assert first.text("RTL") == "layer 'middle', output 3: RTL 0, golden 1"


def test_solver_estimate_and_simplification_know_it(network):
    board = find("ulx3s")
    schedule = choose(network, board.fpga, clock_hz=60e6)
    assert schedule.interval(network) == 1
    assert read_schedule(schedule.to_json(), network) == schedule
    parts = estimate(network, schedule, "ecp5").stages
    assert parts["middle"].lut4 == parts["middle"].ff == 16
    assert [layer.name for layer in simplify(network).layers] == ["fc0", "middle", "fc1", "scores"]
    assert used_bits(network).any()


def test_a_schedule_that_it_cannot_have_is_refused(network):
    schedule = Schedule(5, {**SCHEDULES["wired"].layers, "middle": Scheduled(1, 1)})
    with pytest.raises(ValueError, match=r"^Layer 'middle' must not be scheduled: its kind, "
                                         r"'differ', cannot \(choose another schedule\)$"):
        Accelerator(network, schedule)


def test_it_is_inspected(network):
    line = next(line for line in describe(network) if line.startswith("middle"))
    assert line.split() == ["middle", "differ", "20", "16"]


def test_a_kind_without_an_entry_is_refused_by_name(network, monkeypatch):
    monkeypatch.delitem(GOLDEN.entries, Differ)
    with pytest.raises(ValueError, match=r"^Kind 'differ' of layer 'middle' must have a golden "
                                         r"model: none is registered in sw\.golden$"):
        golden.Model(network)


def test_every_registry_covers_every_kind():
    missing = {}
    for registry in Registry.every:
        registry.discover()
        covered = {kind.kind for kind in registry.entries}
        if left := set(kinds()) - covered:
            missing[registry.what] = left
    assert missing == {}
    assert len(Registry.every) >= 8
    assert {Encoder.kind, Dense.kind, "scores"} <= set(kinds())


def test_code_that_is_found_by_discovery_counts_as_imported():
    """What runs is hashed: the files of a room are imported by no import statement."""
    found = sources.reached("sw.golden.model", "hw.lower")
    assert {"sw.golden.popcount", "hw.lowering.weighted", "hw.wired.layer"} <= found
