"""Builds with several seeds of the placer: ``python -m boards.seeds icebreaker tfc --seeds 1-4``.

Several machines may share the seeds. The first seed that meets the clock ends the work.
"""

import json
import sys
from argparse import ArgumentTypeError
from dataclasses import replace
from pathlib import Path

from sw.artefact import stem
from sw.command import run
from sw.share import options as share
from sw.share import work
from sw.store.files import read_json, write_text

from .record.attempt import reached
from .request import add_arguments, complete, from_arguments
from .toolchain.steps import Steps, stopping_on_terminate
from .toolchain.tools import Tool
from .usage import Parser


SEEDS_LIMIT = 1000


def seeds(text):
    """Read seeds: ``1,2,5`` or ``1-4``."""
    try:
        found = []
        for part in text.split(","):
            first, dash, last = part.partition("-")
            found += range(int(first), int(last if dash else first) + 1)
    except ValueError:
        found = []
    if not 0 < len(found) <= SEEDS_LIMIT:
        raise ArgumentTypeError(f"must be up to {SEEDS_LIMIT} numbers such as 1,2,5 or 1-4: "
                                f"{text!r}")
    return list(dict.fromkeys(found))


def attempt(request, output, steps):
    """Build a request; return its seed, whether it met its clock, and both clocks, as a dict."""
    output.mkdir(parents=True, exist_ok=True)
    log, build = output / "build.log", Tool("boards.build", (sys.executable, "-m", "boards.build"),
                                            "", "")
    made = {"seed": request.seed, "folder": str(output)}
    try:
        with steps.step(f"seed {request.seed}", log):
            steps.run(build, [*request.words, "--output", str(output), "--reuse"],
                      directory=Path(), log=log)
    except ValueError as error:
        clock = reached(str(error))
        if clock is None:
            raise
        return {**made, "met": False, "reached": clock}
    report = read_json(output / request.board.name / "report.json")
    return {**made, "met": True, "reached": report["clock"]["reached"],
            "lut4": report["resources"]["lut4"]["used"],
            "bitstream": str(output / request.board.name / report["bitstream"])}


def table(results):
    """Yield a line for each seed, the fastest first."""
    yield "seed  MHz reached  clock met  bitstream"
    for made in sorted(results, key=lambda made: -made["reached"]):
        yield (f"{made['seed']:4}  {made['reached']:11.2f}  {'yes' if made['met'] else 'no':9}  "
               f"{made.get('bitstream', '')}")


def main(argv=None):
    parser = Parser(prog="python -m boards.seeds", description=__doc__, example="icebreaker tfc")
    add_arguments(parser)
    add = parser.add_argument
    add("--seeds", type=seeds, default=[1, 2, 3, 4], metavar="N,N|N-N",
        help="seeds of the placer (default: 1-4)")
    add("--all", action="store_true", help="build with all seeds, not until one meets the clock")
    add("--output", type=Path, default=Path("build/seeds"), metavar="DIR",
        help="folder for NAME/seedN/BOARD/NAME.bit (default: %(default)s)")
    add("--name", help="name in the database of --storage (default: of board and network)")
    share.add_options(parser, "this machine builds with one seed after the other")
    args = complete(parser, parser.parse_args(argv))
    request = from_arguments(args)
    name = args.name or f"{stem(request.path)}-{request.board.name}"
    folder, steps = args.output / name, Steps()

    def do(spec):
        seed = spec["seed"]
        return attempt(replace(request, seed=seed), folder / f"seed{seed}", steps)

    def going(results):
        return args.all or not any(made["met"] for made in results.values())

    facts = {"work": "seeds of the placer", "network": request.network.identity,
             "board": request.board.name, "clock": float(request.frequency),
             "images/s": request.rate}
    folder.mkdir(parents=True, exist_ok=True)
    with stopping_on_terminate():
        made = list(work.done({f"seed {seed}": {"seed": seed} for seed in args.seeds}, do, args,
                              name=name, facts=facts, folder=folder, what="Build with seeds",
                              going=going).values())
    print("\n".join(table(made)))
    write_text(folder / "seeds.json", json.dumps(made, indent=1) + "\n")
    print(f"wrote {folder / 'seeds.json'}")
    if not any(result["met"] for result in made):
        best = max(result["reached"] for result in made)
        raise ValueError(f"Clock must be at most {best:.2f} MHz, the highest that {len(made)} "
                         f"seeds reached (lower --freq, or try more --seeds)")
    return 0


if __name__ == "__main__":
    run(main)
