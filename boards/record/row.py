"""One row of the benchmark: train, fold, evaluate, build, simulate, each step once."""

import hashlib
import json
import platform
import re
import shutil
import sys
from dataclasses import asdict
from importlib import metadata
from math import floor
from pathlib import Path

from sw import network as networks
from sw.store.lock import alone

from ..board import find
from ..toolchain import sources, tools
from ..toolchain.ledger import Ledger, key_of
from ..toolchain.tools import Tool


# What a result depends on besides its input: the code that makes it. Of a training that is only
# what is in train/, an hour being too much for a reworded message, without the recipe, which is an
# input.
CODE = {
    "train": {"modules": ["train.bnn_mnist"], "packages": ["train"],
              "without": ["train.recipes", "train.pictures"]},
    "fold": {"modules": ["sw.fold"]},
    "evaluate": {"modules": ["sw.evaluate"]},
    "build": {"modules": ["boards.build"]},
    "simulate": {"modules": ["sim.full"]},
}

ATTEMPTS = 2  # builds at a clock that the one before reached, before a row is given up
MARGIN = 0.97  # of a reached clock to build at: placement differs from clock to clock


def row_key(preset, recipe):
    """Hash what a row depends on, without making anything: code, recipe, options, tools."""
    return key_of(asdict(preset), recipe, _train_key(preset, recipe), _tools(preset),
                  {step: _code(step) for step in CODE})


def fits(provenance, preset, recipe):
    """Return whether a network was trained as a preset wants, by what its file says of that."""
    loose = {"levels"} | ({"augment"} if preset.dataset != "mnist" else set())
    before = provenance.get("recipe", {})
    return (not provenance.get("interrupted")
            and (provenance.get("dataset"), provenance.get("seed"), provenance.get("limit"))
            == (preset.dataset, preset.seed, preset.train_images)
            and all(before.get(key, value) == value for key, value in recipe.items()
                    if key not in loose))


