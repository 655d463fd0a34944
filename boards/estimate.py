# amaranth: UnusedElaboratable=no
"""Estimates what a network takes on a board and how fast it is, before anything is built."""

import json
import sys
from argparse import ArgumentTypeError
from dataclasses import asdict
from fractions import Fraction
from functools import cache

from hw.estimate import estimate, left_over, shell_resources
from hw.lower import LOWER, with_mode
from hw.plan.device import DEVICES
from hw.plan.schedule import Wired
from hw.solver import choose_at
from sw import network as networks
from sw import untrained
from sw.artefact import network_file
from sw.command import MHZ, explain, run
from sw.store.files import parse_json

from .board import catalog, find
from .request import add_arguments, complete, from_arguments
from .shell import clock_plan
from .suggest import measured, suggest
from .usage import Parser


__all__ = ["estimated", "facts", "main"]


def estimated(board, network, *, frequency=None, rate=None):
    """Estimate a network on a board.

    Parameters
    ----------
    board : boards.board.Board
        The board.
    network : sw.network.Network
        The network.
    frequency : int or Fraction, optional
        Clock to ask for, in Hz (default: the board's).
    rate : float, optional
        Images per second that must be reached with the least area (default: as many as fit).

    Returns
    -------
    dict
        For JSON: ``used`` and ``available`` of each resource, ``interval`` in cycles,
        ``megahertz``, ``images_per_second``, ``weight_bits``, and ``layers`` with their names,
        ways and LUT4.

    Raises
    ------
    ValueError
        If the network does not fit; the message says by how much, and what would help.
    """
    wished = Fraction(str(board.megahertz)) * MHZ if frequency is None else frequency
    _, clock = clock_plan(board, wished)
    device = board.fpga
    schedule = choose_at(network, device, oscillator=board.oscillator, wished=wished,
                         images_per_second=rate)
    parts = estimate(network, schedule, device.family)
    total = parts.total + shell_resources(network, schedule, device.family)
    interval = schedule.interval(network)
    left = left_over(network, schedule)
    return {
        "board": board.name, "device": device.name,
        "used": asdict(total),
        "available": {"lut4": device.lut4, "ff": device.ff, "block_ram": device.block_rams,
                      "spram": device.sprams},
        "interval": interval, "megahertz": float(clock) / MHZ,
        "images_per_second": float(clock) / interval,
        "parts": network.parts,
        "weight_bits": sum(LOWER.of(layer).stored_bits(layer) for layer in with_mode(network.layers)
                           if not isinstance(schedule.layers[layer.name], Wired)),
        "layers": [{"name": layer.name, "outputs": layer.outputs,
                    "way": type(mode).__name__.lower() if mode else "encoder",
                    "lut4": parts.stages[layer.name].lut4 if layer.name in parts.stages else None,
                    "left": left[layer.name][0] if layer.name in left else None}
                   for layer in network.layers
                   for mode in [schedule.layers.get(layer.name)]],
    }


def facts():
    """Return what is known of each board, a list of dicts for JSON."""
    return [{"name": board.name, "device": board.device, "family": board.family,
             "lut4": DEVICES[board.device].lut4, "block_rams": DEVICES[board.device].block_rams,
             "block_ram_bits": DEVICES[board.device].block_ram_bits, "sprams": board.fpga.sprams,
             "megahertz": float(board.megahertz), "baud": board.baud, "serial": board.serial,
             "network": board.network, "programmers": board.programmers}
            for board in catalog().values()]


@cache
def _network(text):
    """Return the network of a request's JSON: of a file, or of a recipe."""
    request = parse_json(text, "Request")
    if "network" in request:
        return networks.load(network_file(str(request["network"])))
    return untrained.network(request["recipe"], request["shape"], request["classes"])


@cache
def _answer(text):
    """Return the answer to one request of :func:`serve`, as JSON."""
    try:
        request = parse_json(text, "Request")
        if request.get("boards"):
            return json.dumps({"boards": facts(), "measured": measured()})
        if "dataset" in request:
            return json.dumps(suggest(str(request["board"]), request["dataset"],
                                      request["shape"]))
        described = {key: request[key] for key in ("network", "recipe", "shape", "classes")
                     if key in request}
        return json.dumps(estimated(find(str(request["board"])),
                                    _network(json.dumps(described)),
                                    rate=request.get("rate")))
    except (ValueError, OSError, TypeError, KeyError, AttributeError, ArgumentTypeError) as error:
        return json.dumps({"error": explain(error)})


def serve(requests, answers):
    """Answer requests, a JSON object a line, until there are no more.

    A request is ``{"boards": true}``, or has ``board``, perhaps ``rate``, and either ``network``, a
    file or name, or ``recipe``, ``shape`` and ``classes`` of an untrained one. An answer is what
    :func:`estimated` returns, or ``{"error": TEXT}``. A request with ``board``, ``dataset`` and
    ``shape`` is answered by :func:`boards.suggest.suggest`.
    """
    for line in requests:
        print(_answer(line), file=answers, flush=True)


def table(result):
    """Return an estimate as text for people."""
    names = {"lut4": "LUT4", "ff": "flip-flops", "block_ram": "block RAM", "spram": "SPRAM"}
    rows = [("board", f"{result['board']} ({result['device']})"),
            *((names[kind], f"{result['used'][kind]:,} of {available:,}")
              for kind, available in result["available"].items() if available),
            ("interval", f"{result['interval']:,} cycles at {result['megahertz']:g} MHz"),
            ("images/s", f"{result['images_per_second']:,.0f}"),
            *((f"layer {layer['name']}", layer["way"]
               + (f", {layer['lut4']:,} LUT4" if layer["lut4"] is not None else ""))
              for layer in result["layers"])]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows) + "\n"


def main(argv=None):
    parser = Parser(prog="python -m boards.estimate", description=__doc__, example="icebreaker tfc")
    add_arguments(parser)
    parser.add_argument("--serve", action="store_true",
                        help="answer requests on standard input, a JSON object a line")
    args = parser.parse_args(argv)
    if args.serve:
        serve(sys.stdin, sys.stdout)
        return
    request = from_arguments(complete(parser, args))
    result = estimated(request.board, request.network, frequency=request.frequency,
                       rate=request.rate)
    print(table(result), end="")


if __name__ == "__main__":
    run(main)
