"""Compares all methods on one network: ``python -m train.compress.report --network lenet``.

Each row of each seed is a small file in build/compress, so a killed run goes on where it was.
"""

import json
import sys
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import asdict, replace
from functools import lru_cache
from graphlib import TopologicalSorter
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import NamedTuple

from sw.command import Parser, run
from sw.data import datasets
from sw.store.files import parse_json, read_json, write_text

from ..determinism import deterministic
from . import checkpoint, data, page, task
from .lesson import Lesson, loss_of
from .methods import AFTER, METHODS, SETTINGS, Setting, Skipped
from .result import Row
from .retrain import Retrain
from .train import train


FOLDER = Path("build") / "compress"
SEEDS = 3


def main(argv=None):
    args = _parser().parse_args(argv)
    setting = SETTINGS[args.network]
    if args.dataset:
        setting = replace(setting, dataset=args.dataset)
    if args.epochs is not None:
        setting = replace(setting, epochs=args.epochs, again=min(args.epochs, setting.again),
                          bits_epochs=min(args.epochs, setting.bits_epochs))
    if unknown := set(args.only or ()) - set(METHODS):
        raise ValueError(f"Methods must be some of {', '.join(METHODS)}: "
                         f"{', '.join(sorted(unknown))}")
    names = [name for name in METHODS if not args.only or name in args.only]
    folder = Path(args.output or FOLDER / setting.name)
    _keep_to(folder / "setting.json", {**asdict(setting), "limit": args.limit})
    make_rows([Job(setting, folder, seed, args.limit, name) for name in names
               for seed in range(1, args.seeds + 1) if not _path(folder, name, seed).exists()],
              args.jobs)
    found = gather(folder, names, args.seeds)
    wrote = page.write(folder, setting, found)
    text = wrote[0].read_text(encoding="utf-8")
    print(text)
    if args.page:
        page.insert(Path(args.page), setting.name, text)
        wrote.append(args.page)
    print(f"wrote {', '.join(map(str, wrote))}")


def _keep_to(path, wanted):
    """Write the settings of the rows in a folder; raise ValueError if it has rows of others."""
    if path.exists() and read_json(path) != wanted:
        raise ValueError(f"{path} must have the settings of this report: its rows have others "
                         f"(give another --output, or remove {path.parent})")
    write_text(path, json.dumps(wanted, indent=1) + "\n")


class Job(NamedTuple):
    """A row of a seed; without a method's name only the seed's float network."""

    setting: Setting
    folder: Path
    seed: int
    limit: int | None
    name: str | None


def make_rows(jobs, processes):
    """Make rows, so many at once; a seed's float network comes before its rows."""
    order = TopologicalSorter()
    for job in jobs:
        before = job._replace(name=AFTER.get(job.name))
        order.add(job, job._replace(name=None), *[before] * (before in jobs))
    if processes == 1:
        for job in order.static_order():
            make_row(job)
        return
    order.prepare()
    running = {}
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        try:
            while order.is_active():
                for job in order.get_ready():
                    running[pool.submit(make_row, job)] = job
                for made in wait(running, return_when=FIRST_COMPLETED).done:
                    made.result()
                    order.done(running.pop(made))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def make_row(job):
    """Make the row of a job and write its file."""
    setting, folder, seed, limit, name = job
    base = float_network(setting, folder, seed, limit)
    if name is None:
        return
    dataset = _dataset(setting.dataset)
    found = task.Task(base.network, dataset, data.split(dataset, seed, limit=limit),
                      Retrain(setting.again, setting.rate, seed, setting.augment,
                              loss_of(base.network, Lesson()), setting.half), setting.name)
    try:
        text = METHODS[name](found, setting, folder).to_json()
    except Skipped as reason:
        text = {"method": name, "skipped": str(reason)}
    write_text(_path(folder, name, seed),
               json.dumps(text, indent=1, default=task.plain_number) + "\n")
    print(f"{setting.name}, seed {seed}: {name} is done", file=sys.stderr, flush=True)


@lru_cache(maxsize=1)
def _dataset(name):
    return datasets.load(name)


def float_network(setting, folder, seed, limit):
    """Return the float checkpoint of a seed, trained if it is not there yet."""
    path = folder / f"float-{seed}.float.npz"
    if not path.exists():
        with deterministic():
            trained = train(setting.layers, setting.dataset, seed=seed, epochs=setting.epochs,
                            augment=setting.augment, limit=limit, half=setting.half,
                            name=setting.name)
        checkpoint.save(path, trained)
    return checkpoint.load(path)


def gather(folder, names, seeds):
    """Return the rows of all methods, seeds joined; and why some methods have none, by name."""
    rows, skipped = [], {}
    for name in names:
        found = [read(_path(folder, name, seed)) for seed in range(1, seeds + 1)]
        if "skipped" in found[0]:
            skipped[found[0]["method"]] = found[0]["skipped"]
            continue
        made = [Row(**fields) for fields in found]
        first = made[0]
        first.accuracies = [row.accuracies[0] for row in made]
        first.octets = round(sum(row.octets for row in made) / len(made))
        first.seconds = median(row.seconds for row in made)
        rows.append(first)
    return rows, skipped


def read(path):
    """Return the fields of a row's file."""
    found = parse_json(path.read_bytes(), path)
    if not isinstance(found, dict) or not (
            "skipped" in found or set(found) == set(Row.__dataclass_fields__)):
        raise ValueError(f"{path} must be a row of this report (remove it and run again)")
    return found


def _path(folder, name, seed):
    return folder / f"{name}-{seed}.json"


def _parser():
    made = Parser(prog="python -m train.compress.report",
                  description="Compare all methods of compression on one network.")
    add = made.add_argument
    add("--network", choices=sorted(SETTINGS), default="lenet", help="network (default: lenet)")
    add("--dataset", metavar="D", help="name or path (default: what the network is for)")
    add("--seeds", type=task.positive, default=SEEDS, metavar="N",
        help=f"trainings of each row (default: {SEEDS})")
    add("--limit", type=task.positive, metavar="N", help="use only N training images")
    add("--epochs", type=task.positive, metavar="N",
        help="passes of the first training, and at most so many of each other")
    add("--only", nargs="+", metavar="METHOD", help=f"some of {', '.join(METHODS)}")
    add("--jobs", type=task.positive, default=2, metavar="N", help="rows at once (default: 2)")
    add("--page", metavar="FILE", help="page of the documentation to put the tables into, between "
        "'<!-- begin NETWORK -->' and '<!-- end NETWORK -->'")
    add("--output", metavar="DIR", help="folder for rows and report "
        "(default: build/compress/NETWORK)")
    return made


if __name__ == "__main__":
    run(main, sys.argv[1:])
