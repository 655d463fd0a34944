import pytest

from train.search.front import Entry, front, ordered, picked
from train.search.worker import covered


def entry(accuracy, lut4, rate, *, fits=True):
    return Entry(0, "dense", [], accuracy, lut4, rate, fits)


BEST = entry(98.0, 4000, 100)
SMALL = entry(97.5, 2000, 100)
FAST = entry(97.2, 4000, 900)
WORST = entry(80.0, 1000, 100)
BEATEN = entry(97.0, 2500, 100)
LARGE = entry(99.0, 9000, 100, fits=False)
ALL = [BEATEN, WORST, LARGE, FAST, SMALL, BEST]


def test_the_front_is_what_nothing_that_fits_beats():
    assert front(ALL) == [BEST, SMALL, FAST, WORST]


def test_equal_networks_do_not_beat_each_other():
    assert len(front([entry(90, 100, 1), entry(90, 100, 1)])) == 2


@pytest.mark.parametrize(("goal", "first"), [("accuracy", BEST), ("area", SMALL), ("rate", FAST)])
def test_a_goal_puts_its_best_first(goal, first):
    assert ordered(front(ALL), goal)[0] is first


def test_a_small_network_far_below_is_not_the_best_by_area():
    assert ordered([BEST, WORST], "area") == [BEST, WORST]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9])
def test_picked_networks_are_different_and_begin_with_the_best(count):
    chosen = picked(front(ALL), "accuracy", count)
    assert len({id(each) for each in chosen}) == len(chosen) == min(count, 4)
    assert chosen[0] is BEST


def test_nothing_gives_nothing():
    assert front([LARGE]) == ordered([], "area") == picked([], "rate", 3) == []


def test_sessions_at_the_same_time_count_once():
    assert covered([(10, 20), (15, 30), (40, 50), (41, 42)]) == 30
    assert covered([]) == 0
