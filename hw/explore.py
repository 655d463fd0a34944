"""Measures ways to build hardware: synthesizes variants side by side and prints what each takes."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import numpy as np

from sw.command import Parser, is_quiet, run
from sw.store.files import write_text

from .count.columnplan import MOST_VOTES
from .synthesis.explore_variants import VARIANTS, NeuronLayer, possible
from .synthesis.verilog import find_yosys, to_verilog


__all__ = ["measure"]

SYNTHESIS = {"ecp5": "synth_ecp5 -nowidelut", "ice40": "synth_ice40"}

# Devices to place on: the largest and fastest supported one of each family.
DEVICE = {"ecp5": ["--85k", "--package", "CABGA381", "--speed", "6", "--router", "router2"],
          "ice40": ["--up5k", "--package", "sg48"]}

# Cells of logic on the paths between registers.
LOGIC = {"ecp5": "w:* t:LUT4 t:CCU2C", "ice40": "w:* t:SB_LUT4 t:SB_CARRY"}

INPUTS = 256  # bits that neurons choose from

COLUMNS = ("family", "variant", "fan_in", "neurons", "lut4", "ff", "per_synapse", "levels",
           "fmax_mhz", "seconds")


def measure(variant, *, family, fan_in, neurons, inputs=INPUTS, counts=False, levels=99, seed=1,
            votes=False, place=False):
    """Synthesize a layer of random neurons, or of classes that count votes.

    Returns
    -------
    dict
        ``lut4``: LUT4, where a CCU2C counts as two; on iCE40 logic cells, without those of the
        input register alone and with one for a constant. ``ff``: flip-flops without the input
        register.
        ``per_synapse``: LUT4 a synapse. ``levels``: most cells between two registers, where each
        carry counts as one. ``fmax_mhz``: clock after place and route on :data:`DEVICE`, or None
        without ``place``.
    """
    start = time.monotonic()
    sizes = {"neurons": neurons, "fan_in": fan_in, "inputs": inputs, "counts": counts,
             "family": family, "levels": levels, "seed": seed, "votes": votes}
    if votes:
        sizes |= {"inputs": neurons * fan_in, "counts": True}
    with tempfile.TemporaryDirectory() as folder:
        layer = NeuronLayer(variant, **sizes)
        cells, deepest = _synthesize(layer, family, folder)
        ff = sum(count for name, count in cells.items() if "_FF" in name or "_DFF" in name)
        stored = len(np.unique(layer.chosen))
        if family == "ice40":
            lut4 = _place(family, folder, "--pack-only")["ICESTORM_LC"] - stored
        else:
            lut4 = cells.get("LUT4", 0) + 2 * cells.get("CCU2C", 0)
        fmax = None
        if place:
            _synthesize(NeuronLayer(variant, **sizes, serial=True), family, folder)
            fmax = _place(family, folder, "--seed", str(seed))["fmax"]
    return {"family": family, "variant": variant, "fan_in": fan_in, "neurons": neurons,
            "counts": counts or votes, "votes": votes, "lut4": lut4, "ff": ff - stored,
            "per_synapse": round(lut4 / neurons / fan_in, 3), "levels": deepest,
            "fmax_mhz": fmax, "seconds": round(time.monotonic() - start, 1)}


def _synthesize(layer, family, folder):
    """Return cells by type and the length of the longest path; leave ``layer.json``."""
    write_text(Path(folder, "layer.v"), to_verilog(layer))
    script = (f"read_verilog layer.v; {SYNTHESIS[family]} -top top -json layer.json; "
              f"tee -q -o cells.json stat -json; tee -q -o ways.txt ltp {LOGIC[family]}")
    _call([find_yosys(), "-q", "-p", script], folder, "yosys")
    cells = json.loads(Path(folder, "cells.json").read_text("utf-8"))["design"]["num_cells_by_type"]
    ways = re.findall(r"length=(\d+)", Path(folder, "ways.txt").read_text("utf-8"))
    return cells, max(map(int, ways), default=0)


def _place(family, folder, *options):
    """Run nextpnr; return the number of cells by type, and ``fmax`` in MHz."""
    name = f"nextpnr-{family}"
    limits = ["--lpf-allow-unconstrained"] if family == "ecp5" else ["--pcf-allow-unconstrained"]
    log = _call([_find(name), "--json", "layer.json", *DEVICE[family], *limits, *options,
                 "--timing-allow-fail"], folder, name)
    used = {cell: int(count) for cell, count in re.findall(r"(\w+):\s+(\d+)/", log)}
    reached = re.findall(r"Max frequency for clock.*?: ([\d.]+) MHz", log)
    return used | {"fmax": float(reached[-1]) if reached else None}


def _find(name):
    """Return the path of a program: from an environment variable, else native, else YoWASP's."""
    scripts = sysconfig.get_path("scripts")
    for candidate in (os.environ.get(name.upper().replace("-", "_")), name, f"yowasp-{name}"):
        path = candidate and (shutil.which(candidate) or shutil.which(candidate, path=scripts))
        if path:
            return path
    raise FileNotFoundError(f"{name} must be installed: neither {name} nor yowasp-{name} is on "
                            f"the PATH (run 'make doctor', or 'pip install yowasp-{name}')")


