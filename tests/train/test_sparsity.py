import re

import pytest
import torch

from train import area, sparsity
from train.augment import generator
from train.recipes import RECIPES, Recipe
from train.sparse import SparseNetwork


@pytest.mark.parametrize("count", [1, 6, 49, 50])
def test_exactly_the_largest_weights_are_kept(count):
    weight = torch.randn(30, 50, generator=generator(3))
    mask = sparsity.largest(weight, count)
    assert mask.sum(1).tolist() == [count] * 30
    least = torch.where(mask == 1, weight.abs(), torch.inf).amin(1)
    assert (torch.where(mask == 0, weight.abs(), 0).amax(1) <= least).all()


def test_equal_weights_still_give_exactly_that_many_synapses():
    assert sparsity.largest(torch.ones(5, 20), 7).sum(1).tolist() == [7] * 5


def test_synapses_come_down_to_the_wanted_number_and_stay():
    course = [sparsity.wanted(784, 6, step / 400) for step in range(1001)]
    assert course[0] == 784
    assert course == sorted(course, reverse=True)
    assert set(course[400:]) == {6}


def test_the_choice_is_frozen_for_the_end_of_training():
    network = SparseNetwork(40, (10, 3), (4, 10), (40, 10), limit=1.0, generator=generator(0))
    last = [step for step in range(100)
            if sparsity.update(network, step, ramp=40, freeze=70)]
    assert last == [70]
    assert network.linear[0].candidates.shape == (10, 4)
    assert network.synapses == 10 * 4 + 3 * 10


def test_the_last_choice_keeps_the_largest_weights():
    network = SparseNetwork(40, (10, 3), (4, 2), (20, 10), limit=1.0, generator=generator(0))
    weight, _ = network.linear[0].spread()
    sparsity.update(network, 70, ramp=40, freeze=70)
    kept, mask = network.linear[0].spread()
    assert torch.equal(mask, sparsity.largest(weight, 4))
    assert torch.equal(kept, weight * mask)


def test_named_networks_have_the_synapses_they_are_known_for():
    assert RECIPES["sparse"].synapse_total() == 31360
    assert RECIPES["sfc"].synapse_total() == 334336
    assert RECIPES["wired-small"].synapse_total() == 12032
    assert RECIPES["ulx3s-25f"].synapse_total() == 14016
    assert RECIPES["ulx3s-25f"].contents(784, 10) == "14,016 synapses"


@pytest.mark.parametrize(("name", "budget", "family"), [
    ("ulx3s-25f", 17_000, "ecp5"), ("ulx3s-85f-fast", 25_000, "ecp5"),
    ("ulx3s-85f-accurate", 55_000, "ecp5"), ("ulx3s-85f-fashion", 55_000, "ecp5"),
    ("icebreaker", 3_000, "ice40")])
def test_networks_of_boards_keep_to_their_budget(name, budget, family):
    recipe = RECIPES[name]
    assert 0.6 * budget < area.planned(recipe.hidden, recipe.synapses, 10, family) <= budget


def test_all_named_networks_can_be_trained():
    for recipe in RECIPES.values():
        recipe.check(784 * (recipe.levels or 1), 10)


@pytest.mark.parametrize(("recipe", "message"), [
    (Recipe("x", ()), "Hidden layers must be one or more, of 1 to 65536 neurons: none"),
    (Recipe("x", (5, 0)), "Hidden layers must be one or more, of 1 to 65536 neurons: 5,0"),
    (Recipe("x", (5,), (3,)), "Synapses must be one number for each of the 2 layers, the last "
     "included: 3"),
    (Recipe("x", (5,), (800, 5)), "Synapses of layer 'fc1' must be in 1..784, its inputs: 800"),
    (Recipe("x", (5,), (3, 0)), "Synapses of layer 'fc2' must be in 1..5, its inputs: 0"),
    (Recipe("x", (5,), (3, 2), (9,)), "Reach must be one number for each of the 2 layers, none "
     "below its synapses: 9"),
    (Recipe("x", (5,), (3, 2), (2, 5)), "Reach must be one number for each of the 2 layers, none "
     "below its synapses: 2,5"),
    (Recipe("x", (5,), augment=-1), "Augment must be in 0..5: -1"),
    (Recipe("x", (5,), ramp=0.5, freeze=0.4), "Freeze must be in 0.5..1: 0.4"),
    (Recipe("x", (5,), rate=float("nan")), "Rate must be in 1e-09..10: nan"),
])
def test_impossible_networks_are_refused(recipe, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        recipe.check(784, 10)
