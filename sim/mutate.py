# amaranth: UnusedElaboratable=no
"""Mutation score: changes one thing at a time in generated Verilog and counts what is noticed."""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from hw.accelerator import Accelerator
from hw.plan.schedule import Schedule, Scheduled, Wired
from hw.synthesis.verilog import find_yosys, to_verilog
from sw.command import Parser, run
from sw.progress import progress
from sw.store.files import write_text

from . import full, netlist
from .cell.mutation import CHOOSER, mutations, with_mutations
from .model import inputs
from .model.networks import leaning_images, lively_network, table_network
from .model.verilator import compile_model


BUILD = Path("build/sim/mutate")
INPUTS = 30
SIZES = (INPUTS, 12, 9, 10)
# Lanes divide the layers: a weight of a lane that is filled up changes nothing.
SCHEDULES = {
    "scheduled": Schedule(5, {"fc0": Scheduled(3, 12), "fc1": Scheduled(3, 4),
                              "scores": Scheduled(2, 3)}),
    "wired": Schedule(30, {"fc0": Wired(3), "fc1": Wired(), "scores": Wired()}),
    "lookup": Schedule(30, {"lookup0": Wired(), "lookup1": Wired(), "votes": Wired()}),
}
IMAGES = {"scheduled": 1000, "wired": 6000, "lookup": 6000}
SEEDS = range(24)  # 0 at full speed, others with pauses on both streams

# What the Verilog leaves open is random, another for each seed: it must be of no matter.
OPTIONS = ("-Wno-UNOPTFLAT", *netlist.OPEN)

# Why some mutants are not noticed: by what is changed, and what it is said of.
REASONS = (
    (r"full\[1\] .*>> ", r"", "looks at the other bank: where only that one is full, the input "
                            "waits longer than it need, and no answer changes"),
    (r"encoder\.\$1 +\| ", r"i__ready", "takes a word later where that slows nothing: the "
                                         "encoder's own bench measures its throughput"),
    (r"rst \? 1'h0 : \S*label_select\.\$signal\$8", r"label_select\.\$26$",
     "value after reset of 'last word', which counts only together with 'word taken', then 0"),
    (r"rst \? 1'h0 : \S*label_select\.\$signal\$11", r"label_select\.\$25$",
     "value after reset of 'word taken': an image's first word replaces all that it writes, and an "
     "answer needs 'last word' too, then 0"),
    (r"rst \? 5'h11 : ", r"wired_fc0\.queue\.\$17\[4\]",
     "more credits after a reset: of the memory's 32 slots the queue has 17"),
    (r"^_1128_$", r"wired_fc0\.scores_queue\.fetched\[5\]",
     "counts what the labels' queue has read instead: both are read together, and an image's "
     "scores are there before its label"),
    (r"rst \? 1'h0 : \S*wired_lookup0\.queue\.\$4", r"wired_lookup0\.queue\.\$15$",
     "one more credit after a reset: of the memory's 16 slots the queue has 11"),
    (r" > ", r"wired_lookup0\.\$19$",
     "chooses the greater of two scores, not the label: where they tie, either is the greatest"),
)


@dataclass(frozen=True)
class Verdict:
    """Outcome of a mutation.

    Attributes
    ----------
    schedule, kind, target, original, mutated : str
        Where it is, and what: an operator, a constant or a connection.
    caught_by : str or None
        What noticed it.
    """

    schedule: str
    kind: str
    target: str
    original: str
    mutated: str
    caught_by: str | None

    @property
    def reason(self):
        """Why it cannot be noticed, as far as known; ``""``."""
        return next((reason for original, target, reason in REASONS
                     if re.search(original, self.original) and re.search(target, self.target)), "")


def flattened(verilog):
    """Return Verilog as one module, without what nothing depends on."""
    with tempfile.TemporaryDirectory() as name:
        write_text(Path(name, "in.v"), verilog)
        script = ("read_verilog in.v; hierarchy -top accelerator; proc; flatten -noscopeinfo; "
                  "opt_expr; opt_clean -purge; wreduce; splitnets; opt_clean -purge; "
                  "write_verilog -noattr out.v")
        done = subprocess.run([find_yosys(), "-q", "-p", script], cwd=name, capture_output=True,
                              encoding="utf-8", errors="replace", check=False)
        if done.returncode:
            raise ValueError(f"Yosys must succeed: {done.stderr.strip()[-300:]}")
        return Path(name, "out.v").read_text(encoding="utf-8")


def check(model, accelerator, images, number):
    """Return what notices a mutant, None if nothing does; number 0 is the design itself."""
    for seed in SEEDS:
        turned = np.roll(images, 97 * seed, axis=0)  # another one is first after the reset
        try:
            outcome = full.run_model(model, accelerator, turned, seed=seed, progress=False,
                                     MUTANT=number)
        except ValueError:  # a loop that does not settle
            return "end of the simulation"
        problems, _ = full.compare(accelerator, turned, outcome, timed=not seed)
        if problems:
            return f"{'timing' if 'must be' in problems[0] else 'answers'}, seed {seed}"
    return None


