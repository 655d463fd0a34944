"""Writes an accelerator as Verilog, and what it promises as JSON: ``python -m hw.generate``."""

import json
from contextlib import ExitStack
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

from sw.artefact import HELP, made, network_file
from sw.command import MHZ, Parser, hertz, run
from sw.network import load
from sw.store.files import replacing, write_text
from sw.store.lock import alone

from .accelerator import Accelerator
from .core import spram
from .core.axi import AxiAccelerator
from .estimate import estimate, left_over
from .fit import refuse_misfit
from .plan import boardfile
from .plan.arrival import ANY
from .plan.device import Target, find_target
from .plan.pll import megahertz
from .plan.schedule import read_schedule
from .serial.flash import WeightImage
from .solver import choose_at
from .synthesis.verilog import to_verilog


FORMAT = "thresher-hw/1"
BOARD = "ulx3s-85f"  # unless a user names another
WEIGHTS = ".weights.bin"  # ending of the file to load through s_axis_weights


def describe(component, estimated, output, weights=None):
    """Return what a user of the Verilog needs to know, as a dict for JSON.

    ``output`` says how answers come: :func:`packed_answer`, or the registers of a bus. ``weights``
    is the file of the weights in SPRAM and its :class:`hw.serial.flash.WeightImage`, None without
    any.
    """
    accelerator = component.accelerator
    network = accelerator.network
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
        **output,
        **({"weights": {"file": weights[0].name, "words": len(weights[1].words),
                        "word_bits": spram.WIDTH, "byte_order": "little",
                        "crc32": weights[1].crc}} if weights else {}),
        "schedule": json.loads(accelerator.schedule.to_json()),
        "interval": accelerator.interval,
        "latency": accelerator.latency,
        "estimate": {
            "family": estimated.family,
            **asdict(estimated.total),
            "stages": {name: asdict(part) for name, part in estimated.stages.items()},
        },
        "left": left_over(network, accelerator.schedule),
    }


def packed_answer(component):
    """Return where label and scores lie in an answer of AXI4-Stream, for :func:`describe`."""
    network = component.accelerator.network
    return {"output": {
        "label": {"offset": 0, "width": component.label_width},
        "scores": [{"offset": component.label_width + index * component.score_width,
                    "width": component.score_width, "signed": True,
                    "used": network.score_bits} for index in range(network.classes)],
    }}


def parse(argv):
    """Read the command line."""
    parser = Parser(prog="python -m hw.generate", description=__doc__)
    parser.add_argument("network", type=network_file, metavar="NETWORK", help=HELP)
    parser.add_argument("-o", "--output", type=Path,
                        help="Verilog file (default: NAME.v beside the network, for a network in "
                             "data/networks build/NAME/NAME.v); the JSON goes beside it")
    add_target(parser)
    parser.add_argument("--name", default="accelerator", help="module name (default: %(default)s)")
    return parser.parse_args(argv)


def add_target(parser, rate="smallest accelerator that is as fast, instead of the fastest"):
    """Add the options that choose device, clock and schedule to a parser.

    ``rate`` is the help of the option ``--images-per-second``.
    """
    parser.add_argument("--schedule", type=Path, help="JSON file that says pe and simd by layer")
    parser.add_argument("--board", "--device", dest="device", metavar="NAME",
                        help=f"board or FPGA that the accelerator must fit (default: {BOARD})")
    parser.add_argument("--board-file", type=Path, metavar="PY", help=boardfile.HELP)
    parser.add_argument("--freq", type=hertz, metavar="MHz",
                        help="clock that the schedule is chosen for; of a board, the nearest that "
                             "its PLL can make, not above (default: the board's, else 50)")
    parser.add_argument("--images-per-second", type=float, metavar="N", help=rate)


