"""Convolutions that cannot be: one line from the command line, before anything is synthesized."""

import json
import re

import numpy as np
import pytest

from hw import generate
from sw import classify, inspect, network
from sw.command import run

from .networks import conv_network


STEPS = [("conv2d", 4, {"padding": 1, "synapses": 6}), ("pool2d", 2, {}),
         ("conv2d", 5, {"padding": 1, "pad_bit": 1})]
WIRED = {name: {"kind": "wired"} for name in ("conv2d0", "pool2d1", "conv2d2", "scores")}

FILES = {
    "a kernel larger than the map": (
        {"3_weights": np.ones((5, 7, 7, 4), np.int8), "3_padding": 0},
        "Kernel of layer 'conv2d2' must fit into the map and its padding: 7 rows, height 4 + 0"),
    "a map that vanishes": (
        {"2_size": 7, "2_height": 6},
        "Size of layer 'pool2d1' must be at most that of its feature map, 6 x 8: 7"),
    "channels that do not match": (
        {"3_weights": np.ones((5, 3, 3, 3), np.int8)},
        "Layer 'conv2d2' must take the feature map that 'pool2d1' gives: 4 x 4 x 3, not 4 x 4 x 4"),
    "padding that ±1 does not have": (
        {"3_pad_bit": 2}, "Pad bit of layer 'conv2d2' must be 0, which stands for -1, or 1: 2 (±1 "
                          "has no zero to pad with)"),
    "padding beyond the kernel": (
        {"3_padding": 2},
        "Padding of layer 'conv2d2' must be at most 1, half of what a kernel of 3 rows reaches "
        "beyond its middle: 2"),
    "a stride": ({"3_stride": 3}, "Stride of layer 'conv2d2' must be in 1..2: 3"),
    "another image": (
        {"input_shape": np.array([8, 8, 1], np.int32)},
        "Input shape must have as many elements as layer 'encoder' has inputs: (8, 8, 1), not 192"),
}
SCHEDULES = {
    "too many neurons": ({"conv2d0": {"kind": "scheduled", "pe": 5, "simd": 6}},
                         "PE of layer 'conv2d0' must be an integer in 1..4: 5"),
    "too many inputs": ({"conv2d0": {"kind": "scheduled", "pe": 1, "simd": 55}},
                        "SIMD of layer 'conv2d0' must be an integer in 1..54: 55"),
    "more positions than passes": (
        {"conv2d0": {"kind": "scheduled", "pe": 4, "simd": 6, "positions": 2}},
        "Positions of layer 'conv2d0' must be in 1..1, its passes: 2 (lower pe or simd)"),
    "a scheduled pool": (
        {"pool2d1": {"kind": "scheduled", "pe": 1, "simd": 1}},
        "Layer 'pool2d1' must not be scheduled: its kind, 'pool2d', cannot (choose another "
        "schedule)"),
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.net.npz"
    network.save(path, conv_network(np.random.default_rng(0), (8, 8, 3), STEPS, levels=(64, 128)))
    return path


def refused(monkeypatch, capsys, main, *arguments):
    """Return the one line with which a command refuses its arguments."""
    monkeypatch.setattr("sys.argv", ["command", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        run(main)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.removeprefix("error: ").rstrip("\n")


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_says_so_is_refused(file, monkeypatch, capsys, name):
    changes, message = FILES[name]
    arrays = dict(np.load(file))
    np.savez(file, **arrays | {key: np.asarray(value, arrays[key].dtype)
                               for key, value in changes.items()})
    assert refused(monkeypatch, capsys, inspect.main, file) == f"{file}: {message}"


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_that_a_layer_cannot_have_is_refused(file, monkeypatch, capsys, name):
    changes, message = SCHEDULES[name]
    schedule = file.with_name("schedule.json")
    schedule.write_text(json.dumps({"format": "thresher-schedule/1", "pixels": 3,
                                    "layers": WIRED | changes}))
    output = file.with_name("a.v")
    assert refused(monkeypatch, capsys, generate.main, file, "--schedule", schedule, "-o",
                   output) == message
    assert not output.exists()


def test_row_memories_that_do_not_fit_are_refused(file, monkeypatch, capsys):
    wide = conv_network(np.random.default_rng(0), (40, 40, 1), [
        ("conv2d", 256, {"kernel": (1, 1)}),
        ("conv2d", 2, {"kernel": (5, 5), "padding": 2, "synapses": 60})], last="scores2d")
    network.save(file, wide)
    line = refused(monkeypatch, capsys, generate.main, file, "--board", "icebreaker")
    assert re.match(r"^Schedule must fit iCE40UP5K: \d+ block RAMs needed, 30 there", line)


def test_arrays_of_other_channels_are_refused(file, monkeypatch, capsys):
    images = file.with_name("images.npy")
    np.save(images, np.zeros((2, 8, 8, 4), np.uint8))
    assert refused(monkeypatch, capsys, classify.main, file, images) == (
        f"{images} must hold examples of the network's shape 8 x 8 x 3, one or several along the "
        f"first axis: its shape is (2, 8, 8, 4)")


def test_pictures_are_not_made_of_another_size_than_the_networks(file, monkeypatch, capsys):
    assert refused(monkeypatch, capsys, classify.main, file, "photo.jpg", "--size", "6x6") == (
        "Size must be the network's 8x8: 6x6")
