"""What the scorecard runs: a command for each rung of the ladder, for each preset."""

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


RUNGS = {
    "pytorch": "PyTorch = golden",
    "arithmetic": "golden = plain ±1 arithmetic",
    "rtl": "RTL = golden",
    "netlist": "synthesized netlist = golden",
}
ENOUGH = 2_000_000  # cycles of a netlist's simulation, about: fewer images where one takes many


@dataclass(frozen=True)
class Step:
    """A command of the scorecard.

    Attributes
    ----------
    name : str
        ``PRESET-RUNG``, or what it is about.
    commands : tuple of tuple of str
        Arguments of Python, one after the other; ``RECORD`` stands for the file to write.
    modules : tuple of str
        Whose code its outcome depends on.
    read : callable
        Takes the record's path and the log's; returns a dict, or None where it failed.
    """

    name: str
    commands: tuple
    modules: tuple
    read: Callable

    @property
    def network(self):
        """The network that it is about, a path, or None."""
        named = [word for words in self.commands for word in words if word.endswith(".net.npz")]
        return Path(named[0]) if named else None

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
        return {field: record[field] for field in fields} if fields else record
    return read


def tests_passed(_, log):
    """Read pytest's last line."""
    found = re.search(r"^(\d+) passed", log.read_text(encoding="utf-8"), re.MULTILINE)
    return {"passed": int(found[1])} if found else None


def evaluation(network):
    """Return a reader of what ``sw.evaluate`` leaves beside a network."""
    def read(*_):
        path = network.with_name(network.name.replace(".net.npz", ".eval.json"))
        record = json.loads(path.read_text(encoding="utf-8"))
        compared = record["compared"]
        if not compared or compared["labels_differ"] or compared["scores_differ"]:
            return None
        return {"images": compared["images"], "accuracy": record["accuracy"]}
    return read


def of_preset(preset, network, interval):
    """Yield the steps of a preset.

    Parameters
    ----------
    preset : boards.record.presets.Preset
        The preset.
    network : Path
        Its network, with its checkpoint beside it.
    interval : int
        Cycles of an image, about, to choose how many are enough.
    """
    rate = (["--images-per-second", f"{preset.images_per_second:g}"]
            if preset.images_per_second else [])
    where = [str(network), "--board", preset.board, "--freq", f"{preset.megahertz:g}", *rate]
    images = min(1000, max(200, ENOUGH // interval // 100 * 100))
    stall = ["--stall"] if interval < 1000 else []
    name = preset.name
    yield Step(f"{name}-pytorch", (("-m", "sw.evaluate", str(network)),),
               ("sw.evaluate", "sw.golden"), evaluation(network))
    yield Step(f"{name}-arithmetic",
               (("-m", "sw.arithmetic", str(network), "--record", "RECORD"),),
               ("sw.arithmetic",), recorded("images", "popcounts"))
    yield Step(f"{name}-rtl", (("-m", "sim.full", *where, *stall, "--record", "RECORD"),),
               ("sim.full",), recorded("images", "equal", "interval", "latency", "cycles"))
    yield Step(f"{name}-netlist", (("-m", "sim.netlist", *where, "--limit", str(images), *stall,
                                    "--record", "RECORD"),),
               ("sim.netlist", "sim.cell.cells"),
               recorded("images", "equal", "family", "cells", "interval"))


def of_bitstream(board, network, rate=None):
    """Return the step that builds a bitstream and reads it back."""
    output = f"build/verify/{board}"
    options = ["--images-per-second", f"{rate:g}"] if rate else []
    return Step(f"bitstream-{board}",
                (("-m", "boards.build", board, str(network), *options, "--output", output,
                  "--reuse"),
                 ("-m", "sim.bitstream", board, "--output", output, "--record", "RECORD")),
                ("boards.build", "sim.bitstream", "sim.cell.cells"), recorded())


def of_netlist(name, network, *options):
    """Return a step for a realization that no preset has."""
    return Step(name, (("-m", "sim.netlist", str(network), *options, "--limit", "300", "--stall",
                        "--record", "RECORD"),),
                ("sim.netlist", "sim.cell.cells"),
                recorded("images", "equal", "family", "interval"))


def overall(small, wired):
    """Yield the steps that are about no preset: a network that builds fast, and a wired one."""
    yield of_netlist("netlist-scheduled-ecp5", small, "--board", "ulx3s", "--images-per-second",
                     "500000")
    yield of_netlist("netlist-wired-ice40", wired, "--board", "ulx3s-25f", "--family", "ice40")
    yield of_bitstream("icebreaker", small)
    yield of_bitstream("ulx3s", small, 100_000)
    yield Step("benches", (("-m", "pytest", "-q", "sim"),), ("sim.test_sim",), tests_passed)
    yield Step("faults", (("-m", "pytest", "-q", "tests/test_faults.py"),), ("sim.test_sim",),
               tests_passed)
    yield Step("prove", (("-m", "sim.prove", "--record", "RECORD"),), ("sim.prove",), recorded())
    yield Step("mutate", (("-m", "sim.mutate", "--record", "RECORD"),), ("sim.mutate",),
               recorded())
    yield Step("fuzz", (("-m", "tests.fuzz", "--examples", "500", "--record", "RECORD"),),
               ("sw.network", "sw.checkpoint", "sw.line.protocol"), recorded())
    yield Step("kill", (("-m", "tests.kill", "--record", "RECORD"),),
               ("boards.build", "sw.fold"), recorded())
    yield Step("soak", (("-m", "sim.soak", "--record", "RECORD"),), ("sim.soak",), recorded())
    yield Step("reproduce", (("-m", "boards.reproduce", "icebreaker", str(small), "--record",
                              "RECORD"),), ("boards.reproduce",), recorded())


def steps(presets, network_of, interval_of):
    """Return all steps, in the order of the scorecard."""
    networks = {preset.name: network_of(preset) for preset in presets}
    found = [step for preset in presets
             for step in of_preset(preset, networks[preset.name], interval_of(preset))]
    return [*found, *overall(networks["tfc-icebreaker"], networks["ulx3s-25f"])]
