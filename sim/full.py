# amaranth: UnusedElaboratable=no
"""Runs test images through the complete accelerator's RTL: ``python -m sim.full NETWORK``."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from boards.usage import Parser
from hw.accelerator import Accelerator
from hw.synthesis.verilog import to_verilog
from sw import golden
from sw.artefact import HELP, network_file
from sw.command import run
from sw.data import options as choices
from sw.data.testset import load_test_set
from sw.network import load
from sw.progress import progress as shown_progress
from sw.store.files import read_json, write_bytes, write_text
from sw.store.lock import scratch

from .model import inputs
from .model.design import OUTPUT, add_options, add_output, cached_verilog, schedule_of
from .model.preloaded import preloaded
from .model.vectors import to_bits
from .model.verilator import compile_model
from .trace import report


PLACE = Path("sim/full")  # in the folder that is written to
MAIN = Path(__file__).with_suffix(".cpp")
LONG_RUN = 80_000  # cycles from which on an optimized model is done earlier
PAUSES = 15  # cycles that an image takes more with pauses, about


@dataclass(frozen=True, eq=False)
class Outcome:
    """Answers of an accelerator.

    Attributes
    ----------
    labels : ndarray of int64, shape (n,)
        Labels; n is less than the number of images if the accelerator stopped answering.
    scores : ndarray of int64, shape (n, classes)
        Scores.
    taken, offered : ndarray of uint64, shape (n,)
        Cycles in which an image's last beat was taken, and its answer was first offered.
    cycles : int
        Cycles in all.
    seconds : float
        Wall time of the simulation alone.
    """

    labels: np.ndarray
    scores: np.ndarray
    taken: np.ndarray
    offered: np.ndarray
    cycles: int
    seconds: float

    @property
    def latency(self):
        """Cycles from the last beat of image 0, which came alone, to its answer."""
        return int(self.offered[0] - self.taken[0])

    def intervals(self, fill):
        """Cycles between an answer and the next, without those of the first ``fill`` images."""
        return np.diff(self.offered[fill:].astype(np.int64))


def pack_beats(network, pixels, images):
    """Return images, shape (n, *input_shape), as bytes of beats: each takes whole 32-bit words."""
    count = len(images)
    beats = -(-network.inputs // pixels)
    shifted = np.zeros((count, beats * pixels), np.uint16)
    shifted[:, :network.inputs] = images.reshape(count, -1) >> network.shift
    bits = to_bits(shifted, network.pixel_bits).reshape(count * beats, -1)
    return _fill_words(np.packbits(bits, axis=1, bitorder="little")).tobytes()


def unpack_answers(network, octets):
    """Return labels, scores and the two cycle numbers of each answer in a file of answers."""
    classes, score_bits = network.classes, network.score_bits
    label_bits = (classes - 1).bit_length()
    size = -(-(label_bits + classes * score_bits) // 32) * 4
    count = len(octets) // (size + 16)
    rows = np.frombuffer(octets, np.uint8)[:count * (size + 16)].reshape(count, size + 16)
    bits = np.unpackbits(rows[:, :size], axis=1, bitorder="little").astype(np.int64)
    labels = bits[:, :label_bits] @ (1 << np.arange(label_bits))
    weights = 1 << np.arange(score_bits)
    weights[-1] *= -1
    scores = bits[:, label_bits:label_bits + classes * score_bits].reshape(
        count, classes, score_bits) @ weights
    times = np.ascontiguousarray(rows[:, size:]).view("<u8")
    return labels, scores, times[:, 0], times[:, 1]


def simulate(accelerator, images, *, seed=0, long=False, edit=None, progress=True, output=OUTPUT):
    """Run images through an accelerator's Verilog.

    Parameters
    ----------
    accelerator : hw.accelerator.Accelerator
        The design.
    images : ndarray of unsigned integers, shape (n, *input_shape)
        Images; the first one goes alone.
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
                          optimize="-O1" if long else "-O0", runtime=output / "sim/runtime")
    say(f"Verilator model: {time.monotonic() - start:.1f} s")

    return run_model(model, accelerator, images, seed=seed, progress=progress, output=output)


def run_model(model, accelerator, images, *, seed=0, progress=True, output=OUTPUT, **environment):
    """Run images through a compiled model of an accelerator; see :func:`simulate`.

    ``environment`` are variables that the model reads, as anything ``str`` can turn to text.
    """
    network = accelerator.network
    patience = 100_000 + 4 * (accelerator.latency + accelerator.interval)
    with scratch(output / PLACE, ".run-") as folder:
        beats, answers = folder / "beats", folder / "answers"
        write_bytes(beats, pack_beats(network, accelerator.schedule.pixels, images))
        start = time.monotonic()
        pause = 80 + accelerator.latency + 8 * accelerator.interval
        command = [model, beats, answers, len(images), accelerator.beats, patience, seed, pause]
        variables = {**os.environ, **{key: str(value) for key, value in environment.items()}}
        with (subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE,
                               encoding="utf-8", errors="replace",
                               env=variables) as child,
              shown_progress(total=len(images), what="simulating", unit="images",
                             show=progress) as bar):
            cycles = 0
            for line in child.stdout:
                what, _, number = line.partition(" ")
                if what == "cycles":
                    cycles = int(number)
                else:
                    bar.update(int(number) - bar.n)
            if child.wait() == 0:
                bar.update(len(images) - bar.n)
        if child.returncode not in (0, 3):
            raise ValueError(f"Simulation must run to its end: {model} ended with "
                             f"{child.returncode}")
        return Outcome(*unpack_answers(network, answers.read_bytes()), cycles,
                       time.monotonic() - start)


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
        if outcome.latency != accelerator.latency:
            problems.append(f"latency must be {accelerator.latency} cycles: {outcome.latency}")
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


def _fill_words(rows):
    padded = np.zeros((len(rows), -(-rows.shape[1] // 4) * 4), np.uint8)
    padded[:, :rows.shape[1]] = rows
    return padded


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
                "latency": outcome.latency, "cycles": outcome.cycles,
                "seconds": round(outcome.seconds, 3),
                "wall_seconds": round(time.monotonic() - began, 2)}, indent=1) + "\n")
        extra = "" if seed else "; interval and latency as predicted"
        print(f"equal to golden: {len(images):,} of {len(images):,} labels and scores{extra}")
    print(f"wall time {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    run(main)
