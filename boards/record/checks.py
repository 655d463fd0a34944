"""Checks of the scorecard: a command for each rung of the ladder, for each preset."""

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sw.artefact import FOLDER, artefact, made


RUNGS = {
    "pytorch": "PyTorch = golden",
    "arithmetic": "golden = plain ±1 arithmetic",
    "rtl": "RTL = golden",
    "netlist": "synthesized netlist = golden",
}
RECORD = ("--record", "RECORD")
ENOUGH = 2_000_000  # cycles of a netlist's simulation, about: fewer images where one takes many
FEWEST = 4  # images of it at least


@dataclass(frozen=True)
class Check:
    """A check of the scorecard: commands to run, and what their outcome depends on.

    Attributes
    ----------
    name : str
        ``PRESET-RUNG``, or what the check is about.
    commands : tuple of tuple of str
        Arguments of Python, one command after the other; ``RECORD`` stands for the file to write.
    read : callable
        Takes the record's path and the log's; returns a dict, or None where the check failed.
    recipe : str or None
        Name of the network in ``data/networks`` that the check is about.
    questions : dict of str to tuple of str
        Commands that say, with ``--inputs``, what the outcome depends on, by part.
    modules, packages : tuple of str
        Modules whose code the outcome depends on where it has no better inputs, with the packages
        to follow their imports in (all of them, and the tests, if there are none).
    always : bool
        Whether the check takes so little time that it is always run.
    checkpoint : Path or None
        Another file that the check reads, and that may not be there.
    """

    name: str
    commands: tuple
    read: Callable
    recipe: str | None = None
    questions: dict = field(default_factory=dict, hash=False)
    modules: tuple = ()
    packages: tuple = ()
    always: bool = False
    checkpoint: Path | None = None

    @property
    def shown(self):
        """The commands as a user types them."""
        return " && ".join(shlex.join(["python", *(word for word, after in
                                                   zip(words, [*words[1:], ""], strict=True)
                                                   if "RECORD" not in (word, after))])
                           for words in self.commands)


def recorded(*fields):
    """Return a reader of a record: those of its fields, all of it if none are named."""
    def read(path, _):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        record.pop("inputs", None)  # the scorecard asks for them itself
        return {name: record[name] for name in fields} if fields else record
    return read


def tests_passed(_, log):
    """Read pytest's last line."""
    found = re.search(r"^(\d+) passed", log.read_text(encoding="utf-8"), re.MULTILINE)
    return {"passed": int(found[1])} if found else None


def evaluation(recipe):
    """Return a reader of what ``sw.evaluate`` says of a network."""
    def read(*_):
        record = json.loads(made(artefact(recipe), ".eval.json").read_text(encoding="utf-8"))
        compared = record["compared"]
        if not compared or compared["labels_differ"] or compared["scores_differ"]:
            return None
        return {"images": compared["images"], "accuracy": record["accuracy"]}
    return read


def of_preset(preset, interval):
    """Yield the checks of a preset.

    Parameters
    ----------
    preset : boards.record.presets.Preset
        The preset.
    interval : int
        Cycles of an image, about, to choose how many are enough.
    """
    name, recipe = preset.name, preset.recipe
    where = (recipe, "--board", preset.board, *preset.asked())
    some = ("--limit", str(preset.test_images)) if preset.test_images else ()
    count = ENOUGH // interval
    limit = ("--limit", str(min(1000, count // 100 * 100 or max(FEWEST, count))))
    stall = ("--stall",) if interval < 1000 else ()
    yield Check(f"{name}-pytorch", (("-m", "sw.evaluate", recipe),), evaluation(recipe), recipe,
                always=True, checkpoint=FOLDER / f"{recipe}.ckpt.npz")
    yield Check(f"{name}-arithmetic", (("-m", "sw.arithmetic", recipe, *RECORD),),
                recorded("images", "popcounts"), recipe, always=True)
    yield Check(f"{name}-rtl", (("-m", "sim.full", *where, *some, *stall, *RECORD),),
                recorded("images", "equal", "interval", "latency", "cycles"), recipe,
                {"simulation": ("-m", "sim.full", *where, *some)})
    yield Check(f"{name}-netlist", (("-m", "sim.netlist", *where, *limit, *stall, *RECORD),),
                recorded("images", "equal", "family", "cells", "interval", "netlist"), recipe,
                {"netlist": ("-m", "sim.netlist", *where, *limit)})


def of_bitstream(board, recipe, *asked):
    """Return the check that builds a bitstream and reads it back."""
    output = f"build/verify/{board}"
    build = ("-m", "boards.build", board, recipe, *asked)
    return Check(f"bitstream-{board}",
                 ((*build, "--output", output, "--reuse"),
                  ("-m", "sim.bitstream", board, "--output", output, *RECORD)),
                 recorded(), recipe, {"build": build}, ("sim.bitstream",),
                 ("sim.bitstream", "sim.virtual", "sim.board", "sim.cell"))


def of_netlist(name, recipe, *asked):
    """Return a check of a realization that no preset has."""
    words = ("-m", "sim.netlist", recipe, *asked, "--limit", "300")
    return Check(name, ((*words, "--stall", *RECORD),),
                 recorded("images", "equal", "family", "interval", "netlist"), recipe,
                 {"netlist": words})


def overall(small, wired):
    """Yield the checks that are about no preset: a network that builds fast, and a wired one."""
    yield of_netlist("netlist-scheduled-ecp5", small, "--board", "ulx3s", "--images-per-second",
                     "500000")
    yield of_netlist("netlist-wired-ice40", wired, "--board", "ulx3s-25f", "--family", "ice40")
    yield of_bitstream("icebreaker", small)
    yield of_bitstream("ulx3s", small, "--images-per-second", "100000")
    yield Check("benches", (("-m", "pytest", "-q", "sim"),), tests_passed,
                modules=("sim.test_sim", "sim.bench.bench_stream", "sim.bench.bench_trace"))
    yield Check("faults", (("-m", "pytest", "-q", "tests/test_faults.py"),), tests_passed,
                modules=("tests.test_faults", "sim.bench.bench_stream"))
    yield Check("prove", (("-m", "sim.prove", "--known", "docs/results/verify/prove.json",
                           *RECORD),), recorded(),
                questions={"proofs": ("-m", "sim.prove")})
    yield Check("mutate", (("-m", "sim.mutate", *RECORD),), recorded(),
                questions={"mutants": ("-m", "sim.mutate")})
    yield Check("fuzz", (("-m", "tests.fuzz", "--examples", "500", *RECORD),), recorded(),
                modules=("tests.fuzz.__main__",))
    yield Check("kill", (("-m", "tests.kill", *RECORD),), recorded(),
                modules=("tests.kill", "train.bnn_mnist", "sw.fold", "hw.generate",
                         "boards.build", "boards.bench"))
    yield Check("soak", (("-m", "sim.soak", *RECORD),), recorded(), modules=("sim.soak",))
    yield Check("reproduce", (("-m", "boards.reproduce", "icebreaker", small, *RECORD),),
                recorded(), small, modules=("boards.reproduce", "boards.build", "hw.generate"))


def checks(presets, interval_of):
    """Return all checks, in the order of the scorecard."""
    found = [check for preset in presets for check in of_preset(preset, interval_of(preset))]
    return [*found, *overall("tfc", "ulx3s-25f")]
