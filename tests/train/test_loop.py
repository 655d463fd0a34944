import numpy as np
import pytest
import torch

from sw.network import Encoder
from train import loop, resume
from train.determinism import deterministic
from train.places import nearest, of_inputs, of_neurons
from train.recipes import Recipe


RECIPE = Recipe("x", (12, 10), (9, 8, 10), epochs=6, batch=20, augment=0.5)


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


REACHING = RECIPE.changed(reach=(20, 10, 10))
LOCAL = REACHING.changed(local=True)


def trainer(recipe=RECIPE, seed=1):
    return loop.Trainer(recipe, Encoder.uniform(36), data(200, 0), data(50, 1), 3, seed)


def finish(trained, **options):
    trained.run(on_epoch=options.pop("on_epoch", lambda state: None), **options)
    return trained.state


def assert_equal(first, second):
    assert first.history == second.history
    assert first.best_epoch == second.best_epoch
    for name, value in first.network.items():
        assert torch.equal(value, second.network[name]), name
        assert torch.equal(first.best[name], second.best[name]), name


def test_equal_seeds_give_equal_bits():
    assert_equal(finish(trainer()), finish(trainer()))


def test_the_number_of_threads_changes_nothing():
    first = finish(trainer())
    torch.set_num_threads(2)
    with deterministic():
        assert_equal(first, finish(trainer()))


def test_other_seeds_give_other_networks():
    first, second = finish(trainer()), finish(trainer(seed=2))
    assert not torch.equal(first.network["linear.0.weight"], second.network["linear.0.weight"])


def test_training_learns():
    state = finish(trainer(Recipe("x", (32,), epochs=10, batch=20, augment=0)))
    assert state.history[-1]["loss"] < state.history[0]["loss"]
    assert state.history[state.best_epoch - 1]["validation"] > 60


@pytest.mark.parametrize("recipe", [RECIPE, REACHING, LOCAL], ids=["all", "reaching", "local"])
@pytest.mark.parametrize("epoch", [1, 3, 5])
def test_a_resumed_training_ends_like_an_uninterrupted_one(tmp_path, epoch, recipe):
    first = trainer(recipe)
    finish(first, stopped=lambda: first.state.epoch == epoch)
    assert first.state.epoch == epoch
    resume.save(tmp_path / "x.resume.pt", first.state, {"seed": 1})
    second = trainer(recipe)
    second.restore(resume.load(tmp_path / "x.resume.pt", {"seed": 1}))
    assert_equal(finish(second), finish(trainer(recipe)))


def test_an_unfinished_epoch_is_dropped(tmp_path):
    first, steps = trainer(), iter(range(1000))
    finish(first, stopped=lambda: next(steps) == 25)
    assert first.state.epoch == 2
    resume.save(tmp_path / "x.resume.pt", first.state, {})
    second = trainer()
    second.restore(resume.load(tmp_path / "x.resume.pt", {}))
    assert_equal(finish(second), finish(trainer()))


def test_the_best_epoch_has_all_wanted_synapses_gone():
    state = finish(trainer())
    assert state.history[0]["synapses"] > RECIPE.synapse_total(36, 3)
    assert state.history[state.best_epoch - 1]["synapses"] == RECIPE.synapse_total(36, 3)


def test_a_time_limit_shortens_the_plan():
    state = finish(trainer(Recipe("x", (8,), epochs=5000, batch=20, augment=0)), time_limit=0.5)
    assert 2 <= state.epoch == state.epochs < 5000


def test_a_diverging_training_is_refused():
    trained = trainer()
    trained.network.normal[0].gamma.data.fill_(torch.nan)
    with pytest.raises(ValueError, match=r"^Training must stay finite: "
                       r"linear\.0\.weight is NaN or infinite after epoch 1 \(lower the rate, now "
                       r"0\.01\)$"):
        finish(trained)


def test_validation_images_are_not_for_training():
    train, held = loop.split(60000)
    assert (len(train), len(held)) == (55000, 5000)
    assert len(np.union1d(train, held)) == 60000
    assert [len(part) for part in loop.split(60000, limit=1200)] == [1100, 100]


