# amaranth: UnusedElaboratable=no
"""First layers of integers in accelerators: answers, interval and latency as predicted."""

import re

import numpy as np
import pytest

from hw.accelerator import Accelerator
from hw.plan.schedule import Schedule, Scheduled, Wired

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
