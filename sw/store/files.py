"""Reads files of any origin, checked before allocation; writes files whole or not at all."""

import fcntl
import io
import json
import os
import re
import struct
import tempfile
import tokenize
import warnings
import zipfile
import zlib
from contextlib import contextmanager
from glob import escape
from math import prod
from pathlib import Path
from secrets import token_hex

import numpy as np

from . import magic
from .lock import hold


ORIGIN = ("networks here come from train.bnn_mnist and sw.fold, or from plain arrays: see "
          "docs/format.md")

# Far more than any network for the supported devices needs, and less than a PC's memory.
ARRAY_LIMIT = 2**29  # bytes of one .npz, unpacked
DEFLATE_RATIO = 1032  # most octets that one octet of a deflated file can stand for

# Names of the temporary files that replace others: stem and suffix of these.
_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{16}\.part(|\.[^.]+)")

# The methods that numpy uses. Other methods could pack far more into an octet.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# Exceptions of zipfile and numpy for files that are cut short, changed, encrypted or foreign.
_DAMAGE = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, OSError,
           NotImplementedError, OverflowError, RuntimeError, TypeError, ValueError,
           tokenize.TokenError)


@contextmanager
def replacing(path):
    """Give a temporary path beside ``path``, which replaces ``path`` if the block succeeds.

    An interrupted or failed block leaves the old file, or none, and no temporary file. A killed
    process leaves a hidden temporary file, which nobody reads. The next block for the same path
    removes this file. A device or pipe, such as ``/dev/stdout``, stays and is written to.
    """
    path = Path(path)
    if outer := _TEMPORARY.fullmatch(path.name):  # of an outer block
        with naming(path.with_name(outer[1] + outer[2])):
            yield path
        return
    if path.exists() and not path.is_file() and not path.is_dir():
        with _poured(path) as temporary:
            yield temporary
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays last, because matplotlib and others tell the format by the suffix.
    for left in path.parent.glob(f".{escape(path.stem)}.*.part{escape(path.suffix)}"):
        if held := hold(left):
            left.unlink(missing_ok=True)
            os.close(held)
    with naming(path):
        temporary, held = _create_held(path)
        try:
            yield temporary
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
            os.close(held)


@contextmanager
def _poured(path):
    """Give a temporary path whose content goes into a device or pipe if the block succeeds."""
    with tempfile.TemporaryDirectory(prefix="thresher-") as folder:
        temporary = Path(folder) / path.name
        yield temporary
        with naming(path), open(path, "wb") as out:
            out.write(temporary.read_bytes())


def _create_held(path):
    """Return a new file beside a path, and a descriptor that holds it."""
    while True:
        temporary = path.with_name(f".{path.stem}.{token_hex(8)}.part{path.suffix}")
        held = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        fcntl.flock(held, fcntl.LOCK_EX)
        if os.fstat(held).st_nlink:
            return temporary, held
        os.close(held)  # another run removed it before it was locked


