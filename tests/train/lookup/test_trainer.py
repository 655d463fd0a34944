import numpy as np
import pytest
import torch

from sw import golden
from sw.fold import fold
from sw.network import Encoder
from train import resume
from train.determinism import deterministic
from train.lookup import kernels, trainer
from train.lookup.pool import pools
from train.lookup.recipe import LookupRecipe
from train.lookup.reference import Reference
from train.models import scores


RECIPE = LookupRecipe.of("x", "lookup 40 near 20, lookup 30 near 25", epochs=5, rounds=3, batch=20,
                         copies=2, augment=0.3)
DEEP = LookupRecipe.of("x", "lookup 30 inputs 3, lookup 24 inputs 5, lookup 12 inputs 2", epochs=2,
                       rounds=2, batch=20, augment=0)


@pytest.fixture(autouse=True)
def _determinism():
    with deterministic():
        yield


def data(count, seed):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, count)
    images = random.integers(0, 256, (count, 6, 6))
    images[np.arange(count), labels] //= 3  # a dark row tells the class
    return torch.from_numpy(images.astype(np.uint8)), torch.from_numpy(labels)


def made(recipe=RECIPE, seed=1):
    return trainer.Trainer(recipe, Encoder.uniform(36), data(200, 0), data(50, 1), 3, seed)


def finish(trained, **options):
    trained.run(on_epoch=lambda state: None, **options)
    return trained.state


def assert_equal(first, second):
    assert first.history == second.history
    assert first.best_epoch == second.best_epoch
    for name, value in first.best.items():
        assert torch.equal(value, second.best[name]), name


def test_training_learns_in_both_stages():
    history = finish(made()).history
    assert [entry["synapses"] for entry in history] == [40 * 4 + 30 * 4 + 30] * 8
    assert history[-1]["validation"] > 60
    assert history[-1]["loss"] < history[4]["loss"] < history[0]["loss"]


@pytest.mark.parametrize("recipe", [RECIPE, DEEP], ids=["two layers", "three layers"])
def test_equal_seeds_give_equal_bits(recipe):
    assert_equal(finish(made(recipe)), finish(made(recipe)))


def test_other_seeds_give_other_networks():
    first, second = finish(made()), finish(made(seed=2))
    assert not torch.equal(first.best["wires0"], second.best["wires0"])


@pytest.mark.parametrize("epoch", [1, 3, 4, 5, 6, 7])
def test_a_resumed_training_ends_like_an_uninterrupted_one(tmp_path, epoch):
    first = made()
    finish(first, stopped=lambda: first.state.epoch == epoch)
    assert first.state.epoch == epoch
    resume.save(tmp_path / "x.resume.pt", first.state, {"seed": 1})
    second = made()
    second.restore(resume.load(tmp_path / "x.resume.pt", {"seed": 1}))
    assert_equal(finish(second), finish(made()))


def test_a_round_that_is_stopped_changes_nothing():
    trained = made()
    looks = iter(range(10_000))
    finish(trained, stopped=lambda: trained.state.epoch == 6 and next(looks) == 3)
    assert trained.state.epoch == 6
    assert next(looks) == 4
    again = made()
    again.restore(trained.state)
    assert_equal(finish(again), finish(made()))


@pytest.mark.parametrize("recipe", [RECIPE, DEEP], ids=["two layers", "three layers"])
def test_kernels_pytorch_and_the_folded_network_agree(recipe):
    trained = made(recipe)
    finish(trained)
    trained.use_best()
    images = trained.validation[0]
    given = scores(trained.network, images, trained.encoder)
    assert torch.equal(trained._scores(images), given)
    network = fold(trained.checkpoint(labels=("a", "b", "c"), input_shape=(6, 6)))
    np.testing.assert_array_equal(golden.Model(network).scores(images.numpy()), given.numpy())


def test_wires_stay_within_their_pools():
    trained = made()
    finish(trained)
    trained.use_best()
    own = pools(RECIPE, trained.encoder, trained.train[0], trainer.WIDER)
    for pool, (wires, _) in zip(own, trained.network.layers, strict=True):
        for allowed, chosen in zip(pool.inputs.tolist(), wires.tolist(), strict=True):
            assert set(chosen) <= set(allowed)


def test_inputs_that_do_not_vary_are_not_read():
    images, labels = data(200, 0)
    images[:, :, 3:] = 7
    recipe = LookupRecipe.of("x", "lookup 12", epochs=1, rounds=1, batch=20)
    trained = trainer.Trainer(recipe, Encoder.uniform(36), (images, labels), (images, labels), 3, 1)
    finish(trained)
    assert set((trained.state.best["wires0"] % 6).flatten().tolist()) == {0, 1, 2}


def test_a_time_limit_shortens_both_stages():
    state = finish(made(RECIPE.changed(epochs=5000, rounds=5000)), time_limit=2.0)
    assert 2 <= state.epoch == state.epochs < 5000
    assert state.seconds < 10


def test_without_a_compiler_training_learns_too(monkeypatch):
    monkeypatch.setattr(kernels, "best", Reference)
    slow = finish(made(DEEP))
    monkeypatch.undo()
    fast = finish(made(DEEP))
    assert slow.history[0]["loss"] == pytest.approx(fast.history[0]["loss"], rel=0.02)
    assert slow.history[-1]["loss"] < slow.history[0]["loss"]


@pytest.mark.parametrize("wrong", [-1, 36])
def test_candidates_that_there_cannot_be_are_refused(wrong):
    trained = made()
    state = finish(trained, stopped=lambda: trained.state.epoch == 2)
    state.network["layers.0.candidates"][3, 2, 0] = wrong
    with pytest.raises(ValueError, match=r"^State to go on from must be one of this network: "
                       r"layer 0 has candidates that there cannot be \(remove its file and train "
                       r"again\)$"):
        made().restore(state)


@pytest.mark.parametrize(("change", "reason"), [
    (lambda state: state.best.pop("wires0"), "its tensors are tables0, wires1, tables1"),
    (lambda state: state.best["wires1"].add_(99), "layer 1 has wires or bits that there cannot be"),
    (lambda state: state.network.update(tables0=state.network["tables1"]),
     "layer 0 has other shapes or types"),
])
def test_states_of_other_networks_are_refused(change, reason):
    trained = made()
    state = finish(trained)
    change(state)
    with pytest.raises(ValueError, match=rf"^State to go on from must be one of this network: "
                       rf"{reason} \(remove its file and train again\)$"):
        made().restore(state)
