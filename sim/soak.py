# amaranth: UnusedElaboratable=no
"""A million requests over a line that spoils octets, host driver to RTL: ``python -m sim.soak``."""

import json
import random
import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from boards.top import Top
from hw.plan.schedule import Schedule, Scheduled, Wired
from sw.command import Parser, run
from sw.progress import progress
from sw.store.files import write_text

from .board.linefault import Faults
from .board.octetboard import Line, compile_board
from .board.soak_requests import Conversation, Tally
from .model.networks import random_network


FOLDER = Path("build/sim/soak")
LONG_RUN = 10_000  # requests from which on an optimized model is done earlier
RATE = 0.12  # share of what is sent, in each direction, that has a fault

# Small: 16 pixels of 1 bit, three classes. Images reach the first by words, the second whole.
NETWORK = random_network((16, 8, 3))
SCHEDULES = {
    "scheduled": Schedule(8, {"fc0": Scheduled(4, 16), "scores": Scheduled(3, 8)}),
    "wired": Schedule(16, {"fc0": Wired(), "scores": Wired()}),
}


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
    bar : sw.progress.Quiet, optional
        Progress.

    Returns
    -------
    Tally
    """
    tally = Tally()
    for index, schedule in enumerate(SCHEDULES):
        top = board(schedule)
        model = compile_board(top, FOLDER, edit=edit, long=frames > LONG_RUN)
        faults = Faults(random.Random(f"{seed} {schedule} line"), rate)
        share = frames * (index + 1) // len(SCHEDULES) - frames * index // len(SCHEDULES)
        before = tally.frames

        def progress(count, before=before):
            if bar is not None:
                bar.update(before + count - bar.n)

        with Line(model, top.clock_hz, faults) as line:
            talk = Conversation(top, line, random.Random(f"{seed} {schedule}"), tally)
            talk.run(share, progress)
        if tally.lost:
            break
    return tally


def main(argv=None):
    parser = Parser(prog="python -m sim.soak", description=__doc__)
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

    start, busy = time.monotonic(), time.process_time()
    with progress(total=args.frames, what="soaking", unit="frames") as bar:
        tally = soak(args.frames, args.seed, rate=args.rate, bar=bar)
    seconds = time.monotonic() - start
    print("\n".join(lines(tally, seconds, time.process_time() - busy)))
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


def lines(tally, seconds, busy):
    """Return a tally as text, line by line; it took ``seconds``, and the processor ``busy``."""
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
        f"simulated  {tally.cycles:,} cycles in {seconds:.1f} s, {busy:.1f} s of them of the "
        f"processor: {tally.frames / busy:,.0f} frames and {tally.cycles / busy / 1e6:.2f} million "
        f"cycles in each"]


if __name__ == "__main__":
    run(main)
