"""The command line for a board, or a virtual one: info, ports, classify, evaluate, benchmark."""

import argparse
import sys
import time
import zlib
from pathlib import Path

import numpy as np

from . import network as networks
from .answer import command as answers
from .artefact import artefact, names, network_file
from .command import Parser, run
from .compare.answers import Comparison
from .conversion import as_is
from .data import options as choices
from .data.testset import load_test_set
from .golden import Model
from .line import ports
from .line.client import HALF_LOADED, Client
from .line.protocol import BAUDS, ProtocolError, pack_images
from .line.serialport import SerialPort
from .progress import progress


SEARCHED = "build/*/*.net.npz"


def main(argv=None):
    args = _parse(argv)
    if args.command == "ports":
        for line in ports.table(ports.survey(args.baud)):
            print(line)
        return 0
    if args.port is None:
        found = ports.only(args.baud)
        args.port, args.baud = found.candidate.path, found.baud
        print(f"port {args.port}: {found.text()}", file=sys.stderr)
    port, client = connect(args.port, args.baud)
    with port:
        return args.run(client, _network(client.info, args), args)


def _network(info, args):
    """Return the board's network, or None where a command does without it."""
    if args.command == "load":
        return None
    if info.is_half_loaded and args.command != "info":
        raise ProtocolError(HALF_LOADED.format(info.board))
    if args.network:
        network = networks.load(args.network)
        check_identity(info, network, args.network)
        return network
    if args.command == "info":
        return None
    try:
        args.network = find_network(info, Path())
    except ProtocolError as error:
        if args.command != "classify":
            raise
        if args.fit is None:
            raise ProtocolError(f"{str(error).removesuffix(')')}, or say how pictures become "
                                f"inputs: --as-is, --drawing or --photo)") from None
        return None
    return networks.load(args.network)


def connect(path, baud=None):
    """Open a port and identify the board; without ``baud`` try the usual rates.

    Returns
    -------
    SerialPort, Client
    """
    for rate in (baud,) if baud else BAUDS:
        port = SerialPort(path, rate)
        try:
            return port, Client(port)
        except ProtocolError as error:
            port.close()
            failure = error
    raise failure


def check_identity(info, network, path):
    """Raise ProtocolError unless the board holds the network."""
    if network.identity != info.identity:
        raise ProtocolError(
            f"Board {info.board!r} must hold the network of {path}: it holds "
            f"{info.identity[:12]}, the file is {network.identity[:12]} (build and load its "
            f"bitstream, or give the board's network with --network)")


def find_network(info, folder):
    """Return the file of the board's network: one of the build folders, or an artefact."""
    paths = sorted(folder.glob(SEARCHED))
    for path in (*paths, *map(artefact, names())):
        try:
            network = networks.load(path)
        except (ValueError, OSError):
            continue
        if network.identity == info.identity:
            return path
    raise ProtocolError(f"Network {info.identity[:12]} of board {info.board!r} must be on this "
                        f"computer: none of {len(paths)} files {SEARCHED} is it, and none in "
                        f"data/networks (give it with --network)")


def show_info(client, network, args):
    """Print the board's description of itself."""
    info = client.info
    wire = info.baud / 10 / max(info.image_bytes, info.result_bytes)
    rows = [
        ("board", info.board),
        ("network", "none: a load was cut off or refused (load one: python -m sw.host load NETWORK)"
         if info.is_half_loaded else info.identity),
        ("input", f"{' × '.join(map(str, info.input_shape))} pixels of {info.pixel_bits} bits"),
        ("labels", ", ".join(info.labels)), ("clock", f"{info.clock_hz / 1e6:g} MHz"),
        ("interval", f"{info.interval} cycles: {info.images_per_second:,.0f} images/s"),
        ("latency", f"{info.latency} cycles: {info.latency / info.clock_hz * 1e6:.2f} µs"),
        ("serial port", f"{info.baud:,} baud: at most {wire:,.0f} images/s, "
                        f"{info.max_images} images a frame"),
        ("benchmark", f"{info.rom_images} images in ROM, one each {info.feed} cycles, up to "
                      f"{info.max_benchmark:,} a run")]
    for name, value in rows:
        print(f"{name:<12} {value}")
    return 0


