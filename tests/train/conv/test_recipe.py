import re
from dataclasses import replace

import numpy as np
import pytest

from train.conv.recipe import ConvRecipe
from train.recipes import RECIPES


PLAIN = ConvRecipe.of("", "depth 2, conv 8 synapses 4, pool, conv 9, scores")
NAMED = {name: recipe for name, recipe in RECIPES.items() if isinstance(recipe, ConvRecipe)}
# Synapses of the published networks, a kernel's counted once.
SYNAPSES = {"mnist-conv": 12_960, "mnist-conv-icebreaker": 93_312, "fashion-conv": 328_960,
            "cifar-fast": 522_240, "cifar-accurate": 2_310_144, "cifar-icebreaker": 353_280,
            "cnv": 1_542_848}


def test_a_recipe_without_a_name_is_called_by_its_channels():
    assert PLAIN.name == "conv-8-9"


def test_stages_name_layers_and_give_the_shapes_that_they_take():
    stages = [(name, shape) for name, _, shape in replace(PLAIN, levels=3).stages(10)]
    assert stages == [("depth", (28, 28, 3)), ("conv1", (14, 14, 12)), ("conv2", (7, 7, 8)),
                      ("scores", (7, 7, 9))]


def test_every_named_recipe_can_be_trained():
    for recipe in NAMED.values():
        recipe.check(None, 10)
    assert {name: NAMED[name].synapse_total(None, 10) for name in SYNAPSES} == SYNAPSES


def test_recipes_are_for_pictures_of_their_dataset():
    assert {recipe.shape for recipe in NAMED.values() if recipe.dataset == "cifar10-jpeg"} == {
        (32, 32, 3)}
    assert {recipe.shape for recipe in NAMED.values() if recipe.dataset != "cifar10-jpeg"} == {
        (28, 28, 1)}


def test_no_recipe_is_counted_as_a_wired_one():
    """Area is measured of dense layers alone (train.area)."""
    assert not any(recipe.wired for recipe in NAMED.values())


def test_pixels_need_no_encoder_and_bits_need_one():
    images = np.arange(20 * 28 * 28, dtype=np.uint8).reshape(20, 28, 28)
    assert NAMED["pocket"].encoder(images) is None
    assert NAMED["pocket"].seen == "8-bit pixels"
    encoder = replace(PLAIN, levels=2).encoder(images)
    assert (encoder.inputs, encoder.levels) == (784, 2)


@pytest.mark.parametrize(("shape", "seen"), [((8, 6), (8, 6, 1)), ((8, 6, 3), (8, 6, 3))])
def test_a_recipe_takes_the_shape_of_its_pictures(shape, seen):
    assert PLAIN.seeing(shape).shape == seen


def test_tables_are_refused():
    with pytest.raises(ValueError, match=r"^Convolution must be for pictures, whose pixels have "
                       r"places: the dataset is a table of 16 columns \(use --hidden\)$"):
        PLAIN.seeing((16,))


def test_a_budget_is_refused():
    with pytest.raises(ValueError, match=r"^Budget must be for dense threshold layers: conv-8-9 "
                       r"has convolutions \(give --layers of other sizes\)$"):
        PLAIN.within(5000, 10, "ecp5")


@pytest.mark.parametrize(("changes", "message"), [
    ({"distill": 0.5}, "Distillation must be for dense layers: conv-8-9 has convolutions (use "
     "--distill 0)"),
    ({"flip": True, "cutout": 29}, "Cutout must be in 0..28: 29"),
    ({"smoothing": 1.0}, "Smoothing must be in 0..0.9: 1.0"),
    ({"ramp": 0.8}, "Freeze must be in 0.8..1: 0.7"),
    ({"ramp": 0.001}, "Ramp must be in 0.01..1: 0.001"),
    ({"epochs": 0}, "Epochs must be in 1..100000: 0"),
    ({"batch": 1}, "Batch must be in 2..100000: 1"),
    ({"augment": float("nan")}, "Augment must be in 0..5: nan"),
])
def test_settings_out_of_range_are_refused(changes, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        PLAIN.changed(**changes).check(None, 10)


def test_levels_of_pixels_are_refused():
    with pytest.raises(ValueError, match=r"^Levels must be for a first layer of bits: layer "
                       r"'conv1' takes integers, levels 3 \(leave 'integer' or --levels out\)$"):
        NAMED["pocket"].changed(levels=3).check(None, 10)


def test_options_of_other_networks_are_refused():
    with pytest.raises(ValueError, match=r"^Option --hidden must be for other networks: conv-8-9 "
                       r"has convolutions \(leave it out\)$"):
        PLAIN.changed(hidden=(3,))


def test_the_list_says_all_once():
    assert PLAIN.listing(784, 10) == ("4/all/all", "5,090 synapses", "")
    assert replace(PLAIN, layers="conv 8, scores").listing(784, 10)[0] == "all"
    assert PLAIN.layout(784, 10) == "28x28x1-8-9-10"
