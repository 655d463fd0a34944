"""Trains a network: ``python -m train.bnn_mnist --network sfc --seed 1``."""

import json
import os
import platform
import re
import signal
import sys
import time
from contextlib import ExitStack, contextmanager
from math import prod
from pathlib import Path

import numpy as np
import torch

from sw import checkpoint
from sw.command import run
from sw.data import datasets
from sw.data import options as choices
from sw.data.describe import describe, refuse_senseless
from sw.data.sheet import save_grid
from sw.data.summary import class_tiles
from sw.store.files import replacing, write_text
from sw.store.lock import alone

from . import area, loop, pictures, resume, speakers, teacher
from .compress import checkpoint as checkpoints
from .compress import data
from .compress import train as floats
from .conv import trainer as conv
from .conv.recipe import ConvRecipe
from .determinism import deterministic, fast
from .lookup import trainer as lookup
from .lookup.recipe import LookupRecipe
from .options import listing, parser, recipe_of
from .recipes import Recipe


TRAINERS = {Recipe: loop.Trainer, LookupRecipe: lookup.Trainer, ConvRecipe: conv.Trainer}
SETTINGS = {"cpu": deterministic, "cuda": fast}
SAVE_EVERY = 15  # seconds between two states on disk
INTERRUPTED = 130  # exit code after Ctrl-C, as shells expect


def main(argv=None):
    if "--float" in (argv or ()):
        return floats.main([word for word in argv if word != "--float"])
    options = parser().parse_args(argv)
    if options.list:
        print(*listing(), sep="\n")
        return None
    if options.hold_out == speakers.EACH:
        return speakers.main(sys.argv[1:] if argv is None else argv)
    recipe = recipe_of(options)
    options.dataset = options.dataset or recipe.dataset
    files = _files(options, recipe)
    checkpoint_path = files["ckpt.npz"]
    lock = checkpoint_path.with_name(f".{checkpoint_path.name}.lock")
    with SETTINGS[options.device](), alone(lock, f"Training of {checkpoint_path}"):
        return _run(options, recipe, files)


def _run(options, recipe, files):
    dataset = datasets.load(options.dataset, choices.from_arguments(options))
    trainer, start = _trainer(options, recipe, dataset)
    if options.teacher:
        _choose_teacher(trainer, start, dataset, options.teacher)
    elif trainer.recipe.distill and _teach(trainer, start, dataset):
        return INTERRUPTED
    if options.resume:
        trainer.restore(resume.load(files["resume.pt"], start))
    interrupted = _train(trainer, files["resume.pt"], start, options.time_limit,
                         note=_errors(options.errors, trainer, dataset))
    if not trainer.state.best_epoch:
        print("interrupted before the first epoch ended: nothing to keep")
        return INTERRUPTED
    _finish(trainer, dataset, start, files, interrupted, options.family)
    if not interrupted:
        files["resume.pt"].unlink(missing_ok=True)
    return INTERRUPTED if interrupted else 0


def _files(options, recipe):
    """Return the paths of all files by kind, in a folder that exists."""
    name = options.name
    if name is None:
        prefix = ("" if options.dataset == recipe.dataset
                  else f"{datasets.short_name(options.dataset)}-")
        name = f"{prefix}{recipe.name}"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise ValueError(f"Name must be up to 64 letters, digits, '.', '_' and '-': {name!r}")
    folder = Path(options.output or Path("build") / name)
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise ValueError(f"Output must be a folder that can be written: {folder}")
    return {kind: folder / f"{name}.{kind}"
            for kind in ("ckpt.npz", "json", "curve.png", "confusion.png", "resume.pt")}


def is_heard(dataset):
    """Return whether the examples of a dataset are recordings."""
    return dataset.conversion is not None and dataset.conversion.takes == "sound"


