"""train.teacher: float networks that learn, resume, and come back from their file."""

import re

import numpy as np
import pytest
import torch

from train import resume, teacher
from train.augment import grey
from train.determinism import deterministic
from train.recipes import Recipe

from .test_loop import assert_equal, data, finish


RECIPE = Recipe("x", (12,), augment=0.5, distill=0.5)


@pytest.fixture(autouse=True)
def _determinism():
    with deterministic():
        yield


def schooling(recipe=RECIPE, count=3000):
    return teacher.trainer(recipe, data(count, 0), data(80, 1), 3)


@pytest.fixture(scope="module")
def trained():
    with deterministic():
        school = schooling()
        finish(school)
    return school


def test_a_teacher_learns(trained):
    kept = trained.state.history[trained.state.best_epoch - 1]
    assert kept["validation"] > 80
    assert kept["synapses"] == 9 * (16 + 16 * 32 + 32 * 64) + 64 * 128 + 128 * 3


def test_a_teacher_has_the_networks_augmentation():
    recipe = schooling(RECIPE.changed(augment=0.3, elastic=0.02)).recipe
    assert (recipe.augment, recipe.elastic) == (0.3, 0.02)


@pytest.mark.parametrize("shape", [(1, 1), (5, 9), (28, 28)])
def test_pictures_of_any_size_are_answered(shape):
    with torch.no_grad():
        logits = teacher.Teacher(shape, (4, 8), 7).eval().answer(torch.rand(3, shape[0] * shape[1]))
    assert (logits.shape, logits.dtype) == ((3, 7), torch.float32)


def test_processors_without_bfloat16_compute_in_float32(monkeypatch, trained):
    images = grey(data(30, 2)[0].float())
    trained.network.eval()
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: "AVX2")
    other = schooling()
    other.network.load_state_dict(trained.network.state_dict())
    other.network.eval()
    given = other.network.answer(images)
    assert other.network.dtype is torch.float32
    torch.testing.assert_close(given, trained.network.answer(images), rtol=0.05, atol=0.2)


def test_a_resumed_teacher_ends_like_an_uninterrupted_one(tmp_path, trained):
    first = schooling()
    finish(first, stopped=lambda: first.state.epoch == 5)
    resume.save(tmp_path / "x.resume.pt", first.state, {})
    second = schooling()
    second.restore(resume.load(tmp_path / "x.resume.pt", {}))
    torch.rand(3)  # what others draw must not matter
    assert_equal(finish(second), trained.state)


def test_a_saved_teacher_answers_as_before(tmp_path, trained):
    start = teacher.start_of(trained)
    teacher.save(tmp_path / "x.npz", trained, start)
    other = schooling()
    facts = teacher.load(tmp_path / "x.npz", other)
    trained.network.load_state_dict(trained.state.best)
    trained.network.eval()
    images = grey(data(30, 2)[0].float())
    assert torch.equal(other.network.answer(images), trained.network.answer(images))
    assert facts["data"] == start["data"]
    assert facts["validation_accuracy"] == \
        trained.state.history[trained.state.best_epoch - 1]["validation"]


def test_other_data_and_other_augmentation_have_another_teacher():
    paths = [teacher.path_of(teacher.start_of(school), "x") for school in (
        schooling(), schooling(), schooling(count=2999), schooling(RECIPE.changed(augment=0.4)))]
    assert paths[0] == paths[1]
    assert len(set(paths)) == 3
    assert re.fullmatch(r"build/teachers/x-[0-9a-f]{12}\.npz", paths[0].as_posix())


def test_a_table_has_no_teacher():
    with pytest.raises(ValueError, match=r"^Distillation must be for pictures, as teachers are "
                       r"convolutional: inputs have the shape \(4,\) \(use --distill 0\)$"):
        teacher.trainer(RECIPE, (torch.zeros(9, 4), None), None, 3)


@pytest.mark.parametrize(("arrays", "reason"), [
    ({}, "'format'"),
    ({"format": "thresher-ckpt/1"}, "it has another format tag"),
    ({"format": teacher.FORMAT, "facts": "{"}, "Expecting property name.*"),
    ({"format": teacher.FORMAT, "facts": "{}"}, r"Error\(s\) in loading state_dict .*"),
])
def test_another_file_is_refused(tmp_path, arrays, reason):
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(ValueError, match=rf"^{tmp_path}/x\.npz must be a teacher "
                       rf"\(thresher-teacher/1\): {reason} \(remove it: the same command trains it "
                       rf"again\)$"):
        teacher.load(tmp_path / "x.npz", schooling())


class Brightness(torch.nn.Module):
    """Answers of a picture's mean: channels first, pixels in 0..1."""

    def forward(self, x):
        mean = x.mean((1, 2, 3))
        return torch.stack([mean, 2 * mean, 3 * mean], 1)


def test_a_teacher_of_the_users_choice_sees_pixels():
    images = data(30, 2)[0]
    chosen = teacher.Chosen(Brightness(), (1, *images.shape[1:]), 3)
    answers = chosen.answer(grey(images.float()))
    wanted = images.float().flatten(1).mean(1)[:, None] / 255 * torch.tensor([1, 2, 3])
    torch.testing.assert_close(answers, wanted, atol=0.02, rtol=0)
    assert re.fullmatch(r"[0-9a-f]{12}", chosen.digest)


@pytest.mark.parametrize(("network", "shape", "message"), [
    (Brightness(), (1, 4, 4), r"^Teacher must give 4 answers, one a class: its output has the "
     r"shape \(2, 3\) for 2 inputs \(choose one of this dataset\)$"),
    (torch.nn.Linear(9, 4), (5,), r"^Teacher must take inputs of shape \('n', 5\): mat1 and mat2 "
     r".* \(choose one of this dataset\)$"),
])
def test_a_teacher_of_other_data_is_refused(network, shape, message):
    with pytest.raises(ValueError, match=message):
        teacher.Chosen(network, shape, 4)