def load_weights(client, network, args):
    """Replace the board's network by one of the same shape, without another bitstream."""
    wanted = networks.load(args.loads)
    before = client.info
    with progress(total=None, what="loading", unit="octets") as bar:
        client.load(wanted, args.loads, bar)
    was = "none" if before.is_half_loaded else before.identity[:12]
    print(f"board {client.info.board} holds {args.loads}, network {client.info.identity[:12]} "
          f"(before: {was})")
    return 0


def classify(client, network, args):
    """Print label and scores of users' files; compare with golden if the network's file is here."""
    info, report = client.info, sys.stderr if "-" in (args.csv, args.json) else sys.stdout
    bits = info.pixel_bits + info.shift
    target = network or answers.Target(info.labels, info.input_shape, bits,
                                       as_is(info.input_shape, bits))
    compared = network and Comparison(network)

    def ask(images, names):
        labels, scores = client.classify(images)
        if compared:
            compared.see(images, labels, scores, names)
        return labels, scores

    status = answers.classify(args, target, ask, {"network": info.identity, "board": info.board})
    if not compared:
        print(f"not compared with golden: network {info.identity[:12]} is not on this computer",
              file=report)
        return status
    return max(status, compared.verdict(lambda index, name: name, file=report))


def evaluate(client, network, args):
    """Classify test images on the board and compare every label and score with golden."""
    test = test_images(network, args)
    images, truth = test.images[:args.limit], test.labels[:args.limit]
    step = client.info.max_images
    labels, scores = [], []
    start = time.monotonic()
    with progress(total=len(images), what="classifying", unit="images") as bar:
        for at in range(0, len(images), step):
            found = client.classify(images[at:at + step])
            labels.append(found[0])
            scores.append(found[1])
            bar.update(len(found[0]))
    seconds = time.monotonic() - start
    labels, scores = np.concatenate(labels), np.concatenate(scores)
    right = labels == truth
    print(f"dataset     {test.name}: {test.used}")
    print(f"accuracy    {100 * right.mean():.2f} % ({right.sum()} of {len(images)})")
    print(f"link        {len(images) / seconds:,.1f} images/s ({seconds:.1f} s, "
          f"{client.retries} retries)")
    compared = Comparison(network)
    compared.see(images, labels, scores)
    return compared.verdict(lambda index, _: f"test image {index}", tracing(client.info, args))


def benchmark(client, network, args):
    """Run the benchmark; compare cycles with the prediction and labels with golden."""
    info = client.info
    count = min(args.images, info.max_benchmark)
    rom = test_images(network, args).images[:info.rom_images]
    if zlib.crc32(pack_images(rom, info.pixel_bits, info.shift).tobytes()) != info.rom_crc:
        raise ProtocolError(f"ROM of board {info.board!r} must hold the first {info.rom_images} "
                            f"test images: its checksum is another (give the dataset it was "
                            f"built with by --dataset)")
    model = Model(network)
    start, sent = time.monotonic(), rom[:info.max_images]
    board_labels, board_scores = client.classify(sent)
    seconds = time.monotonic() - start
    report = client.benchmark(count)
    predicted = info.cycles(count)
    period = max(info.interval, info.feed)
    labels = model.labels(rom)
    histogram, checksum = expected_report(labels, count, len(info.labels))
    same_cycles = report.cycles == predicted
    same_labels = report.checksum == checksum and report.histogram == histogram
    print(f"images      {count:,} ({info.rom_images} in ROM, repeated)")
    print(f"cycles      {report.cycles:,} measured, {predicted:,} predicted = {count:,} × "
          f"{period} + {info.fill}: {'equal' if same_cycles else 'DIFFERENT'}")
    print(f"histogram   {' '.join(map(str, report.histogram))}: "
          f"{'equal' if report.histogram == histogram else 'DIFFERENT'} to golden")
    print(f"checksum    {report.checksum:08x}: "
          f"{'equal' if report.checksum == checksum else 'DIFFERENT'} to golden")
    print(f"core        {info.clock_hz * count / report.cycles:,.0f} images/s at "
          f"{info.clock_hz / 1e6:g} MHz, interval {info.interval}"
          + (f" (fed every {info.feed} cycles; the core alone: "
             f"{info.images_per_second:,.0f})" if info.feed > info.interval else ""))
    print(f"link        {len(sent) / seconds:,.1f} images/s (one frame of {len(sent)})")
    compared = Comparison(network)
    compared.see(sent, board_labels, board_scores)
    status = compared.verdict(lambda index, _: f"ROM image {index}", tracing(info, args))
    return status if same_cycles and same_labels else 1


