# amaranth: UnusedElaboratable=no
"""Look-up networks from plain arrays: golden, loops over tables, RTL and netlist are equal."""

import json

import numpy as np
import pytest

from boards.board import find
from hw.accelerator import Accelerator
from hw.estimate import estimate, left_over
from hw.plan.schedule import Schedule, Wired, read_schedule
from hw.plan.simplify import built, simplify, used_bits
from hw.solver import choose
from hw.wired.lookup import is_wire
from sim import full
from sim.netlist import compile_netlist, synthesize
from sim.trace import trace
from sw import golden, network
from sw.arithmetic import compare
from sw.inspect import describe, main
from sw.layer.lookup import Lookup

from .networks import lookup_network, plain_trace, random_dense, random_images


# Tables of 4, 1 and 6 inputs; constant, equal, opposite and unread ones are among them.
NETWORK = lookup_network(np.random.default_rng(3), 14, [(40, 4), (30, 1), (36, 6)],
                         levels=(64, 128))
IMAGES = random_images(np.random.default_rng(5), 300, NETWORK)
NAMES = [layer.name for layer in NETWORK.layers[1:]]
SCHEDULES = {
    "one table deep": Schedule(14, dict.fromkeys(NAMES, Wired(2))),
    "with copies of inputs": Schedule(14, {
        name: Wired(1, hops=hops) for name, hops in zip(NAMES, (2, 0, 1, 1), strict=True)}),
    "beat by beat": Schedule(3, dict.fromkeys(NAMES, Wired(3))),
}


def test_the_network_has_what_it_is_to_have():
    first, _, last, scores = NETWORK.layers[1:]
    for layer in (first, last):
        assert (layer.fan_in == 0).any()
        assert len(set(layer.functions)) < layer.outputs
    assert not scores.weights.any(axis=0).all()


def test_golden_equals_loops_over_tables():
    traced = golden.Model(NETWORK).trace(IMAGES)
    for (name, have), want in zip(traced, plain_trace(NETWORK, IMAGES), strict=True):
        np.testing.assert_array_equal(have, want, err_msg=name)
    assert compare(NETWORK, IMAGES, progress=False) == (300 * (40 + 30 + 36 + 4), None)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_rtl_equals_golden(name, tmp_path):
    accelerator = Accelerator(NETWORK, SCHEDULES[name])
    for seed in (0, 1):
        outcome = full.simulate(accelerator, IMAGES, seed=seed, output=tmp_path)
        assert full.compare(accelerator, IMAGES, outcome, timed=not seed) == ([], None)


def test_the_trace_shows_every_table():
    found = trace(Accelerator(NETWORK, SCHEDULES["with copies of inputs"]), IMAGES, 7)
    assert found.equal
    assert [len(outputs) for outputs in found.outputs["RTL"]] == [28, 40, 30, 36, 4]


def test_a_flipped_row_of_a_table_is_named():
    layer = NETWORK.layers[3]
    neuron = int(np.flatnonzero(layer.fan_in == 6)[0])
    bits = dict(golden.Model(NETWORK).trace(IMAGES))["lookup1"][7, layer.wires[neuron]]
    tables = layer.tables.copy()
    tables[neuron, int(bits @ 2**np.arange(6))] ^= 1
    layers = [*NETWORK.layers[:3], Lookup(layer.name, layer.wires, tables, layer.width),
              NETWORK.last]
    faulty = network.Network(layers, NETWORK.labels, NETWORK.input_shape, positive=True)
    accelerator = Accelerator(faulty, SCHEDULES["one table deep"])
    accelerator.network = NETWORK  # it claims to be the right one
    right = int(tables[neuron, int(bits @ 2**np.arange(6))]) ^ 1
    first = trace(accelerator, IMAGES, 7).first()
    assert first.text("RTL").startswith(f"layer 'lookup2', neuron {neuron}: RTL {1 - right}, "
                                        f"golden {right} (inputs ")


@pytest.mark.parametrize("family", ["ecp5", "ice40"])
def test_the_netlist_equals_golden(family, tmp_path):
    accelerator = Accelerator(NETWORK, SCHEDULES["one table deep"])
    netlist = json.loads(synthesize(accelerator, family, tmp_path).read_text(encoding="utf-8"))
    outcome = full.run_model(compile_netlist(netlist, family), accelerator, IMAGES,
                             progress=False)
    assert full.compare(accelerator, IMAGES, outcome, timed=True) == ([], None)
    cells = netlist["modules"]["accelerator"]["cells"]
    if family == "ecp5":
        kinds = [cell["type"] for cell in cells.values()]
        wide = [function for function in simplify(NETWORK).layers[2].functions
                if len(function.inputs) > 4]
        assert kinds.count("L6MUX21") == sum(len(function.inputs) == 6 for function in wide)


