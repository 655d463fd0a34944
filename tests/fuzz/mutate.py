"""Hypothesis strategies that damage valid content: octets, arrays in .npz files, JSON, tables."""

import io
import json
import zipfile

import numpy as np
from hypothesis import strategies as st


WORDS = [0, 1, 2, 127, 128, 255, 256, 2**15 - 1, 2**16 - 1, 2**20, 2**31 - 1, 2**31, 2**32 - 1,
         2**63 - 1, 2**64 - 1]
NUMBERS = [0, 1, -1, 2, 7, 255, 256, 2**31, -2**31, 2**53, 2**63, -2**64, 10**30, 0.5, -0.0,
           1e308, float("inf"), float("nan")]
TEXTS = ["", " ", "0", "-1", "--5", "a" * 33, "a" * 5000, "é", "٣", "\x00", "\n", "\x1b[2J",
         "\ud800", "nan", "1e999", "1_0", "label", "../..", "[" * 5000, "null", "mnist"]

# numpy's .npy headers that no array of ours has: huge, negative, endless and senseless ones.
SHAPES = ["(2**62,)", "(1048576, 1048576)", f"({10**30}, 0)", "(-1, 4)", "(-1, -1)", "(0, -1)",
          "(1099511627776,)", "(True,)", "(0,)", "()", "(1.5,)", "'x'", "(" * 300, '"' * 3,
          str((1,) * 70)]
DTYPES = ["<U0", "|V0", "|O", "<U99999999", "<f4", "<f8", ">i4", "|b1", "<M8[s]", "<c16", "|S3",
          "?", "<i2,<i2", "[('a', '<f4', (0,))]", "x", "<U1", "|i1", "|u1"]


@st.composite
def damaged(draw, seeds, most=4, repair=lambda octets: octets):
    """Some of ``seeds``, with octets changed, cut out, doubled or put in; then repaired."""
    octets = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, most))):
        kind = draw(st.sampled_from(["bit", "octet", "word", "cut", "double", "insert", "splice",
                                     "end"]))
        at = draw(st.integers(0, max(0, len(octets) - 1)))
        length = draw(st.sampled_from([1, 2, 4, 8, 16, 64, 1000]))
        if kind == "bit" and octets:
            octets[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "octet" and octets:
            octets[at] = draw(st.sampled_from([0, 1, 0x7d, 0x7e, 0x7f, 0x80, 0xff, 10, 44, 34]))
        elif kind == "word":
            size = draw(st.sampled_from([2, 4, 8]))
            word = draw(st.sampled_from(WORDS)) % 256**size
            octets[at:at + size] = word.to_bytes(size, draw(st.sampled_from(["little", "big"])))
        elif kind == "cut":
            del octets[at:at + length]
        elif kind == "double":
            octets[at:at] = octets[at:at + length]
        elif kind == "insert":
            octets[at:at] = draw(st.binary(max_size=16))
        elif kind == "splice":
            other = draw(st.sampled_from(seeds))
            octets[at:] = other[draw(st.integers(0, len(other))):]
        else:
            del octets[at:]
    return repair(bytes(octets))


def arrays_of(octets):
    """Return the arrays of an .npz file as a dict."""
    with np.load(io.BytesIO(octets)) as archive:
        return {name: archive[name] for name in archive.files}


@st.composite
def changed_arrays(draw, seeds, sign=lambda arrays: arrays):
    """Files .npz of ``seeds``, dicts of arrays, with other arrays: checksums are right.

    ``sign`` may put right what depends on all arrays.
    """
    arrays = dict(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(arrays) or ["format"]))
        kind = draw(st.sampled_from(["drop", "rename", "dtype", "element", "shape", "value"]))
        array = arrays.get(name, np.zeros(3, np.uint8))
        if kind == "drop":
            arrays.pop(name, None)
        elif kind == "rename":
            other = draw(st.sampled_from(["x", "0_name", "9_name", "kinds", "labels", name + "x"]))
            arrays[other] = arrays.pop(name, array)
        elif kind == "dtype":
            arrays[name] = _cast(array, draw(st.sampled_from(
                ["<f4", "<f8", "<i8", "<i4", ">i4", "|i1", "|u1", "<u8", "?", "<U3", "<c16"])))
        elif kind == "element" and array.size:
            arrays[name] = _changed(array, draw(st.integers(0, array.size - 1)),
                                    draw(st.sampled_from([*NUMBERS, *TEXTS])))
        elif kind == "shape":
            arrays[name] = draw(st.sampled_from([
                array.reshape(-1), array[None], array.T, array.reshape(-1)[:0],
                array.reshape(-1)[:1], np.concatenate([array.reshape(-1)] * 2),
                array.reshape(-1)[:1].reshape(())if array.size else array]))
        else:
            arrays[name] = np.array(draw(st.sampled_from([*NUMBERS[:-5], *NUMBERS[-3:], *TEXTS])))
            if arrays[name].dtype == object:
                arrays[name] = np.array(-1)
    return packed(draw, sign(arrays))


