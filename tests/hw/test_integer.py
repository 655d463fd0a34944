# amaranth: UnusedElaboratable=no
"""First layers of integers in accelerators: answers, interval and latency as predicted."""

import re
from dataclasses import replace

import numpy as np
import pytest

from hw.accelerator import Accelerator
from hw.estimate import estimate
from hw.plan.device import find_device
from hw.plan.schedule import Schedule, Scheduled, Wired, read_schedule
from hw.solver import choose
from sw.network import Network

from ..networks import conv_network
from .test_convolution import check


PAD = {"padding": 1, "pad_value": 90}
CONV = [("integer_conv2d", 5, PAD), ("conv2d", 4, {}), ("pool2d", 2, {})]
STRIDE = [("integer_conv2d", 6, {"kernel": (5, 3), "stride": 2, "padding": 1, "pad_value": 200,
                                 "synapses": 11}), ("conv2d", 4, {"kernel": (2, 2)})]
DENSE = [("integer_dense", 9, {}), ("dense", 7, {})]
WIRED = Wired(3, hops=1)

# Image, steps, last layer, pixels of a beat, modes; all others are wired.
NETWORKS = {
    "colours": ((6, 7, 3), CONV, "scores", 3, {"integer_c0": Scheduled(3, 9)}),
    "a pixel a beat": ((6, 5, 3), CONV, "scores", 1, {"integer_c0": Scheduled(5, 3, "registered"),
                                                      "conv2d1": Scheduled(2, 5)}),
    "beats that hold no whole position": ((6, 6, 2), CONV, "scores", 5,
                                          {"integer_c0": Scheduled(2, 6, "distributed")}),
    "stride and weights of 0": ((8, 7, 1), STRIDE, "scores", 1, {"integer_c0": Scheduled(2, 3)}),
    "wired windows": ((8, 7, 2), STRIDE, "scores", 2, {}),
    "wired colours": ((5, 6, 3), CONV, "scores", 3, {"scores": Scheduled(1, 4)}),
    "summed": ((5, 6, 3), CONV[:2], "scores2d", 3, {"conv2d1": Scheduled(3, 5),
                                                    "scores": Scheduled(3, 2)}),
    "summed, a word a step": ((5, 4, 3), CONV[:1], "scores2d", 1, {"scores": Scheduled(1, 5)}),
    "summed at once": ((5, 4, 3), CONV[:1], "scores2d", 3, {"scores": Scheduled(4, 4)}),
    "dense": ((4, 3, 3), DENSE, "scores", 4, {"integer_d0": Scheduled(2, 5),
                                              "dense1": Scheduled(2, 3)}),
    "dense, wired behind": ((5, 3, 1), DENSE, "scores", 4, {"integer_d0": Scheduled(9, 15)}),
    "dense and wired": ((5, 3, 1), [("integer_dense", 9, {"synapses": 4}), ("dense", 7, {})],
                        "scores", 15, {}),
}


def create(name):
    image, steps, last, pixels, modes = NETWORKS[name]
    network = conv_network(np.random.default_rng(len(name)), image, steps, last=last)
    return network, Schedule(pixels, {layer.name: WIRED for layer in network.layers} | modes)


@pytest.mark.parametrize("name", NETWORKS)
def test_answers_interval_and_latency_are_as_predicted(name):
    accelerator = Accelerator(*create(name))
    taken, given = check(accelerator, 6)
    assert given[0] - taken[accelerator.beats - 1] == accelerator.latency
    assert set(np.diff(given)) == {accelerator.interval}


@pytest.mark.parametrize("name", ["colours", "dense", "dense and wired"])
@pytest.mark.parametrize("board", ["ulx3s-25f", "icebreaker"])
def test_the_solver_gives_a_first_layer_a_mode_and_keeps_to_a_rate(name, board):
    network, _ = create(name)
    schedule = choose(network, find_device(board), clock_hz=24e6, images_per_second=100_000)
    assert list(schedule.layers) == [layer.name for layer in network.layers]
    assert schedule.interval(network) <= 240
    assert read_schedule(schedule.to_json(), network) == schedule
    assert network.first.name in estimate(network, schedule, find_device(board).family).stages


def test_a_dense_first_layer_is_scheduled_where_its_adders_do_not_fit():
    network = conv_network(np.random.default_rng(0), (8, 8, 1), [("integer_dense", 64, {})])
    schedule = choose(network, find_device("icebreaker"), clock_hz=12e6)
    assert isinstance(schedule.layers["integer_d0"], Scheduled)
    assert schedule.interval(network) < 64


def test_the_estimate_of_wired_layers_knows_what_nothing_reads():
    network, schedule = create("dense and wired")
    parts = estimate(network, schedule, "ecp5").stages
    unread = [replace(layer, weights=np.where(layer.weights < 0, 0, layer.weights))
              if layer.gives_scores else layer for layer in network.layers]
    fewer = Network(unread, network.labels, network.input_shape, positive=True)
    assert parts["integer_d0"].ff >= estimate(fewer, schedule, "ecp5").stages["integer_d0"].ff > 0


@pytest.mark.parametrize(("changes", "message"), [
    ({"integer_c0": None}, "Schedule must have the layers of the network: conv2d1, pool2d2, "
                           "scores, not integer_c0, conv2d1, pool2d2, scores"),
    ({"integer_c0": Scheduled(1, 28)},
     "SIMD of layer 'integer_c0' must be an integer in 1..27: 28"),
    ({"integer_c0": Scheduled(6, 1)}, "PE of layer 'integer_c0' must be an integer in 1..5: 6"),
    ({"integer_c0": Scheduled(1, 1, positions=2)},
     "Positions of layer 'integer_c0' must be an integer in 1..1: 2"),
    ({"integer_c0": Wired(adders="columns")},
     "Adders of layer 'integer_c0' must be chains or luts, because it does not give scores of "
     "weights 0 and +1: 'columns'")])
def test_a_mode_is_checked_against_a_first_layer(changes, message):
    network, schedule = create("colours")
    modes = {name: mode for name, mode in (schedule.layers | changes).items() if mode}
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Schedule(3, modes).check(network)


def test_an_encoder_has_no_mode():
    network = conv_network(np.random.default_rng(0), (4, 4, 1), [])
    with pytest.raises(ValueError, match=r"^Schedule must have the layers of the network: encoder, "
                                         r"scores, not scores \(an encoder has no mode\)$"):
        Schedule(1, {"encoder": Wired(), "scores": Wired()}).check(network)


def test_rows_that_do_not_fit_are_refused():
    network = conv_network(np.random.default_rng(0), (16, 1024, 4), [
        ("integer_conv2d", 2, {"kernel": (5, 5), "padding": 2, "synapses": 40})], last="scores2d")
    with pytest.raises(ValueError, match=r"^Schedule must fit iCE40UP5K: .*\b\d+ block RAMs "
                                         r"needed, 30 there \(\d+ % too many\) \(smaller feature "
                                         r"maps or fewer synapses, now 88 of 208 weights, would "
                                         r"help; LFE5U-12F holds it\)$"):
        choose(network, find_device("iCE40UP5K"), clock_hz=12e6)
