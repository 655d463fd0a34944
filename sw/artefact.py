"""The trained networks of this repository, by name, and where files made of a network go."""

import os
from argparse import ArgumentTypeError
from pathlib import Path


ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "data" / "networks"
BUILD = Path("build")
SUFFIX = ".net.npz"

HELP = "NAME.net.npz from sw.fold, or the name of a network in data/networks"


def names():
    """Return the names of the artefacts, sorted."""
    return sorted(path.name.removesuffix(SUFFIX) for path in FOLDER.glob(f"*{SUFFIX}"))


def artefact(name):
    """Return the path of an artefact, relative to the current folder if it lies below that."""
    path = FOLDER / f"{name}{SUFFIX}"
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def network_file(text):
    """Return the file of the network that a user names: a path, or the name of an artefact.

    The function is the type of an argument of a command line. A file of that name comes first.

    Raises
    ------
    ArgumentTypeError
        If the text is no path and no artefact has this name.
    """
    path = Path(text)
    if path.suffix or os.sep in text or path.exists():
        return path
    if text not in names():
        raise ArgumentTypeError(f"Network must be a file or one of {', '.join(names())}: {text!r} "
                                f"(python -m train.bnn_mnist trains a new one)")
    return artefact(text)


def stem(path):
    """Return the name of a network, without folder and ending."""
    name = path.name
    for ending in (".ckpt.npz", SUFFIX, ".int8.npz", ".npz"):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def made(path, suffix):
    """Return the path of a file that a command makes of a network, or finds there later.

    The file lies beside the network. A file made of an artefact lies in ``build/NAME``, because
    ``data/networks`` holds nothing but what training and folding made.
    """
    folder = path.parent
    if folder.resolve() == FOLDER.resolve():
        folder = BUILD / stem(path)
    return folder / f"{stem(path)}{suffix}"