def fitted(options, recipe, dataset):
    """Return the recipe with all that depends on the dataset and on the options."""
    table = dataset.train_images.ndim == 2
    grey = dataset.train_images.ndim == 3
    recipe = recipe.seeing(dataset.input_shape)
    recipe = recipe.changed(levels=recipe.levels or (8 if table else recipe.usual_levels))
    if is_heard(dataset):
        recipe = recipe.hearing()
    if options.augment is None and recipe.heard:
        recipe = recipe.changed(augment=1.0)
    elif options.augment is None and options.dataset != recipe.dataset:
        recipe = recipe.changed(augment=recipe.augment * (0.0 if table else recipe.elsewhere))
    if table:
        if options.local or (options.layers and recipe.has_places()):
            raise ValueError(f"{'Near' if options.layers else 'Local'} must be for pictures, whose "
                             f"pixels have places: {options.dataset} is a table")
        recipe = recipe.without_places()
    if options.distill is None and not grey:
        recipe = recipe.changed(distill=0.0)
    if options.budget is not None:
        recipe = recipe.within(options.budget, len(dataset.labels), options.family)
    return recipe


def trainer_of(recipe, encoder, dataset, rows, held, *, seed, device="cpu"):
    """Return the trainer of a recipe on rows of the training part, with others for validation."""
    return TRAINERS[type(recipe)](recipe, encoder, _part(dataset, rows), _part(dataset, held),
                                  len(dataset.labels), seed, device)


def _trainer(options, recipe, dataset):
    """Return the trainer, and the settings that its states belong to."""
    recipe = fitted(options, recipe, dataset)
    rows, held = loop.split(len(dataset.train_images), options.limit)
    encoder = recipe.encoder(dataset.train_images[rows])
    inputs = encoder.outputs if encoder else prod(dataset.input_shape)
    recipe.check(inputs, len(dataset.labels))
    for line in describe(dataset, encoder):
        print(line)
    refuse_senseless(dataset, encoder)
    trainer = trainer_of(recipe, encoder, dataset, rows, held, seed=options.seed,
                         device=options.device)
    print(f"{dataset.name}: {prod(dataset.input_shape)} inputs, {recipe.seen}, "
          f"{recipe.layout(inputs, len(dataset.labels))}, "
          f"{recipe.contents(inputs, len(dataset.labels))}, "
          f"{len(rows)} training and {len(held)} validation images, seed {options.seed}",
          flush=True)
    start = {"recipe": recipe.to_json(), "seed": options.seed, "dataset": str(options.dataset),
             "limit": options.limit, "torch": str(torch.__version__), "device": options.device}
    if said := choices.from_arguments(options).to_json():
        start["data"] = said
    return trainer, json.loads(json.dumps(start))


def _teach(trainer, start, dataset):
    """Give the trainer its teacher, which is trained if need be; return whether Ctrl-C came."""
    schooling = teacher.trainer(trainer.recipe, trainer.train, trainer.validation,
                                len(dataset.labels))
    wanted = teacher.start_of(schooling)
    path = teacher.path_of(wanted, dataset.name)
    unfinished = path.with_suffix(".resume.pt")
    with alone(path.with_suffix(".lock"), f"Training of {path}", wait=True):
        if not path.exists():
            print(f"teacher {path} is trained first, once", flush=True)
            if unfinished.exists():
                schooling.restore(resume.load(unfinished, wanted))
            if _train(schooling, unfinished, wanted, way="the same command goes on from there"):
                return True
            teacher.save(path, schooling, wanted)
            unfinished.unlink(missing_ok=True)
    facts = teacher.load(path, schooling)
    print(f"teacher {path}: validation {facts['validation_accuracy']:.2f} %", flush=True)
    start["teacher"] = path.stem
    trainer.teacher = schooling.network.answer
    return False


def _choose_teacher(trainer, start, dataset, model):
    """Give the trainer the teacher that the user names."""
    if not trainer.recipe.distill:
        raise ValueError(f"Teacher must have a weight in the loss: {model} (give --distill 0.5)")
    found = checkpoints.of_model(model)
    chosen = teacher.Chosen(found.network, data.input_shape(dataset.input_shape),
                            len(dataset.labels))
    print(f"teacher {model}", flush=True)
    start["teacher"] = f"{found.name} {chosen.digest}"
    trainer.teacher = chosen.answer


def _errors(path, trainer, dataset):
    """Return a function that draws the current errors on validation images, or does nothing."""
    images, labels = (part.cpu().numpy() for part in trainer.validation)

    def draw():
        if path:
            save_grid(path, class_tiles(images, labels, len(dataset.labels), dataset.conversion,
                                        trainer.wrong.cpu().numpy()))
    return draw


