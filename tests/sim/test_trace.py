# amaranth: UnusedElaboratable=no
"""sim.trace: a planted fault is named by layer and neuron, for every kind of schedule."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from hw.accelerator import Accelerator
from hw.plan.schedule import Schedule, Scheduled, Wired
from sim import trace as traces
from sim import trace_picture
from sim.trace import trace
from sw import checkpoint as checkpoints
from sw import golden
from sw.compare import pytorch
from sw.fold import fold
from sw.network import Network, save

from .. import beside
from ..networks import conv_network, random_checkpoint, random_images, random_network


RNG = np.random.default_rng(3)
NETWORK = random_network(RNG, [24, 16, 12, 4], levels=(64, 128, 192), input_shape=(4, 6))
IMAGES = random_images(RNG, 30, NETWORK)
SCHEDULES = {
    "scheduled": Schedule(5, {"fc0": Scheduled(4, 9), "fc1": Scheduled(3, 4),
                              "scores": Scheduled(2, 3)}),
    "wired": Schedule(24, {"fc0": Wired(3), "fc1": Wired(), "scores": Wired()}),
    "mixed": Schedule(6, {"fc0": Wired(2), "fc1": Scheduled(3, 4), "scores": Wired()}),
    "spram": Schedule(6, {"fc0": Scheduled(2, 16, "spram"), "fc1": Scheduled(4, 4, "spram"),
                          "scores": Scheduled(2, 4)}),
}


CHANGES = {"weights": lambda value: -value, "bias": lambda value: value + 1,
           "thresholds": lambda value: value + 1, "levels": lambda value: value - 64}


def outputs(network, images):
    return [rows[0] for _, rows in golden.Model(network).trace(images)]


def planted(network, name, what, images):
    """Return a network with a number of a layer changed, an image that shows it, and the place.

    The place is the index of the only output of the layer that is another one then.
    """
    place = [layer.name for layer in network.layers].index(name)
    layer = network.layers[place]
    field = "thresholds" if what == "levels" else what
    for where in np.ndindex(getattr(layer, field).shape):
        array = getattr(layer, field).copy()
        array[where] = CHANGES[what](array[where])
        if (what == "levels" and where[1] == 0) or (what == "weights" and not array[where]):
            continue
        faulty = Network([*network.layers[:place], replace(layer, **{field: array}),
                          *network.layers[place + 1:]], network.labels, network.input_shape)
        for image in range(len(images)):
            got, want = (outputs(each, images[image:image + 1])[place]
                         for each in (faulty, network))
            if (got != want).any():
                return faulty, image, int(np.flatnonzero(got != want)[0])
    raise AssertionError(f"no image shows a fault in {name}")


FAULTS = [("scheduled", "encoder", "levels"), ("scheduled", "fc1", "thresholds"),
          ("wired", "fc0", "weights"), ("wired", "scores", "bias"),
          ("mixed", "fc0", "thresholds"), ("mixed", "fc1", "weights"),
          ("spram", "fc0", "weights"), ("spram", "fc1", "weights")]


def test_a_dense_layer_may_be_called_encoder():
    names = ("pixels", "encoder", "fc1", "scores")
    network = Network([replace(layer, name=name) for layer, name in
                       zip(NETWORK.layers, names, strict=True)],
                      NETWORK.labels, NETWORK.input_shape)
    parts = dict(zip(names[1:], SCHEDULES["scheduled"].layers.values(), strict=True))
    assert trace(Accelerator(network, Schedule(5, parts)), IMAGES, 4).equal


@pytest.mark.parametrize(("schedule", "name", "what"), FAULTS)
def test_a_fault_in_the_rtl_is_named(schedule, name, what):
    faulty, image, index = planted(NETWORK, name, what, IMAGES)
    accelerator = Accelerator(faulty, SCHEDULES[schedule])
    accelerator.network = NETWORK  # it claims to be the right one
    found = trace(accelerator, IMAGES, image)
    assert (found.first().layer.name, found.first().index) == (name, index)
    got, want = (outputs(each, IMAGES[image:image + 1]) for each in (faulty, NETWORK))
    for layer, have, expected in zip(NETWORK.layers, found.outputs["RTL"], got, strict=True):
        assert have.tolist() == expected.tolist(), layer.name  # behind the fault too
    place = [layer.name for layer in NETWORK.layers].index(name)
    assert f"RTL {got[place][index]}, golden {want[place][index]}" in found.verdicts()[0]
    assert not found.equal


def test_without_a_fault_every_layer_is_equal():
    found = trace(Accelerator(NETWORK, SCHEDULES["mixed"]), IMAGES, 4)
    assert found.equal
    assert found.lines() == [
        "encoder: 72 outputs, equal", "fc0: 16 outputs, equal", "fc1: 12 outputs, equal",
        "scores: 4 outputs, equal", f"image 4: RTL equals golden in every layer; label "
                                    f"{str(golden.Model(NETWORK).labels(IMAGES[4:5])[0])!r}"]


def test_maps_of_a_first_layer_of_integers_are_seen_and_drawn(tmp_path):
    """Where ``pe`` does not divide neurons, what fills the words of a position is left out."""
    rng = np.random.default_rng(3)
    network = conv_network(rng, (5, 6, 3), [("integer_conv2d", 5, {"padding": 1})],
                           last="scores2d")
    images = random_images(rng, 8, network)
    faulty, image, index = planted(network, "integer_c0", "weights", images)
    accelerator = Accelerator(faulty, Schedule(3, {"integer_c0": Scheduled(2, 9),
                                                   "scores": Scheduled(3, 2)}))
    accelerator.network = network  # it claims to be the right one
    found = trace(accelerator, images, image)
    assert (found.first().layer.name, found.first().index) == ("integer_c0", index)
    wanted = [rows[0] for _, rows in golden.Model(faulty).trace(images[image:image + 1])]
    for have, want in zip(found.outputs["RTL"], wanted, strict=True):
        assert have.tolist() == want.tolist()
    trace_picture.draw(tmp_path / "maps.png", found)
    with Image.open(tmp_path / "maps.png") as picture:
        assert picture.width > 400


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A network with checkpoint, dataset and schedule on disk; pictures go beside them."""
    rng = np.random.default_rng(7)
    checkpoint = random_checkpoint(rng, [24, 16, 12, 4], input_shape=(4, 6))
    images = random_images(rng, 30, checkpoint)
    labels = np.arange(30) % 4
    np.savez(tmp_path / "data.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    checkpoint = replace(checkpoint, provenance={"dataset": str(tmp_path / "data.npz")})
    checkpoints.save(tmp_path / "tiny.ckpt.npz", checkpoint)
    save(tmp_path / "tiny.net.npz", fold(checkpoint))
    (tmp_path / "schedule.json").write_text(SCHEDULES["scheduled"].to_json())
    monkeypatch.setattr(traces, "PICTURES", tmp_path / "pictures")
    return tmp_path, checkpoint, images


def call(folder, *options):
    return traces.main([str(folder / "tiny.net.npz"), "--schedule", str(folder / "schedule.json"),
                        *options])


def flip_a_weight(checkpoint, images):
    """Return a checkpoint with a weight of fc1 flipped, an image that shows it, and the neuron."""
    layer = checkpoint.hidden[1]
    want = outputs_of(checkpoint, images)
    for neuron, place in np.ndindex(layer.weight.shape):
        weight = layer.weight.copy()
        weight[neuron, place] = -weight[neuron, place]
        faulty = replace(checkpoint, hidden=(checkpoint.hidden[0], replace(layer, weight=weight)))
        differ = (outputs_of(faulty, images) != want).any(axis=1)
        if differ.any():
            return faulty, int(np.flatnonzero(differ)[0]), neuron
    raise AssertionError("no weight matters")


def outputs_of(checkpoint, images):
    return dict(golden.Model(fold(checkpoint)).trace(images))["fc1"]


def test_pytorch_computes_what_golden_does(files):
    folder, checkpoint, images = files
    network = fold(checkpoint)
    found = pytorch.activations(folder / "tiny.ckpt.npz", network, images)
    for (name, want), have in zip(golden.Model(network).trace(images), found, strict=True):
        assert (have.dtype, have.tolist()) == (want.dtype, want.tolist()), name


def test_a_fault_in_the_checkpoint_is_pytorchs(files, capsys):
    folder, checkpoint, images = files
    faulty, image, neuron = flip_a_weight(checkpoint, images)
    checkpoints.save(folder / "tiny.ckpt.npz", faulty)
    assert call(folder, "--image", str(image)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "fc0: 16 outputs, equal" in lines
    assert any(line.startswith("fc1: 12 outputs, 1 differs in PyTorch") for line in lines)
    verdict, why, wrote = lines[-3:]
    assert verdict.startswith(f"image {image}: first difference in layer 'fc1', neuron {neuron}: "
                              f"PyTorch ")
    assert why.startswith(f"{folder / 'tiny.ckpt.npz'} folds to another network than this one ")
    assert wrote == f"wrote {folder / 'pictures'}/tiny-image{image}.png"
    with Image.open(folder / "pictures" / f"tiny-image{image}.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3).astype(int)
    marks = (pixels[:, 0] > 240) & (pixels[:, 1:].max(axis=1) < 20)
    assert marks.sum() > 50


def test_layers_that_agree_are_shown_on_demand(files, capsys):
    folder, _, _ = files
    assert call(folder, "--from", "fc1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:10]] == [
        "encoder:", "fc0:", "fc1:", "golden", "PyTorch", "RTL", "scores:", "golden", "PyTorch",
        "RTL"]
    assert lines[3].split()[1] == lines[5].split()[1]
    with pytest.raises(ValueError, match=r"^Layer to show from must be one of encoder, fc0, fc1, "
                                         r"scores: 'fc9'$"):
        call(folder, "--from", "fc9")


def test_a_checkpoint_of_another_network_is_refused(files):
    folder, _, _ = files
    other = random_checkpoint(np.random.default_rng(1), [24, 8, 4], input_shape=(4, 6))
    checkpoints.save(folder / "other.ckpt.npz", other)
    with pytest.raises(ValueError, match=r"^Checkpoint \S+other\.ckpt\.npz must have the layers of "
                                         r"the network: encoder 24-24, fc0 24-8, scores 8-4, not "
                                         r"encoder 24-24, fc0 24-16, .* \(give the network's own "
                                         r"with --checkpoint\)$"):
        call(folder, "--checkpoint", str(folder / "other.ckpt.npz"))


@pytest.mark.parametrize(("inputs", "shape", "levels"), [(12, (3, 4), 2), (12, (2, 2, 3), 1),
                                                         (7, (7,), 3)])
def test_a_map_holds_every_output_once(inputs, shape, levels):
    network = random_network(RNG, [inputs, 5, 3], levels=(64, 128, 192)[:levels],
                             input_shape=shape)
    for place, layer in enumerate(network.layers):
        size = trace_picture.map_shape(network, place)
        made = trace_picture.layout(network, place, np.arange(layer.outputs), size)
        assert sorted(made[~np.isnan(made)]) == list(range(layer.outputs))
    if len(shape) == 2:
        size = trace_picture.map_shape(network, 0)
        made = trace_picture.layout(network, 0, np.arange(levels * inputs), size)
        assert made[1, :4].tolist() == [8, 10, 12, 14]  # pixels of row 1, level 0


def test_an_accelerator_that_stops_is_shown(tmp_path):
    """Layer fc1 never offers its outputs: queue's valid is cut."""
    def cut(text):
        before, name, after = text.partition("module \\dut.stages.fc1 (")
        edited, count = re.subn(r"\.o__valid\(o__valid\)", ".o__valid()", after, count=1)
        assert count
        return before + name + edited

    found = trace(Accelerator(NETWORK, SCHEDULES["scheduled"]), IMAGES, 0, edit=cut)
    want = golden.Model(NETWORK).trace(IMAGES[:1])[2][1][0, 0]
    assert found.label is None
    assert not found.equal
    assert found.lines()[:2] == ["encoder: 72 outputs, equal", "fc0: 16 outputs, equal"]
    assert found.verdicts()[0].startswith(f"image 0: first difference in layer 'fc1', neuron 0: "
                                          f"RTL nothing, golden {want} (popcount ")
    trace_picture.draw(tmp_path / "stuck.png", found)
    assert Image.open(tmp_path / "stuck.png").width > 500


BESIDE = """
import sys
from pathlib import Path

from tests.sim import test_trace

print(test_trace.trace_mixed(9, output=Path(sys.argv[1])).lines()[-1])
"""


def trace_mixed(image, edit=None, *, output):
    return trace(Accelerator(NETWORK, SCHEDULES["mixed"]), IMAGES, image, edit=edit,
                 output=output)


def test_two_traces_in_one_folder_do_not_mix(tmp_path):
    beside.share_runtime(tmp_path)
    others = []

    def edit(text):
        others.append(beside.start(BESIDE, tmp_path))  # between the plan and the simulation
        return text

    assert trace_mixed(4, edit, output=tmp_path).equal
    assert beside.end(others[0]).startswith("image 9: RTL equals golden in every layer; ")