@contextmanager
def naming(path):
    """Add the file's name to errors of the operating system that have none, as on a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno and error.filename is None:
            error.filename = str(path)
        raise


def write_text(path, text):
    """Write a text file; a failure leaves the old file."""
    write_bytes(path, text.encode())


def write_bytes(path, octets):
    """Write a file of octets; a failure leaves the old file."""
    with replacing(path) as temporary:
        temporary.write_bytes(octets)


def parse_json(text, what):
    """Return the value of a JSON text; raise ValueError for any other or too deeply nested text."""
    try:
        return json.loads(text)
    except RecursionError:
        reason = "it is nested too deep"
    except ValueError as error:
        reason = error
    raise ValueError(f"{what} must be JSON: {reason}")


def read_json(path):
    """Return the value of a JSON file; raise ValueError if the file is not JSON."""
    return parse_json(Path(path).read_bytes(), path)


def write_arrays(path, arrays):
    """Write a dict of arrays as ``.npz``; equal arrays give equal bytes, a failure the old file."""
    buffer = io.BytesIO()  # because closing a zip file on a full disk fails a second time
    np.savez_compressed(buffer, **arrays)
    write_bytes(path, buffer.getbuffer())


def read_arrays(path, what, limit=ARRAY_LIMIT, *, origin=ORIGIN):
    """Read an ``.npz`` file that may come from anybody.

    Parameters
    ----------
    path : path-like
        File to read.
    what : str
        Description of the wanted file, for the message: ``"a checkpoint"``.
    limit : int
        Most bytes that its arrays may take when unpacked.
    origin : str
        Way out, for a message, where the file is of a foreign format.

    Returns
    -------
    dict of str to ndarray
        Numbers and strings only: pickled objects are refused.

    Raises
    ------
    ValueError
        If the file is not an intact ``.npz`` of plain arrays within the limit.
    """
    with open(path, "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's on headers of Python 2, which read all the same
        try:
            with zipfile.ZipFile(file) as archive:
                return {info.filename.removesuffix(".npy"): member
                        for info, member in _members(archive, limit)}
        except _DAMAGE as error:
            reason = " ".join(str(error).split()) or type(error).__name__
        file.seek(0)
        if not file.read(1):
            reason = "it is empty"
    if foreign := _foreign(path):
        name, way = foreign
        raise ValueError(f"{path} must be {what} (.npz): it is {name} ({way or origin})")
    raise ValueError(f"{path} must be {what} (.npz): {reason} (make it again, or check the "
                     f"download)")


def _foreign(path):
    """Return the name of a file's format and the way to read it, if there is one.

    Return None of an ``.npz`` and of what nobody knows.
    """
    found, way = magic.name(path) or (None, None)
    if found is None:
        with open(path, "rb") as file:
            head = file.read(magic.HEAD)
        text = bool(head) and not head.startswith(b"PK") and min(head) >= ord("\t")
        return ("a text file", None) if text else None
    if found in ("a NumPy archive (.npz)", "a damaged zip archive"):
        return None
    return found, way if found == "an ONNX network" else None


def _members(archive, limit):
    left = limit
    for info in archive.infolist():
        if info.compress_type not in _METHODS:
            raise ValueError(f"array {info.filename!r} is neither stored nor deflated")
        with archive.open(info) as file:
            size = _array_size(file, info.filename)
            left -= size
            if left < 0:
                raise ValueError(f"its arrays take more than {limit >> 20} MiB, "
                                 f"{info.filename!r} alone {_short(size >> 20)}")
            if size > min(info.file_size, DEFLATE_RATIO * info.compress_size):
                raise ValueError(f"array {info.filename!r} is cut short")
        with archive.open(info) as file:
            yield info, np.lib.format.read_array(file, allow_pickle=False)


def read_array(path, limit=ARRAY_LIMIT):
    """Read a ``.npy`` file that may come from anybody: numbers or strings of at most ``limit``."""
    with open(path, "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        try:
            size = _array_size(file, "of the file")
            if size > limit:
                raise ValueError(f"it takes more than {limit >> 20} MiB: {_short(size >> 20)}")
            if size > os.fstat(file.fileno()).st_size - file.tell():
                raise ValueError("it is cut short")
            file.seek(0)
            return np.lib.format.read_array(file, allow_pickle=False)
        except _DAMAGE as error:
            reason = " ".join(str(error).split()) or type(error).__name__
    raise ValueError(f"{path} must be an array (.npy): {reason} (make it again, or check the "
                     f"download)")


def _array_size(file, name):
    """Return the octets that an array of a ``.npy`` file takes, and leave its header behind."""
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError(f"array {name!r} has an unknown .npy version")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError(f"array {name!r} holds Python objects; save it with .astype(str) or "
                         f".astype(float)")
    if dtype.itemsize == 0 or min(shape, default=0) < 0:
        raise ValueError(f"array {name!r} has the shape {_short(shape)} of {_short(dtype.str)}")
    return prod(shape, start=dtype.itemsize)


def _short(value):
    text = str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
