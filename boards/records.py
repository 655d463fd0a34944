"""Says which recorded results are of today's hardware, without running them: ``make records``."""

import sys

from sw.command import Parser, run

from . import bench, verify
from .record import standing
from .record.presets import PRESETS


NOUNS = {"row": "rows are of today's hardware", "record": "verification records stand"}


def subjects(rows, records, checks):
    """Return all that is recorded, as subjects to judge: rows of the benchmark, then records."""
    return [*(standing.of_row(row, PRESETS[name]) for name, row in rows.items()
              if name in PRESETS),
            *(standing.of_check(checks[name], record) for name, record in records.items())]


def summary(verdicts):
    """Return the last line: how many rows and records stand."""
    parts = []
    for kind, noun in NOUNS.items():
        some = [verdict for verdict in verdicts if verdict.kind == kind]
        unknown = sum(verdict.unknown is not None for verdict in some)
        parts.append(f"{sum(verdict.stands for verdict in some)} of {len(some)} {noun}"
                     + (f" ({unknown} not compared)" if unknown else ""))
    return ", ".join(parts)


def write_marks(verdicts, rows):
    """Note what was found in the rows and in the records; write the README's table and the page."""
    for verdict in verdicts:
        if verdict.kind == "row" and verdict.unknown is None:
            rows[verdict.name]["current"] = verdict.stands
    bench.write_rows(list(rows.values()), bench.RESULTS, bench.ROOT / "README.md")
    verify.mark([verdict for verdict in verdicts if verdict.kind == "record"])


def main(argv=None):
    parser = Parser(prog="python -m boards.records", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME,…", help="only these rows and records")
    parser.add_argument("--mark", action="store_true",
                        help="note in rows and records whether they are of today's hardware, and "
                             "write the README's table and docs/verification.md anew")
    parser.add_argument("--marked", action="store_true",
                        help="a row or record that says itself that it is of other hardware is no "
                             "failure")
    args = parser.parse_args(argv)
    rows = bench.read_rows(bench.RESULTS / "bench.json")
    checks = verify.known_checks()
    records = verify.read_records(checks)
    chosen = [name for name in args.only.split(",") if name] or [*rows, *records]
    for name in chosen:
        if name not in rows and name not in records:
            raise ValueError(f"Record must be one of {', '.join([*rows, *records])}: {name!r}")
    verdicts = standing.judge_all([subject for subject in subjects(rows, records, checks)
                                   if subject.name in chosen])
    for verdict in verdicts:
        print(f"{verdict.kind:<7} {verdict.name:<32} {verdict.text}")
    if args.mark:
        write_marks(verdicts, rows)
        print(f"wrote {bench.RESULTS / 'bench.json'}, the table in README.md, {verify.RECORDS} and "
              f"{verify.DOCUMENT}")
    print(summary(verdicts))
    marked = {**rows, **records} if args.marked else {}
    failed = [verdict for verdict in verdicts if verdict.different
              and marked.get(verdict.name, {}).get("current", True)]
    if failed:
        print(f"error: {len(failed)} of {len(verdicts)} must be measured again: "
              f"{', '.join(verdict.name for verdict in failed)} (make bench ONLY=ROW, make verify; "
              f"OPTIONS=--mark marks them meanwhile)", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    run(main)
