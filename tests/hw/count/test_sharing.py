"""count.sharing: triples are synapses of their neurons, none is in two; trees of a group share."""

import numpy as np
import pytest

from hw import explore
from hw.count.carry import Bit
from hw.count.sharing import shared_triples
from hw.count.treeplan import order_inputs, plan_tree
from hw.plan.schedule import Wired
from hw.wired.groups import group_neurons, leaves
from hw.wired.layer import neuron_plans, shared_adders
from sw.network import Dense
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


@pytest.mark.parametrize("hops", [0, 1, 2])
def test_trees_of_one_group_share_as_many_adders_as_they_have(hops):
    weights = random_weights(np.random.default_rng(hops), 90, 60, 20)
    layer = Dense("fc0", weights, np.full(90, 10, np.int32))
    part = Wired(hops=hops)
    shared, plans = shared_adders(layer, part), neuron_plans(layer, part)
    group_of = {neuron: index for index, group in enumerate(leaves(group_neurons(weights, hops)))
                for neuron in group}
    for neuron, triples in shared.items():
        assert len(triples) <= len(plans[neuron].adders)
        for triple in triples:
            sign, = (sign for user, sign in triple.uses if user == neuron)
            assert tuple(weights[neuron, list(triple.inputs)] * sign) == triple.weights
            assert {group_of[user] for user, _ in triple.uses} == {group_of[neuron]}
    assert sum(map(len, shared.values())) > 90


def test_full_adders_in_luts_are_not_shared():
    weights = random_weights(np.random.default_rng(1), 20, 30, 12)
    layer = Dense("fc0", weights, np.full(20, 6, np.int32))
    assert not any(shared_adders(layer, Wired(adders="luts")).values())


@pytest.mark.parametrize("family", ["ecp5", "ice40"])
def test_a_triple_is_at_an_adder_and_every_input_at_one_place(family):
    plan = plan_tree(24, 2, 12)
    agree = {index: Bit(None, index % 2 == 0) for index in range(100, 124)}
    triples = [(101, 119, 110), (122, 100, 107)]
    ordered = order_inputs(agree, plan, triples, family)
    assert sorted(map(list(agree.values()).index, ordered)) == list(range(24))
    for places, triple in zip(plan.adders, triples, strict=False):
        assert [ordered[place] for place in places] == [agree[index] for index in triple]
    costly = plan.upright if family == "ecp5" else plan.direct
    assert costly
    assert not any(ordered[place].inverted for place in costly)


@pytest.mark.parametrize("family", ["ecp5", "ice40"])
def test_sharing_takes_fewer_luts(family):
    sizes = {"family": family, "fan_in": 16, "neurons": 12, "inputs": 30}
    luts = [explore.measure(variant, **sizes)["lut4"] for variant in ("tree", "shared-tree")]
    assert luts[1] <= luts[0] - 12
