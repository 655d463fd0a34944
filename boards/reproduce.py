"""Builds a bitstream twice, in two places, and compares every file: ``make reproduce``."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from sw.artefact import made, stem
from sw.command import run
from sw.store.files import write_text

from .request import add_arguments, complete, from_arguments
from .toolchain.inputs import CONSTRAINTS
from .usage import Parser


ROOT = Path(__file__).parents[1]

# Two places that differ in what must not matter: folder, order of sets, language, time zone.
PLACES = {
    "first": {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC"},
    "a second folder/with a longer name": {
        "PYTHONHASHSEED": "4242", "LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Kathmandu"},
}


def build(folder, request, settings):
    """Build what is asked for, and its Verilog, with a folder as the current one.

    The network is copied there, so that no report has the name of a folder.
    """
    folder.mkdir(parents=True)
    evaluation = made(request.path, ".eval.json")
    for path in (request.path, *[evaluation] * evaluation.exists()):
        shutil.copyfile(path, folder / path.name)
    network = Path(request.path.name)
    board, options = request.board, request.words[len(request.board.words) + 1:]
    environment = {**os.environ, **settings, "PYTHONPATH": str(ROOT)}
    _call(folder, environment, "boards.build", *board.words, network, *options)
    report = json.loads((folder / "build" / board.name / "report.json").read_text("utf-8"))
    schedule = folder / "schedule.json"
    write_text(schedule, json.dumps(report["schedule"], indent=2) + "\n")
    _call(folder, environment, "hw.generate", network, *target_words(board), "--schedule",
          schedule.name, "-o", f"{stem(network)}.v")


def target_words(board):
    """Return the arguments of ``hw.generate`` that name a board."""
    first, second, *more = *board.arguments, "", ""
    if first == "--board-file":
        return [first, second, "--board", more[0]]
    return ["--device", board.device] if first else ["--board", board.name]


def collect(folder, request):
    """Return the SHA-256 of each file that must be the same, by name, in the order of making.

    ``report.json`` counts without the seconds that steps took. ``report.txt`` has the same numbers
    and those seconds, and is left out, as are the logs.
    """
    board, name = request.board, stem(request.path)
    results = folder / "build" / board.name
    work = results / "work"
    report = json.loads((results / "report.json").read_text("utf-8"))
    del report["seconds"]
    paths = [folder / "schedule.json", folder / f"{name}.v", folder / f"{name}.hw.json",
             folder / f"{name}.weights.bin",
             *(work / f"top{suffix}" for suffix in (".il", ".ys", CONSTRAINTS[board.family],
                                                    ".json")),
             *(results / report[what]["file"] for what in ("weights",) if what in report),
             results / report["bitstream"], results / "resources.png"]
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in paths if path.exists()}
    return {**found, "report.json": sha256(json.dumps(report).encode()).hexdigest()}


def first_difference(first, second):
    """Return the name of the first file that is not the same in both, or None."""
    names = [*first, *(name for name in second if name not in first)]
    return next((name for name in names if first.get(name) != second.get(name)), None)


def _call(folder, environment, module, *arguments):
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL,
                          check=False)
    if done.returncode:
        raise ValueError(f"{module} must succeed: it ended with status {done.returncode} (its "
                         f"message is above)")


def main(argv=None):
    parser = Parser(prog="python -m boards.reproduce", description=__doc__,
                    example="icebreaker tfc")
    add_arguments(parser, placed=True)
    parser.add_argument("--keep", type=Path, metavar="DIR",
                        help="leave both builds in this folder, which must not be there (default: "
                             "a temporary one)")
    parser.add_argument("--record", type=Path, metavar="JSON", help="write the hashes here")
    args = complete(parser, parser.parse_args(argv))
    if args.board_file:  # the builds run in other folders
        args.board_file = args.board_file.resolve()

    request = from_arguments(args)
    if request.schedule:
        request = replace(request, schedule=request.schedule.resolve())
    if args.keep and args.keep.exists():
        raise ValueError(f"Folder to keep must be a new one: {args.keep} is there")
    with tempfile.TemporaryDirectory() as temporary:
        root = (args.keep or Path(temporary)).resolve()
        found = []
        for number, (place, settings) in enumerate(PLACES.items(), 1):
            print(f"build {number} of {len(PLACES)} ({', '.join(settings.values())}) ...",
                  file=sys.stderr, flush=True)
            build(root / place, request, settings)
            found.append(collect(root / place, request))
    different = first_difference(*found)
    if different:
        print(f"error: {different} is not the same in two builds: SHA-256 "
              f"{found[0].get(different)}, then {found[1].get(different)} (look at both with "
              f"--keep)", file=sys.stderr)
        return 1
    for name, digest in found[0].items():
        print(f"{digest}  {name}")
    print(f"identical: {len(found[0])} files of two builds of {args.network} for "
          f"{request.board.name}")
    if args.record:
        given = sys.argv[1:] if argv is None else argv
        write_text(args.record, json.dumps({
            "board": request.board.name, "network": request.network.identity,
            "identical": found[0],
            "date": datetime.now(UTC).date().isoformat(),
            "command": shlex.join(["python", "-m", "boards.reproduce", *given])}, indent=1) + "\n")
        print(f"wrote {args.record}")
    return 0


if __name__ == "__main__":
    run(main)