def test_a_state_of_other_settings_is_refused(tmp_path):
    resume.save(tmp_path / "x.pt", loop.State(1), {"seed": 1})
    with pytest.raises(ValueError, match=r"^Training to resume must have the same settings: seed "
                       r"was 1, now 2$"):
        resume.load(tmp_path / "x.pt", {"seed": 2})


@pytest.mark.parametrize("octets", [b"", b"PK\3\4 not whole", b"foreign", b"\x80\2K*."])
def test_a_damaged_state_is_refused(tmp_path, octets):
    (tmp_path / "x.pt").write_bytes(octets)
    with pytest.raises(ValueError, match=rf"^{tmp_path}/x\.pt must be the state of a training.* "
                       r"\(remove it and train again\)$"):
        resume.load(tmp_path / "x.pt", {})


def some_logits():
    random = np.random.default_rng(7)
    logits, answers = (torch.from_numpy(random.normal(0, 3, (40, 5))).float() for _ in range(2))
    return logits, torch.from_numpy(random.integers(0, 5, 40)), answers


def test_without_a_teacher_the_loss_is_cross_entropy():
    logits, labels, _ = some_logits()
    recipe = RECIPE.changed(smoothing=0.1, temperature=2.0)
    assert torch.equal(loop.objective(logits, labels, None, recipe),
                       torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.1))


@pytest.mark.parametrize(("weight", "temperature"), [(0.3, 1.0), (1.0, 4.0)])
def test_the_loss_with_a_teacher_is_that_of_the_paper(weight, temperature):
    logits, labels, answers = some_logits()

    def softmax(values, heat):
        powers = np.exp(values.double().numpy() / heat)
        return powers / powers.sum(axis=1, keepdims=True)

    mine, wanted = softmax(logits, temperature), softmax(answers, temperature)
    distance = (wanted * np.log(wanted / mine)).sum(axis=1).mean()
    entropy = -np.log(softmax(logits, 1.0)[np.arange(40), labels]).mean()
    given = loop.objective(logits, labels, answers,
                           RECIPE.changed(distill=weight, temperature=temperature))
    assert float(given) == pytest.approx(
        (1 - weight) * entropy + weight * temperature**2 * distance, rel=1e-5)


def test_without_distillation_neither_teacher_nor_temperature_matter():
    assert_equal(finish(trainer()), finish(trainer(RECIPE.changed(temperature=3.0))))


def test_a_network_learns_what_its_teacher_says():
    """Its teacher calls every class by the name of the next, so that labels say the contrary."""
    def wrong(pictures):
        rows = pictures.view(-1, 6, 6)[:, :3].mean(2).float()
        return rows.roll(1, dims=1) * -60

    recipe = Recipe("x", (32,), epochs=10, batch=20, augment=0, distill=1.0, temperature=2.0)
    trained = trainer(recipe)
    trained.teacher = wrong
    finish(trained)
    images, labels = trained.validation
    given = trained._scores(images).argmax(1)
    assert (given == (labels + 1) % 3).float().mean() > 0.6


def test_a_resumed_distillation_ends_like_an_uninterrupted_one():
    def run(*, stop=None, state=None):
        trained = trainer(RECIPE.changed(distill=0.5, epochs=24))
        trained.teacher = lambda pictures: pictures[:, :3].float() * 5
        if state:
            trained.restore(state)
        return finish(trained, stopped=lambda: trained.state.epoch == stop)

    assert_equal(run(state=run(stop=22)), run())


@pytest.mark.parametrize(("shape", "levels"), [((6, 6), 1), ((6, 3), 2), ((3, 2, 3), 2)])
def test_local_neurons_look_at_the_pixels_around_them(shape, levels):
    images, labels = data(60, 0)
    images = images.flatten(1)[:, :36 // levels].reshape(-1, *shape)
    encoder = Encoder.uniform(images[0].numel(), (64, 128)[:levels])
    made = loop.Trainer(LOCAL.changed(augment=0.0), encoder, (images, labels), (images, labels),
                        3, 1)
    expected = nearest(of_inputs(shape, levels), of_neurons(12), 20)
    assert torch.equal(made.network.linear[0].candidates, expected)
    finish(made)
    kept = made.network.linear[0].candidates
    assert kept.shape == (12, 9)
    assert all(set(row) <= set(all_of) for row, all_of in
               zip(kept.tolist(), expected.tolist(), strict=True))
