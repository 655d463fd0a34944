import numpy as np
import pytest

from sw.checkpoint import Checkpoint, Hidden, Last
from sw.network import Encoder
from train import area


def hidden(name, rows, inputs, beta=None):
    """A layer whose neurons look at the inputs that ``rows`` list, and fire at the half of them."""
    mask = np.zeros((len(rows), inputs), dtype=np.uint8)
    for row, looked in zip(mask, rows, strict=True):
        row[list(looked)] = 1
    ones, zeros = (np.full(len(rows), value, np.float32) for value in (1, 0))
    return Hidden(name, mask.astype(np.float32), mask, ones,
                  zeros if beta is None else np.array(beta, np.float32), zeros, ones)


def network(*, beta=None):
    """12 inputs; neuron 3 of the first layer is seen by nobody, neuron 2 only by neuron 1."""
    first = hidden("fc1", [range(4), range(5), range(6), range(12)], 12, beta)
    second = hidden("fc2", [(0, 1), (1, 2), (0,)], 4)
    mask = np.array([[1, 1, 0], [1, 0, 0]], dtype=np.uint8)
    last = Last("fc3", mask.astype(np.float32), mask, np.zeros(2, np.int32))
    return Checkpoint(Encoder.uniform(12), (first, second), last, ("a", "b"), (12,))


def test_neurons_that_nobody_looks_at_take_nothing():
    measured = area.measure(network())
    assert measured.layers == (("fc1", 4, 3, 1 + 2 + 3), ("fc2", 3, 2, 2), ("fc3", 2, 2, 3 * 1.1))
    assert measured.inputs == 6
    assert measured.lut4 == round(6 + 2 + 3.3 + 250)


def test_constant_neurons_take_nothing_and_feed_nobody():
    measured = area.measure(network(beta=[0, 0, 9, 0]))
    assert measured.layers[0] == ("fc1", 4, 2, 1 + 2)
    assert measured.inputs == 5


def test_many_synapses_take_what_the_family_says():
    assert area.neuron(np.array([0, 4, 5, 6, 7, 8, 10]), "ecp5").tolist() == \
        [0, 1, 2, 3, 6, 6, 11.5]
    assert area.neuron(np.array([10]), "ice40").tolist() == [15]


@pytest.mark.parametrize("family", area.FAMILIES)
def test_the_plan_is_the_area_if_nothing_is_needless(family):
    rows = [tuple((start + step) % 12 for step in range(9)) for start in range(12)]
    ones = np.ones((2, 12), dtype=np.uint8)
    last = Last("fc2", ones.astype(np.float32), ones, np.zeros(2, np.int32))
    made = Checkpoint(Encoder.uniform(12), (hidden("fc1", rows, 12),), last, ("a", "b"), (12,))
    assert area.measure(made, family).lut4 == area.planned((12,), (9, 12), 2, family)


@pytest.mark.parametrize(("group", "measured"), [(60, 117), (75, 131), (140, 151)])
def test_label_select_of_votes_takes_what_synthesis_found(group, measured):
    assert abs(area.label_select(10, group, "ecp5", True) / measured - 1) <= 0.02
    assert area.label_select(10, group, "ecp5", False) == 250
    assert area.label_select(10, group, "ice40", True) == 250


@pytest.mark.parametrize(("family", "lut4"), [("ecp5", 12 * 1.2 + 3 + 6),
                                              ("ice40", 12 * 1.5 + 250)])
def test_votes_take_what_columns_take(family, lut4):
    rows = [range(start, start + 2) for start in range(12)]
    mask = np.kron(np.eye(2, dtype=np.uint8), np.ones((1, 6), np.uint8))
    last = Last("fc2", mask.astype(np.float32), mask, np.zeros(2, np.int32))
    made = Checkpoint(Encoder.uniform(13), (hidden("fc1", rows, 13),), last, ("a", "b"), (13,))
    assert area.measure(made, family).lut4 == round(12 + lut4)
    assert area.planned((12,), (2, 6), 2, family, votes=True) == round(12 + lut4)


def test_lines_sum_up():
    assert list(area.measure(network()).lines()) == [
        "layer     neurons   needed     LUT4",
        "fc1             4        3        6",
        "fc2             3        2        2",
        "fc3             2        2        3",
        "label                           250",
        "in all                          261  and 6 input bits",
    ]
