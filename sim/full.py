# amaranth: UnusedElaboratable=no
"""Runs test images through the complete accelerator's RTL: ``python -m sim.full NETWORK``."""

import json
import sys
import time
from pathlib import Path

import numpy as np

from boards.usage import Parser
from hw.accelerator import Accelerator
from hw.plan.schedule import Scheduled
from hw.synthesis.verilog import to_verilog
from sw import golden
from sw.artefact import HELP, network_file
from sw.command import run
from sw.data import options as choices
from sw.data.testset import load_test_set
from sw.network import load
from sw.store.files import read_json, write_text

from .model import inputs
from .model.design import OUTPUT, add_options, add_output, cached_verilog, schedule_of
from .model.driver import PLACE, parts_for, run_model
from .model.preloaded import preloaded
from .model.verilator import compile_model
from .trace import report


MAIN = Path(__file__).with_suffix(".cpp")
LONG_RUN = 80_000  # cycles from which on an optimized model is done earlier
PAUSES = 15  # cycles that an image takes more with pauses, about
# Lanes are wide, so that Verilator's data-flow graph makes a scheduled model 6 to 15 % faster.
SCHEDULED = ("-fdfg",)


def simulate(accelerator, images, *, seed=0, long=False, edit=None, progress=True, output=OUTPUT):
    """Run images through an accelerator's Verilog.

    Parameters
    ----------
    accelerator : hw.accelerator.Accelerator
        The design.
    images : ndarray of unsigned integers, shape (n, *input_shape)
        Images; the first one of each process goes alone.
    seed : int
        0 for full speed; else of pauses on both streams.
    long : bool
        Spend more time on a model that runs faster.
    edit : callable, optional
        Changes the Verilog: plants a fault.
    progress : bool
        Show a progress bar and say what is done.
    output : Path
        Folder for all that is made on the way.

    Returns
    -------
    Outcome
    """
    network = accelerator.network
    say = print if progress else (lambda *_: None)
    start = time.monotonic()
    text = (edit(to_verilog(preloaded(accelerator), "accelerator")) if edit
            else cached_verilog(network, accelerator.schedule, output / PLACE))
    say(f"Verilog: {len(text) / 1e6:.1f} MB in {time.monotonic() - start:.1f} s")
    start = time.monotonic()
    model = compile_model(text, "accelerator", MAIN.read_text(encoding="utf-8"), output / PLACE,
                          optimize="-O1" if long else "-O0",
                          options=SCHEDULED if long and _has_lanes(accelerator) else (),
                          runtime=output / "sim/runtime")
    say(f"Verilator model: {time.monotonic() - start:.1f} s")
    return run_model(model, accelerator, images, seed=seed, progress=progress, output=output,
                     parts=parts_for(accelerator, len(images)))


def _has_lanes(accelerator):
    """Return whether a layer is scheduled."""
    return any(isinstance(mode, Scheduled) for mode in accelerator.schedule.layers.values())


def compare(accelerator, images, outcome, *, timed):
    """Return what is wrong with an outcome, as lines of text; and the first wrong image, or None.

    ``timed`` says that the images came at full speed, so that interval and latency count too.
    """
    scores = golden.Model(accelerator.network).scores(images)
    labels = golden.labels(scores)
    count = len(outcome.labels)
    wrong = np.flatnonzero((outcome.labels != labels[:count])
                           | (outcome.scores != scores[:count]).any(axis=1))
    first = int(wrong[0]) if len(wrong) else None
    problems = []
    if len(wrong):
        problems.append(f"{len(wrong)} of {count} answers differ from golden, image {first} first: "
                        f"label {outcome.labels[first]}, not {labels[first]}; scores "
                        f"{outcome.scores[first].tolist()}, not {scores[first].tolist()}")
    if count < len(images):
        first = count if first is None else first
        problems.append(f"only {count} of {len(images)} images were answered")
    if timed and count:
        fill = accelerator.latency // accelerator.interval + 2 * len(accelerator.stages) + 2
        intervals = outcome.intervals(fill)
        if outcome.latencies != {accelerator.latency}:
            problems.append(f"latency must be {accelerator.latency} cycles: "
                            f"{', '.join(map(str, sorted(outcome.latencies)))}")
        if (intervals != accelerator.interval).any():
            problems.append(f"interval must be {accelerator.interval} cycles: "
                            f"{sorted(set(intervals.tolist()))[:8]}")
    return problems, first


