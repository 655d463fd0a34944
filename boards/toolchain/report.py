"""Report of a build: report.json, and the same as a table for people."""

import json
from dataclasses import dataclass
from pathlib import Path

from hw.estimate import left_over
from hw.serial.flash import FLASH_OFFSET
from sw.artefact import made
from sw.layer.parts import only_synapses
from sw.store.files import read_json


FORMAT = "thresher-report/1"
KINDS = {"lut4": "LUT4", "ff": "flip-flops", "block_ram": "block RAM", "spram": "SPRAM"}


def accuracy(network_path, network):
    """Read the accuracy that ``python -m sw.evaluate`` found of a network.

    Returns
    -------
    dict or None
        ``percent``, ``correct``, ``images``, ``dataset``; None if the network was not evaluated,
        or the record is of another one.
    """
    try:
        record = read_json(made(network_path, ".eval.json"))
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict) or record.get("identity") != network.identity:
        return None
    correct, images, dataset = (record.get(key) for key in ("correct", "images", "dataset"))
    if not (type(correct) is type(images) is int and 0 <= correct <= images > 0
            and isinstance(dataset, str)):
        return None
    return {"percent": 100 * correct / images, "correct": correct, "images": images,
            "dataset": dataset}


def link_rate(info):
    """Return images/s that fit through the serial line, both ways at once, headers not counted."""
    octets = max(info.image_bytes, info.result_bytes)
    return info.baud / (10 * octets)


@dataclass(frozen=True)
class Built:
    """A build that succeeded, all that its report is about.

    Attributes
    ----------
    request : boards.request.Request
        What was asked for.
    top : boards.top.Top
        The design: schedule, interval, latency, serial line.
    outcome : boards.toolchain.flow.Outcome
        What the toolchain gave.
    estimate : dict of str to int
        What was expected before synthesis, by the keys of :data:`KINDS`.
    parts : dict of str to dict of str to int
        Use by part, from :func:`boards.toolchain.resources.attribute`.
    seconds : dict of str to float
        Wall time of each step.
    weights : Path or None
        What is to lie in the flash beside the bitstream.
    provenance : dict or None
        How it was made and from what: :func:`boards.toolchain.provenance.trace`.
    """

    request: object
    top: object
    outcome: object
    estimate: dict
    parts: dict
    seconds: dict
    weights: Path | None = None
    provenance: dict | None = None


def create(built):
    """Put the report of a :class:`Built` together; return a dict that JSON can hold."""
    board, network = built.request.board, built.request.network
    outcome, weights, device = built.outcome, built.weights, board.fpga
    available = {"lut4": device.lut4, "ff": device.ff, "block_ram": device.block_rams}
    if device.sprams:
        available["spram"] = device.sprams
    info = built.top.info
    pll = top_pll(outcome)
    return {
        "format": FORMAT,
        "board": board.name,
        "device": device.name,
        "bitstream": outcome.bitstream.name,
        **({"weights": {"file": weights.name, "offset": FLASH_OFFSET,
                        "octets": weights.stat().st_size}} if weights else {}),
        "network": {"file": str(built.request.path), "identity": network.identity,
                    "synapses": network.synapses, "parts": network.parts,
                    "inputs": network.inputs,
                    "classes": network.classes,
                    "left": left_over(network, built.top.schedule)},
        "accuracy": accuracy(built.request.path, network),
        "schedule": json.loads(built.top.schedule.to_json()),
        "interval": info.interval,
        "latency": info.latency,
        "clock": {"megahertz": outcome.frequency / 1e6, "reached": outcome.reached / 1e6, **pll},
        "images_per_second": {
            "core": outcome.frequency / info.interval,
            "core_at_reached_clock": outcome.reached / info.interval,
            "link": link_rate(info)},
        "baud": info.baud,
        "rom_images": info.rom_images,
        "resources": {kind: {
            "used": outcome.used[kind], "free": available[kind] - outcome.used[kind],
            "available": available[kind], "estimate": built.estimate.get(kind),
            "estimate_error_percent": _error(built.estimate.get(kind), outcome.used[kind]),
        } for kind in available},
        "lut4_per_synapse": (outcome.used["lut4"] / max(network.synapses, 1)
                             if only_synapses(network.parts) else None),
        "parts": built.parts,
        "tools": {tool.name: {"version": tool.version, "origin": tool.origin}
                  for tool in outcome.tools},
        "seconds": built.seconds,
        "seed": built.request.seed,
        **({"provenance": built.provenance} if built.provenance else {}),
    }


def top_pll(outcome):
    """Return the PLL's settings for the report, empty without one."""
    if outcome.pll is None:
        return {}
    settings = {key: int(value) for key, value in vars(outcome.pll).items() if key != "input"}
    return {"oscillator": float(outcome.pll.input) / 1e6, "pll": settings}


def table(report):
    """Return a report as text for people, one fact a line."""
    clock, rate, network = report["clock"], report["images_per_second"], report["network"]
    scored = report["accuracy"]
    rows = [
        ("board", f"{report['board']} ({report['device']})"),
        ("network", f"{network['file']}, identity {network['identity'][:12]}"),
        ("accuracy", f"{scored['percent']:.2f} % ({scored['correct']} of {scored['images']}, "
                     f"{scored['dataset']})" if scored else
                     f"not evaluated (run: python -m sw.evaluate {network['file']})"),
        *([("weights", f"{report['weights']['file']}, {report['weights']['octets']:,} octets at "
                       f"{report['weights']['offset']:,} in the flash")]
          if "weights" in report else []),
        ("interval", f"{report['interval']} cycle{'s' * (report['interval'] != 1)}"),
        ("latency", f"{report['latency']} cycles"),
        ("clock", f"{clock['megahertz']:.2f} MHz used, {clock['reached']:.2f} MHz reached"),
        ("images/s, core", f"{rate['core']:,.0f}"),
        ("images/s, link", f"{rate['link']:,.0f} at {report['baud']:,} baud"),
        *((KINDS[kind], _resource(numbers)) for kind, numbers in report["resources"].items()),
        *((noun, f"{count:,}") for noun, count in
          network.get("parts", {"synapses": network["synapses"]}).items()),
        *([("left of outputs", ", ".join(f"{name} {some:,} of {every:,}" for name, (some, every)
                                         in network["left"].items()))]
          if network.get("left") else []),
        *([("LUT4 per synapse", f"{report['lut4_per_synapse']:.2f} (all of the design's LUT4)")]
          if report["lut4_per_synapse"] is not None else []),
        ("tools", ", ".join(f"{name} {tool['version']} ({tool['origin']})"
                            for name, tool in report["tools"].items())),
        *([("bitstream", f"SHA-256 {report['provenance']['outputs']['bitstream'][:16]}, made by: "
                         f"{report['provenance']['command']}")] if "provenance" in report else []),
        ("time", ", ".join(f"{name} {seconds:.0f} s"
                           for name, seconds in report["seconds"].items())),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows) + "\n"


def _resource(numbers):
    text = (f"{numbers['used']:,} used, {numbers['free']:,} free "
            f"({numbers['used'] / numbers['available']:.0%})")
    if numbers["estimate_error_percent"] is not None:
        text += (f"; estimate {numbers['estimate']:,} "
                 f"({numbers['estimate_error_percent']:+.1f} %)")
    return text


def _error(estimate, actual):
    """Return by how many percent of the actual number an estimate was off, or None."""
    return 100 * (estimate - actual) / actual if estimate is not None and actual else None
