"""Teaches any student by any teacher: ``python -m train.compress.distil STUDENT --teacher MODEL``.

The teacher's answers at a temperature are mixed with the labels (train.loop.objective).
"""

import sys
from dataclasses import replace

from sw.command import run

from . import checkpoint, task
from .lesson import TEMPERATURE, WEIGHT, Lesson, loss_of
from .network import NETWORKS, build
from .result import dense


EPOCHS = 8


def compress(network, parts, retrain, *, teacher, lesson=None):
    """Train a student; return :class:`.Compressed`.

    Parameters
    ----------
    network : nn.Module
        Student, trained in place.
    parts : Parts
        Training images.
    retrain : Retrain
        Training; its loss is replaced.
    teacher : nn.Module
        Any network with the same inputs and classes.
    lesson : Lesson or None
        Weight and temperature.

    Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015, section 2.
    """
    loss = loss_of(teacher, lesson or Lesson())
    replace(retrain, loss=loss)(network, parts.train, "learning from a teacher")
    return dense("distil", network, parts.train.shape)


def student(text, found, seed):
    """Return a student: a checkpoint's or module's network, or a new one of named layers."""
    if text in NETWORKS or "," in text or text == "scores":
        return build(text, found.parts.train.shape, len(found.labels), seed)
    return checkpoint.of_model(text).network


def main(argv=None):
    parser = task.parser("train.compress.distil", "Teach a student by a teacher.", epochs=EPOCHS)
    add = parser.add_argument
    add("--teacher", required=True, metavar="MODEL",
        help="float checkpoint, or module:function that returns an nn.Module")
    add("--weight", type=float, default=WEIGHT, metavar="X",
        help=f"weight of the teacher's answers, 0..1 (default: {WEIGHT})")
    add("--temperature", type=float, default=TEMPERATURE, metavar="X",
        help=f"what logits are divided by (default: {TEMPERATURE:g})")
    args = parser.parse_args(argv)
    lesson = Lesson(args.weight, args.temperature)
    found = task.of_model(checkpoint.of_model(args.teacher), args)
    teacher = found.network
    pupil = student(args.model, found, found.retrain.seed)
    task.check(replace(found, network=pupil))
    rows = []
    for method, weight in (("labels alone", 0.0), ("distil", args.weight)):
        made, row = replace(found, network=pupil).run(
            compress, teacher=teacher, lesson=replace(lesson, distill=weight))
        row.method = method
        rows.append(row)
    task.finish(args, found, rows, made)


if __name__ == "__main__":
    run(main, sys.argv[1:])
