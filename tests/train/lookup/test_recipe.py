import re

import pytest

from train import area
from train.lookup.recipe import LookupRecipe, Tables, parse
from train.recipes import RECIPES


def test_layers_are_read_from_a_text():
    assert parse("lookup 1000 near 30, lookup 600 inputs 6,lookup 60") == (
        Tables(1000, 4, 30), Tables(600, 6), Tables(60))


@pytest.mark.parametrize("text", ["", "dense 30", "lookup", "lookup 30 near", "lookup 9,,lookup 9",
                                  "lookup 30 near 3 inputs 4"])
def test_other_texts_are_refused(text):
    part = next(part.strip() for part in text.split(",") if part.strip() != "lookup 9")
    with pytest.raises(ValueError, match=rf"^Layer must be given as 'lookup NEURONS \[inputs K\] "
                       rf"\[near N\]': {part!r}$"):
        parse(text)


def test_a_recipe_counts_what_it_needs():
    recipe = LookupRecipe.of("", "lookup 40 near 9, lookup 30 inputs 6")
    assert recipe.name == "lookup-40-30"
    assert recipe.sizes(16, 10) == (16, 40, 30, 10)
    assert recipe.synapse_total(16, 10) == 160 + 180 + 30
    assert recipe.contents(16, 10) == "70 tables, 30 votes"
    assert (recipe.group(10), recipe.passes) == (3, 32)


@pytest.mark.parametrize(("votes", "softness"), [(60, 2), (75, 2.3), (140, 3), (400, 5)])
def test_softness_grows_with_the_root_of_the_votes(votes, softness):
    recipe = LookupRecipe.of("x", f"lookup {10 * votes}")
    assert recipe.softness(10) == pytest.approx(softness, abs=0.15)


@pytest.mark.parametrize(("text", "message"), [
    ("lookup 0, lookup 10", "Layer 'lut1' must have 1 to 65536 neurons: 0"),
    ("lookup 9 inputs 7, lookup 10", "Tables of layer 'lut1' must have 1 to 6 inputs: 7"),
    ("lookup 9, lookup 10 near 0", "Near of layer 'lut2' must be 1 or more: 0"),
    ("lookup 9, lookup 15", "Neurons of the last layer must be equally many for each of the 10 "
     "classes: 15 (nearest: 10, 20; give --layers)"),
    ("lookup 9, lookup 5", "Neurons of the last layer must be equally many for each of the 10 "
     "classes: 5 (nearest: 10; give --layers)"),
])
def test_impossible_networks_are_refused(text, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        LookupRecipe.of("x", text).check(784, 10)


def test_options_of_threshold_layers_are_refused():
    with pytest.raises(ValueError, match=r"^Option --synapses must be for other networks: "
                       r"lookup-25f has look-up layers \(leave it out\)$"):
        RECIPES["lookup-25f"].changed(synapses=(4, 4, 60), reach=None)


@pytest.mark.parametrize(("name", "budget", "family"), [
    ("lookup-25f", 2500, "ecp5"), ("lookup-25f", 20_000, "ecp5"),
    ("lookup-icebreaker", 4000, "ice40")])
def test_a_network_is_as_wide_as_its_budget(name, budget, family):
    recipe = RECIPES[name].within(budget, 10, family)
    recipe.check(784, 10)
    first, last = (layer.neurons for layer in recipe.layers)
    lut4 = area.planned((first, last), (4, 4, last // 10), 10, family, votes=True)
    assert 0.95 * budget < lut4 <= budget
    assert first / last == pytest.approx(RECIPES[name].layers[0].neurons
                                         / RECIPES[name].layers[1].neurons, rel=0.05)


def test_a_budget_has_room_for_the_fewest_tables():
    with pytest.raises(ValueError, match=r"^Budget must have room for lookup-25f with the fewest "
                       r"tables, 138 LUT4: 100 LUT4 \(give --layers\)$"):
        RECIPES["lookup-25f"].within(100, 10, "ecp5")