def _call(command, folder, name):
    done = subprocess.run(command, cwd=folder, encoding="utf-8", errors="replace", check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise ValueError(f"{name} must succeed: {done.stdout.strip()[-300:]}")
    return done.stdout


def parse(argv):
    """Read the command line."""
    parser = Parser(prog="python -m hw.explore", description=__doc__)
    parser.add_argument("what", choices=["popcount"], help="what to measure")
    parser.add_argument("--family", choices=sorted(SYNTHESIS), default="ecp5",
                        help="device family (default: %(default)s)")
    parser.add_argument("--fan-in", default="6,16,24,32,48,64", metavar="N,...",
                        help="synapses of a neuron (default: %(default)s)")
    parser.add_argument("--neurons", type=int, default=32, metavar="N",
                        help="neurons of a layer (default: %(default)s)")
    parser.add_argument("--inputs", type=int, metavar="N",
                        help=f"bits that neurons choose from (default: {INPUTS})")
    parser.add_argument("--variants", metavar="NAME,...",
                        help=f"ways to build a neuron (default: {','.join(VARIANTS)})")
    parser.add_argument("--counts", action="store_true",
                        help="popcounts, as scores need them, instead of thresholds")
    parser.add_argument("--votes", action="store_true",
                        help="popcounts of bits of their own, none of them inverted, as scores "
                             "behind look-up layers need them")
    parser.add_argument("--levels", type=int, default=99, metavar="N",
                        help="most adders in a row between registers (default: no registers)")
    parser.add_argument("--pnr", action="store_true", help="place and route, for the clock")
    parser.add_argument("--seed", type=int, default=1, help="of weights and placement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    return parser.parse_args(argv)


def numbers(text, most, why):
    """Read numbers that commas separate."""
    values = [int(part) if part.isdecimal() else 0 for part in text.split(",")]
    if not all(1 <= value <= most for value in values):
        raise ValueError(f"Fan-in must be numbers in 1..{most}, {why}, with commas between "
                         f"them: {text!r}")
    return values


def main(argv=None):
    """Command line of ``python -m hw.explore``."""
    args = parse(argv)
    if args.votes and args.inputs is not None:
        raise ValueError("Inputs must not be given with --votes, because each class has bits of "
                         f"its own: {args.inputs}")
    inputs = INPUTS if args.inputs is None else args.inputs
    variants = args.variants.split(",") if args.variants is not None else list(VARIANTS)
    for variant in variants:
        if variant not in VARIANTS:
            raise ValueError(f"Variant must be one of {', '.join(VARIANTS)}: {variant!r}")
    if args.variants is not None and "columns" in variants and not args.votes:
        raise ValueError("Variant 'columns' must count votes (use --votes)")
    for what, size in (("Neurons", args.neurons), ("Inputs", inputs), ("Levels", args.levels)):
        if size < 1:
            raise ValueError(f"{what} must be at least 1: {size}")
    counts = args.counts or args.votes
    limit = (MOST_VOTES, "the most votes of a class") if args.votes else (inputs, "the inputs")
    jobs = [(fan_in, variant)
            for fan_in in numbers(args.fan_in, *limit)
            for variant in variants if possible(variant, fan_in=fan_in, counts=counts,
                                                family=args.family, votes=args.votes)]
    rows = []
    print("  ".join(f"{column:>11}" for column in COLUMNS))
    for index, (fan_in, variant) in enumerate(jobs):
        if sys.stderr.isatty() and not is_quiet():
            print(f"{index + 1} of {len(jobs)}: {args.family} {variant}, fan-in {fan_in} ...",
                  end="\r", file=sys.stderr, flush=True)
        rows.append(measure(variant, family=args.family, fan_in=fan_in, neurons=args.neurons,
                            inputs=inputs, counts=args.counts, levels=args.levels,
                            seed=args.seed, votes=args.votes, place=args.pnr))
        print("  ".join(f"{'-' if rows[-1][column] is None else rows[-1][column]!s:>11}"
                        for column in COLUMNS), flush=True)
    if args.json:
        write_text(args.json, json.dumps(rows, indent=2) + "\n")
        print(f"wrote {args.json}")


if __name__ == "__main__":
    run(main)
