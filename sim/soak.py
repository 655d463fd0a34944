# amaranth: UnusedElaboratable=no
"""A million requests over a line that spoils octets, host driver to RTL: ``python -m sim.soak``."""

import argparse
import json
import random
import shlex
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from tqdm import tqdm

from boards.top import Top
from hw.schedule import Schedule, Scheduled, Wired
from sw.client import Client
from sw.command import run
from sw.files import write_text
from sw.golden import Model
from sw.host import expected_report
from sw.protocol import ErrorCode, Frame, ProtocolError, Type

from .linefault import Faults
from .networks import random_network
from .octetboard import Line, compile_board


FOLDER = Path("build/sim/soak")
RATE = 0.12     # share of what is sent, in each direction, that has a fault
RESETS = 0.003  # share of requests before which the host is started anew
POOL = 4096     # images to choose from
STARTS = 50     # hosts that may fail to reach the board, one after the other

# Small: 16 pixels of 1 bit, three classes. Images reach the first by words, the second whole.
NETWORK = random_network((16, 8, 3))
SCHEDULES = {
    "scheduled": Schedule(8, {"fc0": Scheduled(4, 16), "scores": Scheduled(3, 8)}),
    "wired": Schedule(16, {"fc0": Wired(), "scores": Wired()}),
}


@dataclass
class Tally:
    """What became of requests: each is answered right, wrong, or ends in an explicit error.

    ``explicit_errors`` are requests that the host gave up, with a :class:`ProtocolError` that says
    so; ``lost`` those after which the board did not answer over a line without faults either.
    """

    frames: int = 0
    answers_right: int = 0
    explicit_errors: int = 0
    retries: int = 0
    wrong: int = 0
    lost: int = 0
    cycles: int = 0
    faults: Counter = field(default_factory=Counter)
    requests: Counter = field(default_factory=Counter)
    notes: list = field(default_factory=list)

    @property
    def passed(self):
        """Whether nothing was wrong or lost, and nothing is unaccounted for."""
        return (not self.wrong and not self.lost
                and self.answers_right + self.explicit_errors == self.frames)


class Soak:
    """Requests through the host's driver, over a line with faults, to a simulated board.

    Parameters
    ----------
    top : boards.top.Top
        The board.
    line : sim.octetboard.Line
        The line to it, running.
    rng : random.Random
        What is asked, and when the host is started anew.
    tally : Tally
        Where results go.
    """

    def __init__(self, top, line, rng, tally):
        self.top = top
        self.line = line
        self.rng = rng
        self.tally = tally
        network = top.network
        self.images = np.random.default_rng(rng.getrandbits(32)).integers(
            256, size=(POOL, *network.input_shape), dtype=np.uint8)
        model = Model(network)
        self.labels, self.scores = model.labels(self.images), model.scores(self.images)
        self.rom_labels = model.labels(top.images)
        self.client = None
        self._connect()

    def run(self, requests, progress=lambda count: None):
        """Send requests; stop early when the board answers no more."""
        for count in range(1, requests + 1):
            self.request()
            if self.tally.lost:
                break
            if count % 200 == 0 or count == requests:
                progress(count)
        self._probe()
        self.tally.retries += self.client.retries
        self.tally.cycles += self.line.cycles
        self.tally.faults.update(self.line.faults.counts)

    def request(self):
        """Ask something, and count what came of it."""
        if self.rng.random() < RESETS:
            self._restart()
        ask = self.rng.choices((self._classify, self._identify, self._benchmark, self._refused),
                               (91, 3, 3, 3))[0]
        self.tally.frames += 1
        self.tally.requests[ask.__name__.strip("_")] += 1
        try:
            self._judge(ask(), ask.__name__)
        except ProtocolError as error:
            if "must answer" not in str(error):  # a right request was refused
                self._judge(False, f"{ask.__name__}: {error}")
                return
            self.tally.explicit_errors += 1
            self._probe()

    def _judge(self, right, what):
        self.tally.answers_right += right
        self.tally.wrong += not right
        if not right and len(self.tally.notes) < 10:
            self.tally.notes.append(f"request {self.tally.frames}, {what.strip('_')}: wrong")

    def _classify(self):
        start = self.rng.randrange(POOL - 3)
        part = slice(start, start + self.rng.randint(1, 3))
        labels, scores = self.client.classify(self.images[part])
        return ((labels == self.labels[part]).all() and (scores == self.scores[part]).all()).item()

    def _identify(self):
        return self.client.request(Type.IDENTIFY, b"", seconds=0) == self.top.info.encode()

    def _benchmark(self):
        count = self.rng.randint(1, 40)
        report = self.client.benchmark(count)
        return ((report.histogram, report.checksum) == expected_report(self.rom_labels, count, 3)
                and report.cycles == self.top.info.cycles(count))

    def _refused(self):
        """Ask what the board must refuse, and how it must say so."""
        kind, payload, code = self.rng.choice((
            (Type.CLASSIFY, b"", ErrorCode.WRONG_LENGTH),
            (Type.CLASSIFY, b"abc", ErrorCode.WRONG_LENGTH),
            (Type.IDENTIFY, b"~", ErrorCode.WRONG_LENGTH),
            (Type.BENCHMARK, bytes(4), ErrorCode.WRONG_COUNT),
            (Type.ERROR, b"}", ErrorCode.UNKNOWN_TYPE)))
        try:
            self.client.request(kind, payload, seconds=0)
        except ProtocolError as error:
            if "must answer" in str(error):
                raise
            return str(error).endswith(f"must take {kind.name} requests: it answers {code.name}")
        return False

    def _restart(self):
        """Stop the host while it sends a request, or behind it, and start another."""
        frame = Frame(Type.CLASSIFY, self.rng.randrange(256), self.rng.randbytes(4)).encode()
        whole = self.rng.random() < 0.5
        self.line.write(frame if whole else frame[:self.rng.randrange(1, len(frame))])
        self.tally.faults["host reset while the board answers" if whole
                          else "host reset in a frame"] += 1
        self._connect()

    def _connect(self):
        """Start a host: it asks who is there."""
        self.tally.retries += self.client.retries if self.client else 0
        for _ in range(STARTS):
            try:
                self.client = Client(self.line, clock=self.line)
            except ProtocolError:
                continue
            if self.client.info != self.top.info:
                self.tally.wrong += 1
            return
        raise ProtocolError(f"Board must answer one of {STARTS} hosts: none heard of it")

    def _probe(self):
        """Ask over a line without faults: the answer must be there."""
        self.line.faults.on = False
        try:
            if not self._classify():
                self.tally.wrong += 1
        except ProtocolError as error:
            self.tally.lost += 1
            self.tally.notes.append(f"request {self.tally.frames}: no answer after it: {error}")
        self.line.faults.on = True


