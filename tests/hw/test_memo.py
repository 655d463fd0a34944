# amaranth: UnusedElaboratable=no
"""hw.memo: results are kept as long as their layer lives, and keep no layer alive."""

import gc
import weakref

import numpy as np
import pytest

from hw.accelerator import Accelerator
from hw.estimate import estimate, layer_resources
from hw.memo import memo
from hw.plan.device import find_device
from hw.plan.schedule import Schedule, Scheduled, Wired
from hw.solver import choose
from hw.synthesis.verilog import to_verilog

from ..networks import random_network


SCHEDULES = {
    "scheduled": Schedule(5, {"fc0": Scheduled(4, 9), "fc1": Scheduled(3, 4),
                              "scores": Scheduled(2, 3)}),
    "wired": Schedule(24, {"fc0": Wired(3), "fc1": Wired(adders="luts"), "scores": Wired()}),
}


class Subject:
    """Stands for a layer: compared by identity."""


def test_a_result_is_computed_once_for_a_subject_and_values():
    calls = []
    kept = memo(lambda *arguments: calls.append(arguments) or len(calls))
    first, second = Subject(), Subject()
    assert [kept(first, (1,)), kept(first, (1,)), kept(first, (2,)), kept(second, (1,))] == [
        1, 1, 2, 3]


def test_a_result_is_dropped_with_its_subject():
    kept = memo(lambda _: Subject())
    subject = Subject()
    result = weakref.ref(kept(subject))
    assert result() is kept(subject)
    del subject
    gc.collect()
    assert result() is None


def use(network, schedule):
    """Use all functions of hw that keep results of a layer or network."""
    estimate(network, schedule, "ecp5")
    for layer in network.layers[1:]:
        layer_resources(layer, schedule.layers[layer.name], "ice40", bits=layer.inputs, width=8,
                        after_wired=False)
    to_verilog(Accelerator(network, schedule))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_network_and_its_layers_die_with_their_last_user(schedule):
    network = random_network(np.random.default_rng(2), [24, 16, 12, 4])
    left = [weakref.ref(each) for each in (network, *network.layers)]
    use(network, SCHEDULES[schedule])
    del network
    gc.collect()
    assert [each() for each in left] == [None] * len(left)


def test_a_layer_does_not_keep_the_one_behind_it_alive():
    network = random_network(np.random.default_rng(2), [24, 16, 12, 4])
    first, behind = network.layers[1], weakref.ref(network.layers[2])
    use(network, SCHEDULES["wired"])
    del network
    gc.collect()
    assert (first.outputs, behind()) == (16, None)


def test_choosing_a_schedule_keeps_no_network_alive():
    network = random_network(np.random.default_rng(2), [24, 16, 12, 4])
    left = weakref.ref(network)
    choose(network, find_device("icebreaker"), clock_hz=12e6)
    del network
    gc.collect()
    assert left() is None
