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
from ..plan.pll import megahertz
from .files import BUSES, component_for, files_of


NAME = "thresher_core"

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
    parser.add_argument("--bus", choices=BUSES, default="axis",
                        help="; ".join(f"{key}: {text}" for key, text in BUSES.items())
                             + " (default: %(default)s)")
    parser.add_argument("--pipelined", action="store_true",
                        help="Wishbone in its pipelined form instead of the classic one")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR",
                        help="folder for all files of the core; with --load-for, a file")
    parser.add_argument("--load-for", type=Path, metavar="SHAPE",
                        help="write only the weights, to the file of --output, for a core whose "
                             "NAME.shape.json this is")
    parser.add_argument("--name", default=NAME,
                        help="name of module and files (default: %(default)s)")
    add_target(parser)
    args = parser.parse_args(argv)
    if (not args.name.isidentifier() or not args.name.isascii() or args.name != args.name.lower()
            or not args.name.strip("_") or args.name in WORDS or keyword.iskeyword(args.name)):
        raise ValueError(f"Name of a core must be an identifier of small letters that is no word "
                         f"of Verilog, C or Python: {args.name!r}")
    if args.pipelined and args.bus != "wishbone":
        raise ValueError(f"Bus of a pipelined core must be wishbone: {args.bus!r} (leave "
                         f"--pipelined out)")
    return args


def write(folder, name, texts, network):
    """Write the files of a core and a copy of its network: all or none."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(alone(folder / f".{name}.lock", f"Core in {folder}", wait=True))
        parts = {path: stack.enter_context(replacing(folder / path))
                 for path in (*texts, f"{name}.net.npz")}
        for path, content in texts.items():
            (write_bytes if isinstance(content, bytes) else write_text)(parts[path], content)
        shutil.copyfile(network, parts[f"{name}.net.npz"])


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
    schedule, device, clock = chosen(args, network)
    component = component_for(Accelerator(network, schedule), args.bus, pipelined=args.pipelined)
    estimated = estimate(network, schedule, device.family)
    texts = files_of(component, estimated, args.name, args.bus)
    write(args.output, args.name, texts, args.network)
    accelerator, total = component.accelerator, estimated.total
    print(f"interval {accelerator.interval} cycles, latency {accelerator.latency} cycles, "
          f"{float(clock) / accelerator.interval:,.0f} images/s at {megahertz(clock)} MHz")
    print(f"estimate for {device.name}: {total.lut4:,} of {device.lut4:,} LUT4, {total.ff:,} of "
          f"{device.ff:,} flip-flops, {total.block_ram} of {device.block_rams} block RAMs")
    print(f"wrote {len(texts) + 1} files to {args.output}: module {args.name} on "
          f"{BUSES[args.bus]}, see {args.output / 'README.md'}")


if __name__ == "__main__":
    run(main)