def packed(draw, arrays):
    """Return arrays as a zip file, at times with another compression or a header that lies."""
    method = draw(st.sampled_from([zipfile.ZIP_DEFLATED] * 5 + [
        zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]))
    lie = draw(st.sampled_from([*[None] * 4, *sorted(arrays)])) if arrays else None
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            content = member.getvalue()
            if name == lie:
                content = _header(draw(st.sampled_from(SHAPES)), draw(st.sampled_from(DTYPES))) \
                    + content[-64:]
            info = zipfile.ZipInfo(f"{name}.npy")
            info.compress_type = method
            archive.writestr(info, content)
    return buffer.getvalue()


def _header(shape, dtype):
    dtype = dtype if dtype.startswith("[") else repr(dtype)
    shape = shape.replace("2**62", str(2**62))
    text = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}".encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def _cast(array, dtype):
    with np.errstate(all="ignore"):
        try:
            return array.astype(dtype)
        except (ValueError, TypeError, OverflowError):
            return np.zeros(array.shape, dtype)


def _changed(array, index, value):
    array = array.copy()
    try:
        array.reshape(-1)[index] = value
    except (ValueError, TypeError, OverflowError):
        array.reshape(-1)[index] = array.reshape(-1)[0]
    return array


def json_values():
    """Anything JSON can hold, odd numbers and texts among it."""
    leaves = st.one_of(st.none(), st.booleans(), st.sampled_from(NUMBERS), st.sampled_from(TEXTS),
                       st.just([]), st.just({}))
    return st.recursive(leaves, lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["kind", "key", "x"]), inner,
                                                     max_size=3)), max_leaves=5)


@st.composite
def changed_json(draw, seeds):
    """JSON texts like ``seeds`` with values replaced, taken out or renamed."""
    value = json.loads(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 3))):
        places = list(_places(value))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        kind = draw(st.sampled_from(["value", "value", "drop", "rename"]))
        if kind == "value" or isinstance(holder, list):
            holder[key] = draw(json_values())
        elif kind == "drop":
            del holder[key]
        else:
            holder[draw(st.sampled_from([*TEXTS, key + "x"]))] = holder.pop(key)
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _places(value):
    items = (value.items() if isinstance(value, dict)
             else enumerate(value) if isinstance(value, list) else ())
    for key, inner in items:
        yield value, key
        yield from _places(inner)


JSON_BOMBS = [b"[" * 100_000, b'{"a":' * 50_000, b"1" * 100_000, b"-", b"", b"\xff\xfe", b"NaN",
              b'"' + b"\\u0000" * 1000 + b'"', b"1e999", b"\xef\xbb\xbf{}", b"null", b"[]", b"{}",
              b"0", b'"text"', b"true"]


def json_files(seeds, kept=()):
    """JSON files: changed, damaged, and those that break parsers."""
    every = [*seeds, *kept]
    return st.one_of(changed_json(seeds), damaged(every), st.sampled_from([*JSON_BOMBS, *kept]))


@st.composite
def tables(draw):
    """Tables of numbers and classes, some cells of which are neither."""
    delimiter = draw(st.sampled_from([",", ",", ";", "\t"]))
    width = draw(st.integers(1, 5))
    cells = st.one_of(st.integers(-3, 300).map(str), st.sampled_from(
        ["0.5", "1e300", "-1e308", "1e308", "0", "255", "5e-324", "9" * 30, "-" + "9" * 30,
         *TEXTS[:16]]))
    plain = st.integers(0, 255).map(str)
    last = draw(st.sampled_from([st.sampled_from(["a", "b"]), st.integers(0, 2).map(str), cells]))
    odd = draw(st.booleans())
    rows = draw(st.lists(st.tuples(*[cells if odd else plain] * (width - 1), last), max_size=12))
    lines = [delimiter.join(row) for row in rows]
    if draw(st.booleans()):
        names = [*[f"x{index}" for index in range(width - 1)], "label"]
        lines.insert(0, delimiter.join(names))
    text = draw(st.sampled_from(["\n", "\r\n", "\n\n"])).join(lines)
    return text.encode("utf-8", "surrogatepass")
