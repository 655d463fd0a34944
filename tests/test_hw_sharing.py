"""hw.sharing: triples are synapses of their neurons, and none is in two."""

import numpy as np
import pytest

from hw.sharing import shared_triples
from tests.networks import random_weights


@pytest.mark.parametrize("most", [None, 2])
@pytest.mark.parametrize("seed", range(5))
def test_triples_are_synapses_and_none_is_used_twice(seed, most):
    rng = np.random.default_rng(seed)
    weights = random_weights(rng, 30, 12, 9)
    triples = shared_triples(weights, most and [most] * 30)
    left = weights.copy()
    used = np.zeros(30, int)
    for triple in triples:
        assert len(set(triple.inputs)) == 3
        assert triple.weights[0] == 1
        assert len(triple.uses) >= 2
        for neuron, sign in triple.uses:
            at = neuron, list(triple.inputs)
            assert left[at].tolist() == [sign * weight for weight in triple.weights]
            left[at] = 0
            used[neuron] += 1
    assert len(triples) > 5
    assert most is None or used.max() <= most


def test_the_triple_that_all_have_is_found():
    weights = np.zeros((4, 20), np.int8)
    for neuron, sign in enumerate([1, -1, -1, 1]):
        weights[neuron, [3, 7, 11]] = np.array([-1, 1, 1]) * sign
        weights[neuron, 12 + neuron] = 1
    found, = shared_triples(weights)
    assert sorted(zip(found.inputs, found.weights, strict=True)) == [(3, -1), (7, 1), (11, 1)]
    assert found.uses == ((0, 1), (1, -1), (2, -1), (3, 1))


def test_neurons_with_nothing_in_common_share_nothing():
    assert shared_triples(np.kron(np.eye(3, dtype=np.int8), np.ones((1, 4), np.int8))) == []
