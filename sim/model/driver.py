"""Runs images through a compiled model of an accelerator, in several processes if they are many."""

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np

from sw.progress import progress as shown_progress
from sw.store.files import write_bytes
from sw.store.lock import scratch

from .design import OUTPUT
from .vectors import to_bits


PLACE = Path("sim/full")  # in the folder that is written to
PART_CYCLES = 80_000  # that are worth a process of their own
PART_IMAGES = 100


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
        Cycles of all processes.
    seconds : float
        Wall time of the simulation alone.
    starts : tuple of int
        First image of each process, which came alone.
    """

    labels: np.ndarray
    scores: np.ndarray
    taken: np.ndarray
    offered: np.ndarray
    cycles: int
    seconds: float
    starts: tuple = (0,)

    @property
    def latencies(self):
        """Cycles from the last beat of each image that came alone to its answer, a set of int."""
        places = [start for start in self.starts if start < len(self.offered)]
        return set((self.offered[places] - self.taken[places]).tolist())

    def intervals(self, fill):
        """Cycles between an answer and the next, without those of a process's first images."""
        ends = (*self.starts[1:], len(self.offered))
        return np.concatenate([np.diff(self.offered[start + fill:end].astype(np.int64))
                               for start, end in zip(self.starts, ends, strict=True)])


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


def parts_for(accelerator, count):
    """Return the number of processes in which so many images are simulated soonest."""
    cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, count * accelerator.interval // PART_CYCLES, count // PART_IMAGES))


def run_model(model, accelerator, images, *, seed=0, progress=True, output=OUTPUT, parts=1,
              **environment):
    """Run images through a compiled model of an accelerator.

    Parameters
    ----------
    model : Path
        The model, of the main ``sim/full.cpp``.
    accelerator : hw.accelerator.Accelerator
        The design.
    images : ndarray of unsigned integers, shape (n, *input_shape)
        Images.
    seed : int
        0 for full speed; else of pauses on both streams.
    progress : bool
        Show a progress bar.
    output : Path
        Folder for all that is made on the way.
    parts : int
        Processes. Each takes a part of the images, its first image alone.
    **environment
        Variables that the model reads, as anything ``str`` can turn to text.

    Returns
    -------
    Outcome
    """
    network = accelerator.network
    bounds = np.linspace(0, len(images), parts + 1).astype(int).tolist()
    start = time.monotonic()
    with (scratch(output / PLACE, ".run-") as folder,
          shown_progress(total=len(images), what="simulating", unit="images",
                         show=progress) as bar,
          ThreadPoolExecutor(parts) as pool):
        lock = Lock()

        def done(more):
            with lock:
                bar.update(more)

        def run_part(place):
            part = images[bounds[place]:bounds[place + 1]]
            beats, answers = folder / f"beats{place}", folder / f"answers{place}"
            write_bytes(beats, pack_beats(network, accelerator.schedule.pixels, part))
            cycles = _run(_command(model, accelerator, beats, answers, len(part),
                                   seed and seed + place), environment, len(part), done)
            return (*unpack_answers(network, answers.read_bytes()), cycles)

        found = list(pool.map(run_part, range(parts)))
    kept = 1  # parts: behind one that stopped answering, an answer's place is not its image's
    while kept < parts and len(found[kept - 1][0]) == bounds[kept] - bounds[kept - 1]:
        kept += 1
    *answers, _ = (list(column) for column in zip(*found[:kept], strict=True))
    return Outcome(*map(np.concatenate, answers), sum(cycles for *_, cycles in found),
                   time.monotonic() - start, tuple(bounds[:kept]))


def _command(model, accelerator, beats, answers, count, seed):
    patience = 100_000 + 4 * (accelerator.latency + accelerator.interval)
    pause = 80 + accelerator.latency + 8 * accelerator.interval
    return [model, beats, answers, count, accelerator.beats, patience, seed, pause]


def _run(command, environment, count, done):
    """Run ``count`` images to the end; tell ``done`` how many more are answered; return cycles."""
    variables = {**os.environ, **{key: str(value) for key, value in environment.items()}}
    cycles = answered = 0
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, encoding="utf-8",
                          errors="replace", env=variables) as child:
        for line in child.stdout:
            what, _, number = line.partition(" ")
            if what == "cycles":
                cycles = int(number)
            else:
                done(int(number) - answered)
                answered = int(number)
        if child.wait() == 0:  # the model tells of some answers, not of each
            done(count - answered)
    if child.returncode not in (0, 3):
        raise ValueError(f"Simulation must run to its end: {command[0]} ended with "
                         f"{child.returncode}")
    return cycles


def _fill_words(rows):
    padded = np.zeros((len(rows), -(-rows.shape[1] // 4) * 4), np.uint8)
    padded[:, :rows.shape[1]] = rows
    return padded
