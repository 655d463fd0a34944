"""Fuzzes every reader of outside files and both ends of the link: ``python -m tests.fuzz``."""

import argparse
import datetime
import json
import shlex
import sys
from pathlib import Path

from sw.command import run
from sw.store.files import write_text

from . import (
    archives,
    arrays,
    board,
    campaign,
    compress,
    exchange,
    link,
    pictures,
    resume,
    sounds,
    texts,
)


MODULES = (arrays, compress, exchange, pictures, sounds, archives, texts, link, resume, board)
TARGETS = {target.name: target for module in MODULES for target in module.TARGETS}


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET",
                        help=f"of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--examples", type=int, default=1000, metavar="N",
                        help="inputs for each target (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N",
                        help="of all that is random (default: %(default)s)")
    parser.add_argument("--record", type=Path, metavar="JSON", help="write the table here")
    parser.add_argument("--output", type=Path, default=Path("build/fuzz"), metavar="DIR",
                        help="where inputs go that break something (default: %(default)s)")
    args = parser.parse_args(argv)
    for name in args.targets:
        if name not in TARGETS:
            raise ValueError(f"Target must be one of {', '.join(TARGETS)}: {name!r}")
    if args.examples < 1:
        raise ValueError(f"Examples must be at least 1: {args.examples}")

    rows, failures = [], []
    for name in args.targets or TARGETS:
        row, problem = campaign.run(TARGETS[name], args.examples, args.seed, args.output)
        rows.append(row)
        if problem:
            failures.append(problem)
            print(f"error: {problem}", file=sys.stderr)
    print(table(rows))
    if args.record:
        write_text(args.record, json.dumps({
            "targets": rows, "seed": args.seed,
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "command": shlex.join(["python", "-m", "tests.fuzz",
                                   *(sys.argv[1:] if argv is None else argv)])}, indent=1) + "\n")
        print(f"wrote {args.record}")
    return int(bool(failures))


def table(rows):
    """Return the rows as text, their sum last."""
    head = ["examples", "accepted", "refused", "seconds", "peak_mib", "failures"]
    total = {"name": "all", **{key: sum(row[key] for row in rows) for key in head}}
    total["peak_mib"] = max(row["peak_mib"] for row in rows)
    lines = [f"{'target':<12}" + "".join(f"{key.replace('_mib', ' MiB'):>10}" for key in head)]
    for row in (*rows, total):
        lines.append(f"{row['name']:<12}" + "".join(
            f"{row[key]:>10.1f}" if isinstance(row[key], float) else f"{row[key]:>10,}"
            for key in head))
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
