"""Measures every preset, from training to place and route: ``make bench``."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from sw.command import run
from sw.store.files import read_json, write_text
from sw.store.lock import alone

from .record import plot as bench_plot
from .record import table as bench_table
from .record.presets import PRESETS, QUICK, find
from .record.row import Row, row_key
from .toolchain.steps import Steps, stopping_on_terminate


FORMAT = "thresher-bench/1"
ROOT = Path(__file__).parents[1]
WORK = Path("build/bench")
RESULTS = ROOT / "docs" / "results"


def recipes():
    """Return all recipes, dicts by name: boards may not import train, which needs PyTorch."""
    done = subprocess.run([sys.executable, "-m", "train.recipes"], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise ValueError(f"Recipes must be readable: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


def recipe_of(preset, known):
    """Return a preset's recipe."""
    if preset.network not in known:
        raise ValueError(f"Network of preset {preset.name!r} must be one of {', '.join(known)}: "
                         f"{preset.network!r}")
    return known[preset.network]


def read_rows(path):
    """Return the rows of a file by preset; none if there is no such file."""
    try:
        rows = {row["preset"]: row for row in read_json(path)["rows"]}
        bench_table.render(list(rows.values()))
        bench_plot.points(list(rows.values()), [])
        return rows
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{path} must hold rows of the benchmark ({FORMAT}) (remove it, or get "
                         f"it back)") from None


def merge(before, rows, keys):
    """Put rows together: new ones and those of an earlier run, in the order of ``keys``.

    A row that depends on other code, options or tools than now is kept and marked: ``current`` is
    false. Rows of presets that are no more are left out.

    Parameters
    ----------
    before, rows : dict of str to dict
        Rows by preset, of an earlier run and of this one.
    keys : dict of str to str
        What each row must depend on to be current.
    """
    merged = {**before, **rows}
    return [{**merged[name], "current": merged[name].get("key") == key}
            for name, key in keys.items() if name in merged]


def write(rows, results, readme=None):
    """Write bench.json, bench.png and the table, into the README or beside the others."""
    write_text(results / "bench.json",
               json.dumps({"format": FORMAT, "rows": rows}, indent=2) + "\n")
    bench_plot.draw(results / "bench.png", rows, bench_plot.read_peers(RESULTS / "peers.csv"))
    table = bench_table.render(rows)
    if readme:
        write_text(readme, bench_table.replace(readme.read_text(encoding="utf-8"), table))
    else:
        write_text(results / "bench.md", table)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m boards.bench", description=__doc__)
    add = parser.add_argument
    add("--only", default="", metavar="NAME,…", help=f"only these rows, of {', '.join(PRESETS)}")
    add("--list", action="store_true", help="print the presets and leave")
    add("--quick", action="store_true",
        help="a tiny network instead, in less than a minute, results beside its work: whether "
             "everything runs")
    add("--adopt", type=Path, metavar="DIR",
        help="use networks trained before, DIR/NAME/NAME.ckpt.npz, where recipe, dataset and seed "
             "are the preset's, instead of training them")
    add("--work", type=Path, default=WORK, metavar="DIR",
        help="folder of what is made on the way (default: %(default)s)")
    args = parser.parse_args(argv)
    if args.list:
        print(bench_table.presets(PRESETS.values()))
        return 0
    known = recipes()
    chosen = [QUICK] if args.quick else find([name for name in args.only.split(",") if name])
    results, readme = (args.work / "quick", None) if args.quick else (RESULTS, ROOT / "README.md")
    every = [QUICK] if args.quick else PRESETS.values()
    keys = {preset.name: row_key(preset, recipe_of(preset, known)) for preset in every}

    before = {} if args.quick else read_rows(results / "bench.json")
    rows, failures, began = {}, [], time.monotonic()
    with stopping_on_terminate(), alone(args.work / ".lock", f"Benchmark in {args.work}"):
        for number, preset in enumerate(chosen, 1):
            print(f"[{number}/{len(chosen)}] {preset.name}: {preset.network} on {preset.board}, "
                  f"{time.monotonic() - began:.0f} s since the start", file=sys.stderr)
            try:
                rows[preset.name] = Row(preset, recipe_of(preset, known), args.work, Steps(),
                                        args.adopt).run()
            except ValueError as error:
                failures.append(str(error))
                print(f"error: {error}", file=sys.stderr)
                continue
            write(merge(before, rows, keys), results, readme)
    print(bench_table.render(list(rows.values())), end="")
    if rows:
        print(f"wrote {results / 'bench.json'}, {results / 'bench.png'} and "
              f"{'the table in ' + str(readme) if readme else results / 'bench.md'}")
    if failures:
        raise ValueError(f"{len(failures)} of {len(chosen)} rows failed: {'; '.join(failures)}")
    return 0


if __name__ == "__main__":
    run(main)
