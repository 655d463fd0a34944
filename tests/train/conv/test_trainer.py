import numpy as np
import pytest
import torch

from sw import checkpoint, golden
from sw.fold import fold
from train import resume
from train.conv import trainer
from train.conv.recipe import ConvRecipe
from train.determinism import deterministic


PLAIN = ConvRecipe.of("x", "depth 2, conv 8 synapses 12, pool, conv 10 synapses 30, scores",
                      levels=2, epochs=6, batch=20, augment=0.5)
RECIPES = {
    "bits": PLAIN,
    "colours": ConvRecipe.of("x", "conv 6 stride 2, conv 8 2x3 valid synapses 9, dense 12, "
                             "dense 9 synapses 5, scores synapses 7", levels=3, epochs=3, batch=20,
                             augment=0.5, flip=True, cutout=4),
    "integers": ConvRecipe.of("x", "conv 6 integer synapses 5, pool, conv 8 valid, "
                              "scores summed synapses 6", epochs=3, batch=20, augment=0),
    "coloured integers": ConvRecipe.of("x", "conv 6 5x5 integer stride 2, pool, scores", epochs=3,
                                       batch=20, augment=1),
}
COLOURED = ("colours", "coloured integers")


@pytest.fixture(autouse=True)
def _determinism():
    with deterministic():
        yield


def data(count, seed, colours):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, count)
    images = random.integers(0, 256, (count, 12, 12, *colours))
    images[np.arange(count), 4 * labels + 1] //= 4  # a dark row tells the class
    return torch.from_numpy(images.astype(np.uint8)), torch.from_numpy(labels)


def made(which="bits", seed=1, **changes):
    colours = (3,) if which in COLOURED else ()
    train, validation = data(200, 0, colours), data(50, 1, colours)
    recipe = RECIPES[which].changed(**changes).seeing(train[0].shape[1:])
    encoder = recipe.encoder(train[0].numpy())
    recipe.check(None, 3)
    return trainer.Trainer(recipe, encoder, train, validation, 3, seed)


def finish(trained, **options):
    trained.run(on_epoch=lambda state: None, **options)
    return trained.state


def folded(trained):
    shape = tuple(trained.train[0].shape[1:])
    return fold(trained.checkpoint(labels=("a", "b", "c"), input_shape=shape))


def assert_equal(first, second):
    assert first.history == second.history
    assert first.best_epoch == second.best_epoch
    for name, value in first.network.items():
        assert torch.equal(value, second.network[name]), name
        assert torch.equal(first.best[name], second.best[name]), name


def test_training_learns():
    state = finish(made(epochs=20))
    assert state.history[-1]["loss"] < state.history[0]["loss"]
    assert state.history[state.best_epoch - 1]["validation"] > 60


@pytest.mark.parametrize("which", RECIPES)
def test_equal_seeds_give_equal_bits(which):
    assert_equal(finish(made(which)), finish(made(which)))


def test_other_seeds_give_other_networks():
    first, second = finish(made()), finish(made(seed=2))
    assert not torch.equal(first.network["layers.1.weight"], second.network["layers.1.weight"])


@pytest.mark.parametrize("epoch", [1, 3, 5])
def test_a_resumed_training_ends_like_an_uninterrupted_one(tmp_path, epoch):
    first = made()
    finish(first, stopped=lambda: first.state.epoch == epoch)
    assert first.state.epoch == epoch
    resume.save(tmp_path / "x.resume.pt", first.state, {"seed": 1})
    second = made()
    second.restore(resume.load(tmp_path / "x.resume.pt", {"seed": 1}))
    assert_equal(finish(second), finish(made()))


@pytest.mark.parametrize("which", RECIPES)
def test_the_folded_network_gives_pytorchs_scores(which):
    trained = made(which)
    finish(trained)
    for normal in (part for part in trained.network.modules() if hasattr(part, "gamma")):
        with torch.no_grad():
            normal.gamma[::2] *= -1  # also channels whose pool is an AND
    images = trained.validation[0]
    expected = trained.scores(images).numpy()
    assert len(np.unique(expected)) > 4
    np.testing.assert_array_equal(golden.Model(folded(trained)).scores(images.numpy()), expected)


@pytest.mark.parametrize("which", RECIPES)
def test_a_checkpoint_is_read_as_it_was_written(tmp_path, which):
    trained = made(which)
    finish(trained)
    trained.use_best()
    shape = tuple(trained.train[0].shape[1:])
    written = trained.checkpoint(labels=("a", "b", "c"), input_shape=shape)
    checkpoint.save(tmp_path / "x.ckpt.npz", written)
    assert fold(checkpoint.load(tmp_path / "x.ckpt.npz")).identity == fold(written).identity


def test_the_best_epoch_has_all_wanted_synapses_gone():
    trained = made()
    state = finish(trained)
    planned = trained.recipe.synapse_total(None, 3)
    assert state.history[0]["synapses"] > planned
    assert state.history[state.best_epoch - 1]["synapses"] == planned
    trained.use_best()
    assert [layer.mask.flatten(1).sum(1).tolist() for layer in trained.network.layers[1:3]] == [
        [12] * 8, [30] * 10]


def test_a_shortened_plan_still_drops_all_synapses():
    trained = made(epochs=5000)
    state = finish(trained, time_limit=1.5)
    assert 3 <= state.epoch < 5000
    assert state.seconds < 6


def test_another_device_is_refused():
    with pytest.raises(ValueError, match=r"^Device must be cpu or cuda for convolutions: tpu$"):
        trainer.Trainer(PLAIN, None, None, None, 3, 1, "tpu")
