"""The scorecard: what was checked, on what, how often, with which command: ``make verify``."""

import argparse
import datetime
import hashlib
import json
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

from sw import network as networks
from sw.command import run
from sw.store.files import read_json, write_text
from sw.store.lock import alone

from .bench import RESULTS, WORK, read_rows, recipe_of, recipes
from .record import scorecard as verify_table
from .record.checks import steps
from .record.presets import PRESETS
from .record.row import Row, fits
from .toolchain.sources import digest
from .toolchain.steps import Steps, stopping_on_terminate


RECORDS = RESULTS / "verify"
DOCUMENT = RESULTS.parent / "verification.md"


def network_of(preset, folders):
    """Return where a training left a preset's network, or would leave it: the first folder."""
    names = (preset.trained, preset.network)
    paths = [folder / name / f"{name}.net.npz" for folder in folders for name in names]
    return next((path for path in paths if path.is_file()), paths[0])


def prepare(network):
    """Train a preset's network, unless it is there and was trained as the preset wants."""
    preset = next(preset for preset in PRESETS.values()
                  if network.parent.name in (preset.trained, preset.network))
    recipe = recipe_of(preset, known_recipes())
    there = network.is_file()
    if there and fits(networks.load(network).provenance, preset, recipe):
        return
    if network != network_of(preset, [WORK / "networks"]):
        wanted = f"the one of preset {preset.name}" if there else "there"
        raise ValueError(f"Network must be {wanted}: {network} (remove it, or name another folder "
                         f"with --networks; without it, networks are trained)")
    Row(preset, recipe, WORK, Steps()).prepare()


@cache
def known_recipes():
    """Return all recipes, asked for once."""
    return recipes()


def perform(step, *, again=False):
    """Run a step, unless its record is there and of the same code, command and network.

    A network that is not there, or is another than the preset's, is trained first, as the benchmark
    does.

    Returns
    -------
    bool
        Whether it succeeded, now or before.
    """
    path = RECORDS / f"{step.name}.json"
    key = digest(*step.modules)
    kept = _kept(path)
    if step.network:
        prepare(step.network)
    network = hashlib.sha256(step.network.read_bytes()).hexdigest() if step.network else None
    if (not again and kept and kept["command"] == step.shown and kept["key"] == key
            and kept["network"] == network):
        print(f"{step.name}: kept, of {kept['date']}")
        return True
    print(f"{step.name}: {step.shown} ...", flush=True)
    raw = WORK.parent / "verify" / f"{step.name}.json"
    with alone(raw.with_suffix(".lock"), f"Step {step.name}"):
        record = _run(step, raw)
    if record is None:
        path.unlink(missing_ok=True)
        return False
    write_text(path, json.dumps({
        "step": step.name, "command": step.shown, "key": key, "network": network,
        "date": datetime.date.today().isoformat(), **record}, indent=1) + "\n")
    print(f"{step.name}: done in {record['seconds']:.0f} s")
    return True


def _run(step, raw):
    """Run the commands of a step, which write ``raw``; return what to record, None if one fails."""
    log = raw.with_suffix(".log")
    raw.unlink(missing_ok=True)
    start = time.monotonic()
    with open(log, "w", encoding="utf-8") as output:
        for words in step.commands:
            words = [str(raw) if word == "RECORD" else word for word in words]
            done = subprocess.run([sys.executable, *words], stdout=output,
                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
            if done.returncode:
                break
    seconds = time.monotonic() - start
    result = None if done.returncode else step.read(raw, log)
    if result is None:
        print(f"error: {step.name}: it ended with {done.returncode} (log: {log})", file=sys.stderr)
        return None
    return {"seconds": round(seconds, 1), "result": result}


def write_document(known):
    """Write the page from the records that are there, for all steps by name."""
    records = {name: kept for name in known if (kept := _kept(RECORDS / f"{name}.json"))}
    stale = {name for name, record in records.items()
             if record["key"] != digest(*known[name].modules)}
    write_text(DOCUMENT, verify_table.render(records, list(known), stale=stale))


def interval_of(preset):
    """Return the cycles of an image in the benchmark's row of a preset, 1,000 without one."""
    rows = read_rows(RESULTS / "bench.json")
    return rows[preset.name]["interval"] if preset.name in rows else 1000


def _kept(path):
    try:
        record = read_json(path)
        return record if {"command", "key", "network", "date", "result"} <= set(record) else None
    except (OSError, ValueError, TypeError):
        return None


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m boards.verify", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME,…", help="only these steps, of --list")
    parser.add_argument("--list", action="store_true", help="print the steps and leave")
    parser.add_argument("--networks", type=Path, action="append", metavar="DIR",
                        help="where trained networks lie, DIR/NAME/NAME.net.npz (default: "
                             f"{WORK / 'networks'} and build; those missing are trained)")
    parser.add_argument("--again", action="store_true", help="run what was run already, too")
    parser.add_argument("--document", action="store_true",
                        help="only write the document anew, from the records that are there")
    args = parser.parse_args(argv)
    folders = args.networks or [WORK / "networks", Path("build")]
    known = {step.name: step for step in steps(
        PRESETS.values(), lambda preset: network_of(preset, folders), interval_of)}
    chosen = [name for name in args.only.split(",") if name] or list(known)
    for name in chosen:
        if name not in known:
            raise ValueError(f"Step must be one of {', '.join(known)}: {name!r}")
    if args.list:
        for step in known.values():
            print(f"{step.name:<32} {step.shown}")
        return 0
    failures = []
    if not args.document:
        with stopping_on_terminate():
            for name in chosen:
                try:
                    if not perform(known[name], again=args.again):
                        failures.append(name)
                except ValueError as error:
                    print(f"error: {name}: {error}", file=sys.stderr)
                    failures.append(name)
                write_document(known)
    write_document(known)
    print(f"wrote {DOCUMENT}")
    if failures:
        print(f"error: {len(failures)} of {len(chosen)} steps failed: {', '.join(failures)}",
              file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    run(main)