def expected_report(labels, count, classes):
    """Return histogram and CRC-32 of ``count`` labels, which repeat the labels of the ROM."""
    rounds, rest = divmod(count, len(labels))
    histogram = (np.bincount(labels, minlength=classes) * rounds
                 + np.bincount(labels[:rest], minlength=classes))
    octets = labels.astype(np.uint8).tobytes()
    block = octets * min(rounds, 1 << 12)
    checksum = 0
    for _ in range(rounds // (1 << 12)):
        checksum = zlib.crc32(block, checksum)
    checksum = zlib.crc32(octets * (rounds % (1 << 12)) + octets[:rest], checksum)
    return tuple(histogram.tolist()), checksum


def test_images(network, args):
    """Return the test set that a command line names, and print what users should know of it."""
    test = load_test_set(network, args.dataset, choices.from_arguments(args))
    for note in test.notes:
        print(note, file=sys.stderr)
    return test


test_images.__test__ = False  # its name looks like a test's


def tracing(info, args):
    """Return the command that shows every layer of a test image, without the image's number."""
    options = f"--dataset {args.dataset} --image" if args.dataset else "--image"
    return f"python -m sim.trace {args.network} --board {info.board} {options}"


def _parse(argv):
    parser = Parser(prog="python -m sw.host", description=__doc__)
    parser.add_argument("--port", help="/dev/ttyUSB0, or that of a virtual board (default: the one "
                                       "port where a board answers)")
    parser.add_argument("--baud", type=_positive, metavar="N",
                        help=f"bits per second (default: {' or '.join(map(str, BAUDS))})")
    parser.add_argument("--network", type=network_file, metavar="NETWORK",
                        help=f"the board's network (default: the one among {SEARCHED} and "
                             "data/networks)")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="what the board is").set_defaults(run=show_info)
    commands.add_parser("ports", help="what answers at each port")
    part = commands.add_parser("load", help="replace the board's network by one of its shape")
    part.add_argument("loads", type=network_file, metavar="NETWORK",
                      help="a network of the same shape: NAME.net.npz, or a name in data/networks")
    part.set_defaults(run=load_weights)
    part = commands.add_parser("classify", help="label pictures, rows or arrays")
    answers.add_arguments(part)
    part.set_defaults(run=classify)
    part = commands.add_parser("evaluate", help="label test images, compare with golden")
    part.add_argument("--limit", type=_positive, metavar="N", help="only the first N images")
    part.add_argument("--dataset", metavar="D", help="instead of the network's own")
    choices.add_arguments(part)
    part.set_defaults(run=evaluate)
    part = commands.add_parser("benchmark", help="speed of the accelerator without the cable")
    part.add_argument("--images", type=_positive, default=1000, metavar="N",
                      help="default: %(default)s")
    part.add_argument("--dataset", metavar="D", help="instead of the network's own")
    choices.add_arguments(part)
    part.set_defaults(run=benchmark)
    return parser.parse_args(argv)


def _positive(text):
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a number from 1: {text!r}")
    return value


if __name__ == "__main__":
    run(main)
