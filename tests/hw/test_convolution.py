# amaranth: UnusedElaboratable=no
"""Networks over feature maps in hardware: answers, interval and latency as predicted."""

import re
from dataclasses import replace

import numpy as np
import pytest

from hw.accelerator import Accelerator
from hw.estimate import estimate
from hw.plan.device import DEVICES
from hw.plan.schedule import Schedule, Scheduled, Wired, read_schedule
from hw.plan.simplify import used_bits
from hw.solver import choose
from hw.stage.partpool import PartPool
from sw import golden
from sw.network import Network

from ..networks import conv_network, random_images
from .test_accelerator import beats, run


PAD, HALF = {"padding": 1, "synapses": 6}, {"padding": 1, "stride": 2, "pad_bit": 1}
SQUARES = ("space_to_depth", 2, {})
POOL = ("pool2d", 2, {})

# Image, steps, levels, last layer, pixels of a beat.
NETWORKS = {
    "pool and stride": ((8, 8, 1), [("conv2d", 4, PAD), POOL, ("conv2d", 5, HALF)], (128,),
                        "scores", 1),
    "colours": ((6, 6, 3), [("conv2d", 4, PAD), ("conv2d", 5, PAD), POOL], (64, 128), "scores", 3),
    "space to depth": ((8, 12, 3), [SQUARES, ("conv2d", 4, PAD), POOL, ("dense", 12, {})],
                       (64, 128), "scores", 12),
    "space to depth, slowly": ((8, 12, 3), [SQUARES, ("conv2d", 4, PAD)], (128,), "scores2d", 3),
    "scores of a map": ((8, 12, 3), [SQUARES, ("conv2d", 7, {"kernel": (3, 2)})], (64,),
                        "scores2d", 12),
    "beats that hold no whole position": ((6, 6, 2), [("conv2d", 4, PAD)], (64, 100, 128),
                                          "scores2d", 5),
    "rows": ((4, 4, 1), [("conv2d", 8, {"padding": 1}), POOL, ("conv2d", 4, {"padding": 1})],
             (64, 128), "scores", 1),
    "positions that nothing reads": ((7, 7, 1), [("conv2d", 4, {"stride": 2, "kernel": (2, 2)}),
                                                 POOL], (64,), "scores", 1),
}


def create(name):
    image, steps, levels, last, pixels = NETWORKS[name]
    network = conv_network(np.random.default_rng(len(name)), image, steps, levels=levels,
                           last=last)
    return network, pixels


def wired(network, pixels, last=None):
    modes = {layer.name: Wired(3, hops=1) for layer in network.layers[1:]}
    return Schedule(pixels, modes | ({network.last.name: last} if last else {}))


def check(accelerator, count=4):
    """Compare the answers of some images with golden; return the cycles of beats and answers."""
    network = accelerator.network
    images = random_images(np.random.default_rng(3), count, network)
    taken, given = run(accelerator, beats(accelerator, images), count)
    scores = golden.Model(network).scores(images)
    label_bits, score_bits = (network.classes - 1).bit_length(), network.score_bits
    for (_, answer), wanted in zip(given, scores, strict=True):
        assert [answer >> (label_bits + score_bits * place) & (2**score_bits - 1)
                for place in range(network.classes)] == [
                    int(score) % 2**score_bits for score in wanted]
        assert answer % 2**label_bits == int(wanted.argmax())
    return taken, [cycle for cycle, _ in given]


@pytest.mark.parametrize("name", NETWORKS)
def test_answers_interval_and_latency_are_as_predicted(name):
    network, pixels = create(name)
    accelerator = Accelerator(network, wired(network, pixels))
    taken, given = check(accelerator)
    assert given[0] - taken[accelerator.beats - 1] == accelerator.latency
    assert set(np.diff(given)) == {accelerator.interval}


def test_a_scheduled_layer_may_stand_behind_a_map():
    network, pixels = create("colours")
    accelerator = Accelerator(network, wired(network, pixels, Scheduled(1, 2)))
    assert accelerator.interval == 4 * 23  # 45 inputs
    check(accelerator)


@pytest.mark.parametrize("modes", [
    {"conv2d2": Scheduled(5, 9)}, {"conv2d2": Scheduled(2, 4, positions=3)},
    {"conv2d0": Scheduled(3, 3, positions=2), "conv2d2": Scheduled(3, 12, "distributed", 2),
     "scores": Scheduled(1, 8)}])
def test_convolutions_may_be_scheduled_beside_wired_ones(modes):
    """Where ``pe`` does not divide the neurons, the words of each position are filled up."""
    network, pixels = create("pool and stride")
    accelerator = Accelerator(network, Schedule(pixels, {**wired(network, pixels).layers, **modes}))
    taken, given = check(accelerator)
    assert given[0] - taken[accelerator.beats - 1] == accelerator.latency
    assert set(np.diff(given)) == {accelerator.interval}


