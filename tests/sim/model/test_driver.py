# amaranth: UnusedElaboratable=no
"""sim.model.driver: images in several processes; answers that a model writes are made up here."""

from pathlib import Path

import numpy as np
import pytest

from hw.accelerator import Accelerator
from hw.plan.schedule import Schedule, Wired
from sim.model import driver
from sim.model.networks import random_network


IMAGES = np.arange(11 * 20, dtype=np.uint8).reshape(11, 20)
LATENCY, INTERVAL = 9, 4


@pytest.fixture
def accelerator():
    network = random_network((20, 6, 3))
    return Accelerator(network, Schedule(20, {"fc0": Wired(), "scores": Wired()}))


@pytest.fixture
def model(monkeypatch):
    """A model that answers every image but some; return its calls and the images left out."""
    calls, missing = [], {}

    def run(command, environment, images, done):
        _, beats, answers, count, *_, seed, _ = command
        assert images == count
        calls.append((Path(beats).stat().st_size, count, seed, environment))
        place = int(Path(answers).name.removeprefix("answers"))
        rows = []
        for index in range(count - missing.get(place, 0)):
            word = (place % 3 | index << 2).to_bytes(4, "little")  # the index is class 0's score
            rows.append(word + b"".join((start + INTERVAL * index).to_bytes(8, "little")
                                        for start in (100, 100 + LATENCY)))
        Path(answers).write_bytes(b"".join(rows))
        done(count)
        return 1000

    monkeypatch.setattr(driver, "_run", run)
    return calls, missing


def run(accelerator, tmp_path, **options):
    return driver.run_model("model", accelerator, IMAGES, progress=False, output=tmp_path,
                            **options)


@pytest.mark.parametrize("parts", [1, 2, 3, 11])
def test_parts_are_put_together_in_the_order_of_the_images(accelerator, model, tmp_path, parts):
    outcome = run(accelerator, tmp_path, parts=parts, seed=5, VARIABLE=1)
    counts = [count for _, count, _, _ in sorted(model[0], key=lambda call: call[2])]
    assert sum(counts) == 11
    assert max(counts) - min(counts) <= 1
    assert outcome.labels.tolist() == [place % 3 for place, count in enumerate(counts)
                                       for _ in range(count)]
    assert outcome.scores[:, 0].tolist() == [index for count in counts for index in range(count)]
    assert (outcome.cycles, len(outcome.starts)) == (1000 * parts, parts)
    assert outcome.latencies == {LATENCY}
    assert outcome.intervals(0).tolist() == [INTERVAL] * (11 - parts)
    assert sorted(seed for _, _, seed, _ in model[0]) == [5 + place for place in range(parts)]
    assert all(environment == {"VARIABLE": 1} for *_, environment in model[0])


def test_full_speed_is_full_speed_in_every_part(accelerator, model, tmp_path):
    run(accelerator, tmp_path, parts=3)
    assert {seed for _, _, seed, _ in model[0]} == {0}


@pytest.mark.parametrize(("stopped", "answered", "starts"), [(0, 2, (0,)), (1, 6, (0, 3)),
                                                             (2, 10, (0, 3, 7))])
def test_answers_behind_a_part_that_stopped_do_not_count(accelerator, model, tmp_path, stopped,
                                                         answered, starts):
    model[1][stopped] = 1
    outcome = run(accelerator, tmp_path, parts=3)
    assert (len(outcome.labels), outcome.starts) == (answered, starts)


def test_an_interval_between_two_parts_is_none(accelerator, model, tmp_path):
    outcome = run(accelerator, tmp_path, parts=2)
    assert outcome.intervals(3).tolist() == [INTERVAL] * (1 + 2)


@pytest.mark.parametrize(("count", "interval", "cores", "parts"), [
    (10_000, 1, 2, 1), (10_000, 1152, 2, 2), (10_000, 1152, 64, 64), (150, 8064, 64, 1),
    (300, 8064, 2, 2), (1000, 100, 2, 1)])
def test_processes_are_as_many_as_pay(accelerator, monkeypatch, count, interval, cores, parts):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)))
    monkeypatch.setattr(accelerator, "interval", interval)
    assert driver.parts_for(accelerator, count) == parts
