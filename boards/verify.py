"""The scorecard: what was checked, on what, how often, with which command: ``make verify``."""

import datetime
import json
import subprocess
import sys
import time

from sw.command import Parser, run
from sw.store.files import read_json, write_text
from sw.store.lock import alone

from .bench import RESULTS, WORK, read_rows
from .record import scorecard, standing
from .record.checks import checks
from .record.presets import PRESETS
from .toolchain.steps import stopping_on_terminate


RECORDS = RESULTS / "verify"
DOCUMENT = RESULTS.parent / "verification.md"
FIELDS = {"command", "inputs", "current", "date", "seconds", "result"}


def perform(check, *, again=False):
    """Run a check, unless its record is there and all that it depends on is the same.

    Returns
    -------
    bool
        Whether the check succeeded, now or before.
    """
    path = RECORDS / f"{check.name}.json"
    kept = read_record(path)
    inputs = standing.today(check)
    same = kept and kept["command"] == check.shown and kept["inputs"] == inputs
    if check.checkpoint and not check.checkpoint.exists():
        if not same:
            raise ValueError(f"Checkpoint must be there: {check.checkpoint} (it is too large for "
                             f"the repository: see data/networks/README.md)")
        print(f"{check.name}: kept, of {kept['date']}, without {check.checkpoint.name}")
        return True
    if same and not again and not check.always:
        _mark(path, kept, True)
        print(f"{check.name}: kept, of {kept['date']}")
        return True
    print(f"{check.name}: {check.shown} ...", flush=True)
    raw = WORK.parent / "verify" / f"{check.name}.json"
    with alone(raw.with_suffix(".lock"), f"Check {check.name}"):
        found = _run(check, raw)
    if found is None:
        path.unlink(missing_ok=True)
        return False
    write_text(path, json.dumps({
        "check": check.name, "command": check.shown, "inputs": inputs, "current": True,
        "date": datetime.date.today().isoformat(), **found}, indent=1) + "\n")
    print(f"{check.name}: done in {found['seconds']:.0f} s")
    return True


def _run(check, raw):
    """Run a check's commands, which write ``raw``; return what to record, None if one fails."""
    log = raw.with_suffix(".log")
    raw.unlink(missing_ok=True)
    start = time.monotonic()
    with open(log, "w", encoding="utf-8") as output:
        for words in check.commands:
            words = [str(raw) if word == "RECORD" else word for word in words]
            done = subprocess.run([sys.executable, *words], stdout=output,
                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
            if done.returncode:
                break
    seconds = time.monotonic() - start
    result = None if done.returncode else check.read(raw, log)
    if result is None:
        print(f"error: {check.name}: it ended with {done.returncode} (log: {log})",
              file=sys.stderr)
        return None
    return {"seconds": round(seconds, 1), "result": result}


def _mark(path, record, current):
    """Note in a record whether it is of today's hardware."""
    if record["current"] != current:
        write_text(path, json.dumps({**record, "current": current}, indent=1) + "\n")


def mark(verdicts):
    """Note in the records what a comparison found, and write the page."""
    for verdict in verdicts:
        path = RECORDS / f"{verdict.name}.json"
        if verdict.unknown is None:
            _mark(path, read_record(path), verdict.stands)
    write_document(known_checks())


def write_document(known):
    """Write the page from the records that are there, for all checks by name."""
    write_text(DOCUMENT, scorecard.render(read_records(known), list(known)))


def read_records(known):
    """Return the records that are there, of checks by name."""
    return {name: record for name in known if (record := read_record(RECORDS / f"{name}.json"))}


def known_checks():
    """Return all checks by name."""
    return {check.name: check for check in checks(PRESETS.values(), interval_of)}


def interval_of(preset):
    """Return the cycles of an image in the benchmark's row of a preset, 1,000 without one."""
    rows = read_rows(RESULTS / "bench.json")
    return rows[preset.name]["interval"] if preset.name in rows else 1000


def read_record(path):
    """Return a record, or None if there is none, or what is there is none."""
    try:
        record = read_json(path)
        whole = FIELDS <= set(record) and all(isinstance(part, dict)
                                              for part in record["inputs"].values())
        return record if whole else None
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def main(argv=None):
    parser = Parser(prog="python -m boards.verify", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME,…", help="only these checks, of --list")
    parser.add_argument("--list", action="store_true", help="print the checks and leave")
    parser.add_argument("--again", action="store_true", help="run what was run already, too")
    parser.add_argument("--document", action="store_true",
                        help="only write the document anew, from the records that are there")
    args = parser.parse_args(argv)
    known = known_checks()
    chosen = [name for name in args.only.split(",") if name] or list(known)
    for name in chosen:
        if name not in known:
            raise ValueError(f"Check must be one of {', '.join(known)}: {name!r}")
    if args.list:
        for check in known.values():
            print(f"{check.name:<32} {check.shown}")
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
        print(f"error: {len(failures)} of {len(chosen)} checks failed: {', '.join(failures)}",
              file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    run(main)
