"""Runs a C library on images and compares its scores with the golden model's."""

import ctypes
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from ..golden import Model
from ..golden.int8 import Int8Model
from ..int8.network import Int8Network


TIMEOUT = 600  # seconds for a program
GOLDEN = {Int8Network: Int8Model}  # golden model of a network that is not folded


def library_scores(path, prefix, images, classes, *, batch=False):
    """Return the scores that a shared library computes: int32, shape (n, classes).

    Parameters
    ----------
    path : path-like
        Shared library for this computer.
    prefix : str
        Beginning of its identifiers.
    images : ndarray of uint8 or uint16, shape (n, ...)
        Images, in the type of the network's pixels.
    classes : int
        Scores of an image.
    batch : bool
        Whether to compute them all in one call.
    """
    library = ctypes.CDLL(str(Path(path).resolve()))
    images = np.ascontiguousarray(images)
    scores = np.zeros((len(images), classes), np.int32)
    if batch:
        function = getattr(library, f"{prefix}_scores_batch")
        function.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
        function.restype = None
        function(images.ctypes.data, len(images), scores.ctypes.data)
        return scores
    function = getattr(library, f"{prefix}_scores")
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    function.restype = None
    for image, row in zip(images, scores, strict=True):
        function(image.ctypes.data, row.ctypes.data)
    return scores


def program_scores(target, program, images, classes, *, batch=False):
    """Return the scores that a program prints: int32, shape (n, classes).

    Parameters
    ----------
    target : sw.c.target.Target
        Runs the program, in an emulator where that is needed.
    program : Path
        The program.
    images : ndarray of uint8 or uint16, shape (n, ...)
        Images, in the type of the network's pixels.
    classes : int
        Scores of an image.
    batch : bool
        Whether the program computes some images in one call.
    """
    with tempfile.TemporaryDirectory(prefix="thresher-") as folder:
        file = Path(folder) / "images.raw"
        octets = np.ascontiguousarray(images)
        file.write_bytes(octets.astype(octets.dtype.newbyteorder("<")).tobytes())
        text = output(target, program, ["--scores", *(["--batch"] if batch else []), "--raw",
                                        str(file)])
    rows = [line.split() for line in text.splitlines()]
    if [len(row) for row in rows] != [classes] * len(images):
        raise ValueError(f"{program} must print {len(images)} lines of {classes} scores: it "
                         f"printed {len(rows)} lines (run it by hand)")
    return np.array(rows, np.int32).reshape(-1, classes)


def output(target, program, arguments):
    """Run a program of a target; return what it prints.

    Raises
    ------
    ValueError
        If the emulator is missing, or the program fails or does not end.
    """
    command = target.command(Path(program).resolve(), arguments)
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace",
                              check=False, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise ValueError(f"{program} must end within {TIMEOUT} s (give fewer images with --limit)"
                         ) from None
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ValueError(f"{program} must run: exit code {done.returncode}, "
                         f"{reason.removeprefix('error: ')}")
    return done.stdout


def compare(network, images, found):
    """Compare scores with golden's.

    Parameters
    ----------
    network : sw.network.Network
        The folded network.
    images : ndarray, shape (n, ``*input_shape``)
        The images.
    found : ndarray of int32, shape (n, classes)
        Scores of the C library.

    Raises
    ------
    ValueError
        If any score differs: the first image and class are named.
    """
    expected = GOLDEN.get(type(network), Model)(network).scores(images)
    if (differ := np.argwhere(found != expected)).size:
        image, place = differ[0]
        count = len(np.unique(differ[:, 0]))
        raise ValueError(f"Scores of C must be golden's: they differ for {count} of {len(images)} "
                         f"images, first in image {image}, class {network.labels[place]!r}: "
                         f"{found[image, place]}, not {expected[image, place]} (please report it)")


def typed(network, images):
    """Return images in the type of the network's pixels in C."""
    return images.astype(np.uint8 if network.input_bits <= 8 else np.uint16, copy=False)
