import optuna
import pytest

from train.options import parser, recipe_of
from train.recipes import RECIPES
from train.search import space


DIGITS = space.Facts((28, 28), 10, 4857, "ice40")
COLOURS = space.Facts((32, 32, 3), 10, 73000, "ecp5", flips=True)
LETTERS = space.Facts((16,), 26, 4857, "ice40")
SMALL = space.Facts((6, 4), 3, 1000, "ice40")


def drawn(family, facts, choices=None):
    """Return the options that a random trial gives, or one of fixed choices."""
    if choices is not None:
        return space.suggested(optuna.trial.FixedTrial(choices), [family], facts)[1]
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=3))
    return [space.suggested(study.ask(), [family], facts)[1] for _ in range(25)]


@pytest.mark.parametrize("facts", [DIGITS, COLOURS, LETTERS, SMALL])
def test_every_choice_is_a_recipe_that_can_be_trained(facts):
    for family in space.chosen(None, facts):
        for words in drawn(family, facts):
            recipe = recipe_of(parser().parse_args(words)).seeing(facts.shape) \
                if facts.pictured else recipe_of(parser().parse_args(words)).without_places()
            recipe.check(facts.inputs * recipe.levels, facts.classes)
            assert family.owns(recipe)


def test_published_recipes_are_tried_first_as_they_are():
    for family in space.FAMILIES.values():
        seeds = family.seeds(DIGITS)
        assert seeds, family.name
        for name, choices in seeds:
            found = recipe_of(parser().parse_args(drawn(family, DIGITS, choices)))
            wanted = RECIPES[name].changed(levels=RECIPES[name].levels or 1)
            inputs = DIGITS.inputs * wanted.levels
            if family.name != "conv":  # the search has no synapses of convolutions
                assert found.synapse_total(inputs, 10) == wanted.synapse_total(inputs, 10), name
            assert found.augment == pytest.approx(min(wanted.augment, 1.2), abs=0.05)


def test_recipes_that_a_device_cannot_hold_are_left_out():
    assert {name for name, _ in space.FAMILIES["lookup"].seeds(DIGITS)} == {
        "lookup-icebreaker", "lookup-small"}


def test_families_are_those_that_suit_the_data():
    assert [family.name for family in space.chosen(None, LETTERS)] == ["lookup", "sparse", "dense"]
    assert [family.name for family in space.chosen(None, DIGITS)] == list(space.FAMILIES)


@pytest.mark.parametrize(("names", "facts", "message"), [
    (("dense", "deep"), DIGITS, r"Families must be some of lookup, sparse, dense, conv: 'deep'"),
    (("conv",), LETTERS, r"Family 'conv' must be for pictures of at least 8 x 8 pixels: the "
     r"dataset has inputs of 16 \(leave it out\)"),
])
def test_other_families_are_refused(names, facts, message):
    with pytest.raises(ValueError, match=rf"^{message}$"):
        space.chosen(names, facts)
