"""The command line for a board, or a virtual one: info, classify, evaluate, benchmark."""

import argparse
import time
import zlib
from pathlib import Path

import numpy as np

from . import network as networks
from .artefact import artefact, names, network_file
from .command import Parser, run
from .data import datasets
from .data.images import read_image
from .golden import Model
from .line.client import Client
from .line.protocol import BAUDS, ProtocolError, pack_images
from .line.serialport import SerialPort
from .progress import progress


PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
SEARCHED = "build/*/*.net.npz"


def main(argv=None):
    args = _parse(argv)
    port, client = connect(args.port, args.baud)
    with port:
        network = networks.load(args.network) if args.network else None
        if network is not None:
            check_identity(client.info, network, args.network)
        elif args.command in ("evaluate", "benchmark"):
            args.network = find_network(client.info, Path())
            network = networks.load(args.network)
        return args.run(client, network, args)


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
        ("board", info.board), ("network", info.identity),
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


def classify(client, network, args):
    """Print label and scores of pictures."""
    info = client.info
    paths = list(expand(args.images))
    images = np.stack([read_image(path, info.input_shape) for path in paths])
    labels, scores = client.classify(images)
    width = max(len("file"), *(len(str(path)) for path in paths))
    label_width = max(len("label"), *(len(label) for label in info.labels))
    print(f"{'file':<{width}}  {'label':<{label_width}}  margin  scores")
    for path, label, row in zip(paths, labels, scores, strict=True):
        rest = np.delete(row, label)
        print(f"{path!s:<{width}}  {info.labels[label]:<{label_width}}  "
              f"{row[label] - rest.max():>6}  {' '.join(map(str, row))}")
    if network is None:
        return 0
    return verdict(*compare(network, images, labels, scores),
                   lambda index: str(paths[index]))


def expand(paths):
    """Yield the pictures among files and directories, in order."""
    for path in paths:
        if path.is_dir():
            found = sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURES)
            if not found:
                raise ValueError(f"Directory {path} must hold pictures: it has none of "
                                 f"{' '.join(PICTURES)}")
            yield from found
        else:
            yield path


def evaluate(client, network, args):
    """Classify test images on the board and compare every label and score with golden."""
    images, truth = test_images(network, args.dataset)
    images, truth = images[:args.limit], truth[:args.limit]
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
    print(f"accuracy    {100 * right.mean():.2f} % ({right.sum()} of {len(images)})")
    print(f"link        {len(images) / seconds:,.1f} images/s ({seconds:.1f} s, "
          f"{client.retries} retries)")
    return verdict(*compare(network, images, labels, scores),
                   lambda index: f"test image {index}", tracing(client.info, args))


def benchmark(client, network, args):
    """Run the benchmark; compare cycles with the prediction and labels with golden."""
    info = client.info
    count = min(args.images, info.max_benchmark)
    rom, _ = test_images(network, args.dataset)
    rom = rom[:info.rom_images]
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
    status = verdict(*compare(network, sent, board_labels, board_scores),
                     lambda index: f"ROM image {index}", trace=tracing(info, args))
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


def test_images(network, dataset):
    """Return test images and labels of a dataset, by default the dataset of the training."""
    name = dataset or network.provenance.get("dataset")
    if not name:
        raise ValueError("Network must say which dataset it was trained on: it does not (give "
                         "one with --dataset)")
    images, labels, _ = datasets.load_test(name)
    if images.shape[1:] != network.input_shape:
        raise ValueError(f"Images of {name} must have the network's shape {network.input_shape}: "
                         f"{images.shape[1:]} (give another dataset with --dataset)")
    return images, labels


test_images.__test__ = False  # its name looks like a test's


def compare(network, images, labels, scores):
    """Compare the board's answers with golden's.

    Returns
    -------
    int, int
        Number of equal labels; number of images whose scores are all equal.
    int
        Number of images.
    tuple or None
        First image that differs: index, the board's label and scores, golden's scores.
    """
    model = Model(network)
    expected_scores = model.scores(images)
    same_labels = labels == model.labels(images)
    same_scores = (scores == expected_scores).all(axis=1)
    differing = np.flatnonzero(~(same_labels & same_scores))
    first = None
    if len(differing):
        index = int(differing[0])
        first = index, int(labels[index]), scores[index].tolist(), expected_scores[index].tolist()
    return int(same_labels.sum()), int(same_scores.sum()), len(images), first


def tracing(info, args):
    """Return the command that shows every layer of a test image, without the image's number."""
    options = f"--dataset {args.dataset} --image" if args.dataset else "--image"
    return f"python -m sim.trace {args.network} --board {info.board} {options}"


def verdict(labels, scores, count, first, name, trace=None):
    """Print how many answers equal golden's and how to look into others; return the exit code."""
    print(f"equal       {labels} of {count} labels, {scores} of {count} images' scores")
    if first is None:
        return 0
    index, label, found, expected = first
    print(f"first other {name(index)}: label {label}, scores {found}; golden has "
          f"{int(np.argmax(expected))}, {expected}")
    if trace:
        print(f"every layer {trace} {index}")
    return 1


def _parse(argv):
    parser = Parser(prog="python -m sw.host", description=__doc__)
    parser.add_argument("--port", required=True, help="/dev/ttyUSB0, or that of a virtual board")
    parser.add_argument("--baud", type=_positive, metavar="N",
                        help=f"bits per second (default: {' or '.join(map(str, BAUDS))})")
    parser.add_argument("--network", type=network_file, metavar="NETWORK",
                        help=f"the board's network (default: the one among {SEARCHED} and "
                             "data/networks)")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="what the board is").set_defaults(run=show_info)
    part = commands.add_parser("classify", help="label pictures")
    part.add_argument("images", nargs="+", type=Path, metavar="IMAGE",
                      help="files, or directories of files")
    part.set_defaults(run=classify)
    part = commands.add_parser("evaluate", help="label test images, compare with golden")
    part.add_argument("--limit", type=_positive, metavar="N", help="only the first N images")
    part.add_argument("--dataset", metavar="D", help="instead of the network's own")
    part.set_defaults(run=evaluate)
    part = commands.add_parser("benchmark", help="speed of the accelerator without the cable")
    part.add_argument("--images", type=_positive, default=1000, metavar="N",
                      help="default: %(default)s")
    part.add_argument("--dataset", metavar="D", help="instead of the network's own")
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
