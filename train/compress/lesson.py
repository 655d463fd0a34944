"""The loss of a student: a teacher's answers mixed with the labels."""

from dataclasses import dataclass

import torch

from ..loop import objective


WEIGHT = 0.7
TEMPERATURE = 4.0


@dataclass(frozen=True)
class Lesson:
    """Settings of :func:`train.loop.objective`.

    Attributes
    ----------
    distill : float
        Weight of the teacher's answers, 0..1; the labels have the rest.
    temperature : float
        Divisor of both networks' logits where they are compared.
    smoothing : float
        Label smoothing.
    """

    distill: float = WEIGHT
    temperature: float = TEMPERATURE
    smoothing: float = 0.0

    def __post_init__(self):
        if not 0 <= self.distill <= 1:
            raise ValueError(f"Weight of the teacher must be in 0..1: {self.distill}")
        if not 0 < self.temperature <= 100:
            raise ValueError(f"Temperature must be above 0 and at most 100: {self.temperature}")


def loss_of(teacher, lesson):
    """Return a loss for :func:`train.compress.fit.fit`: the teacher answers each batch anew."""
    teacher.eval()

    def loss(logits, labels, inputs):
        with torch.no_grad():
            answers = teacher(inputs).float()
        if answers.shape != logits.shape:
            raise ValueError(f"Teacher must have the student's classes: {answers.shape[1]}, the "
                             f"student {logits.shape[1]}")
        return objective(logits, labels, answers, lesson)

    return loss
