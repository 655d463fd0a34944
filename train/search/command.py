"""Command of the search: trials, full trainings, report, and the build of the best network."""

import sys
from pathlib import Path

from sw.artefact import BUILD
from sw.data import datasets
from sw.share.store import Store

from ..determinism import deterministic
from . import front, report
from .job import job_of, parser
from .worker import Worker


INTERRUPTED = 130  # exit code after Ctrl-C, as shells expect


def main(argv=None):
    args = parser().parse_args(argv)
    with deterministic():
        job = job_of(args)
        short = (args.dataset if args.dataset == job.dataset.name
                 else datasets.short_name(args.dataset))
        name = args.name or f"{short}-{job.hardware.board.name}"
        folder = Path(args.output or BUILD / "search" / name)
        storage = Store(folder, name, args.storage, args.artefacts, args.heartbeat)
        for note in storage.notes():
            print(f"note: {note}", file=sys.stderr)
        print(f"searching {name}: {job.hardware.lut4:,} LUT4 at {job.hardware.clock / 1e6:g} MHz, "
              f"{', '.join(family.name for family in job.families)}; brief trainings of "
              f"{job.brief.epochs} epochs over {job.brief.images:,} of "
              f"{len(job.dataset.train_images):,} images", flush=True)
        worker = Worker(storage, job.identity(), job)
        interrupted = worker.run()
    with storage.speaking():
        entries = worker.entries()
        found = front.front(entries)
        if not found and interrupted:
            print("interrupted before a network that fits was found; the same command goes on")
            return INTERRUPTED
        if not found:
            raise ValueError(_nothing(worker, entries, args))
        written = report.write(report.Content(name, job, worker.study, entries, worker.done(),
                                              worker.builds.results(), folder))
    print(f"wrote {', '.join(map(str, written))}", flush=True)
    if interrupted:
        print("interrupted; the same command goes on")
        return INTERRUPTED
    return 0


def _nothing(worker, entries, args):
    """Return the message of a search without a network that fits."""
    if not entries:
        return (f"Time must be enough for one brief training: {args.time:g} s were not (a longer "
                f"--time, or fewer --images and --epochs); what began is kept")
    tried = [entry for entry in entries if entry.lut4]
    least = min((entry.lut4 for entry in tried), default=0)
    return (f"Board {worker.job.hardware.board.name} must hold one of the networks: none of "
            f"{len(entries)} fits {worker.job.hardware.lut4:,} LUT4"
            + (f", the smallest takes {least:,.0f}" if least else "")
            + " (another --board or other --families, or more --time)")
