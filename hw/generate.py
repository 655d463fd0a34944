"""Writes an accelerator as Verilog, and what it promises as JSON: ``python -m hw.generate``."""

import json
import sys
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path

from sw.artefact import HELP, made, network_file
from sw.command import MHZ, Parser, hertz, run
from sw.network import load
from sw.store.files import replacing, write_text
from sw.store.lock import alone

from .accelerator import Accelerator
from .core.axi import AxiAccelerator
from .estimate import estimate
from .plan.device import find_target
from .plan.pll import megahertz
from .plan.schedule import read_schedule
from .solver import choose_at, refuse_misfit
from .synthesis.verilog import to_verilog


FORMAT = "thresher-hw/1"


def describe(component, estimated):
    """Return what a user of the Verilog needs to know, as a dict for JSON."""
    accelerator = component.accelerator
    network = accelerator.network
    classes, score_bits = network.classes, network.score_bits
    ports = {name: {"direction": "input" if member.flow.name == "In" else "output",
                    "width": member.shape}
             for name, member in component.signature.members.items()}
    return {
        "format": FORMAT,
        "identity": network.identity,
        "labels": list(network.labels),
        "input_shape": list(network.input_shape),
        "ports": ports,
        "input": {
            "beats": accelerator.beats,
            "pixels_per_beat": accelerator.schedule.pixels,
            "pixel_bits": network.pixel_bits,
            "pixel_shift": network.shift,
        },
        "output": {
            "label": {"offset": 0, "width": component.label_width},
            "scores": [{"offset": component.label_width + index * component.score_width,
                        "width": component.score_width, "signed": True,
                        "used": score_bits} for index in range(classes)],
        },
        "schedule": json.loads(accelerator.schedule.to_json()),
        "interval": accelerator.interval,
        "latency": accelerator.latency,
        "estimate": {
            "family": estimated.family,
            **asdict(estimated.total),
            "stages": {name: asdict(part) for name, part in estimated.stages.items()},
        },
    }


def parse(argv):
    """Read the command line."""
    parser = Parser(prog="python -m hw.generate", description=__doc__)
    parser.add_argument("network", type=network_file, metavar="NETWORK", help=HELP)
    parser.add_argument("-o", "--output", type=Path,
                        help="Verilog file (default: NAME.v beside the network, for a network in "
                             "data/networks build/NAME/NAME.v); the JSON goes beside it")
    parser.add_argument("--schedule", type=Path, help="JSON file that says pe and simd by layer")
    parser.add_argument("--board", "--device", dest="device", default="ulx3s-85f", metavar="NAME",
                        help="board or FPGA that the accelerator must fit (default: %(default)s)")
    parser.add_argument("--freq", type=hertz, metavar="MHz",
                        help="clock that the schedule is chosen for; of a board, the nearest that "
                             "its PLL can make, not above (default: the board's, else 50)")
    parser.add_argument("--images-per-second", type=float, metavar="N",
                        help="smallest accelerator that is as fast, instead of the fastest")
    parser.add_argument("--name", default="accelerator", help="module name (default: %(default)s)")
    return parser.parse_args(argv)


def main(argv=None):
    """Command line of ``python -m hw.generate``."""
    args = parse(argv)
    if not args.name.isidentifier():
        raise ValueError(f"Module name must be an identifier: {args.name!r}")
    network = load(args.network)
    target = find_target(args.device)
    device = replace(target.device, sprams=0)  # the Verilog brings no way to load them
    wished = args.freq or Fraction(str(target.megahertz)) * MHZ
    clock = target.clock(wished)
    if args.schedule:
        schedule = read_schedule(args.schedule.read_text(encoding="utf-8"), network)
        refuse_misfit(network, schedule, target.device)
    else:
        schedule = choose_at(network, device, oscillator=target.oscillator, wished=wished,
                             images_per_second=args.images_per_second)
        if target.device.sprams:
            print("note: no weights in SPRAM, which the Verilog has no way to load; a bitstream "
                  "may use it and have another schedule", file=sys.stderr)
    output = args.output or made(args.network, ".v")
    if output.is_dir():
        raise ValueError(f"Output must be a file to write, not a directory: {output}")
    output.parent.mkdir(parents=True, exist_ok=True)  # elaboration is long: fail before it
    component = AxiAccelerator(Accelerator(network, schedule))
    estimated = estimate(network, schedule, device.family)
    content = describe(component, estimated)

    about = output.with_suffix(".hw.json")
    text = to_verilog(component, args.name)
    with (alone(output.with_name(f".{output.name}.lock"), f"Generation of {output}", wait=True),
          replacing(output) as verilog, replacing(about) as described):  # both, or none
        write_text(verilog, text)
        write_text(described, json.dumps(content, indent=2) + "\n")
    total = estimated.total
    rate = float(clock) / component.accelerator.interval
    print(f"interval {component.accelerator.interval} cycles, latency "
          f"{component.accelerator.latency} cycles, {rate:,.0f} images/s at {megahertz(clock)} MHz")
    print(f"estimate for {device.name}: {total.lut4:,} of {device.lut4:,} LUT4, {total.ff:,} of "
          f"{device.ff:,} flip-flops, {total.block_ram} of {device.block_rams} block RAMs")
    print(f"wrote {output} and {about}")


if __name__ == "__main__":
    run(main)
