"""Reads the tensors of a state dict that ``torch.save`` wrote, without PyTorch and without trust.

The file is a zip archive: a pickle, and a part for each storage. As with ``weights_only=True`` the
pickle may name tensors only; further, its instructions are those that ``torch.save`` writes, and
every tensor must lie within the octets of its storage, so that a file takes no more memory than its
size.
"""

import io
import pickle
import pickletools
import zipfile
from pathlib import Path

import numpy as np


SIZE_LIMIT = 2**30     # octets of a file
PICKLE_LIMIT = 2**22   # octets of its pickle
PARTS_LIMIT = 10_000   # entries of the archive

INSTRUCTIONS = frozenset(
    "PROTO EMPTY_DICT EMPTY_TUPLE GLOBAL MARK BINUNICODE BINPUT LONG_BINPUT BINGET LONG_BINGET "
    "BININT BININT1 BININT2 LONG1 NEWFALSE NEWTRUE NONE TUPLE TUPLE1 TUPLE2 TUPLE3 BINPERSID "
    "BINFLOAT REDUCE BUILD SETITEM SETITEMS STOP".split())
STORAGES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2",
            "LongStorage": "<i8", "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "i1",
            "ByteStorage": "u1", "BoolStorage": "?"}

_DAMAGE = (zipfile.BadZipFile, pickle.UnpicklingError, EOFError, TypeError, LookupError,
           AttributeError, OverflowError, NotImplementedError, RuntimeError, ValueError)


def read(path):
    """Return the tensors of a state dict.

    Parameters
    ----------
    path : path-like
        A file of ``torch.save(network.state_dict(), path)``.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    ValueError
        If the file is damaged, or holds anything but named tensors.
    """
    path = Path(path)
    if (size := path.stat().st_size) > SIZE_LIMIT:
        raise ValueError(f"{path} must have at most {SIZE_LIMIT:,} octets: {size:,}")
    octets = path.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            return _tensors(archive)
    except _DAMAGE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} must be a state dict: {reason} (write it by "
                         f"torch.save(network.state_dict(), …))") from None


def _tensors(archive):
    parts = archive.infolist()
    if len(parts) > PARTS_LIMIT or len({part.filename for part in parts}) < len(parts):
        raise ValueError(f"it has {len(parts)} parts, or parts of one name")
    if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
        raise ValueError("its parts are compressed")
    pickles = [part for part in parts if part.filename.endswith("/data.pkl")]
    if len(pickles) != 1 or pickles[0].file_size > PICKLE_LIMIT:
        raise ValueError("it has no pickle of a state dict")
    folder = pickles[0].filename.removesuffix("data.pkl")
    names = {part.filename for part in parts}
    if f"{folder}byteorder" in names and archive.read(f"{folder}byteorder") != b"little":
        raise ValueError("its numbers are not little-endian")
    text = archive.read(pickles[0])
    _check(text)
    found = _Reader(text, lambda key: archive.read(f"{folder}data/{key}")).load()
    if not isinstance(found, dict):
        raise ValueError("it holds no dict of tensors")
    for name, tensor in found.items():
        if type(name) is not str or not isinstance(tensor, np.ndarray):
            raise ValueError(f"its entry {name!r:.60} is no tensor")
    return dict(found)


def _check(text):
    """Raise ValueError unless a pickle has only instructions that tensors need."""
    for instruction, argument, _ in pickletools.genops(text):
        if instruction.name not in INSTRUCTIONS:
            raise ValueError(f"its pickle has the instruction {instruction.name}")
        # The memory of the unpickler grows with the greatest number.
        if instruction.name in ("LONG_BINPUT", "LONG_BINGET") and argument > len(text):
            raise ValueError("its pickle counts more values than it has")


class _Ordered(dict):
    """An ordered dict, whose further attributes (``_metadata``) do not matter."""

    def __setstate__(self, state):
        pass


class _Reader(pickle.Unpickler):
    """Makes arrays of a checked pickle."""

    def __init__(self, text, storage):
        super().__init__(io.BytesIO(text))
        self.storage = storage

    def find_class(self, module, name):
        known = {"collections OrderedDict": _Ordered, "torch._utils _rebuild_tensor_v2": _tensor,
                 "torch._utils _rebuild_parameter": lambda tensor, *_: tensor,
                 **{f"torch {each}": np.dtype(dtype) for each, dtype in STORAGES.items()}}
        if f"{module} {name}" not in known:
            raise ValueError(f"it names {module}.{name}, which is no tensor")
        return known[f"{module} {name}"]

    def persistent_load(self, pid):
        what, dtype, key, _, count = pid
        octets = self.storage(key)
        if what != "storage" or not isinstance(dtype, np.dtype) \
                or count * dtype.itemsize != len(octets):
            raise ValueError(f"its storage {key!r:.20} has {len(octets)} octets, not those of "
                             f"{count} numbers")
        return np.frombuffer(octets, dtype)


def _tensor(storage, offset, size, stride, *_):
    """Return a tensor as an array of its own; it must lie within its storage."""
    if len(size) != len(stride) or len(size) > 8 or any(type(each) is not int or each < 0
                                                       for each in (offset, *size, *stride)):
        raise ValueError(f"a tensor has the shape {size!r:.60}")
    last = offset + sum((count - 1) * step for count, step in zip(size, stride, strict=True))
    if 0 in size:
        return np.zeros(size, storage.dtype)
    count = int(np.prod(size, dtype=object))
    if last >= len(storage) or count > len(storage):
        raise ValueError(f"a tensor of the shape {size!r:.60} has {len(storage)} numbers")
    steps = [step * storage.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps).copy()
