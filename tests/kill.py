"""Kills commands at random moments and looks at what they leave: ``python -m tests.kill``."""

import argparse
import contextlib
import datetime
import json
import os
import random
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tqdm import tqdm

from sw.command import run
from sw.store.files import write_text
from tests.killed import COMMANDS


ROOT = Path(__file__).parents[1]
OLD = b"what an earlier run left"
LONGEST = 600  # s of one run


def start(words, folder, **options):
    """Start a command in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, *map(str, words)], cwd=folder, env=environment,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def finish(process):
    """Wait for a command; return its exit code and what it printed."""
    try:
        out, _ = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        out, _ = process.communicate()
    return process.returncode, out


def complete(words, folder):
    """Run a command to its good end."""
    code, out = finish(start(words, folder))
    assert code == 0, f"{shlex.join(map(str, words))}: {code}\n{out}"
    return out


def lay_old(command, folder):
    """Put the files of an earlier run into a folder, or remove them."""
    for name in command.makes:
        (folder / name).unlink(missing_ok=True)
        if not command.over:
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(OLD)


def contents(command, folder):
    """Return what of each file must be the same, ``OLD``, or None where there is none."""
    found = {}
    for name, same in command.makes.items():
        octets = (folder / name).read_bytes() if (folder / name).exists() else None
        found[name] = octets if octets in (None, OLD) else same(octets)
    return found


def kill_one(words, folder, seconds):
    """Start a command and end it with SIGKILL after some seconds; return whether it still ran."""
    process = start(words, folder, start_new_session=True)
    time.sleep(seconds)
    still = process.poll() is None
    process.kill()
    process.communicate()
    return still


def orphans(folder):
    """Return programs that still run in a folder, after a moment to end."""
    for _ in range(40):
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if Path(os.readlink(path / "cwd")).is_relative_to(folder):
                    found.append((path / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        if not found:
            break
        time.sleep(0.05)
    return found


def campaign(command, rounds, seed, *, again=True, progress=True):
    """Kill a command some times; return its row, and what went wrong as lines of text.

    After every kill, each file is the old one, or none where the command says so, or the new one,
    whole. Then, at least at the end, the same command runs through and makes what a run that
    nobody disturbed makes, and leaves nothing else.
    """
    rng = random.Random(f"{seed} {command.name}")
    problems, killed, fine = [], 0, 0
    with tempfile.TemporaryDirectory() as undisturbed, tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        words = command.prepare(Path(undisturbed))
        complete(words, undisturbed)
        lasted = time.monotonic() - began
        expected = contents(command, Path(undisturbed))
        names = listing(undisturbed)
        words = command.prepare(Path(folder))
        for number in tqdm(range(rounds), desc=command.name, unit="kill", disable=not progress):
            if again or number == 0:
                lay_old(command, Path(folder))
            seconds = rng.uniform(0.1, lasted)
            killed += kill_one(words, folder, seconds)
            wrong = [f"{command.name}, killed after {seconds:.2f} s: {left} goes on"
                     for left in orphans(folder)] if command.name == "build" else []
            for name, value in contents(command, Path(folder)).items():
                if value not in [expected[name], OLD, *[None] * (not command.keeps)]:
                    wrong.append(f"{command.name}, killed after {seconds:.2f} s: {name} is neither "
                                 f"old nor new")
            if again or number == rounds - 1:
                wrong += next_run(command, words, folder, expected, names)
            fine += not wrong
            problems += wrong
    return {"name": command.name, "rounds": rounds, "killed": killed,
            "survivors_ok": fine}, problems


def next_run(command, words, folder, expected, names):
    """Run a command that was killed before; return what is wrong with that."""
    code, out = finish(start([*words, *command.resume(Path(folder))], folder))
    if code:
        return [f"{command.name}, after a kill: exit code {code}: {out.strip()[-500:]}"]
    wrong = [f"{command.name}, after a kill: {name} is not that of an undisturbed run"
             for name, value in contents(command, Path(folder)).items() if value != expected[name]]
    return wrong + [f"{command.name}, after a kill: {name} is left"
                    for name in sorted(listing(folder) - names)]


def listing(folder):
    """Return the names of all files, those of caches without the part that is a hash."""
    return {str(path.relative_to(folder)) for path in Path(folder).rglob("*")}


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=__doc__)
    parser.add_argument("commands", nargs="*", metavar="COMMAND",
                        help=f"of {', '.join(COMMANDS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N",
                        help="kills of each command (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N",
                        help="of the moments (default: %(default)s)")
    parser.add_argument("--record", type=Path, metavar="JSON", help="write the counts here")
    args = parser.parse_args(argv)
    for name in args.commands:
        if name not in COMMANDS:
            raise ValueError(f"Command must be one of {', '.join(COMMANDS)}: {name!r}")
    if args.rounds < 1:
        raise ValueError(f"Rounds must be at least 1: {args.rounds}")
    rows, problems = [], []
    for name in args.commands or COMMANDS:
        row, wrong = campaign(COMMANDS[name], args.rounds, args.seed)
        rows.append(row)
        problems += wrong
        print(f"{name:<10} killed {row['killed']} of {row['rounds']} times while it ran; "
              f"{row['survivors_ok']} of {row['rounds']} times all was whole and the next run "
              f"went on", flush=True)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if args.record:
        write_text(args.record, json.dumps({
            "commands": rows, "seed": args.seed,
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "command": shlex.join(["python", "-m", "tests.kill",
                                   *(sys.argv[1:] if argv is None else argv)])}, indent=1) + "\n")
        print(f"wrote {args.record}")
    return int(bool(problems))


if __name__ == "__main__":
    run(main)
