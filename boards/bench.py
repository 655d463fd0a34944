"""Measures every preset, from the folded network to place and route: ``make bench``."""

import json
import sys
import time
from pathlib import Path

from sw.command import Parser, run
from sw.share import options as share
from sw.share import work
from sw.store.files import read_json, write_text
from sw.store.lock import alone

from .record import plot as bench_plot
from .record import table as bench_table
from .record.presets import PRESETS, QUICK, QUICK_TRAINING, find
from .record.row import Row
from .toolchain.steps import Steps, stopping_on_terminate
from .toolchain.tools import Tool


FORMAT = "thresher-bench/2"
ROOT = Path(__file__).parents[1]
WORK = Path("build/bench")
RESULTS = ROOT / "docs" / "results"


def read_rows(path):
    """Return the rows of a file by preset; none if there is no such file."""
    try:
        rows = {row["preset"]: row for row in read_json(path)["rows"]}
        if not all(map(_compares, rows.values())):
            raise ValueError
        bench_table.render(list(rows.values()))
        bench_plot.points(list(rows.values()), [])
        return rows
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{path} must hold rows of the benchmark ({FORMAT}) (remove it, or get "
                         f"it back)") from None


def _compares(row):
    """Whether a row has what ``make records`` compares, as far as one can see."""
    inputs, seed, clocks = row["inputs"], row["seed"]["placer"], [row["asked_mhz"]]
    clocks += [row["wished_mhz"]] if row.get("wished_mhz") is not None else []
    return (type(seed) is int and all(type(clock) in (int, float) for clock in clocks)
            and isinstance(inputs, dict)
            and all(isinstance(part, dict) and isinstance(part.get("tools", {}), dict)
                    for part in inputs.values())
            and isinstance(row["identity"], str) and "training_seconds" in row)


def merge(before, rows):
    """Put rows of an earlier run and new ones together, in the order of the presets.

    Rows of presets that are no more are left out. A new row of the same network takes over how long
    its training took.
    """
    for name, row in rows.items():
        if before.get(name, {}).get("identity") == row["identity"]:
            row["training_seconds"] = before[name]["training_seconds"]
    merged = {**before, **rows}
    return [merged[name] for name in (*PRESETS, QUICK.name) if name in merged]


def train_quickly(folder, steps):
    """Train and fold the tiny network of the quick preset, once; return its path."""
    network = folder / f"{QUICK.recipe}.net.npz"
    if network.exists():
        return network
    folder.mkdir(parents=True, exist_ok=True)
    for name, words in (("train", ("train.bnn_mnist", *QUICK_TRAINING, "--output", folder)),
                        ("fold", ("sw.fold", folder / f"{QUICK.recipe}.ckpt.npz"))):
        module, *arguments = map(str, words)
        with steps.step(name, folder / f"{name}.log"):
            steps.run(Tool(module, (sys.executable, "-m", module), "", ""), arguments,
                      directory=Path(), log=folder / f"{name}.log")
    return network


def write(rows, results, readme=None):
    """Write bench.json, bench.png and the table, into the README or beside the others."""
    bench_plot.draw(results / "bench.png", rows, bench_plot.read_peers(RESULTS / "peers.csv"))
    write_rows(rows, results, readme)


def write_rows(rows, results, readme=None):
    """Write bench.json and the table."""
    write_text(results / "bench.json",
               json.dumps({"format": FORMAT, "rows": rows}, indent=2) + "\n")
    table = bench_table.render(rows)
    if readme:
        write_text(readme, bench_table.replace(readme.read_text(encoding="utf-8"), table))
    else:
        write_text(results / "bench.md", table)


def main(argv=None):
    parser = Parser(prog="python -m boards.bench", description=__doc__)
    add = parser.add_argument
    add("--only", default="", metavar="NAME,…", help=f"only these rows, of {', '.join(PRESETS)}")
    add("--list", action="store_true", help="print the presets and leave")
    add("--quick", action="store_true",
        help="a tiny network instead, in less than a minute, results beside its work: whether "
             "everything runs")
    add("--work", type=Path, default=WORK, metavar="DIR",
        help="folder of what is made on the way (default: %(default)s)")
    add("--name", default="bench", help="name of the benchmark in the database of --storage; rows "
        "that are done are not measured again under the same name (default: %(default)s)")
    share.add_options(parser, "this machine measures all rows")
    args = parser.parse_args(argv)
    if args.list:
        print(bench_table.presets(PRESETS.values()))
        return 0
    chosen = [QUICK] if args.quick else find([name for name in args.only.split(",") if name])
    results, readme = (args.work / "quick", None) if args.quick else (RESULTS, ROOT / "README.md")
    before = {} if args.quick else read_rows(results / "bench.json")
    rows, began = {}, time.monotonic()
    presets = {preset.name: preset for preset in chosen}

    def measure(spec):
        """Return a row, or why it failed; write the rows of this machine so far."""
        preset = presets[spec["preset"]]
        place = list(presets).index(preset.name) + 1
        print(f"[{place}/{len(chosen)}] {preset.name}: {preset.recipe} on {preset.board}, "
              f"{time.monotonic() - began:.0f} s since the start", file=sys.stderr)
        try:
            steps = Steps()
            network = (train_quickly(args.work / "network", steps) if args.quick
                       else preset.network)
            rows[preset.name] = Row(preset, network, args.work, steps).run()
        except ValueError as error:
            print(f"error: {error}", file=sys.stderr)
            return {"error": str(error)}
        write(merge(before, rows), results, readme)
        return {"row": rows[preset.name]}

    with stopping_on_terminate(), alone(args.work / ".lock", f"Benchmark in {args.work}"):
        done = work.done({name: {"preset": name} for name in presets}, measure, args,
                         name=args.name, facts={"work": "benchmark", "format": FORMAT},
                         folder=args.work, what="Benchmark")
    rows = {name: made["row"] for name, made in done.items() if "row" in made}
    failures = [made["error"] for made in done.values() if "error" in made]
    if args.storage and rows:
        write(merge(before, rows), results, readme)
    print(bench_table.render(list(rows.values())), end="")
    if rows:
        print(f"wrote {results / 'bench.json'}, {results / 'bench.png'} and "
              f"{'the table in ' + str(readme) if readme else results / 'bench.md'}")
    if failures:
        raise ValueError(f"{len(failures)} of {len(chosen)} rows failed: {'; '.join(failures)}")
    return 0


if __name__ == "__main__":
    run(main)
