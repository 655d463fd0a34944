# amaranth: UnusedElaboratable=no
"""sim.full and sim.trace as commands: what they print, refuse and return."""

import gzip
import json

import numpy as np
import pytest

from hw.plan.schedule import Schedule, Scheduled
from hw.synthesis.verilog import to_verilog
from sim import full, trace
from sim.model.driver import unpack_answers
from sim.model.networks import random_network
from sim.model.vectors import answers
from sw.network import Dense, Network, save


@pytest.fixture
def files(tmp_path):
    """A network, a schedule for it, and a dataset of its shape."""
    made = random_network((20, 6, 3))
    network = Network(made.layers, "012", (4, 5), {"dataset": str(tmp_path / "data")})
    save(tmp_path / "made.net.npz", network)
    schedule = Schedule(7, {"fc0": Scheduled(2, 5), "scores": Scheduled(1, 6)})
    (tmp_path / "schedule.json").write_text(schedule.to_json())
    (tmp_path / "data").mkdir()
    rng = np.random.default_rng(1)
    for part, count in (("train", 9), ("t10k", 40)):
        images = rng.integers(256, size=(count, 4, 5), dtype=np.uint8)
        labels = (np.arange(count) % 3).astype(np.uint8)
        for name, array in ((f"{part}-images-idx3-ubyte.gz", images),
                            (f"{part}-labels-idx1-ubyte.gz", labels)):
            header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
            (tmp_path / "data" / name).write_bytes(gzip.compress(header + array.tobytes()))
    return [str(tmp_path / "made.net.npz"), "--schedule", str(tmp_path / "schedule.json")]


@pytest.mark.parametrize("parts", [1, 2])
def test_full_compares_every_image_at_full_speed_and_with_pauses(files, capsys, monkeypatch, parts):
    monkeypatch.setattr(full, "parts_for", lambda *_: parts)
    assert full.main([*files, "--stall"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("equal to golden")] == [
        "equal to golden: 40 of 40 labels and scores; interval and latency as predicted",
        "equal to golden: 40 of 40 labels and scores"]


def test_a_run_that_is_recorded_is_not_repeated(files, tmp_path, capsys):
    record = tmp_path / "record.json"
    assert full.main([*files, "--record", str(record)]) == 0
    written = json.loads(record.read_text())
    assert (written["equal"], written["images"]) == (40, 40)
    assert f"interval {written['interval']}, latency {written['latency']} " in (
        capsys.readouterr().out)
    assert full.main([*files, "--record", str(record)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"equal to golden already: {record} is about the same design and images")
    assert full.main([*files, "--record", str(record), "--limit", "39"]) == 0
    assert "equal to golden: 39 of 39" in capsys.readouterr().out


def test_full_names_image_layer_and_neuron(files, tmp_path, capsys, monkeypatch):
    """The threshold of one neuron is wrong, in the hardware alone."""
    right, made = full.Accelerator, []

    def faulty(network, schedule):
        layers = [*network.layers]
        thresholds = layers[1].thresholds.copy()
        thresholds[2] -= 2
        layers[1] = Dense("fc0", layers[1].weights, thresholds)
        made.append(right(Network(layers, network.labels, network.input_shape), schedule))
        made[-1].network = network
        return made[-1]

    monkeypatch.setattr(full, "Accelerator", faulty)
    monkeypatch.setattr(full, "cached_verilog", lambda *_: to_verilog(made[-1], "accelerator"))
    record = tmp_path / "record.json"
    assert full.main([*files, "--record", str(record)]) == 1
    assert not record.exists()
    out, err = capsys.readouterr()
    assert err.splitlines()[-1].startswith("error: ")
    assert " of 40 answers differ from golden, image " in err
    for text in (out, err):
        assert "first difference in layer 'fc0', neuron 2: RTL 1, golden 0 (popcount " in text


def test_trace_prints_every_layer(files, capsys):
    assert trace.main([*files, "--image", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:4] == ["encoder: 20 outputs, equal", "fc0: 6 outputs, equal",
                          "scores: 3 outputs, equal"]
    assert lines[4].startswith("image 3: RTL equals golden in every layer; label '")


@pytest.mark.parametrize("command", [full.main, trace.main])
def test_a_schedule_of_another_network_is_refused(files, tmp_path, command):
    other = Schedule(1, {"other": Scheduled(1, 1)})
    (tmp_path / "schedule.json").write_text(other.to_json())
    with pytest.raises(ValueError, match=r"^Schedule must have the layers of the network: other, "
                                         r"not fc0, scores$"):
        command(files)


def test_full_refuses_a_limit_of_nothing(files):
    with pytest.raises(ValueError, match=r"^Limit must be at least 1: 0$"):
        full.main([*files, "--limit", "0"])


def test_trace_refuses_an_image_that_is_not_there(files):
    with pytest.raises(ValueError, match=r"^Image must be in 0\.\.39, the test images: 40$"):
        trace.main([*files, "--image", "40"])


def test_answers_are_unpacked_as_they_are_packed():
    rng = np.random.default_rng(1)
    network = random_network((20, 6, 5))
    bits = network.score_bits
    scores = rng.integers(-2**(bits - 1), 2**(bits - 1), size=(30, 5))
    size = -(-(3 + 5 * bits) // 32) * 4
    octets = b"".join(word.to_bytes(size, "little") + index.to_bytes(8, "little") * 2
                      for index, word in enumerate(answers(scores, bits)))
    labels, got, taken, offered = unpack_answers(network, octets)
    assert (got == scores).all()
    assert (labels == scores.argmax(axis=1)).all()
    assert taken.tolist() == offered.tolist() == list(range(30))
