"""sw.layer.check: the arrays of a layer cannot change under what is derived from them."""

import numpy as np
import pytest

from sw.layer.check import frozen
from sw.layer.dense import Dense
from sw.layer.scores import Scores

from ...networks import random_checkpoint, random_network


RNG = np.random.default_rng(5)
NETWORK = random_network(RNG, [9, 7, 5, 3])
CHECKPOINT = random_checkpoint(RNG, [9, 7, 5, 3], test_scores=np.zeros((4, 3), np.int32))
OWNERS = [*NETWORK.layers, *CHECKPOINT.hidden, CHECKPOINT.last, CHECKPOINT]


def arrays_of(owner):
    """Return the arrays of a layer by name: fields, and what is derived and kept."""
    derived = [name for name in ("fan_in", "weights") if hasattr(owner, name)]
    return {name: array for name in {*vars(owner), *derived}
            if isinstance(array := getattr(owner, name), np.ndarray)}


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: getattr(owner, "name", "checkpoint"))
def test_no_array_of_a_layer_can_be_written(owner):
    arrays = arrays_of(owner)
    assert len(arrays) == {"Encoder": 1, "Dense": 3, "Scores": 3, "Hidden": 8, "Last": 5,
                           "Checkpoint": 1}[type(owner).__name__]
    for array in arrays.values():
        with pytest.raises(ValueError, match=r"^assignment destination is read-only$"):
            array[...] = 0
        with pytest.raises(ValueError, match=r"^cannot set WRITEABLE flag to True of this array$"):
            array.setflags(write=True)


def make_dense(array):
    return Dense("fc0", array, np.zeros(len(array), np.int32)).weights


def make_scores(array):
    return Scores("scores", array, np.zeros(len(array), np.int32)).weights


@pytest.mark.parametrize("make", [make_dense, make_scores])
def test_the_callers_array_stays_writable_and_does_not_reach_the_layer(make):
    mine = np.ones((2, 3), np.int8)
    kept = make(mine)
    mine[0, 0] = -1
    assert kept.tolist() == [[1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize("make", [make_dense, make_scores])
def test_a_view_made_before_the_flag_was_set_does_not_reach_the_layer(make):
    mine = np.ones((2, 3), np.int8)
    view = mine[:]
    mine.setflags(write=False)
    kept = make(mine)
    view[0, 0] = -1
    assert kept.tolist() == [[1, 1, 1], [1, 1, 1]]


def test_a_frozen_array_is_shared_by_layers():
    first = Dense("fc0", np.ones((2, 3), np.int8), np.zeros(2, np.int32))
    assert Dense("fc1", first.weights, first.thresholds).weights is first.weights


@pytest.mark.parametrize("array", [
    np.arange(12, dtype=np.int32).reshape(3, 4).T, np.arange(12, dtype=">i4")[::3],
    np.zeros((0, 3), np.int32), np.array(7, np.int8),
])
def test_a_frozen_array_has_the_same_content(array):
    made = frozen(array)
    assert (made.dtype, made.shape, made.tolist()) == (array.dtype, array.shape, array.tolist())
