"""Full training of the networks on the front: by the command of the training, seed by seed."""

import json
import shlex
import zlib

from sw import checkpoint
from sw import network as networks
from sw.fold import fold
from sw.share.queue import Interrupted
from sw.store.files import read_json

from .. import bnn_mnist
from ..options import parser, recipe_of
from . import process
from .front import Entry
from .space import FAMILIES


DEFAULT = -1   # number of the board's default recipe among the trials
FEWEST = 0.25  # of the epochs of a full training that a short budget leaves at least


def spec_of(entry, seed, scale=1.0):
    """Return what a full training is, as a dict for JSON: options with epochs and the seed."""
    counted = {name: max(2, round(count * scale))
               for name, count in FAMILIES[entry.family].passes.items()}
    words = [*entry.words, *(word for name, count in counted.items()
                             for word in (f"--{name}", str(count)))]
    return {"trial": entry.trial, "family": entry.family, "words": words, "seed": seed}


def default_of(job):
    """Return the full training of the board's default recipe; None if the data do not suit it."""
    name = job.hardware.board.network
    words = ["--network", name]
    try:
        options = parser().parse_args(["--dataset", job.dataset.name, *words])
        recipe = bnn_mnist.fitted(options, recipe_of(options), job.dataset)
        recipe.check(job.facts.inputs * (recipe.levels or 1), job.facts.classes)
    except ValueError:
        return None
    family = next((family.name for family in FAMILIES.values() if family.owns(recipe)), "")
    return {"trial": DEFAULT, "family": family, "words": words, "seed": 1}


def key_of(spec):
    return f"{' '.join(spec['words'])} --seed {spec['seed']}"


def name_of(spec):
    words = zlib.crc32(" ".join(spec["words"]).encode())  # a trial may be trained again for longer
    trial = "default" if spec["trial"] == DEFAULT else f"trial-{spec['trial']:04}"
    return f"{trial}-{words:08x}-s{spec['seed']}"


def command_of(spec, dataset):
    """Return the command that trains a network again; ``dataset`` are the options of the data."""
    return ["python", "-m", "train.bnn_mnist", *dataset, *spec["words"], "--seed",
            str(spec["seed"]), "--name", name_of(spec)]


class Full:
    """Training of a description in full.

    Parameters
    ----------
    store : Store
        Where files go.
    hardware : Hardware
        The board.
    dataset : list of str
        Options that name the data.
    stopped : callable
        Returns whether the worker must stop.
    """

    def __init__(self, store, hardware, dataset, stopped):
        self.store = store
        self.hardware = hardware
        self.dataset = dataset
        self.stopped = stopped

    def __call__(self, spec):
        """Train; return validation accuracy, LUT4, images per second and more, as a dict."""
        name = name_of(spec)
        folder = self.store.folder / "full" / name
        self._train(spec, folder)
        made = checkpoint.load(folder / f"{name}.ckpt.npz")
        network = fold(made)
        networks.save(folder / f"{name}.net.npz", network)
        figures = self.hardware.figures(network)
        said = read_json(folder / f"{name}.json")
        command = shlex.join(command_of(spec, self.dataset))
        facts = folder / f"{name}.search.json"
        facts.write_text(json.dumps({"spec": spec, "command": command, "lut4": figures.lut4,
                                     "images_per_second": figures.rate,
                                     "interval": figures.interval, "fits": figures.fits,
                                     "board": self.hardware.board.name,
                                     "identity": network.identity}, indent=1) + "\n",
                         encoding="utf-8")
        for file in sorted(folder.glob(f"{name}.*")):
            self.store.put(file, f"{name}/{file.name}")
        print(f"{name}: {said['validation_accuracy']:.2f} % of the validation images, "
              f"{figures.lut4:,} LUT4, {figures.rate:,.0f} images/s", flush=True)
        return {"name": name, "accuracy": said["validation_accuracy"], "lut4": figures.lut4,
                "rate": figures.rate, "over": figures.over, "interval": figures.interval,
                "seconds": said["seconds"], "identity": network.identity,
                "test_accuracy": said["test_accuracy"], "command": command}

    def _train(self, spec, folder):
        """Run the command of the training; go on from where it was interrupted."""
        name = name_of(spec)
        if (folder / f"{name}.json").exists():
            return
        command = [*process.PYTHON, *command_of(spec, self.dataset)[1:], "--output", str(folder)]
        if (folder / f"{name}.resume.pt").exists():
            command.append("--resume")
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / f"{name}.log"
        print(f"training {name} in full: {' '.join(spec['words'])} (its progress is in {log})",
              flush=True)
        status = process.run(command, log, self.stopped)
        if self.stopped() and status:
            for kind in ("ckpt.npz", "json", "curve.png", "confusion.png"):
                (folder / f"{name}.{kind}").unlink(missing_ok=True)  # of an unfinished training
            raise Interrupted
        if status:
            raise ValueError(f"Training of {name} must succeed: {process.last_line(log, status)} "
                             f"(its output is in {log})")


def entries(queue, proxies):
    """Return the networks that were trained in full, the seeds of one together."""
    by_trial, found = {entry.trial: entry for entry in proxies}, {}
    specs = queue.specs()
    for key, result in queue.results().items():
        spec = specs[key]
        _, seeds = found.setdefault((spec["trial"], " ".join(spec["words"])), (spec, {}))
        seeds[spec["seed"]] = result
    made = []
    for spec, seeds in found.values():
        proxy = by_trial.get(spec["trial"])
        mean = {name: sum(seed[name] for seed in seeds.values()) / len(seeds)
                for name in ("accuracy", "lut4", "rate")}
        made.append(Entry(spec["trial"], spec["family"], proxy.words if proxy else spec["words"],
                          **mean, fits=all(seed["over"] <= 0 for seed in seeds.values()),
                          seconds=sum(seed["seconds"] for seed in seeds.values()),
                          seeds=dict(sorted(seeds.items()))))
    return made
