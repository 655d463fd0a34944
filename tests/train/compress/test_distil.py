"""train.compress.distil: a student follows its teacher, whoever they are."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from train.compress import distil
from train.compress.fit import accuracy
from train.compress.network import build
from train.compress.retrain import Retrain

from . import small


def test_the_loss_is_the_mixture_of_the_paper():
    teacher = nn.Linear(4, 3)
    inputs, labels = torch.randn(5, 4), torch.tensor([0, 1, 2, 0, 1])
    logits = torch.randn(5, 3)
    loss = distil.loss_of(teacher, distil.Lesson(0.25, 2.0))(logits, labels, inputs)
    soft = functional.kl_div(functional.log_softmax(logits / 2, 1),
                             functional.softmax(teacher(inputs) / 2, 1), reduction="batchmean")
    wanted = 0.75 * functional.cross_entropy(logits, labels) + 0.25 * 4 * soft
    torch.testing.assert_close(loss, wanted)


def test_a_student_learns_from_answers_alone(conv, parts):
    """Without labels a dense student comes to give the labels of a convolutional teacher."""
    student = build(small.DENSE, (1, small.SIDE, small.SIDE), 3, seed=4)
    wrong = replace(parts, train=type(parts.train)(parts.train.images, parts.train.labels * 0))
    made = distil.compress(student, wrong, Retrain(epochs=12, rate=5e-3, seed=1), teacher=conv,
                           lesson=distil.Lesson(1.0))
    assert accuracy(made.network, parts.validation) > 85


def test_a_teacher_of_other_classes_is_refused(conv, parts):
    teacher = build("scores", (1, small.SIDE, small.SIDE), 5)
    with pytest.raises(ValueError, match=r"^Teacher must have the student's classes: 5, the "
                       r"student 3$"):
        distil.compress(conv, parts, small.RETRAIN, teacher=teacher)


@pytest.mark.parametrize(("settings", "message"), [
    ({"distill": 1.1}, r"^Weight of the teacher must be in 0\.\.1: 1\.1$"),
    ({"distill": float("nan")}, r"^Weight of the teacher must be in 0\.\.1: nan$"),
    ({"temperature": 0.0}, r"^Temperature must be above 0 and at most 100: 0\.0$"),
])
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        distil.Lesson(**settings)
