# amaranth: UnusedElaboratable=no
"""Estimates what a network takes on a board and how fast it is, before anything is built."""

import json
import sys
from argparse import ArgumentTypeError
from dataclasses import asdict
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256

from hw.estimate import estimate, left_over, shell_resources
from hw.lower import LOWER, with_mode
from hw.plan.device import DEVICES
from hw.plan.schedule import Wired
from hw.solver import choose_at
from sw import network as networks
from sw import untrained
from sw.artefact import names, network_file
from sw.command import MHZ, explain, run
from sw.store.files import parse_json

from .board import catalog, find
from .part import PACKAGES
from .request import add_arguments, complete, from_arguments
from .shell import clock_plan
from .suggest import measured, suggest
from .target import part_of
from .usage import Parser


__all__ = ["estimated", "facts", "main"]

KEPT = 1024  # answers that are given again at once


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


def facts(board):
    """Return what is known of a board, a dict for JSON."""
    device = DEVICES[board.device]
    return {"name": board.name, "device": board.device, "family": board.family,
            "lut4": device.lut4, "block_rams": device.block_rams,
            "block_ram_bits": device.block_ram_bits, "sprams": board.fpga.sprams,
            "megahertz": float(board.megahertz), "baud": board.baud, "serial": board.serial,
            "network": board.network, "programmers": board.programmers}


def _board(request):
    """Return the board of a request: a name, or the texts of a bare part."""
    given = request["board"]
    return find(given) if type(given) is str else part_of(given)


@lru_cache(KEPT)
def _network(text, content):
    """Return the network of a request's JSON: of a file with this content, or of a recipe."""
    request = parse_json(text, "Request")
    path = _file(request)
    if path is None:
        return untrained.network(request["recipe"], request["shape"], request["classes"])
    found, shape = networks.load(path), tuple(request.get("shape", ()))
    if shape and found.input_shape != shape:
        raise ValueError(f"Network {path.name} must be for inputs of {found.input_shape} to be "
                         f"estimated before it is trained: {shape} (train it first)")
    return found


def _file(request):
    """Return the file of a request's network: named, or published for a recipe of convolutions."""
    name, recipe = request.get("network"), request.get("recipe", {})
    if name is None and type(recipe.get("layers")) is str and recipe["name"] in names():
        name = recipe["name"]
    return None if name is None else network_file(str(name))


@lru_cache(KEPT)
def _estimate(text, content):
    """Return the estimate that a request asks for; ``content`` tells versions of a file apart."""
    request = parse_json(text, "Request")
    described = {key: request[key] for key in ("network", "recipe", "shape", "classes")
                 if key in request}
    return estimated(_board(request), _network(json.dumps(described), content),
                     rate=request.get("rate"))


def _answer(text):
    """Return the answer to one request of :func:`serve`, a dict."""
    try:
        request = parse_json(text, "Request")
        if request.get("boards"):
            return {"boards": [facts(board) for board in catalog().values()],
                    "measured": measured(), "packages": PACKAGES}
        if "dataset" in request:
            return suggest(_board(request), request["dataset"], request["shape"])
        if set(request) == {"board"}:
            return facts(_board(request))
        path = _file(request)
        return _estimate(text, path and sha256(path.read_bytes()).digest())
    except (ValueError, OSError, TypeError, KeyError, AttributeError, ArgumentTypeError) as error:
        return {"error": explain(error)}


def serve(requests, answers):
    """Answer requests, a JSON object a line, until there are no more.

    A request is ``{"boards": true}``, or has ``board``, perhaps ``rate``, and either ``network``, a
    file or name, or ``recipe``, ``shape`` and ``classes`` of an untrained one. An answer is what
    :func:`estimated` returns, or ``{"error": TEXT}``. A request with ``board``, ``dataset`` and
    ``shape`` is answered by :func:`boards.suggest.suggest`, one with ``board`` alone by
    :func:`facts`. A ``board`` is a name, or what :func:`boards.target.part_of` takes.
    """
    for line in requests:
        print(json.dumps(_answer(line)), file=answers, flush=True)


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
