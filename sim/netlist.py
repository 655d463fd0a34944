# amaranth: UnusedElaboratable=no
"""Runs test images through the synthesized netlist of an accelerator: ``python -m sim.netlist``."""

import json
import shlex
import sys
import time
from collections import Counter
from pathlib import Path

from boards.toolchain.inputs import finishing
from boards.toolchain.sources import digest
from boards.usage import Parser
from hw.accelerator import Accelerator
from hw.synthesis import netlist as synthesis
from sw.artefact import HELP, network_file
from sw.command import run
from sw.data import options as choices
from sw.data.testset import load_test_set
from sw.network import load
from sw.store.files import write_text

from . import full
from .cell.cells import to_verilog
from .model import inputs
from .model.design import (
    OUTPUT,
    add_options,
    add_output,
    board_of,
    given_options,
    schedule_of,
)
from .model.preloaded import preloaded
from .model.verilator import compile_model


PLACE = Path("sim/netlist")  # in the folder that is written to
IMAGES = 1000
TOP = "accelerator"

# What a netlist leaves open is random when the simulation starts, so that nothing may hang on it.
OPEN = ("--x-assign", "unique", "--x-initial", "unique")


def synthesize(accelerator, family, directory=OUTPUT / PLACE):
    """Synthesize an accelerator, weights in SPRAM loaded from a ROM; return the JSON's path."""
    return synthesis.run(*source(accelerator, family), family, folder(accelerator, family,
                                                                      directory), top=TOP)


def source(accelerator, family):
    """Return what Yosys reads: RTLIL and script, see :func:`hw.synthesis.netlist.source`."""
    return synthesis.source(preloaded(accelerator), family, top=TOP)


def folder(accelerator, family, directory=OUTPUT / PLACE):
    """Return the folder in which Yosys works."""
    return directory / f"{accelerator.network.identity[:12]}-{family}"


def consumed(accelerator, images, family, made):
    """Return all that an outcome depends on, see :mod:`.model.inputs`.

    The netlist is Yosys' work: the design, the script and Yosys' version stand for it.

    Parameters
    ----------
    accelerator : hw.accelerator.Accelerator
        What is synthesized.
    images : ndarray of unsigned integers, shape (n, *input_shape)
        Images.
    family : str
        ``"ecp5"`` or ``"ice40"``.
    made : str, str
        What :func:`source` returned.
    """
    design, script = made
    return {**inputs.of_images(accelerator.network, images), "design": inputs.sha(design),
            "script": inputs.sha(script),
            **({"finishing": finishing()} if family == "ecp5" else {}),
            "cells": digest("sim.cell.cells", packages=("sim.cell",)),
            **inputs.of_model(full.MAIN.read_text(encoding="utf-8"), OPEN)}


def compile_netlist(netlist, family, *, directory=OUTPUT / PLACE, long=False,
                    edit=None, runtime=None):
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
    runtime : path-like, optional
        As for :func:`sim.model.verilator.compile_model`.

    Returns
    -------
    Path
        The model.
    """
    text = to_verilog(netlist, family)
    return compile_model(edit(text) if edit else text, "accelerator",
                         full.MAIN.read_text(encoding="utf-8"), directory, options=OPEN,
                         optimize="-O1" if long else "-O0", runtime=runtime)


def counted(netlist):
    """Return the cells of a netlist by kind, as text."""
    module = netlist["modules"]["accelerator"]
    kinds = Counter(cell["type"] for cell in module["cells"].values())
    del kinds["$scopeinfo"]
    return ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())


def parse(argv):
    """Read the command line."""
    parser = Parser(prog="python -m sim.netlist", description=__doc__,
                    example="tfc --board icebreaker")
    parser.add_argument("network", type=network_file, metavar="NETWORK", help=HELP)
    add_options(parser)
    add_output(parser)
    parser.add_argument("--family", choices=("ecp5", "ice40"),
                        help="synthesize for another family than the board's, with its schedule")
    parser.add_argument("--dataset", metavar="D", help="default: the one it was trained on")
    choices.add_arguments(parser)
    parser.add_argument("--limit", type=int, metavar="N", default=IMAGES,
                        help="only the first N test images (default: %(default)s)")
    parser.add_argument("--stall", action="store_true",
                        help="run a second time, with pauses on both streams")
    parser.add_argument("--record", type=Path, metavar="JSON",
                        help="write what came out here")
    parser.add_argument("--inputs", type=Path, metavar="JSON",
                        help="write what the outcome depends on, as hashes, and synthesize "
                             "nothing")
    args = parser.parse_args(argv)
    if args.limit < 1:
        raise ValueError(f"Limit must be at least 1: {args.limit}")
    return args


def main(argv=None):
    args = parse(argv)
    began = time.monotonic()
    network = load(args.network)
    board = board_of(args)
    family = args.family or board.family
    images = load_test_set(network, args.dataset, choices.from_arguments(args)).images
    images = images[:args.limit]
    accelerator = Accelerator(network, schedule_of(args, network))
    made = source(accelerator, family)
    found = consumed(accelerator, images, family, made)
    if args.inputs:
        inputs.write(args.inputs, found)
        return 0
    where = folder(accelerator, family, args.output / PLACE)
    print(f"synthesizing {args.network} for {family}, interval {accelerator.interval} (log: "
          f"{where / 'yosys.log'}) ...", flush=True)
    text = synthesis.run(*made, family, where, top=TOP).read_text(encoding="utf-8")
    netlist = json.loads(text)
    print(f"netlist: {counted(netlist)}, after {time.monotonic() - began:.0f} s", flush=True)
    cycles = len(images) * (accelerator.interval + full.PAUSES * args.stall)
    model = compile_netlist(netlist, family, directory=args.output / PLACE,
                            long=cycles > full.LONG_RUN, runtime=args.output / "sim/runtime")
    print(f"model compiled after {time.monotonic() - began:.0f} s", flush=True)
    equal = 0
    for seed in (0, 1) if args.stall else (0,):
        outcome = full.run_model(model, accelerator, images, seed=seed, output=args.output)
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
            "inputs": found, "netlist": inputs.sha(text),
            "network": network.identity, "board": board.name, "family": family, "equal": equal,
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
