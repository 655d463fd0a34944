"""Bitstream of a network that the user keeps, by the command of the build."""

import shlex

from boards.record.attempt import next_clock, reached
from sw.share.queue import Interrupted
from sw.store.files import read_json

from . import process


SEEDS = (1, 2, 3)  # of the placer, tried in turn until one meets the clock
LOWER = 2          # builds at a clock that the one before reached


def spec_of(entry):
    """Return what is built of a network, as a dict for JSON: its first seed."""
    seed = entry.seeds[min(entry.seeds)]
    return {"name": seed["name"], "identity": seed["identity"], "trial": entry.trial}


class Build:
    """Place and route of a description.

    Parameters
    ----------
    store : sw.share.store.Store
        Where files come from and go.
    hardware : Hardware
        The board.
    signals : list
        Is no longer empty when the worker must stop.
    """

    def __init__(self, store, hardware, signals):
        self.store = store
        self.hardware = hardware
        self.signals = signals

    def __call__(self, spec):
        """Build; return what was reached, as a dict that JSON can hold."""
        name = spec["name"]
        net = self.store.folder / "full" / name / f"{name}.net.npz"
        if not net.exists():
            self.store.get(f"{name}/{net.name}", net)
        folder = self.store.folder / "build" / name
        folder.mkdir(parents=True, exist_ok=True)
        print(f"building {name} (its progress is in {folder})", flush=True)
        clocks = {}
        for seed in SEEDS:
            report, clock, message = self._attempt(net, folder, self.hardware.wished, seed)
            if report is not None or clock is None:
                break
            clocks[clock] = seed
        for _ in range(LOWER):
            if report is not None or clock is None:
                break
            best = max(clocks)
            report, clock, message = self._attempt(net, folder, next_clock(best), clocks[best])
            clocks = {clock: clocks[best]}
        made = self._result(spec, folder, report, message)
        print(f"{name}: " + (f"{made['reached']:.2f} MHz reached, {made['megahertz']:g} MHz used, "
                             f"{made['lut4']:,} LUT4, {made['rate']:,.0f} images/s"
                             if made["built"] else f"not built: {message}"), flush=True)
        return made

    def _attempt(self, net, folder, megahertz, seed):
        """Build at a clock; return the report, the clock that was reached, and the message."""
        output = folder / f"{f'{megahertz:g}' if megahertz else 'usual-'}MHz-seed{seed}"
        clock = [] if megahertz is None else ["--freq", f"{megahertz:g}"]
        wanted = self.hardware.images_per_second
        rate = [] if wanted is None else ["--images-per-second", f"{wanted:g}"]
        words = ["-m", "boards.build", *self.hardware.board.words, str(net), *clock, *rate,
                 "--seed", str(seed)]
        log = folder / f"{output.name}.log"
        status = process.run([*process.PYTHON, *words, "--output", str(output), "--reuse"], log,
                             lambda: bool(self.signals))
        if self.signals and status:
            raise Interrupted
        if not status:
            report = read_json(output / self.hardware.board.name / "report.json")
            return {**report, "command": shlex.join(["python", *words]), "output": output}, None, ""
        message = process.last_line(log, status)
        return None, reached(message), message

    def _result(self, spec, folder, report, message):
        if report is None:
            return {**spec, "built": False, "message": message, "folder": str(folder)}
        results = report["output"] / self.hardware.board.name
        weights = [report["weights"]["file"]] if "weights" in report else []
        for file in (results / part for part in (report["bitstream"], "report.json", *weights)):
            self.store.put(file, f"{spec['name']}/{file.name}")
        lut4, clock = report["resources"]["lut4"], report["clock"]
        return {**spec, "built": True, "command": report["command"], "seed": report["seed"],
                "reached": clock["reached"], "megahertz": clock["megahertz"],
                "lut4": lut4["used"], "estimate": lut4["estimate"],
                "rate": clock["megahertz"] * 1e6 / report["interval"],
                "bitstream": f"networks/{spec['name']}/{report['bitstream']}",
                "report": f"networks/{spec['name']}/report.json"}
