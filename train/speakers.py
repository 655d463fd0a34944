"""Trains a network once for each speaker, who is held out: ``train.bnn_mnist --hold-out each``.

The mean of the accuracies is that of a speaker whom a network has never heard.
"""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from sw.data import datasets
from sw.data import options as choices
from sw.store.files import read_json, write_text

from .options import parser, recipe_of


EACH = "each"
LEFT_OUT = ("--hold-out", "--name", "--output", "--resume")  # options that differ by speaker
KEPT = ("test_accuracy", "test_correct", "test_images", "validation_accuracy", "epochs")


def main(argv):
    options = parser().parse_args(argv)
    recipe = recipe_of(options)
    dataset = options.dataset or recipe.dataset
    name = options.name or f"{datasets.short_name(dataset)}-{recipe.name}"
    folder = Path(options.output or Path("build") / name)
    names = speakers_of(dataset, options)
    words = without(argv, LEFT_OUT)
    path = folder / f"{name}.speakers.json"
    done = _before(path, words)
    for place, speaker in enumerate(names, 1):
        if speaker not in done:
            print(f"[{place}/{len(names)}] {speaker} is held out", flush=True)
            made, status = _train(words, folder, f"{name}-{speaker}", speaker)
            if status:
                return status
            done[speaker] = {what: made[what] for what in KEPT}
            write_text(path, json.dumps({"words": words, "mean": mean(done), "speakers": done},
                                        indent=1) + "\n")
    print("\n".join(table(done)))
    print(f"wrote {path}")
    return 0


def speakers_of(dataset, options):
    """Return the speakers of a dataset; refuse one that has none."""
    data = replace(choices.from_arguments(options), hold_out=None)
    names = datasets.read(dataset, data).known.get("speakers", ())
    if len(names) < 2:
        raise ValueError(f"--hold-out each must be given for recordings of several speakers, named "
                         f"as CLASS_SPEAKER_INDEX.wav or CLASS/SPEAKER_INDEX.wav: {dataset} has "
                         f"none")
    return names


def mean(done):
    """Return the mean accuracy over the speakers, in percent."""
    return sum(entry["test_accuracy"] for entry in done.values()) / len(done)


def table(done):
    """Yield lines with the accuracy of each speaker, and the mean."""
    width = max(map(len, (*done, "speaker")))
    yield f"{'speaker':{width}}  validation     test  correct"
    for speaker, entry in done.items():
        yield (f"{speaker:{width}}  {entry['validation_accuracy']:8.2f} %  "
               f"{entry['test_accuracy']:5.2f} %  {entry['test_correct']} of "
               f"{entry['test_images']}")
    yield f"{'mean':{width}}  {'':10}  {mean(done):5.2f} %"


def without(words, names):
    """Return the words of a command line without options and their values."""
    kept, skipped = [], False
    for word in words:
        option, equals, _ = word.partition("=")
        if option in names:
            skipped = not equals and option != "--resume"
        elif skipped:
            skipped = False
        else:
            kept.append(word)
    return kept


def _before(path, words):
    """Return the speakers that an earlier run of the same command has finished."""
    if not path.exists():
        return {}
    said = read_json(path)
    return dict(said["speakers"]) if said.get("words") == words else {}


def run(command):
    """Run a command; return its status."""
    return subprocess.run(command, check=False).returncode


def _train(words, folder, name, speaker):
    """Train with a speaker held out; return what the training says of itself, and its status."""
    command = [sys.executable, "-m", "train.bnn_mnist", *words, "--hold-out", speaker, "--name",
               name, "--output", str(folder)]
    if (folder / f"{name}.resume.pt").exists():
        command.append("--resume")
    try:
        status = run(command)
    except KeyboardInterrupt:
        status = 130
    return read_json(folder / f"{name}.json") if status == 0 else {}, status
