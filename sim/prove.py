"""Formal proofs: the stream contract, popcounts and frames, for all inputs at small parameters."""

import json
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sw import command
from sw.progress import progress
from sw.store.files import read_json, write_text

from .model import inputs
from .proof import (
    of_accelerator as proof_accelerator,
)
from .proof import (
    of_benchmark as proof_benchmark,
)
from .proof import (
    of_count as proof_count,
)
from .proof import (
    of_feed as proof_feed,
)
from .proof import (
    of_flash as proof_flash,
)
from .proof import (
    of_image as proof_image,
)
from .proof import (
    of_inbox as proof_inbox,
)
from .proof import (
    of_layer as proof_layer,
)
from .proof import (
    of_line as proof_line,
)
from .proof import (
    of_link as proof_link,
)
from .proof import (
    of_load as proof_load,
)
from .proof import (
    of_loadedtext as proof_loadedtext,
)
from .proof import (
    of_loadinglink as proof_loadinglink,
)
from .proof import (
    of_lookup as proof_lookup,
)
from .proof import (
    of_shared as proof_shared,
)
from .proof import (
    of_slidingwindow as proof_slidingwindow,
)
from .proof import (
    of_stream as proof_stream,
)
from .proof import (
    of_window as proof_window,
)
from .proof import (
    of_wishbone as proof_wishbone,
)
from .proof.formal import check, versions


__all__ = ["PROOFS", "UNPROVEN", "main", "prove"]

FOLDER = Path("build/prove")

PROOFS = [*proof_stream.PROOFS, *proof_layer.PROOFS, *proof_count.PROOFS,
          *proof_shared.PROOFS, *proof_slidingwindow.PROOFS,
          *proof_lookup.PROOFS, *proof_line.PROOFS, *proof_feed.PROOFS,
          *proof_image.PROOFS, *proof_inbox.PROOFS, *proof_accelerator.PROOFS,
          *proof_benchmark.PROOFS, *proof_flash.PROOFS, *proof_link.PROOFS,
          *proof_window.PROOFS, *proof_wishbone.PROOFS, *proof_load.PROOFS,
          *proof_loadedtext.PROOFS, *proof_loadinglink.PROOFS]

# Components of hw with streams that have no proof of their own, and why.
UNPROVEN = {
    "SpramWeights": "no payload comes out of it: the proof mvtu-spram loads and reads it",
    "PacketAccelerator": "wires around AxiAccelerator and a count of beats: its bench drives both",
    "LoadedMVTU": "an MVTU with memories that can be written: its tests load it, weight-writer is "
                  "proven",
    "PositionScores": "an MVTU under another name",
    "HeldSlot": "two registers, whose producer holds the payload: tests of label select stall it",
}


def prove(proof):
    """Check a proof and its twin; return what the record says of them, a dict."""
    run = partial(check, depth=proof.depth, models=proof.models)
    right = run(proof.text(), FOLDER / proof.name, method=proof.method)
    twin = run(proof.text(faulty=True), FOLDER / f"{proof.name}-twin", method="trace")
    return {
        "name": proof.name, "claim": proof.claim, "parameters": proof.parameters,
        "method": proof.how, "depth": None if proof.method == "pdr" else proof.depth,
        "unbounded": proof.unbounded, "enough": proof.enough,
        "seconds": round(right.seconds + twin.seconds, 1),
        "result": {"pass": "proven" if proof.unbounded else "holds so far",
                   "fail": "failed"}.get(right.status, "open"),
        "assertion": right.assertion, "trace": right.trace,
        "twin": {"fault": str(proof.fault), "result": "caught" if twin.status == "fail"
                 else "missed", "depth": twin.step, "assertion": twin.assertion,
                 "trace": twin.trace},
    }


def consumed(proofs):
    """Return all that the verdicts depend on, see :mod:`.model.inputs`."""
    return {"proofs": {proof.name: inputs.sha(proof.content) for proof in proofs},
            "tools": versions()}


