"""hw.plan.schedule: JSON and back, the rule that is broken, and intervals."""

import json

import numpy as np
import pytest

from hw.plan.schedule import Schedule, Scheduled, Wired, read_schedule

from ...networks import random_network


@pytest.fixture(scope="module")
def network():
    return random_network(np.random.default_rng(0), [40, 24, 10])


SCHEDULE = Schedule(8, {"fc0": Scheduled(5, 7, "distributed"), "scores": Wired(3)})


def changed(**changes):
    """JSON of the schedule with fields of layer 'fc0' replaced; None takes one away."""
    content = json.loads(SCHEDULE.to_json())
    content["layers"]["fc0"].update(changes)
    content["layers"]["fc0"] = {key: value for key, value in content["layers"]["fc0"].items()
                                if value is not None}
    return json.dumps(content)


def test_a_schedule_survives_json(network):
    assert read_schedule(SCHEDULE.to_json(), network) == SCHEDULE


def test_the_interval_is_that_of_the_slowest(network):
    assert SCHEDULE.interval(network) == 5 * 6  # ceil(24 / 5) * ceil(40 / 7)
    assert Schedule(1, {"fc0": Wired(), "scores": Wired()}).interval(network) == 40  # beats


@pytest.mark.parametrize(("text", "message"), [
    ("{", r"^Schedule must be JSON: Expecting property name .*$"),
    ("[]", r"^Schedule must have the format tag 'thresher-schedule/1' \(see docs/format\.md\)$"),
    (json.dumps({"format": "thresher-schedule/1", "layers": {}}),
     r"^Schedule must have the fields 'format', 'pixels' and 'layers', the last one an object by "
     r"layer \(see docs/format\.md\)$"),
    (changed(kind="fast"), r"^Kind of layer 'fc0' must be one of wired, scheduled: 'fast'$"),
    (changed(kind=[]), r"^Kind of layer 'fc0' must be one of wired, scheduled: \[\]$"),
    ("[" * 100_000, r"^Schedule must be JSON: it is nested too deep$"),
    (changed(speed=1), r"^Fields of layer 'fc0' must be kind, pe, simd, rom, positions, rows: "
                       r"kind, pe, simd, rom, speed$"),
    (changed(pe=None), r"^Fields of layer 'fc0' must be kind, pe, simd, rom, positions, rows: "
                       r"kind, simd, rom$"),
    (changed(pe=25), r"^PE of layer 'fc0' must be an integer in 1\.\.24: 25$"),
    (changed(pe=True), r"^PE of layer 'fc0' must be an integer in 1\.\.24: True$"),
    (changed(simd=0), r"^SIMD of layer 'fc0' must be an integer in 1\.\.40: 0$"),
    (changed(rom="flash"), r"^ROM of layer 'fc0' must be one of block, registered, "
                           r"distributed, spram, loaded: 'flash'$"),
    (SCHEDULE.to_json().replace('"fc0"', '"fc9"'),
     r"^Schedule must have the layers of the network: fc9, scores, not fc0, scores$"),
    (SCHEDULE.to_json().replace('"pixels": 8', '"pixels": 41'),
     r"^Pixels of the schedule must be an integer in 1\.\.40: 41$"),
    (SCHEDULE.to_json().replace('"levels": 3', '"levels": 65'),
     r"^Levels of layer 'scores' must be an integer in 1\.\.64: 65$"),
])
def test_a_broken_rule_is_named(network, text, message):
    with pytest.raises(ValueError, match=message):
        read_schedule(text, network)
