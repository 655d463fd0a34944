"""Reads the tensors of an ONNX file, checked before memory is allocated."""

import re
from math import prod
from pathlib import Path

import numpy as np


ELEMENTS = 2**27  # most numbers of a tensor: far more than any network for the supported devices

# Types of ONNX by their number: the type of NumPy, and the field that holds such numbers where they
# are not raw octets.
TYPES = {
    1: ("<f4", "float_data"), 2: ("u1", "int32_data"), 3: ("i1", "int32_data"),
    4: ("<u2", "int32_data"), 5: ("<i2", "int32_data"), 6: ("<i4", "int32_data"),
    7: ("<i8", "int64_data"), 9: ("?", "int32_data"), 10: ("<f2", None), 11: ("<f8", "double_data"),
    12: ("<u4", "uint64_data"), 13: ("<u8", "uint64_data"),
}
EXTERNAL = 1  # ONNX's data_location of numbers in a file of their own


def read_tensor(proto, folder):
    """Return a TensorProto as an array.

    Parameters
    ----------
    proto : onnx.TensorProto
        The tensor, from any file.
    folder : pathlib.Path
        Folder of the model, where the files of external data must lie.

    Returns
    -------
    ndarray
        In native byte order.

    Raises
    ------
    ValueError
        If type, shape and octets do not belong together, or the tensor is too large.
    """
    name, shape = proto.name, tuple(proto.dims)
    if proto.data_type not in TYPES:
        raise ValueError(f"Tensor {name!r} must hold numbers of a common type: it has ONNX's type "
                         f"{proto.data_type} (convert it to float32)")
    if min(shape, default=0) < 0 or prod(shape) > ELEMENTS:
        raise ValueError(f"Tensor {name!r} must have at most {ELEMENTS:,} numbers: its shape is "
                         f"{short(shape)}")
    code, field = TYPES[proto.data_type]
    dtype = np.dtype(code)
    if proto.HasField("segment"):
        raise ValueError(f"Tensor {name!r} must be whole: it is a segment of another")
    if proto.data_location == EXTERNAL:
        octets = _external(proto, folder, prod(shape) * dtype.itemsize)
    elif proto.HasField("raw_data"):
        octets = proto.raw_data
    else:
        return _listed(proto, shape, dtype, field)
    if len(octets) != prod(shape) * dtype.itemsize:
        raise ValueError(f"Tensor {name!r} must have {prod(shape) * dtype.itemsize:,} octets for "
                         f"its shape {shape}: {len(octets):,}")
    array = np.frombuffer(octets, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def _listed(proto, shape, dtype, field):
    """Return the array of a tensor whose numbers are a list."""
    values = getattr(proto, field) if field else []
    if len(values) != prod(shape):
        raise ValueError(f"Tensor {proto.name!r} must have {prod(shape):,} numbers for its shape "
                         f"{shape}: {len(values):,}")
    wide = np.array(values, np.uint64 if field == "uint64_data" else
                    np.float64 if "f" in dtype.str else np.int64).reshape(shape)
    with np.errstate(over="ignore"):
        array = wide.astype(dtype.newbyteorder("="))
    if "f" not in dtype.str and (array != wide).any():
        raise ValueError(f"Tensor {proto.name!r} must hold numbers of its type, {dtype.name}: some "
                         f"are beyond it")
    return array


def _external(proto, folder, size):
    """Return the octets of a tensor that lie in a file beside the model."""
    entries = {entry.key: entry.value for entry in proto.external_data}
    location = entries.get("location", "")
    path = Path(folder) / location
    if not location or Path(location).name != location or "\0" in location \
            or path.resolve().parent != Path(folder).resolve():
        raise ValueError(f"External data of tensor {proto.name!r} must be a file beside the model: "
                         f"{short(location)!r}")
    offset, length = (entries.get(key, default)
                      for key, default in (("offset", "0"), ("length", str(size))))
    if not (re.fullmatch(r"[0-9]{1,18}", offset) and re.fullmatch(r"[0-9]{1,18}", length)):
        raise ValueError(f"External data of tensor {proto.name!r} must have an offset and a length "
                         f"in octets: {short(offset)!r}, {short(length)!r}")
    if int(length) != size:
        raise ValueError(f"Tensor {proto.name!r} must have {size:,} octets for its shape: "
                         f"{int(length):,} of external data")
    if not path.is_file():
        raise ValueError(f"External data of tensor {proto.name!r} must lie beside the model: there "
                         f"is no {location!r} (copy it there; it belongs to the .onnx file)")
    with open(path, "rb") as file:
        file.seek(int(offset))
        return file.read(size)


def short(value):
    """Return a value as text of at most 60 characters."""
    text = str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
