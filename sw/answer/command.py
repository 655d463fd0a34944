"""The part of a command line that classifies users' files, with golden or on a board."""

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ..data import options as choices
from ..data.inputs import Inputs
from ..data.samples import Samples
from ..data.testset import overridden
from .answers import answer
from .show import Show
from .table import STDOUT, lines, write_csv, write_json
from .truth import Truth


@dataclass(frozen=True)
class Target:
    """Properties of a network that answers need, of a file or of a board's description.

    Attributes
    ----------
    labels : tuple of str
        Names of the classes.
    input_shape : tuple of int
        Shape of an input.
    input_bits : int
        Width of a value of an input.
    conversion : sw.conversion.Picture or sw.conversion.Row
        How pictures or rows become inputs.
    """

    labels: tuple
    input_shape: tuple
    input_bits: int
    conversion: object


def add_arguments(parser):
    """Add files, options of their meaning, and forms of answers to a parser."""
    parser.add_argument("files", nargs="+", metavar="FILE",
                        help="pictures, recordings (WAV), folders of them, tables (CSV), .npy, "
                             ".npz or IDX; - is standard input")
    parser.add_argument("--top", type=_positive, metavar="K",
                        help="show the K best classes (default: all scores if they fit, else 3)")
    for name in ("csv", "json"):
        parser.add_argument(f"--{name}", metavar="FILE|-",
                            help=f"write all scores as {name.upper()}; -: to standard output")
    parser.add_argument("--show", type=Path, metavar="DIR",
                        help="write the pictures that the network saw there")
    choices.add_arguments(parser, without=("test", "hold-out", "categories"))


def classify(args, target, function, about):
    """Classify the files of a command line, and write the answers in all forms.

    Parameters
    ----------
    args : argparse.Namespace
        Arguments that :func:`add_arguments` added.
    target : sw.network.Network or Target
        The network.
    function : function
        Returns labels and scores of images and their names.
    about : dict
        What JSON says of network and board.

    Returns
    -------
    int
        1 if a file in a folder could not be read, else 0.
    """
    options = choices.from_arguments(args)
    outputs = [path for path in (args.csv, args.json) if path is not None]
    if len(outputs) == 2 and outputs[0] == outputs[1]:
        raise ValueError(f"--csv and --json must go to different places: {outputs[0]}")
    if args.files.count("-") > 1:
        raise ValueError("Standard input must be named once among the files: - comes twice")
    conversion = overridden(target.conversion, options, target.input_shape)
    inputs = Inputs(conversion, target.input_shape, target.input_bits, options.range)
    truth = Truth(target.labels, options)
    show = args.show and Show(args.show, inputs.conversion, target.input_bits, target.labels)
    samples = Samples(args.files, conversion, target.input_shape, truth.is_class, options)
    answers = answer(samples, inputs, truth, function, show.see if show else None)

    report = sys.stderr if STDOUT in outputs else sys.stdout
    width = shutil.get_terminal_size().columns if report.isatty() else None
    for line in lines(answers, args.top, width):
        print(line, file=report)
    if sentence := answers.accuracy():
        print(sentence, file=report)
    failed = [*samples.failed, *inputs.failed]
    for note in (*samples.notes, *inputs.notes(), *truth.notes(),
                 *(f"not read: {reason}" for reason in failed)):
        print(note, file=sys.stderr)
    if args.csv:
        write_csv(args.csv, answers)
    if args.json:
        write_json(args.json, answers, about)
    for path in outputs:
        if path != STDOUT:
            print(f"wrote {path}", file=report)
    if show:
        print(show.close(), file=report)
    return int(bool(failed))


def _positive(text):
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a number from 1: {text!r}")
    return int(text)
