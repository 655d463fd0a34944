"""Exchanges networks with other tools: a QONNX file becomes a folded network, or the other way."""

from argparse import ArgumentTypeError
from dataclasses import replace
from pathlib import Path
from shlex import quote

from ..artefact import SUFFIX, artefact, names
from ..command import Parser, run
from ..data import options as choices
from ..data.form.classnames import class_names
from ..data.testset import overridden
from ..network import load as load_network
from ..network import save
from ..store.files import write_text
from . import arrays, check, graph, incoming, larq, report
from .scaling import Scaling


GRAPHS = {"onnx": graph.read, "larq": larq.read}
PICTURES, TEXTS = (".png", ".svg", ".pdf"), (".txt", ".md")  # endings of reports


def main(argv=None):
    args = _parser().parse_args(argv)
    into, out = str(args.output).endswith(SUFFIX), str(args.output).endswith(".onnx")
    if not into and not out:
        raise ValueError(f"Output must end in {SUFFIX} to read a graph, or in .onnx to write one: "
                         f"{args.output}")
    (_read if into else _write)(args)


def _parser():
    parser = Parser(prog="python -m sw.exchange", description=__doc__)
    parser.add_argument("source", metavar="SOURCE",
                        help="MODEL.onnx to read, or a file or folder of --format; or "
                             "NAME.net.npz, or a network of data/networks, to write as ONNX")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE",
                        help="NAME.net.npz, or NAME.onnx: the ending says the direction")
    reading = parser.add_argument_group("reading a graph")
    reading.add_argument("--dataset", metavar="D",
                         help="dataset on whose test images the graph is run and compared")
    reading.add_argument("--labels", type=Path, metavar="FILE",
                         help="names of the classes, one a line, in the order of the scores "
                              "(default: the dataset's)")
    reading.add_argument("--pixels", choices=("0..1", "0..255"),
                         help="range of the graph's input (default: 0..1, unless the graph takes "
                              "octets or divides by 255 itself)")
    reading.add_argument("--mean", type=_numbers, default=(), metavar="M,…",
                         help="mean that the training subtracted from the input, as torchvision's "
                              "Normalize")
    reading.add_argument("--std", type=_numbers, default=(), metavar="S,…",
                         help="deviation that the training divided the input by")
    reading.add_argument("--format", choices=(*GRAPHS, *arrays.READERS),
                         help="bnn-pynq: SOURCE is a folder of weight and threshold files; torch: "
                              "a state dict of a network of train/; larq: a Keras model "
                              "(default: by SOURCE's ending, .pt or .pth is torch, .h5 or .hdf5 "
                              "larq, any other one onnx)")
    reading.add_argument("--thresholds", metavar="T,…|FILE.npy",
                         help="encoder's thresholds of every pixel, or of each one, for torch")
    reading.add_argument("--pe", type=_counts, default=(), metavar="N,…",
                         help="PEs of each layer of bnn-pynq")
    reading.add_argument("--simd", type=_counts, default=(), metavar="N,…",
                         help="synapses of a word of each layer of bnn-pynq")
    reading.add_argument("--layers", metavar="KIND,…",
                         help="layers of bnn-pynq: cnv, or conv, pool and dense ones in order, "
                              "such as conv,conv5,pool,dense,dense (default: all dense)")
    reading.add_argument("--report", type=_report_file, metavar="FILE",
                         help=f"write what became of each node there: a text ({', '.join(TEXTS)}) "
                              f"or a picture ({', '.join(PICTURES)}), by its ending")
    choices.add_arguments(parser, mapped=False)
    writing = parser.add_argument_group("writing a graph")
    writing.add_argument("--no-bipolar", action="store_true",
                         help="write Quant nodes only, for readers that lack BipolarQuant")
    return parser


def _numbers(text):
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"must be numbers with commas between them: {text!r}") from None


def _counts(text):
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"must be integers with commas between them: {text!r}") from None


def _report_file(text):
    path = Path(text)
    if path.suffix not in (*PICTURES, *TEXTS):
        raise ArgumentTypeError(f"must end in {', '.join(TEXTS)} for text, or in "
                                f"{', '.join(PICTURES)} for a picture: {text!r}")
    return path


def _read(args):
    options = choices.from_arguments(args)
    if (kind := arrays.format_of(args)) in arrays.READERS:
        if args.report:
            raise ValueError(f"Report must be about a graph, of the format {' or '.join(GRAPHS)}: "
                             f"{kind} has no nodes (leave --report out)")
        where = "folder" if Path(args.source).is_dir() else "file"
        arrays.READERS[kind](args, options, _labels(args), {where: Path(args.source).name})
        return
    dataset = check.Dataset(args.dataset, options) if args.dataset else None
    scaling = None
    if args.pixels or args.mean or args.std:
        scaling = Scaling(1.0 if args.pixels == "0..255" else 255.0, args.mean, args.std)
    provenance = {"exchange": {"file": Path(args.source).name}}
    if dataset:
        provenance |= {"dataset": args.dataset}
        if said := options.to_json():
            provenance["data"] = said
    made = incoming.load(
        args.source, reader=GRAPHS[kind], scaling=scaling, provenance=provenance,
        labels=_labels(args), names=dataset.names if dataset else None,
        shape=arrays.shape_of(options), fit=dataset.fit if dataset else "as-is")
    made = _converted(made, options)
    for line in report.lines(made):
        print(line)
    images = dataset.images(made) if dataset else check.random_images(made)
    if not dataset:
        print("note: no dataset: random images are compared (--dataset D: a dataset's test images)")
    found = check.compare(made, images)
    for line in found.lines():
        print(line)
    if not found.equal:
        raise ValueError(f"Network must compute what {args.source} computes: "
                         f"{found.labels_differ} labels and the scores of {found.scores_differ} "
                         f"images differ (nothing is written; please report this)")
    save(args.output, made.network)
    wrote = [str(args.output)]
    if args.report:
        _write_report(args.report, made)
        wrote.append(str(args.report))
    print(f"wrote {', '.join(wrote)} (identity {made.network.identity[:12]})")


def _converted(made, options):
    """Return an imported network whose conversion is as the user says."""
    conversion = overridden(made.network.conversion, replace(options, size=None, colours=None),
                            made.network.input_shape)
    if not made.as_they_are and getattr(conversion, "invert", False) is not False:
        raise ValueError("Pictures must not be inverted for a graph that quantizes pixels to 8 "
                         "bits: the quantization comes first (invert the files)")
    return replace(made, network=replace(made.network, conversion=conversion, positive=True))


def _write_report(path, made):
    if path.suffix in PICTURES:
        from .picture import draw
        draw(path, made)
    else:
        write_text(path, "\n".join(report.lines(made)) + "\n")


def _labels(args):
    """Return names of the classes that a file of the user has, or None."""
    if args.labels is None:
        return None
    count = sum(1 for line in args.labels.read_text(encoding="utf-8", errors="replace").splitlines()
                if line.strip())
    return tuple(class_names(args.labels, range(count)).values())


def _write(args):
    path = Path(args.source)
    if not path.suffix and args.source in names():
        path = artefact(args.source)
    network = load_network(path)
    try:
        from . import outgoing
    except ModuleNotFoundError:
        raise ValueError("Exchange needs the package onnx (pip install onnx)") from None
    outgoing.write(args.output, network, bipolar=not args.no_bipolar)
    print(f"wrote {args.output} (of the network {network.identity[:12]}; "
          f"python -m sw.exchange {quote(str(args.output))} -o NAME{SUFFIX} reads it)")


if __name__ == "__main__":
    run(main)