@dataclass(frozen=True, eq=False)
class Subject:
    """A design and the mutations that are drawn for it.

    Attributes
    ----------
    accelerator : hw.accelerator.Accelerator
        The design.
    images : ndarray of uint8, shape (n, inputs)
        What it is asked.
    chosen : list of Mutation
        Mutations.
    verilog : str
        The design with all of them in it.
    """

    accelerator: Accelerator
    images: np.ndarray
    chosen: list
    verilog: str


def asked(name, seed):
    """Return the network of a design, and the images that it is asked."""
    images = np.random.default_rng(seed).integers(256, size=(IMAGES[name], INPUTS), dtype=np.uint8)
    if name == "lookup":
        return table_network(), images
    network = lively_network(SIZES, images, thresholds=(64, 128))
    images[1::2] = leaning_images(network, len(images) // 2, seed=seed)
    return network, images


def draw(name, count, seed=1):
    """Return the :class:`Subject` of a design, with so many mutations, a third of each kind."""
    network, images = asked(name, seed)
    accelerator = Accelerator(network, SCHEDULES[name])
    verilog = flattened(to_verilog(accelerator, "accelerator"))
    chosen = mutations(verilog, count, seed=seed)
    return Subject(accelerator, images, chosen, with_mutations(verilog, chosen))


def driver():
    """Return the C++ main of all mutants."""
    return full.MAIN.read_text(encoding="utf-8") + CHOOSER


def consumed(names, count, seed):
    """Return all that the score depends on, see :mod:`.model.inputs`."""
    found = {}
    for name in names:
        subject = draw(name, count, seed)
        found[name] = {"verilog": inputs.sha(subject.verilog),
                       **inputs.of_images(subject.accelerator.network, subject.images)}
    return {**found, "seeds": f"{SEEDS.start} to {SEEDS.stop - 1}",
            **inputs.of_model(driver(), OPTIONS)}


def score(name, count, *, seed=1, bar=None):
    """Mutate an accelerator.

    Parameters
    ----------
    name : str
        One of :data:`SCHEDULES`.
    count : int
        Mutations to draw, a third of each kind.
    seed : int
        Of the draw.
    bar : sw.progress.Quiet, optional
        Progress.

    Returns
    -------
    list of Verdict
    """
    subject = draw(name, count, seed)
    accelerator, images = subject.accelerator, subject.images
    model = compile_model(subject.verilog, "accelerator", driver(), BUILD, options=OPTIONS)
    if noticed := check(model, accelerator, images, 0):
        raise ValueError(f"Design without a mutation must pass: {noticed}")
    verdicts = []
    for number, mutation in enumerate(subject.chosen, 1):
        verdicts.append(Verdict(name, mutation.kind, mutation.target, mutation.original,
                                mutation.mutated, check(model, accelerator, images, number)))
        if bar is not None:
            bar.update()
    return verdicts


def table(verdicts):
    """Return the score by kind as text."""
    lines = []
    for kind in sorted({verdict.kind for verdict in verdicts}):
        some = [verdict for verdict in verdicts if verdict.kind == kind]
        caught = sum(verdict.caught_by is not None for verdict in some)
        lines.append(f"{kind:<12} {caught:>4} of {len(some):>4} caught")
    by = Counter(verdict.caught_by for verdict in verdicts if verdict.caught_by)
    lines.append("caught by: " + ", ".join(f"{what} {count}" for what, count in by.most_common()))
    return "\n".join(lines)


def main(argv=None):
    parser = Parser(prog="python -m sim.mutate", description=__doc__)
    parser.add_argument("--count", type=int, default=300, metavar="N",
                        help="mutations of each design (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N",
                        help="of the draw (default: %(default)s)")
    parser.add_argument("--only", choices=SCHEDULES, help="mutate one design (default: all)")
    parser.add_argument("--record", type=Path, metavar="JSON", help="write what came out here")
    parser.add_argument("--inputs", type=Path, metavar="JSON",
                        help="write what the score depends on, as hashes, and simulate nothing")
    args = parser.parse_args(argv)
    if args.count < 1:
        raise ValueError(f"Count must be at least 1: {args.count}")

    names = [args.only] if args.only else [*SCHEDULES]
    if args.inputs:
        inputs.write(args.inputs, consumed(names, args.count, args.seed))
        return 0
    start = time.monotonic()
    verdicts = []
    with progress(total=args.count * len(names), what="mutating", unit="mutants") as bar:
        for name in names:
            verdicts += score(name, args.count, seed=args.seed, bar=bar)
    print(table(verdicts))
    survivors = [verdict for verdict in verdicts if verdict.caught_by is None]
    for verdict in survivors:
        print(f"survived: {verdict.schedule}: {verdict.target} = {verdict.original}  ->  "
              f"{verdict.mutated} ({verdict.reason or 'not explained'})")
    caught = len(verdicts) - len(survivors)
    print(f"score: {caught} of {len(verdicts)}, {100 * caught / len(verdicts):.1f} %, "
          f"{time.monotonic() - start:.0f} s")
    if args.record:
        write_text(args.record, json.dumps({
            "inputs": consumed(names, args.count, args.seed), "caught": caught,
            "count": len(verdicts), "seed": args.seed,
            "survivors": [asdict(verdict) | {"reason": verdict.reason}
                          for verdict in survivors]}, indent=1) + "\n")
        print(f"wrote {args.record}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    run(main)