def _train(trainer, path, start, time_limit=None, way="--resume goes on from there",
           note=lambda: None):
    """Train and save the state now and then; return whether Ctrl-C ended the training.

    ``note`` is called at the end of each epoch.
    """
    saved = time.monotonic()

    def on_epoch(state):
        nonlocal saved
        note()
        if time.monotonic() - saved >= SAVE_EVERY:
            resume.save(path, state, start)
            saved = time.monotonic()

    with _interrupt() as seen:
        trainer.run(on_epoch=on_epoch, stopped=lambda: bool(seen), time_limit=time_limit)
        interrupted = bool(seen) and trainer.state.epoch < trainer.state.epochs
        if interrupted and trainer.state.epoch:
            resume.save(path, trainer.state, start)
            print(f"interrupted after {trainer.state.epoch} of {trainer.state.epochs} epochs; "
                  f"{way}", flush=True)
    return interrupted


@contextmanager
def _interrupt():
    """Collect the first Ctrl-C in a list instead of raising; a second Ctrl-C raises."""
    seen = []

    def note(number, frame):
        seen.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)


def _finish(trainer, dataset, start, files, interrupted, family):
    """Evaluate the best epoch on the test images, which are read only here, and write all files."""
    state = trainer.state
    trainer.use_best()
    images = torch.from_numpy(dataset.test_images.copy())
    test_scores = trainer.scores(images).numpy().astype(np.int32)
    given = test_scores.argmax(axis=1)
    matrix = np.zeros((len(dataset.labels),) * 2, dtype=np.int64)
    np.add.at(matrix, (dataset.test_labels, given), 1)
    correct = int(np.trace(matrix))
    accuracy = 100 * correct / len(given)
    kept = state.history[state.best_epoch - 1]
    result = {"test_accuracy": round(accuracy, 4), "test_correct": correct,
              "test_images": len(given), "validation_accuracy": round(kept["validation"], 4),
              "best_epoch": state.best_epoch, "epochs": state.epoch, "planned": state.epochs,
              "interrupted": interrupted, "synapses": kept["synapses"]}
    provenance = {**start, **result}
    trained = trainer.checkpoint(
        labels=dataset.labels, input_shape=dataset.input_shape,
        provenance=provenance, test_scores=test_scores, conversion=dataset.conversion)
    title = f"{files['json'].stem}: {accuracy:.2f} % of {len(given)} test images"
    drawn = dataset.test_images.ndim > 2  # else rows of a table
    examples = pictures.confused(matrix, dataset.test_images, dataset.test_labels,
                                 given) if drawn else ()
    with ExitStack() as together:  # all files, or none
        new = {kind: together.enter_context(replacing(files[kind]))
               for kind in ("json", "confusion.png", "curve.png", "ckpt.npz")}
        checkpoint.save(new["ckpt.npz"], trained)
        pictures.curve(new["curve.png"], state.history, state.best_epoch, title)
        pictures.confusion(new["confusion.png"], matrix, dataset.labels, title, examples)
        write_text(new["json"], json.dumps(
            {**provenance, "seconds": round(state.seconds, 1), "machine": platform.processor()
             or platform.machine(), "confusion": matrix.tolist(), "history": state.history},
            indent=1) + "\n")
    inputs = trainer.encoder.outputs if trainer.encoder else prod(dataset.input_shape)
    if kept["synapses"] > (planned := trainer.recipe.synapse_total(inputs, len(dataset.labels))):
        print(f"it still has {kept['synapses']:,} synapses of the {planned:,} planned: it ended "
              f"before {100 * trainer.recipe.ramp:.0f} % of its epochs")
    if trainer.recipe.wired:
        print("\n".join(area.measure(trained, family).lines()))
    print(f"wrote {', '.join(str(files[kind]) for kind in list(files)[:4])} "
          f"(epoch {state.best_epoch}, validation {kept['validation']:.2f} %, "
          f"{state.seconds:.0f} s)")
    print(f"test accuracy {accuracy:.2f} %")


def _part(dataset, rows):
    return (torch.from_numpy(dataset.train_images[rows]),
            torch.from_numpy(dataset.train_labels[rows]))


if __name__ == "__main__":
    run(main, sys.argv[1:])