def proven(path, proofs):
    """Return the rows of proofs that a record has already, by name.

    The file is a record of :mod:`boards.verify`. A row stands while the harness, its twin and the
    tools are the same, unless the proof failed.
    """
    record = read_json(path)
    try:
        before, rows = record["inputs"]["proofs"], record["result"]["proofs"]
        kept = {row["name"]: row for row in rows
                if before["tools"] == versions() and failed(row) is None}
        return {proof.name: kept[proof.name] for proof in proofs if proof.name in kept
                and before["proofs"].get(proof.name) == inputs.sha(proof.content)}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} must be a record of proofs, as boards.verify writes them: "
                         f"{error!r}") from None


def failed(row):
    """Return what went wrong with a proof, a sentence, or None."""
    if row["result"] == "failed":
        return (f"{row['name']}: {row['assertion'] or 'an assertion fails'} (counterexample: "
                f"{row['trace']})")
    if row["result"] == "open":
        return f"{row['name']}: neither proven nor refuted by {row['method']}"
    if row["twin"]["result"] == "missed":
        return f"{row['name']}: the planted fault is not found: {row['twin']['fault']}"
    return None


def choose(names, short):
    """Return the proofs called by their names, or all, or the short set."""
    known = {proof.name: proof for proof in PROOFS}
    for name in names:
        if name not in known:
            raise ValueError(f"Proof must be one of {', '.join(known)}: {name!r} (see --list)")
    return [proof for proof in PROOFS
            if (proof.name in names if names else proof.short or not short)]


def table(proofs):
    """Return the table of proofs in Markdown, a string."""
    rows = [f"| `{proof.name}` | {proof.claim}. | {proof.parameters} | {proof.how}"
            f"{': ' + proof.enough if proof.enough else ''} |" for proof in proofs]
    return "\n".join(["| proof | what holds | parameters | method |", "|---|---|---|---|", *rows])


def main(argv=None):
    """Run the command line; return 1 if a proof fails or a planted fault is not found."""
    parser = command.Parser(prog="python -m sim.prove", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="proofs to run; all by default")
    parser.add_argument("--list", action="store_true", help="print what there is, run nothing")
    parser.add_argument("--short", action="store_true", help="the short set, CI's")
    parser.add_argument("--record", metavar="JSON", help="write what came of it")
    parser.add_argument("--known", type=Path, metavar="JSON",
                        help="take proofs whose harness and tools are the same from this record "
                             "of boards.verify")
    parser.add_argument("--inputs", type=Path, metavar="JSON",
                        help="write what the verdicts depend on, as hashes, and prove nothing")
    options = parser.parse_args(argv)
    proofs = choose(options.names, options.short)
    if options.list:
        print(table(proofs))
        return 0
    if options.inputs:
        inputs.write(options.inputs, consumed(proofs))
        return 0
    kept = proven(options.known, proofs) if options.known and options.known.exists() else {}
    if kept:
        print(f"{len(kept)} of {len(proofs)} proofs stand in {options.known}")
    rows = []
    with progress(proofs, what="proving", unit="proofs") as bar:
        for proof in bar:
            if proof.name in kept:
                rows.append(kept[proof.name])
                continue
            bar.note(proof=proof.name)
            rows.append(prove(proof))
            row = rows[-1]
            bar.write(f"{row['name']:26} {row['result']:12} {row['method']:22} "
                      f"{row['seconds']:6.1f} s   twin {row['twin']['result']} in cycle "
                      f"{row['twin']['depth']}")
    if options.record:
        record = {"inputs": consumed(proofs), "proofs": rows, "tools": versions(),
                  "date": datetime.now(UTC).isoformat(timespec="seconds"),
                  "command": " ".join(["python -m sim.prove", *(argv or sys.argv[1:])])}
        write_text(options.record, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
        print(f"wrote {options.record}")
    problems = [problem for row in rows if (problem := failed(row))]
    for problem in problems:
        print(f"failed: {problem}", file=sys.stderr)
    unbounded = sum(row["unbounded"] and row["result"] == "proven" for row in rows)
    print(f"{unbounded} of {len(rows)} proven for all time, "
          f"{sum(row['result'] == 'holds so far' for row in rows)} hold to their depth, "
          f"{sum(row['twin']['result'] == 'caught' for row in rows)} planted faults caught, "
          f"{sum(row['seconds'] for row in rows):.0f} CPU seconds")
    return int(bool(problems))


if __name__ == "__main__":
    command.run(main)
