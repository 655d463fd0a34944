# amaranth: UnusedElaboratable=no
"""Runs test images through the synthesized netlist of an accelerator: ``python -m sim.netlist``."""

import argparse
import json
import shlex
import sys
import time
from collections import Counter
from pathlib import Path

from boards.board import find
from hw.accelerator import Accelerator
from hw.synthesis import netlist as synthesis
from sw.command import run
from sw.evaluate import dataset_name, load_test_set
from sw.network import load
from sw.store.files import write_text

from . import full
from .cell.cells import to_verilog
from .model.design import add_options, given_options, schedule_of
from .model.preloaded import preloaded
from .model.verilator import compile_model


BUILD = Path("build/sim/netlist")
IMAGES = 1000

# What a netlist leaves open is random when the simulation starts, so that nothing may hang on it.
OPEN = ("--x-assign", "unique", "--x-initial", "unique")


def synthesize(accelerator, family, directory=BUILD):
    """Synthesize an accelerator, weights in SPRAM loaded from a ROM; return the JSON's path."""
    name = accelerator.network.identity[:12]
    return synthesis.synthesize(preloaded(accelerator), family, directory / f"{name}-{family}",
                                top="accelerator")


def compile_netlist(netlist, family, *, directory=BUILD, long=False, edit=None):
    """Compile a netlist with the main of :mod:`sim.full`.

    Parameters
    ----------
    netlist : dict
        Yosys' JSON.
    family : str
        ``"ecp5"`` or ``"ice40"``.
    directory : path-like
        Where the model goes.
    long : bool
        Spend more time on a model that runs faster.
    edit : callable, optional
        Changes the Verilog: plants a fault.

    Returns
    -------
    Path
        The model.
    """
    text = to_verilog(netlist, family)
    return compile_model(edit(text) if edit else text, "accelerator",
                         full.MAIN.read_text(encoding="utf-8"), directory, options=OPEN,
                         optimize="-O1" if long else "-O0")


def counted(netlist):
    """Return the cells of a netlist by kind, as text."""
    module = netlist["modules"]["accelerator"]
    kinds = Counter(cell["type"] for cell in module["cells"].values())
    del kinds["$scopeinfo"]
    return ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())


def parse(argv):
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m sim.netlist", description=__doc__)
    parser.add_argument("network", type=Path, metavar="NETWORK", help="folded network (.net.npz)")
    add_options(parser)
    parser.add_argument("--family", choices=("ecp5", "ice40"),
                        help="synthesize for another family than the board's, with its schedule")
    parser.add_argument("--dataset", metavar="D", help="default: the one it was trained on")
    parser.add_argument("--limit", type=int, metavar="N", default=IMAGES,
                        help="only the first N test images (default: %(default)s)")
    parser.add_argument("--stall", action="store_true",
                        help="run a second time, with pauses on both streams")
    parser.add_argument("--record", type=Path, metavar="JSON",
                        help="write what came out here")
    args = parser.parse_args(argv)
    if args.limit < 1:
        raise ValueError(f"Limit must be at least 1: {args.limit}")
    return args


def main(argv=None):
    args = parse(argv)
    began = time.monotonic()
    network = load(args.network)
    family = args.family or find(args.board).fpga.family
    images, _ = load_test_set(network, dataset_name(network, args.dataset))
    images = images[:args.limit]
    accelerator = Accelerator(network, schedule_of(args, network))
    print(f"synthesizing {args.network} for {family}, interval {accelerator.interval} (log: "
          f"{BUILD / f'{network.identity[:12]}-{family}' / 'yosys.log'}) ...", flush=True)
    netlist = json.loads(synthesize(accelerator, family).read_text(encoding="utf-8"))
    print(f"netlist: {counted(netlist)}, after {time.monotonic() - began:.0f} s", flush=True)
    cycles = len(images) * (accelerator.interval + full.PAUSES * args.stall)
    model = compile_netlist(netlist, family, long=cycles > full.LONG_RUN)
    print(f"model compiled after {time.monotonic() - began:.0f} s", flush=True)
    equal = 0
    for seed in (0, 1) if args.stall else (0,):
        outcome = full.run_model(model, accelerator, images, seed=seed)
        problems, first = full.compare(accelerator, images, outcome, timed=not seed)
        how = "with pauses on both streams" if seed else "at full speed"
        if problems:
            for problem in problems:
                print(f"error: {how}: {problem}", file=sys.stderr)
            explain(args, first)
            return 1
        equal = full.count_equal(network, images, outcome)
        print(f"{how}: netlist equal to golden: {equal:,} of {len(images):,} labels and scores"
              + ("" if seed else "; interval and latency as predicted"))
    if args.record:
        write_text(args.record, json.dumps({
            "network": network.identity, "board": args.board, "family": family, "equal": equal,
            "images": len(images), "interval": accelerator.interval,
            "cells": counted(netlist), "stalls": args.stall, "yosys": synthesis.version(),
            "seconds": round(time.monotonic() - began, 1)}, indent=1) + "\n")
    return 0


def explain(args, image):
    """Say how to find out whether the design is wrong already, or what synthesis made of it."""
    if image is not None:
        print(f"see whether its RTL is wrong too: python -m sim.trace {args.network} --image "
              f"{image} {shlex.join(given_options(args))}", file=sys.stderr)


if __name__ == "__main__":
    run(main)