def chosen(args, network, arrival=ANY):
    """Return the schedule that parsed arguments ask for, its device, and the clock in Hz.

    ``arrival`` says how images come (:class:`hw.plan.arrival.Arrival`).
    """
    target = target_of(args)
    wished = args.freq or Fraction(str(target.megahertz)) * MHZ
    if args.schedule:
        schedule = read_schedule(args.schedule.read_text(encoding="utf-8"), network)
        refuse_misfit(network, schedule, target.device)
    else:
        schedule = choose_at(network, target.device, oscillator=target.oscillator, wished=wished,
                             images_per_second=args.images_per_second, arrival=arrival)
    return schedule, target.device, target.clock(wished)


def target_of(args):
    """Return the target that parsed arguments name."""
    if args.board_file is None:
        return find_target(args.device or BOARD)
    board = boardfile.choose(boardfile.read(args.board_file), args.device, args.board_file)
    return Target(board.device, board.oscillator, board.megahertz,
                  loads=bool(board.fpga.sprams))


def write(component, estimated, output, name):
    """Write Verilog, JSON and, where layers have weights in SPRAM, the weights: all or none.

    Returns
    -------
    list of Path
        The files.
    WeightImage or None
        The weights to load.
    """
    accelerator = component.accelerator
    image = (WeightImage(accelerator.network.identity, tuple(accelerator.load))
             if accelerator.loaded else None)
    about, loaded = output.with_suffix(".hw.json"), output.with_suffix(WEIGHTS)
    content = describe(component, estimated, packed_answer(component),
                       (loaded, image) if image else None)
    convert = spram.to_verilog if image and not accelerator.preset else to_verilog
    text = convert(component, name)
    files = [output, about, *([loaded] if image else [])]
    with ExitStack() as stack:
        stack.enter_context(alone(output.with_name(f".{output.name}.lock"),
                                  f"Generation of {output}", wait=True))
        if not image:
            loaded.unlink(missing_ok=True)  # of an earlier schedule
        verilog, described, *weights = (stack.enter_context(replacing(path)) for path in files)
        write_text(verilog, text)
        write_text(described, json.dumps(content, indent=2) + "\n")
        for path in weights:
            path.write_bytes(image.weights)
    return files, image


def main(argv=None):
    """Command line of ``python -m hw.generate``."""
    args = parse(argv)
    if not args.name.isidentifier():
        raise ValueError(f"Module name must be an identifier: {args.name!r}")
    network = load(args.network)
    schedule, device, clock = chosen(args, network)
    output = args.output or made(args.network, ".v")
    if output.is_dir():
        raise ValueError(f"Output must be a file to write, not a directory: {output}")
    output.parent.mkdir(parents=True, exist_ok=True)  # elaboration is long: fail before it
    component = AxiAccelerator(Accelerator(network, schedule))
    estimated = estimate(network, schedule, device.family)
    written, image = write(component, estimated, output, args.name)
    total = estimated.total
    rate = float(clock) / component.accelerator.interval
    print(f"interval {component.accelerator.interval} cycles, latency "
          f"{component.accelerator.latency} cycles, {rate:,.0f} images/s at {megahertz(clock)} MHz")
    print(f"estimate for {device.name}: {total.lut4:,.0f} of {device.lut4:,} LUT4, "
          f"{total.ff:,.0f} of {device.ff:,} flip-flops, {total.block_ram} of "
          f"{device.block_rams} block RAMs")
    if left := left_over(network, schedule):
        print("left of the outputs of layers: " + ", ".join(
            f"{name} {some:,} of {every:,}" for name, (some, every) in left.items()))
    if image and component.accelerator.preset:
        print(f"weights: {len(image.words):,} words replace them through s_axis_weights, while no "
              f"image is inside")
    elif image:
        print(f"weights in SPRAM: {len(image.words):,} words to load through s_axis_weights before "
              f"the first image")
    *first, last = map(str, written)
    print(f"wrote {', '.join(first)} and {last}")


if __name__ == "__main__":
    run(main)
