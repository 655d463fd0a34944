import pytest
import torch

from train.augment import Distortion, distortion_of, generator
from train.conv.recipe import ConvRecipe
from train.recipes import RECIPES
from train.voice import Voice


STILL = Voice().times(0)


def recordings(count=40, bands=10, windows=12):
    made = torch.randint(0, 200, (count, bands, windows), generator=generator(5)).float()
    made[:, 3, 4] = 255
    return made


def changed(voice, features, seed=0):
    return voice.of(features)(features, generator(seed))


def test_no_change_leaves_recordings_as_they_are():
    torch.testing.assert_close(changed(STILL, recordings()), recordings(), rtol=0, atol=1e-3)


@pytest.mark.parametrize("bound", vars(Voice()))
def test_every_bound_changes_recordings(bound):
    bounds = {**dict.fromkeys(vars(STILL), 0.0), "noisy": 1.0 if bound == "noise" else 0.0,
              bound: getattr(Voice(), bound)}
    quiet = recordings().clamp(max=20)
    quiet[:, 3, 4] = 255
    assert not torch.equal(changed(Voice(**bounds), quiet), changed(STILL, quiet))


def test_the_loudest_feature_stays_the_greatest_value():
    made = changed(Voice(), recordings())
    assert (made.amax((1, 2)) == 255).all()
    assert made.min() >= 0


def test_colour_changes_a_band_in_all_windows_alike():
    flat = torch.full((5, 10, 12), 100.0)
    made = changed(Voice(*[0.0] * 5, colour=10.0, noise=0.0, noisy=0.0), flat)
    assert torch.equal(made, made[:, :, :1].expand_as(made))
    assert (made.std(dim=1) > 1).all()


def test_equal_seeds_change_equally():
    first, second, other = (changed(Voice(), recordings(), seed) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("recipe", [RECIPES["tfc"], RECIPES["lookup-small"], ConvRecipe.of(
    "", "conv 4, scores")])
def test_recordings_have_bounds_of_their_own(recipe):
    recipe = recipe.changed(augment=0.5)
    assert distortion_of(recipe.hearing()) == Voice().times(0.5)
    assert distortion_of(recipe) == Distortion(elastic=recipe.elastic).times(0.5)
