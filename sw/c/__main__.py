"""Writes a folded or int8 network as a C library or program that computes the same scores."""

from dataclasses import replace
from pathlib import Path

from ..artefact import HELP, made, network_file, stem
from ..command import Parser, run
from ..data import options as choices
from ..data.testset import load_test_set
from ..int8 import network as int8
from ..network import load
from . import check, folder
from .elf import sizes
from .int8source import Int8Source
from .names import identifier
from .part import FAST, SMALL
from .source import source
from .target import TARGETS


def parse(argv):
    """Read the command line."""
    parser = Parser(prog="python -m sw.c", description=__doc__)
    parser.add_argument("network", type=network_file, metavar="NETWORK", help=f"{HELP}; "
                        f"or NAME.int8.npz from train.compress.validate")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR",
                        help="folder to write (default: NAME-TARGET beside the network, for a "
                             "network in data/networks in build/NAME/)")
    parser.add_argument("--target", choices=TARGETS, default="host",
                        help="processor: this computer's, a 64-bit Arm Cortex-A, a Cortex-M4, or "
                             "any (default: %(default)s)")
    parser.add_argument("--kind", choices=folder.KINDS, default="source",
                        help="what to make of the source (default: %(default)s)")
    parser.add_argument("--name", help="beginning of the identifiers (default: the network's name)")
    parser.add_argument("--prefer", choices=(FAST, SMALL),
                        help="what decides between ways to compute a layer (default: size on "
                             "cortex-m, else speed)")
    parser.add_argument("--sparse", choices=("auto", "words", "lists", "code"), default="auto",
                        help="layers with missing synapses as packed words, index lists or "
                             "straight-line code (default: what --prefer says)")
    parser.add_argument("--batch", choices=("auto", "lanes", "loop"), default="auto",
                        help="many images at once by logic on bits, or one after the other "
                             "(default: what --prefer says)")
    parser.add_argument("--check", action="store_true",
                        help="compile, run the test images here, in an emulator if need be, and "
                             "compare all scores with the golden model's")
    parser.add_argument("--dataset", metavar="D", help="default: the one it was trained on")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N test images")
    choices.add_arguments(parser)
    return parser.parse_args(argv)


def checked(args, network, made_source, place, made_file):
    """Compare the scores of C with golden's; return how many images were compared."""
    target = TARGETS[args.target]
    images = load_test_set(network, args.dataset, choices.from_arguments(args)).images[:args.limit]
    images = check.typed(network, images)
    if target.hosted and target.shared:
        library = place / (made_file if args.kind == "shared" else
                           folder.compile_(place, made_source, target, "shared"))
        for batch in (False, True):
            check.compare(network, images, check.library_scores(
                library, made_source.prefix, images, network.classes, batch=batch))
        if args.kind != "shared":
            library.unlink()
    if args.kind == "program":
        for batch in (False, True):
            check.compare(network, images, check.program_scores(
                target, place / made_file, images, network.classes, batch=batch))
    return len(images)


def _is_int8(path):
    return path.name.endswith(".int8.npz")


def int8_source(network, prefix, options, batch="auto"):
    """Return the :class:`sw.c.int8source.Int8Source` of a network."""
    if batch == "lanes":
        raise ValueError("Network must be of bits for --batch lanes: this one has int8 values "
                         "(--batch loop)")
    return Int8Source(network, prefix, options)


def main(argv=None):
    """Command line of ``python -m sw.c``."""
    args = parse(argv)
    if args.limit is not None and args.limit < 1:
        raise ValueError(f"Limit must be at least 1: {args.limit}")
    target = TARGETS[args.target]
    if args.check and not target.hosted and args.kind != "program":
        raise ValueError(f"Target {args.target} must have --kind program for --check: its "
                         f"emulator runs programs only")
    if args.kind != "source":
        target.compiler(args.kind)  # fails before the work
    network, make = (int8.load(args.network), int8_source) if _is_int8(args.network) else \
        (load(args.network), source)
    name = args.name if args.name is not None else stem(args.network)
    prefix = identifier(name)
    options = replace(target.options, prefer=args.prefer or target.options.prefer,
                      sparse=args.sparse)
    library = make(network, prefix, options, args.batch)
    output = args.output or made(args.network, f"-{args.target}")
    with folder.replacing_folder(output) as place:
        folder.write(place, library, target, args.kind)
        made_file = None
        if args.kind != "source":
            made_file = folder.compile_(place, library, target, args.kind)
        compared = checked(args, network, library, place, made_file) if args.check else None
        size = sizes(place / made_file) if args.kind in ("shared", "program") else None
    if prefix != name:
        print(f"note: C has no {name!r}: identifiers begin with {prefix!r}")
    if compared is not None:
        print(f"equal to golden: {compared} of {compared} scores")
    if size:
        print(f"{made_file}: {size.flash:,} bytes of flash, {size.ram:,} bytes of RAM without the "
              f"stack")
    print(f"wrote {output}/: {', '.join(sorted(path.name for path in output.iterdir()))}")


if __name__ == "__main__":
    run(main)