def test_windows_of_a_row_may_be_computed_at_once():
    """The pool between takes parts of positions, and label select has no queue."""
    network, pixels = create("rows")
    accelerator = Accelerator(network, Schedule(pixels, wired(network, pixels).layers | {
        "conv2d0": Scheduled(2, 3, positions=4, rows=True),
        "conv2d2": Scheduled(1, 6, "distributed", positions=2, rows=True),
        "scores": Scheduled(1, 8)}))
    assert accelerator.interval == max(4 * 4 * 6, 2 * 4 * 12)
    assert isinstance(accelerator.stages["pool2d1"], PartPool)
    assert not accelerator.stages["label_select"].queued
    taken, given = check(accelerator, 6)
    assert given[0] - taken[accelerator.beats - 1] == accelerator.latency
    assert set(np.diff(given)) == {accelerator.interval}


def test_an_answer_waits_for_the_last_beat_even_if_nothing_reads_it():
    network, pixels = create("positions that nothing reads")
    accelerator = Accelerator(network, wired(network, pixels))
    assert accelerator.holds_back
    assert accelerator.latency == 1
    taken, given = check(accelerator, 6)
    ends = taken[accelerator.beats - 1::accelerator.beats]
    assert all(end < answer for end, answer in zip(ends, given, strict=False))


@pytest.mark.parametrize("name", NETWORKS)
def test_bits_that_nothing_reads_change_no_answer(name):
    network, _ = create(name)
    used = used_bits(network).reshape(network.inputs, -1).any(axis=1)
    images = random_images(np.random.default_rng(4), 20, network)
    others = random_images(np.random.default_rng(5), 20, network).reshape(20, -1)
    changed = np.where(used, images.reshape(20, -1), others).reshape(images.shape)
    model = golden.Model(network)
    assert (model.scores(images) == model.scores(changed)).all()
    if name == "positions that nothing reads":
        assert not used.all()


def test_the_solver_takes_whole_positions_and_every_cycle_of_the_widest_map():
    network, _ = create("space to depth")
    schedule = choose(network, DEVICES["LFE5U-85F"], clock_hz=60e6)
    assert schedule.pixels == 12
    assert schedule.interval(network) == 24
    assert read_schedule(schedule.to_json(), network) == schedule
    parts = estimate(network, schedule, "ecp5").stages
    assert {"space_to_0", "conv2d1", "pool2d2"} <= set(parts)


def test_a_rate_that_no_schedule_reaches_is_refused_with_the_layer():
    network, _ = create("space to depth")
    with pytest.raises(ValueError, match=r"^Images per second must be at most 2,500,000, as layer "
                                         r"'space_to_0' takes 24 cycles an image at 60 MHz: "
                                         r"3,000,000 \(raise --freq\)$"):
        choose(network, DEVICES["LFE5U-85F"], clock_hz=60e6, images_per_second=3e6)


def test_line_buffers_that_do_not_fit_are_refused():
    network = conv_network(np.random.default_rng(0), (40, 40, 1), [
        ("conv2d", 256, {"kernel": (1, 1)}),
        ("conv2d", 2, {"kernel": (5, 5), "padding": 2, "synapses": 60})], last="scores2d")
    message = (r"^Schedule must fit iCE40UP5K: .*\b\d+ block RAMs needed, 30 there "
               r"\(\d+ % too many\)")
    with pytest.raises(ValueError, match=message):
        choose(network, DEVICES["iCE40UP5K"], clock_hz=12e6)


@pytest.mark.parametrize(("mode", "message"), [
    ({"pe": 5, "simd": 1}, "PE of layer 'conv2d0' must be an integer in 1..4: 5"),
    ({"pe": 1, "simd": 10}, "SIMD of layer 'conv2d0' must be an integer in 1..9: 10"),
    ({"pe": 1, "simd": 1, "positions": 65},
     "Positions of layer 'conv2d0' must be an integer in 1..64: 65"),
    ({"pe": 1, "simd": 3, "positions": 4, "rows": True},
     "Positions of layer 'conv2d0' must be 8, its windows of a row: 4 (or rows of false)"),
    ({"pe": 1, "simd": 3, "positions": 8, "rows": 1},
     "Rows of layer 'conv2d0' must be true or false: 1")])
def test_a_schedule_is_checked_against_a_window(mode, message):
    network, _ = create("pool and stride")
    modes = wired(network, 1).layers | {"conv2d0": Scheduled(**mode)}
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Schedule(1, modes).check(network)


def test_only_windows_may_be_of_a_row():
    network, pixels = create("pool and stride")
    schedule = wired(network, pixels, Scheduled(1, 1, rows=True))
    with pytest.raises(ValueError, match=r"^Rows of layer 'scores' must be false: its kind, "
                                         r"'scores', has no windows that share weights$"):
        schedule.check(network)


def test_names_may_be_any():
    network, pixels = create("colours")
    names = ("pixels", "window", "neurons", "encoder", "fc0")
    layers = [replace(layer, name=name) for layer, name in zip(network.layers, names, strict=True)]
    other = Network(layers, network.labels, network.input_shape, positive=True)
    check(Accelerator(other, wired(other, pixels)))
