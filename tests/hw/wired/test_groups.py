"""hw.wired.groups: who is with whom, and what their inputs' copies take."""

import numpy as np
import pytest

from hw.wired.groups import GROUP_SYNAPSES, copies, group_neurons


def sparse(neurons, inputs, fan_in, *, near=None, seed=1):
    """Return weights of a layer; with ``near``, each neuron looks at a window of the inputs."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((neurons, inputs), np.int8)
    for row in weights:
        start, width = (rng.integers(inputs - near), near) if near else (0, inputs)
        row[start + rng.permutation(width)[:fan_in]] = rng.choice([-1, 1], fan_in)
    return weights


def flatten(groups):
    for item in groups:
        if isinstance(item, list):
            yield from flatten(item)
        else:
            yield item


def depth(groups):
    return 1 + depth(groups[0]) if isinstance(groups[0], list) else 0


@pytest.mark.parametrize("hops", [0, 1, 2, 3])
@pytest.mark.parametrize("shape", [(1, 5, 3), (10, 256, 128), (512, 784, 24), (700, 300, 6)])
def test_every_neuron_is_in_one_group_of_each_level(hops, shape):
    groups = group_neurons(sparse(*shape), hops)
    assert sorted(flatten(groups)) == list(range(shape[0]))
    assert depth(groups) == hops


def test_groups_are_about_as_large_as_wanted():
    weights = sparse(512, 784, 24)
    for group in group_neurons(weights, 1):
        assert 0.8 * GROUP_SYNAPSES < np.count_nonzero(weights[group]) < 1.2 * GROUP_SYNAPSES


def test_neurons_without_synapses_are_in_groups_too():
    assert sorted(flatten(group_neurons(np.zeros((7, 4), np.int8), 2))) == list(range(7))


def test_neurons_that_look_at_the_same_inputs_are_neighbours():
    weights = sparse(512, 784, 12, near=40)
    shuffled = sum(len(np.flatnonzero(weights[start:start + 32].any(axis=0)))
                   for start in range(0, 512, 32))
    assert copies(weights, 1) < 0.6 * shuffled


def test_copies_are_those_of_every_level():
    weights = sparse(64, 100, 10)
    outer = group_neurons(weights, 2)
    want = 0
    for group in outer:
        want += np.count_nonzero(weights[list(flatten(group))].any(axis=0))
        for inner in group:
            want += np.count_nonzero(weights[inner].any(axis=0))
    assert copies(weights, 2) == want
    assert copies(weights, 0) == 0