class Row:
    """The steps of one row.

    Every step runs as a command of its own. Its log, and a ledger of the steps that are done, are
    beside what it makes: the network's in ``networks``, as presets share networks, the rest in a
    folder of the preset's name.

    Parameters
    ----------
    preset : Preset
        What to measure.
    recipe : dict
        How its network is trained.
    folder : Path
        Where everything goes.
    steps : Steps
        Progress.
    adopt : Path or None
        Folder with networks trained before, ``NAME/NAME.ckpt.npz``, to use instead of training
        where recipe, dataset and seed are the same.
    """

    def __init__(self, preset, recipe, folder, steps, adopt=None):
        self.preset = preset
        self.recipe = recipe
        self.steps = steps
        self.adopt = adopt
        self.board = find(preset.board)
        self.name = preset.trained
        self.networks = Path(folder) / "networks" / self.name
        self.folder = Path(folder) / preset.name
        self.network = self.networks / f"{self.name}.net.npz"
        self.seconds = {}

    def run(self):
        """Make the row; return it, a dict that JSON can hold."""
        identity = self.prepare()
        scored = self._evaluate(identity)
        report, placer_seed = self._build(identity)
        simulated = self._simulate(identity, report)
        return self._row(scored, report, simulated, placer_seed)

    def prepare(self):
        """Train and fold the network, at ``self.network`` then; return its identity.

        Another run that prepares the same network waits.
        """
        with alone(self.networks / ".lock", f"Training in {self.networks}", wait=True):
            self._train()
            return self._fold()

    def _train(self):
        preset = self.preset
        arguments = ["--network", preset.network, "--dataset", preset.dataset, "--seed",
                     preset.seed, "--name", self.name, "--output", self.networks]
        if preset.train_images:
            arguments += ["--limit", preset.train_images]
        key = _train_key(preset, self.recipe)
        ledger = Ledger(self.networks / "steps.json")
        if self.adopt and ledger.result("train", key) is None and self._adopt():
            ledger.begin("train", key)
            trained = json.loads((self.networks / f"{self.name}.json").read_text(encoding="utf-8"))
            ledger.finish("train", key, {"seconds": trained["seconds"]})
        self._step("train", key, ledger, "train.bnn_mnist", *arguments,
                   makes=self.networks / f"{self.name}.ckpt.npz",
                   resume=self.networks / f"{self.name}.resume.pt")

    def _adopt(self):
        """Copy a network that was trained before; return whether there is one."""
        source = self.adopt / self.name
        try:
            before = networks.load(source / f"{self.name}.net.npz").provenance
        except FileNotFoundError:
            return False
        if not fits(before, self.preset, self.recipe):
            return False
        self.networks.mkdir(parents=True, exist_ok=True)
        for suffix in ("ckpt.npz", "json"):
            name = f"{self.name}.{suffix}"
            if source.resolve() != self.networks.resolve():
                shutil.copyfile(source / name, self.networks / name)
        return True

    def _fold(self):
        checkpoint = self.networks / f"{self.name}.ckpt.npz"
        key = key_of(_hash(checkpoint), _code("fold"))
        self._step("fold", key, Ledger(self.networks / "steps.json"), "sw.fold", checkpoint,
                   "-o", self.network, makes=self.network)
        return networks.load(self.network).identity

    def _evaluate(self, identity):
        path = self.networks / f"{self.name}.eval.json"
        key = key_of(identity, self.preset.dataset, _code("evaluate"))
        self._step("evaluate", key, Ledger(self.networks / "steps.json"), "sw.evaluate",
                   self.network, "--dataset", self.preset.dataset, makes=path)
        return json.loads(path.read_text(encoding="utf-8"))

    def _build(self, identity):
        """Build with each of the placer's seeds, then at the clock that was reached."""
        clocks = []  # reached, and with which seed
        for seed in self.preset.placer_seeds:
            report, reached = self._attempt(identity, self.preset.megahertz, seed)
            if report:
                return report, seed
            clocks.append((reached, seed))
        reached, seed = max(clocks)
        for _ in range(ATTEMPTS):
            report, reached = self._attempt(identity, floor(MARGIN * reached), seed)
            if report:
                return report, seed
        raise ValueError(f"Row {self.preset.name!r}, step 'build': a clock must be met: the last "
                         f"of {len(clocks) + ATTEMPTS} builds reached {reached} MHz (wish for "
                         f"less in boards/record/presets.py)")

    def _attempt(self, identity, megahertz, seed):
        """Build at a clock; return the report, or None and the clock that it reached, in MHz."""
        preset = self.preset
        output = self.folder / f"{megahertz:g}MHz-seed{seed}"
        key = key_of(identity, preset.board, megahertz, seed, preset.images_per_second,
                     _tools(preset), _code("build"))
        step = f"build {megahertz:g} MHz seed {seed}"
        ledger = Ledger(self.folder / "steps.json")
        missed = (ledger.result(step, key) or {}).get("missed")
        arguments = [preset.board, self.network, "--freq", f"{megahertz:g}", "--seed", seed,
                     "--output", output, "--reuse"]
        if preset.images_per_second:
            arguments += ["--images-per-second", preset.images_per_second]
        path = output / self.board.name / "report.json"
        if missed is None:
            try:
                self._step(step, key, ledger, "boards.build", *arguments, makes=path)
            except ValueError as error:
                reached = re.search(r"Clock must be at most ([\d.]+) MHz", str(error))
                if not reached:
                    raise
                missed = float(reached[1])
                ledger.finish(step, key, {"missed": missed})
        if missed is not None:
            self._say(f"{step}: timing allows {missed} MHz")
            return None, missed
        return json.loads(path.read_text(encoding="utf-8")), None

    def _simulate(self, identity, report):
        schedule, record = self.folder / "schedule.json", self.folder / "simulation.json"
        text = json.dumps(report["schedule"], indent=2) + "\n"
        key = key_of(identity, text, self.preset.dataset, self.preset.test_images,
                     _code("simulate"))
        schedule.write_text(text, encoding="utf-8")
        arguments = [self.network, "--board", self.preset.board, "--schedule", schedule,
                     "--dataset", self.preset.dataset, "--record", record]
        if self.preset.test_images:
            arguments += ["--limit", self.preset.test_images]
        self._step("simulate", key, Ledger(self.folder / "steps.json"), "sim.full", *arguments,
                   makes=record)
        return json.loads(record.read_text(encoding="utf-8"))

    def _step(self, name, key, ledger, module, *arguments, makes, resume=None):
        """Run ``python -m module`` unless it is done and what it makes there; keep its wall time.

        A training that was interrupted goes on from the file ``resume``.
        """
        done = ledger.result(name, key) if makes.exists() else None
        label = f"{self.preset.name}: {name}"
        if done is None or "seconds" not in done:
            interrupted = ledger.begin(name, key)
            if resume and interrupted and resume.exists():
                arguments += ("--resume",)
            log = ledger.path.parent / f"{name.replace(' ', '-')}.log"
            command = Tool(module, (sys.executable, "-m", module), "", "")
            try:
                with self.steps.step(label, log):
                    self.steps.run(command, list(map(str, arguments)), directory=Path(),
                                   log=log)
            except ValueError as error:
                raise ValueError(f"Row {self.preset.name!r}, step {name!r}: {error}") from None
            done = {"seconds": self.steps.seconds[label]}
            ledger.finish(name, key, done)
        else:
            self.steps.keep({label: done["seconds"]})
        self.seconds[name.split()[0]] = done["seconds"]

    def _say(self, text):
        print(f"{self.preset.name}: {text}", file=sys.stderr)

    def _row(self, scored, report, simulated, placer_seed):
        resources, clock = report["resources"], report["clock"]
        took = {**self.seconds, **report["seconds"]}
        order = ["train", "fold", "evaluate", *report["seconds"], "simulate"]
        return {
            "preset": self.preset.name,
            "network": self.preset.network,
            "identity": report["network"]["identity"],
            "dataset": self.preset.dataset,
            "accuracy": scored["accuracy"],
            "rtl_equal": simulated["equal"],
            "rtl_images": simulated["images"],
            "board": report["board"],
            **{kind: resources[kind]["used"] for kind in resources},
            "fmax_mhz": round(clock["reached"], 2),
            "clock_mhz": round(clock["megahertz"], 6),
            "interval": simulated["interval"],
            "latency_cycles": simulated["latency"],
            "images_per_second": clock["megahertz"] * 1e6 / simulated["interval"],
            "synapses": report["network"]["synapses"],
            "lut4_per_synapse": round(report["lut4_per_synapse"], 4),
            "estimate": {kind: {"value": numbers["estimate"],
                                "error_percent": _rounded(numbers["estimate_error_percent"])}
                         for kind, numbers in resources.items()},
            "golden_images_per_second": scored["images_per_second"],
            "seconds": {step: took[step] for step in order},
            "tools": {name: f"{tool['version']} ({tool['origin']})"
                      for name, tool in report["tools"].items()},
            "seed": {"training": self.preset.seed, "placer": placer_seed},
            "key": row_key(self.preset, self.recipe),
        }


def _train_key(preset, recipe):
    return key_of(recipe, preset.dataset, preset.seed, preset.train_images, _code("train"),
                  metadata.version("torch"))


def _code(step):
    options = dict(CODE[step])
    return sources.digest(*options.pop("modules"), **options)


def _tools(preset):
    return [platform.python_version(), metadata.version("amaranth"),
            *(str(tools.find(name)) for name in tools.FAMILIES[find(preset.board).family])]


def _hash(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _rounded(number):
    return None if number is None else round(number, 2)