@pytest.mark.parametrize("family", ["ecp5", "ice40"])
def test_a_table_is_one_lut(family, tmp_path):
    """Of tables with at most four inputs: as many primitives as there are tables left."""
    rng = np.random.default_rng(6)
    first, *_ = lookup_network(rng, 30, [(60, 4)]).layers[1:]
    second = Lookup("lookup1", rng.integers(60, size=(20, 4)),
                    rng.integers(2, size=(20, 16)), 60)
    scores = network.Scores("scores", np.repeat(np.eye(4, dtype=np.int8), 5, axis=1),
                            np.zeros(4, np.int32))
    small = network.Network([network.Encoder.uniform(30), first, second, scores], "abcd", (30,),
                            positive=True)
    schedule = Schedule(30, {"lookup0": Wired(2), "lookup1": Wired(2), "scores": Wired(2)})
    accelerator = Accelerator(small, schedule)
    netlist = json.loads(synthesize(accelerator, family, tmp_path).read_text(encoding="utf-8"))
    names = netlist["modules"]["accelerator"]["cells"]
    counted = estimate(small, schedule, family).stages
    for layer in simplify(small).layers[:2]:
        made = sum(f".{layer.name}.table_" in name and name.endswith("_lut") for name in names)
        wires = sum(is_wire(function) for function in layer.functions)
        assert made == layer.outputs - wires
        assert counted[layer.name].lut4 == made + (wires if family == "ice40" else 0)


def test_layers_that_are_built_give_all_outputs():
    bits = golden.Model(NETWORK).encode(IMAGES)
    for layer, own in zip(built(NETWORK)[1:], NETWORK.layers[1:], strict=True):
        after = golden.outputs(layer, bits)
        np.testing.assert_array_equal(after, golden.outputs(own, bits), err_msg=own.name)
        bits = after


def test_solver_estimate_and_link_know_what_is_left():
    board = find("icebreaker")
    schedule = choose(NETWORK, board.fpga, clock_hz=24e6)
    assert schedule.interval(NETWORK) == 1
    assert read_schedule(schedule.to_json(), NETWORK) == schedule
    assert schedule.layers["lookup0"].hops == 0
    assert choose(NETWORK, find("ulx3s").fpga, clock_hz=120e6).layers["lookup0"].hops == 1
    left = simplify(NETWORK).layers
    assert [layer.outputs < whole.outputs for layer, whole in zip(
        left[:-1], NETWORK.layers[1:-1], strict=True)] == [True] * 3
    used = used_bits(NETWORK).reshape(14, -1).any(axis=1)
    read = np.unique(simplify(NETWORK).inputs // 2)
    assert set(read) <= set(np.flatnonzero(used))


def test_a_mixed_network_is_built(tmp_path):
    """Tables, then neurons with thresholds, wired or in steps."""
    rng = np.random.default_rng(8)
    tables = lookup_network(rng, 20, [(24, 4), (16, 4)])
    dense = random_dense(rng, 12, 16, 5, "fc1")
    scores = network.Scores("scores", rng.choice(np.array([-1, 1], np.int8), (4, 12)),
                            np.zeros(4, np.int32))
    mixed = network.Network([*tables.layers[:3], dense, scores], tables.labels, (20,))
    images = random_images(rng, 60, mixed)
    board = find("ulx3s")
    schedule = choose(mixed, board.fpga, clock_hz=60e6)
    accelerator = Accelerator(mixed, schedule)
    outcome = full.simulate(accelerator, images, output=tmp_path)
    assert full.compare(accelerator, images, outcome, timed=True) == ([], None)
    np.testing.assert_array_equal(golden.Model(mixed).scores(images),
                                  plain_trace(mixed, images)[-1])


def test_it_is_inspected(tmp_path, capsys):
    line = next(line for line in describe(NETWORK) if line.startswith("lookup0"))
    layer = NETWORK.layers[1]
    assert line.split() == ["lookup0", "lookup", "28", "40", "40", "tables",
                            str(layer.fan_in.min()),
                            f"{layer.fan_in.mean():.1f}", str(layer.fan_in.max()),
                            str((layer.fan_in == 0).sum()), str(40 * 16)]
    network.save(tmp_path / "a.net.npz", NETWORK)
    main([str(tmp_path / "a.net.npz"), "--pictures", str(tmp_path)])
    wrote = [line for line in capsys.readouterr().out.splitlines() if line.startswith("wrote")]
    assert [line.split("a.", 1)[1] for line in wrote] == ["weights.png", "inputs.png",
                                                          "tables.png"]


def test_too_many_tables_are_refused():
    sizes = [(6000, 4), (6000, 4)]
    large = lookup_network(np.random.default_rng(1), 784, sizes, classes=10)
    with pytest.raises(ValueError, match=r"^Schedule must fit iCE40UP5K: .*\(fewer tables, now "
                                         r"12,000, fewer votes, now [\d,]+, would help; "
                                         r"LFE5U-\d+F holds it\)$"):
        choose(large, find("icebreaker").fpga, clock_hz=24e6)


def test_what_is_left_of_outputs_is_reported():
    wired = SCHEDULES["one table deep"]
    left = left_over(NETWORK, wired)
    assert list(left) == ["encoder", *NAMES[:-1]]
    assert left["lookup0"] == (simplify(NETWORK).layers[0].outputs, 40)
    assert left["encoder"] == (len(simplify(NETWORK).inputs), 28)