def count_equal(network, images, outcome):
    """Return how many images have golden's label and scores."""
    scores = golden.Model(network).scores(images[:len(outcome.labels)])
    return int(((outcome.labels == golden.labels(scores))
                & (outcome.scores == scores).all(axis=1)).sum())


def consumed(accelerator, images, output=OUTPUT):
    """Return all that an outcome depends on, see :mod:`.model.inputs`."""
    verilog = cached_verilog(accelerator.network, accelerator.schedule, output / PLACE)
    return {**inputs.of_images(accelerator.network, images), "verilog": inputs.sha(verilog),
            **inputs.of_model(MAIN.read_text(encoding="utf-8"))}


def _recorded(path, found):
    """Whether a file of ``--record`` is about the same run."""
    try:
        return read_json(path)["inputs"] == found
    except (OSError, ValueError, KeyError, TypeError):
        return False


def main(argv=None):
    parser = Parser(prog="python -m sim.full", description=__doc__,
                    example="tfc --board icebreaker")
    parser.add_argument("network", type=network_file, metavar="NETWORK", help=HELP)
    add_options(parser)
    add_output(parser)
    parser.add_argument("--dataset", metavar="D", help="default: the one it was trained on")
    choices.add_arguments(parser)
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N test images")
    parser.add_argument("--stall", action="store_true",
                        help="run a second time, with pauses on both streams")
    parser.add_argument("--record", type=Path, metavar="JSON",
                        help="write what came out at full speed here, if all is equal; a run that "
                             "the file is about already is not repeated")
    parser.add_argument("--inputs", type=Path, metavar="JSON",
                        help="write what the outcome depends on, as hashes, and simulate nothing")
    args = parser.parse_args(argv)
    if args.limit is not None and args.limit < 1:
        raise ValueError(f"Limit must be at least 1: {args.limit}")

    began = time.monotonic()
    network = load(args.network)
    images = load_test_set(network, args.dataset, choices.from_arguments(args)).images
    images = images[:args.limit]
    accelerator = Accelerator(network, schedule_of(args, network))
    print(f"{args.network}: identity {network.identity[:12]}, interval {accelerator.interval}, "
          f"latency {accelerator.latency} cycles, {accelerator.beats} beats an image")
    found = consumed(accelerator, images, args.output) if args.record or args.inputs else None
    if args.inputs:
        inputs.write(args.inputs, found)
        return 0
    if args.record and _recorded(args.record, found):
        print(f"equal to golden already: {args.record} is about the same design and images")
        return 0
    cycles = len(images) * (accelerator.interval + PAUSES * args.stall)
    for seed in (0, 1) if args.stall else (0,):
        outcome = simulate(accelerator, images, seed=seed, long=cycles > LONG_RUN,
                           output=args.output)
        problems, first = compare(accelerator, images, outcome, timed=not seed)
        how = "with pauses on both streams" if seed else "at full speed"
        print(f"{how}: {len(outcome.labels):,} images, {outcome.cycles:,} cycles in "
              f"{outcome.seconds:.1f} s, {len(outcome.labels) / outcome.seconds:,.0f} images/s")
        if first is not None:
            print(f"looking into image {first} ...", flush=True)
            problems = [*report(accelerator, images, first, args.network,
                                 output=args.output).verdicts(), *problems]
        for problem in problems:
            print(f"error: {problem}", file=sys.stderr)
        if problems:
            return 1
        if args.record and not seed and not problems:
            write_text(args.record, json.dumps({
                "inputs": found, "identity": network.identity, "images": len(images),
                "equal": count_equal(network, images, outcome), "interval": accelerator.interval,
                "latency": accelerator.latency, "cycles": outcome.cycles,
                "seconds": round(outcome.seconds, 3),
                "wall_seconds": round(time.monotonic() - began, 2)}, indent=1) + "\n")
        extra = "" if seed else "; interval and latency as predicted"
        print(f"equal to golden: {len(images):,} of {len(images):,} labels and scores{extra}")
    print(f"wall time {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    run(main)
