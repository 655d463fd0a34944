"""Job of a search: the data, the board, and what the user wants, as a command line gives it."""

import hashlib
import re
from argparse import ArgumentTypeError
from dataclasses import dataclass

import numpy as np

from boards import target
from sw.command import Parser
from sw.data import datasets
from sw.data import options as choices
from sw.data.known import KNOWN
from sw.share import options as share

from ..bnn_mnist import is_heard
from . import space
from .front import GOALS
from .hardware import Hardware
from .proxy import Brief


UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
SHORT = 1800  # seconds of a search below which its trials are briefer
BRIEF = {True: Brief(5, 2, 10_000), False: Brief(8, 4, 20_000)}  # by whether it is short


@dataclass(frozen=True, eq=False)
class Job:
    """A search: board, data, families and goal.

    Attributes
    ----------
    dataset : sw.data.datasets.Dataset
        The data.
    named : list of str
        Options of commands that name the data.
    hardware : Hardware
        The board.
    families : list of space.Family
        Families to choose from.
    facts : space.Facts
        Facts of the choices.
    brief : Brief
        Extent of a brief training.
    goal : str
        One of :data:`.front.GOALS`.
    budget : float
        Seconds of wall time.
    full, keep : int
        Networks that are trained in full, and that are placed and routed.
    trials : int or None
        Brief trainings at most.
    """

    dataset: object
    named: list
    hardware: Hardware
    families: list
    facts: space.Facts
    brief: Brief
    goal: str
    budget: float
    full: int
    keep: int
    trials: int | None

    def identity(self):
        """Return the facts that every run of the search must share, as a dict for JSON."""
        return {"dataset": self.dataset.name, "data": digest(self.dataset),
                "board": self.hardware.board.name, "device": self.hardware.board.device,
                "clock": self.hardware.clock, "images/s": self.hardware.images_per_second,
                "families": [family.name for family in self.families],
                "brief training": vars(self.brief)}


def digest(dataset):
    """Return a checksum of the training examples, with their classes and their conversion."""
    made = hashlib.sha256(repr((dataset.labels, dataset.conversion)).encode())
    for array in (dataset.train_images, dataset.train_labels):
        made.update(repr(array.shape).encode())
        made.update(np.ascontiguousarray(array))
    return made.hexdigest()[:16]


def parser():
    """Return the parser of the command line."""
    made = Parser(prog="python -m train.search", description=__doc__.splitlines()[0])
    add = made.add_argument
    add("--board", metavar="BOARD", help="one of python -m boards.build --list")
    add("--dataset", metavar="D", required=True,
        help=f"{', '.join(KNOWN)}, or the path of pictures, recordings, arrays or a table")
    add("--time", type=seconds, default=3600.0, metavar="TIME",
        help="wall time on this machine, such as 20m or 2h (default: 1h)")
    add("--goal", choices=GOALS, default="accuracy",
        help="which network is the best one: the most accurate, or the smallest or fastest one "
             "within a point of it (default: accuracy)")
    add("--families", type=lambda text: tuple(text.split(",")), metavar="F,…",
        help=f"some of {', '.join(space.FAMILIES)} (default: all that suit the data)")
    add("--name", help="name of the search (default: the dataset's and the board's)")
    add("--output", metavar="DIR", help="folder of the search (default: build/search/NAME)")
    add("--freq", type=float, metavar="MHz", help="clock (default: the board's)")
    add("--images-per-second", type=float, metavar="N",
        help="weigh the smallest schedule that is this fast (default: the fastest that fits)")
    add("--full", type=share.count, default=5, metavar="N",
        help="networks of the front that are trained in full (default: %(default)s)")
    add("--keep", type=_whole, default=1, metavar="N",
        help="networks of the final front that are placed and routed, the best by the goal first; "
             "0: none (default: %(default)s)")
    add("--trials", type=share.count, metavar="N", help="brief trainings at most")
    add("--epochs", type=share.count, metavar="N", help="passes of a brief training (default: 8, "
        "or 5 of a search below half an hour)")
    add("--images", type=share.count, metavar="N", help="training images of a brief training "
        "(default: 20,000, or 10,000 of a search below half an hour)")
    add("--no-build", dest="keep", action="store_const", const=0, help="the same as --keep 0")
    share.add_options(made, "a journal in the folder")
    add("--artefacts", metavar="URL", help="shared folder or address for the networks, as fsspec "
        "knows it (default: networks/ in the folder)")
    choices.add_arguments(made, mapped=False)
    target.add_options(made)
    return made


def job_of(args):
    """Return the job of parsed arguments."""
    board = target.board_of(args, "ulx3s")
    options = choices.from_arguments(args)
    dataset = datasets.load(args.dataset, options)
    hardware = Hardware(board, args.freq, args.images_per_second)
    facts = space.Facts(dataset.input_shape, len(dataset.labels), hardware.lut4, board.family,
                        flips=len(dataset.input_shape) == 3,
                        heard=is_heard(dataset))
    usual = BRIEF[args.time < SHORT]
    epochs = args.epochs or usual.epochs
    images = args.images or usual.images
    count = len(dataset.train_images) * 11 // 12
    brief = Brief(epochs, max(1, epochs // 2), min(images, count))
    return Job(dataset, named(args), hardware, space.chosen(args.families, facts), facts, brief,
               args.goal, args.time, args.full, args.keep, args.trials)


def named(args):
    """Return the options of the training that name the data."""
    words = ["--dataset", str(args.dataset)]
    for name, value in choices.from_arguments(args).to_json().items():
        words += WORDS[name](value) if name in WORDS else [f"--{name.replace('_', '-')}",
                                                           _said(value)]
    return words


def seconds(text):
    """Read a time: ``90s``, ``20m``, ``2h``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not found or float(found[1]) <= 0:
        raise ArgumentTypeError(f"must be a time such as 90s, 20m or 2h: {text!r}")
    return float(found[1]) * UNITS[found[2]]


def _flag(name):
    return lambda value: [f"--{'' if value else 'no-'}{name}"]


WORDS = {"fit": lambda value: [f"--{value}"], "invert": _flag("invert"),
         "transpose": _flag("transpose"),
         "group": lambda value: [word for each in value for word in ("--group", each)],
         "colours": lambda value: ["--grey" if value == 1 else "--colour"],
         "size": lambda value: ["--size", value if value == "flat" else "x".join(map(str, value))]}


def _said(value):
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _whole(text):
    if not text.isascii() or not text.isdigit():
        raise ArgumentTypeError(f"must be a number from 0: {text!r}")
    return int(text)
