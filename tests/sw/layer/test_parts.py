"""Tests of layer.parts: kinds count what they consist of, in their own words."""

import numpy as np
import pytest

from sw.layer.parts import counted, only_synapses, worded
from sw.network import Network, Scores

from ...networks import lookup_network, random_dense, random_network


def scores(weights):
    weights = np.array(weights, np.int8)
    return Scores("scores", weights, np.zeros(len(weights), np.int32))


def test_threshold_networks_consist_of_synapses():
    network = random_network(np.random.default_rng(1), [20, 9, 4], [5, 6])
    assert network.parts == {"synapses": 9 * 5 + 4 * 6} == {"synapses": network.synapses}
    assert only_synapses(network.parts)


def test_look_up_networks_consist_of_tables_and_votes():
    network = lookup_network(np.random.default_rng(1), 14, [(1000, 4), (600, 6)], unread=0)
    assert network.parts == {"tables": 1600, "votes": 600}
    assert worded(network.parts) == "1,600 tables, 600 votes"
    assert not only_synapses(network.parts)


def test_mixed_networks_name_all_their_parts_in_order():
    rng = np.random.default_rng(2)
    lookup = lookup_network(rng, 14, [(40, 4)])
    dense = random_dense(rng, 9, 40, 5, "fc")
    last = scores(np.where(np.arange(9) % 2, 1, -1) * np.ones((3, 1), np.int8))
    mixed = Network([*lookup.layers[:2], dense, last], "abc", (14,))
    assert worded(mixed.parts) == f"40 tables, {9 * 5 + 27} synapses"


@pytest.mark.parametrize(("weights", "noun"), [
    ([[1, 1, 0, 0], [0, 0, 0, 1]], "votes"),
    ([[1, 1, 0, 0], [0, 1, 0, 1]], "synapses"),  # input 1 counts twice
    ([[1, 0, 0], [0, -1, 0]], "synapses")])
def test_scores_are_votes_if_an_input_counts_for_one_class_at_most(weights, noun):
    layer = scores(weights)
    assert layer.parts == {noun: layer.synapses}
    assert layer.counts_votes == (noun == "votes")


def test_kinds_that_count_nothing_add_nothing():
    network = random_network(np.random.default_rng(1), [20, 4])
    assert network.first.parts == {}
    assert counted([]) == {}
    assert worded({}) == ""