def board(schedule):
    """Return the :class:`boards.top.Top` of a schedule of :data:`SCHEDULES`."""
    rng = np.random.default_rng(1)
    return Top(NETWORK, SCHEDULES[schedule], clock_hz=1_000_000, baud=125_000, board="soak",
               images=rng.integers(256, size=(5, *NETWORK.input_shape), dtype=np.uint8),
               frame_depth=32)


def soak(frames, seed, *, rate=RATE, edit=None, bar=None):
    """Send requests over lines with faults, shared out to the boards of all schedules.

    Parameters
    ----------
    frames : int
        Requests.
    seed : int
        Of all that is random: two runs are the same to the last cycle.
    rate : float
        Share of what is sent, in each direction, that has a fault.
    edit : callable, optional
        Changes the boards' Verilog: plants a fault.
    bar : tqdm.tqdm, optional
        Progress.

    Returns
    -------
    Tally
    """
    tally = Tally()
    for index, schedule in enumerate(SCHEDULES):
        top = board(schedule)
        model = compile_board(top, FOLDER, edit=edit)
        faults = Faults(random.Random(f"{seed} {schedule} line"), rate)
        share = frames * (index + 1) // len(SCHEDULES) - frames * index // len(SCHEDULES)
        before = tally.frames

        def progress(count, before=before):
            if bar is not None:
                bar.update(before + count - bar.n)

        with Line(model, top.clock_hz, faults) as line:
            Soak(top, line, random.Random(f"{seed} {schedule}"), tally).run(share, progress)
    return tally


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m sim.soak", description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000, metavar="N",
                        help="requests to send (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="default: %(default)s")
    parser.add_argument("--rate", type=float, default=RATE, metavar="X",
                        help="share of what is sent, each way, that has a fault (default: "
                             "%(default)s)")
    parser.add_argument("--record", type=Path, metavar="JSON", help="write what came out here")
    args = parser.parse_args(argv)
    if args.frames < len(SCHEDULES):
        raise ValueError(f"Frames must be at least {len(SCHEDULES)}, one for each board: "
                         f"{args.frames}")
    if not 0 <= args.rate <= 1:
        raise ValueError(f"Rate of faults must be in 0..1: {args.rate}")

    start = time.monotonic()
    with tqdm(total=args.frames, unit=" frames", mininterval=1) as bar:
        tally = soak(args.frames, args.seed, rate=args.rate, bar=bar)
    seconds = time.monotonic() - start
    print("\n".join(lines(tally, seconds)))
    for note in tally.notes:
        print(f"error: {note}", file=sys.stderr)
    if args.record:
        given = sys.argv[1:] if argv is None else argv
        write_text(args.record, json.dumps({
            "frames": tally.frames, "faults": dict(sorted(tally.faults.items())),
            "answers_right": tally.answers_right, "explicit_errors": tally.explicit_errors,
            "retries": tally.retries, "wrong": tally.wrong, "lost": tally.lost,
            "cycles": tally.cycles, "seconds": round(seconds, 1), "seed": args.seed,
            "date": datetime.now(UTC).date().isoformat(),
            "command": shlex.join(["python", "-m", "sim.soak", *given])}, indent=1) + "\n")
        print(f"wrote {args.record}")
    return int(not tally.passed)


def lines(tally, seconds):
    """Return a tally as text, line by line."""
    faults = tally.faults.total()
    asked = ", ".join(f"{count:,} {name}" for name, count in tally.requests.most_common())
    kinds = ", ".join(f"{count:,} {name}" for name, count in sorted(tally.faults.items()))
    return [
        f"requests   {tally.frames:,} ({asked})",
        f"faults     {faults:,}: {kinds}",
        f"right      {tally.answers_right:,}",
        f"errors     {tally.explicit_errors:,} explicit: the host gave up and said so",
        f"retries    {tally.retries:,}",
        f"wrong      {tally.wrong:,} (a CRC of 32 bits lets {faults / 2**32:.1g} of so many random "
        f"faults pass)",
        f"lost       {tally.lost:,}",
        f"simulated  {tally.cycles:,} cycles in {seconds:.1f} s: {tally.frames / seconds:,.0f} "
        f"frames/s, {tally.cycles / seconds / 1e6:.2f} million cycles/s"]


if __name__ == "__main__":
    run(main)
