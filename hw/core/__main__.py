"""Writes a network as a core for other people's designs: ``python -m hw.core``."""

import keyword
import shutil
from contextlib import ExitStack
from pathlib import Path

from sw.artefact import HELP, network_file
from sw.command import Parser, run
from sw.line.load import LoadShape
from sw.network import load
from sw.store.files import replacing, write_bytes, write_text
from sw.store.lock import alone

from ..accelerator import Accelerator
from ..estimate import estimate
from ..generate import add_target, chosen
from ..plan.arrival import ANY
from ..plan.pll import megahertz
from .files import BUSES, FILES, README, arrival_of, component_for, files_of
from .register import WORD


NAME, BUS = "thresher_core", "axis"  # unless a user names others

# Words of Verilog and C that a name could be.
WORDS = frozenset("""
    always assign auto begin bit break buf byte case char const continue default define do double
    edge else end enum event extern float for force fork function generate goto if include inline
    initial inout input int integer join local logic long module nand negedge nor not or output
    parameter posedge primitive real reg register release repeat return short signal signed sizeof
    specify static struct supply0 supply1 switch table task time tri type typedef union unsigned
    use var void volatile wait wand weak0 weak1 while wire wor xnor xor
""".split())


def parse(argv):
    """Read the command line."""
    parser = Parser(prog="python -m hw.core", description=__doc__)
    parser.add_argument("network", type=network_file, metavar="NETWORK", help=HELP)
    parser.add_argument("--bus", choices=BUSES,
                        help="; ".join(f"{key}: {text}" for key, text in BUSES.items())
                             + f" (default: {BUS})")
    parser.add_argument("--pipelined", action="store_true",
                        help="Wishbone in its pipelined form instead of the classic one")
    parser.add_argument("--data-width", type=int, metavar="BITS",
                        help="AXI4-Stream: most bits of pixels in a beat (default: "
                             f"{WORD}; with --images-per-second, as many as the rate needs)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR",
                        help="folder for all files of the core; with --load-for, a file")
    parser.add_argument("--load-for", type=Path, metavar="SHAPE",
                        help="write only the weights, to the file of --output, for a core whose "
                             "NAME.shape.json this is")
    parser.add_argument("--name", help=f"name of module and files (default: {NAME})")
    add_target(parser, rate="smallest accelerator that is as fast, instead of the smallest one "
                            "that is as fast as the bus, or the fastest that fits")
    args = parser.parse_args(argv)
    if args.load_for:
        _check_alone(args)
    args.bus, args.name = args.bus or BUS, args.name or NAME
    _check_name(args.name)
    _check_bus(args)
    return args


def _check_alone(args):
    """Raise ValueError if an option stands beside ``--load-for`` that would do nothing."""
    idle = [f"--{name.replace('_', '-')}" for name, value in vars(args).items()
            if name not in ("network", "output", "load_for") and value not in (None, False)]
    if idle:
        raise ValueError(f"Options beside --load-for must be --output alone: {', '.join(idle)} "
                         f"(leave out: {args.load_for} says for what core the weights are)")


def _check_name(name):
    if (not name.isidentifier() or not name.isascii() or name != name.lower()
            or not name.strip("_") or name in WORDS or keyword.iskeyword(name)):
        raise ValueError(f"Name of a core must be an identifier of small letters that is no word "
                         f"of Verilog, C or Python: {name!r}")


def _check_bus(args):
    if args.pipelined and args.bus != "wishbone":
        raise ValueError(f"Bus of a pipelined core must be wishbone: {args.bus!r} (leave "
                         f"--pipelined out)")
    if args.data_width is not None and args.bus != "axis":
        raise ValueError(f"Bus of a data width must be axis: {args.bus!r} has words of {WORD} bits "
                         f"(leave --data-width out)")
    for option in ("data_width", "images_per_second"):
        if args.schedule and getattr(args, option) is not None:
            name = f"--{option.replace('_', '-')}"
            raise ValueError(f"Schedule must be given or chosen: {args.schedule} stands beside "
                             f"{name} (leave one of them out)")


def write(folder, name, texts, network):
    """Write the files of a core and a copy of its network: all or none.

    Files that a core of the same name had before, and has no more, are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(alone(folder / f".{name}.lock", f"Core {name} in {folder}", wait=True))
        parts = {path: stack.enter_context(replacing(folder / path))
                 for path in (*texts, f"{name}.net.npz")}
        for path, content in texts.items():
            (write_bytes if isinstance(content, bytes) else write_text)(parts[path], content)
        shutil.copyfile(network, parts[f"{name}.net.npz"])
        for path in {file.format(name) for file in FILES} - set(parts):
            (folder / path).unlink(missing_ok=True)


def write_load(args):
    """Write the weights of a network for a core of its shape."""
    network = load(args.network)
    shape = LoadShape.decode(args.load_for.read_bytes(), str(args.load_for))
    shape.check(network, args.network)
    octets = shape.encode_load(network, bytes.fromhex(network.identity))
    octets += bytes(-len(octets) % 4)
    with replacing(args.output) as path:
        write_bytes(path, octets)
    print(f"wrote {args.output}: {len(octets) // 4:,} words for the register WEIGHTS")


def main(argv=None):
    """Command line of ``python -m hw.core``."""
    args = parse(argv)
    if args.load_for:
        write_load(args)
    else:
        write_core(args)


def write_core(args):
    """Write all files of a core, and say what it is."""
    if args.output.exists() and not args.output.is_dir():
        raise ValueError(f"Output must be a folder: {args.output} is a file (choose another "
                         f"folder)")
    network = load(args.network)
    arrival = arrival_of(network, args.bus, pipelined=args.pipelined,
                         data_width=WORD if args.data_width is None else args.data_width)
    free = args.images_per_second is not None and args.data_width is None
    schedule, device, clock = chosen(args, network, ANY if free else arrival)
    component = component_for(Accelerator(network, schedule), args.bus, pipelined=args.pipelined)
    estimated = estimate(network, schedule, device.family)
    texts = files_of(component, estimated, args.name, args.bus)
    write(args.output, args.name, texts, args.network)
    say(component, arrival, estimated.total, device, clock, args.bus)
    print(f"wrote {len(texts) + 1} files to {args.output}: module {args.name}, see "
          f"{args.output / README.format(args.name)}")


def say(component, arrival, total, device, clock, bus):
    """Print how fast a core is on its bus, and how large."""
    accelerator = component.accelerator
    if bus == "axis":
        cycles = accelerator.beats
        comes = f"{counted(cycles, 'beat')} of {accelerator.input_width} bits"
    else:
        cycles = arrival.cycles
        comes = f"{counted(component.words, 'word')} of {WORD} bits"
    rate = float(clock) / max(accelerator.interval, cycles)
    print(f"{BUSES[bus]} brings an image in {counted(cycles, 'cycle')}: {comes}")
    print(f"interval {counted(accelerator.interval, 'cycle')}, latency "
          f"{counted(accelerator.latency, 'cycle')}, at most {rate:,.0f} images/s at "
          f"{megahertz(clock)} MHz")
    print(f"estimate for {device.name}, without the bus: {total.lut4:,.0f} of {device.lut4:,} "
          f"LUT4, {total.ff:,.0f} of {device.ff:,} flip-flops, {total.block_ram} of "
          f"{device.block_rams} block RAMs")


def counted(number, noun):
    """Return a number and what it counts."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


if __name__ == "__main__":
    run(main)
