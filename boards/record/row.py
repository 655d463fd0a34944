"""One row of the benchmark: evaluate, build, simulate; and what the row depends on."""

import json
import sys
from pathlib import Path

from sw import network as networks
from sw.artefact import made
from sw.store.files import write_text

from ..board import find
from ..toolchain.tools import Tool
from .attempt import next_clock, reached


ATTEMPTS = 2  # builds at a clock that the one before reached, before a row is given up


class Row:
    """The steps of one row.

    Every step runs as a command of its own, with its log in the preset's folder. A command keeps
    what it made before from the same inputs, so that a row is made again in a minute.

    Parameters
    ----------
    preset : Preset
        What to measure.
    network : Path
        The network's file.
    folder : Path
        Where everything goes, in a folder of the preset's name.
    steps : Steps
        Progress.
    """

    def __init__(self, preset, network, folder, steps):
        self.preset = preset
        self.network = network
        self.steps = steps
        self.board = find(preset.board)
        self.folder = Path(folder) / preset.name
        self.seconds = {}

    def run(self):
        """Make the row; return it, a dict that JSON can hold."""
        self.folder.mkdir(parents=True, exist_ok=True)
        provenance = networks.load(self.network).provenance
        scored = self._evaluate()
        report, asked = self._build()
        simulated = self._simulate(report)
        return self._row(provenance, scored, report, asked, simulated)

    def _evaluate(self):
        self._step("evaluate", "sw.evaluate", self.network, "--dataset", self.preset.dataset)
        return json.loads(made(self.network, ".eval.json").read_text(encoding="utf-8"))

    def _build(self):
        """Build with each of the placer's seeds, then at the clock that was reached.

        Returns
        -------
        dict, float
            The report, and the clock that was asked for, in MHz.
        """
        clocks = []  # reached, and with which seed
        for seed in self.preset.placer_seeds:
            report, clock = self._attempt(self.preset.megahertz, seed)
            if report:
                return report, self.preset.megahertz
            clocks.append((clock, seed))
        clock, seed = max(clocks)
        for _ in range(ATTEMPTS):
            asked = next_clock(clock)
            report, clock = self._attempt(asked, seed)
            if report:
                return report, asked
        raise ValueError(f"Row {self.preset.name!r}, step 'build': a clock must be met: the last "
                         f"of {len(clocks) + ATTEMPTS} builds reached {clock} MHz (wish for "
                         f"less in boards/record/presets.py)")

    def _attempt(self, megahertz, seed):
        """Build at a clock; return the report, or None and the clock that it reached, in MHz."""
        output = self.folder / f"{megahertz:g}MHz-seed{seed}"
        step = f"build {megahertz:g} MHz seed {seed}"
        try:
            self._step(step, "boards.build", *build_words(self.preset, self.network, megahertz,
                                                          seed), "--output", output, "--reuse")
        except ValueError as error:
            clock = reached(str(error))
            if clock is None:
                raise
            print(f"{self.preset.name}: {step}: timing allows {clock:g} MHz", file=sys.stderr)
            return None, clock
        path = output / self.board.name / "report.json"
        return json.loads(path.read_text(encoding="utf-8")), None

    def _simulate(self, report):
        schedule, record = self.folder / "schedule.json", self.folder / "simulation.json"
        write_text(schedule, json.dumps(report["schedule"], indent=2) + "\n")
        limit = ["--limit", self.preset.test_images] if self.preset.test_images else []
        self._step("simulate", "sim.full", self.network, "--board", self.preset.board,
                   "--schedule", schedule, "--dataset", self.preset.dataset, "--record", record,
                   *limit)
        return json.loads(record.read_text(encoding="utf-8"))

    def _step(self, name, module, *arguments):
        """Run ``python -m module``; keep its wall time."""
        label = f"{self.preset.name}: {name}"
        log = self.folder / f"{name.replace(' ', '-')}.log"
        command = Tool(module, (sys.executable, "-m", module), "", "")
        try:
            with self.steps.step(label, log):
                self.steps.run(command, list(map(str, arguments)), directory=Path(), log=log)
        except ValueError as error:
            raise ValueError(f"Row {self.preset.name!r}, step {name!r}: {error}") from None
        self.seconds[name] = self.steps.seconds[label]

    def _row(self, provenance, scored, report, asked, simulated):
        resources, clock = report["resources"], report["clock"]
        return {
            "preset": self.preset.name,
            "recipe": self.preset.recipe,
            "identity": report["network"]["identity"],
            "dataset": self.preset.dataset,
            "accuracy": scored["accuracy"],
            "rtl_equal": simulated["equal"],
            "rtl_images": simulated["images"],
            "board": report["board"],
            **{kind: resources[kind]["used"] for kind in resources},
            "wished_mhz": self.preset.megahertz,
            "asked_mhz": asked,
            "fmax_mhz": round(clock["reached"], 2),
            "clock_mhz": round(clock["megahertz"], 6),
            "interval": simulated["interval"],
            "latency_cycles": simulated["latency"],
            "images_per_second": clock["megahertz"] * 1e6 / simulated["interval"],
            "synapses": report["network"]["synapses"],
            "parts": report["network"]["parts"],
            "lut4_per_synapse": _rounded(report["lut4_per_synapse"], 4),
            "estimate": {kind: {"value": numbers["estimate"],
                                "error_percent": _rounded(numbers["estimate_error_percent"])}
                         for kind, numbers in resources.items()},
            "golden_images_per_second": scored["images_per_second"],
            "seconds": {"evaluate": self.seconds["evaluate"], **report["seconds"],
                        "simulate": simulated["wall_seconds"]},
            "training_seconds": None,
            "tools": {name: f"{tool['version']} ({tool['origin']})"
                      for name, tool in report["tools"].items()},
            "seed": {"training": provenance.get("seed"), "placer": report["seed"]},
            "inputs": {"build": {"network": report["network"]["identity"],
                                 **report["provenance"]["consumed"]},
                       "simulation": simulated["inputs"]},
            "current": True,
        }


def build_words(preset, network, megahertz, seed):
    """Return the arguments of ``boards.build`` for a preset at a clock."""
    return [preset.board, network, *preset.asked(megahertz), "--seed", seed]


def questions(row, preset):
    """Return the commands that say what a recorded row would depend on today, by part."""
    words = build_words(preset, preset.recipe, row["asked_mhz"], row["seed"]["placer"])
    limit = ["--limit", preset.test_images] if preset.test_images else []
    return {"build": _words("boards.build", *words),
            "simulation": _words("sim.full", preset.recipe, "--board", preset.board,
                                 *preset.asked(row["asked_mhz"]), *limit)}


def parts(row):
    """Return what a row's network consists of; rows without ``parts`` are of threshold networks."""
    return row.get("parts") or {"synapses": row["synapses"]}


def _words(module, *arguments):
    return ("-m", module, *map(str, arguments))


def _rounded(number, digits=2):
    return None if number is None else round(number, digits)
