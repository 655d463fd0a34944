"""Targets in binary files of others: IDX, pictures, folders of pictures."""

import gzip
import io
import struct
import zlib

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from sw.conversion import legacy
from sw.data import idx, images
from sw.data.convert import Converter
from sw.data.form.form import read as read_form

from .mutate import damaged
from .target import Target


def idx_seeds():
    rng = np.random.default_rng(4)
    octets = rng.integers(0, 256, (5, 4, 3), dtype=np.uint8).tobytes()
    return [bytes([0, 0, 8, 3]) + struct.pack(">3I", 5, 4, 3) + octets,
            bytes([0, 0, 8, 2]) + struct.pack(">2I", 12, 5) + octets,
            bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**16, 2**7, 2**5) + octets]


def idx_holds(read, path):
    """Shape and numbers are those of the file, whose octets are big-endian."""
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    start = 4 + 4 * content[3]
    assert read.shape == struct.unpack(f">{content[3]}I", content[4:start])
    assert read.astype(read.dtype.newbyteorder(">")).tobytes() == content[start:]


def idx_inputs(kept):
    return damaged([*idx_seeds(), *kept])


def idx_gz_inputs(kept):
    seeds = idx_seeds()
    packed = [gzip.compress(seed, mtime=0) for seed in seeds]
    bomb = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**10, 2**7, 2**7) + bytes(2**24 + 1)
    return st.one_of(damaged([*packed, *kept, gzip.compress(bomb, mtime=0)]),
                     damaged(seeds).map(lambda octets: gzip.compress(octets, 1, mtime=0)))


def picture_seeds():
    """Small pictures of every format and of many modes, and large ones in few octets."""
    rng = np.random.default_rng(5)
    rgb = Image.fromarray(rng.integers(0, 256, (6, 5, 3), dtype=np.uint8))
    grey = rgb.convert("L")
    clear = rgb.convert("RGBA")
    clear.putalpha(grey)
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds = [(grey, "PNG", {}), (rgb, "PNG", {"exif": exif}), (clear, "PNG", {}),
             (rgb.convert("P"), "PNG", {"transparency": 0}), (rgb.convert("1"), "PNG", {}),
             (Image.fromarray(rng.integers(0, 2**16, (6, 5), dtype=np.uint16)), "PNG", {}),
             (clear.convert("LA"), "PNG", {}), (grey, "BMP", {}), (rgb, "BMP", {}),
             (rgb.convert("P"), "GIF", {}), (rgb, "JPEG", {"exif": exif}), (grey, "JPEG", {}),
             (rgb.convert("CMYK"), "JPEG", {}), (rgb, "PPM", {}), (rgb.convert("1"), "PPM", {}),
             (grey, "TIFF", {}), (rgb, "TIFF", {"compression": "tiff_lzw"}),
             (Image.fromarray(rng.normal(size=(6, 5)).astype(np.float32)), "TIFF", {}),
             (rgb.convert("LAB"), "TIFF", {"compression": "tiff_deflate"}),
             (Image.fromarray(rng.integers(0, 2**16, (6, 5), dtype=np.uint16)), "TIFF", {}),
             (clear, "WEBP", {"lossless": True}), (rgb, "WEBP", {}),
             (Image.new("RGBA", (1500, 1500), (9, 9, 9, 9)), "WEBP", {"lossless": True}),
             (Image.new("P", (1500, 1500)), "GIF", {}), (Image.new("1", (3000, 3000)), "PNG", {})]
    written = []
    for picture, form, options in kinds:
        buffer = io.BytesIO()
        picture.save(buffer, form, **options)
        written.append(buffer.getvalue())
    return written


def repair(octets):
    """Put the checksums of a PNG right, as nothing is read behind a wrong one."""
    if not octets.startswith(b"\x89PNG\r\n\x1a\n"):
        return octets
    repaired, at = bytearray(octets[:8]), 8
    while at + 12 <= len(octets):
        length = int.from_bytes(octets[at:at + 4])
        body = octets[at + 4:at + 8 + length]
        if len(body) < 4 + length:
            break
        repaired += octets[at:at + 4] + body + zlib.crc32(body).to_bytes(4)
        at += 12 + length
    return bytes(repaired + octets[at:])


def picture_inputs(kept):
    seeds = [*picture_seeds(), *kept]
    return st.one_of(damaged(seeds, repair=repair), damaged(seeds))


def read_pictures(path):
    picture = images.decode(path)[None]
    return [Converter(legacy(shape, {}), shape).batch(picture)[0]
            for shape in [(28, 28), (7, 9, 3)]]


def picture_holds(read, path):
    assert [(array.shape, array.dtype) for array in read] == [
        ((28, 28), np.uint8), ((7, 9, 3), np.uint8)]


def read_folder(path):
    """Read a folder that has the picture twice."""
    for label in "ab":
        (path.parent / "set" / label).mkdir(parents=True, exist_ok=True)
        (path.parent / "set" / label / "1.png").write_bytes(path.read_bytes())
    part = read_form(path.parent / "set").train
    return [part.examples[index] for index in range(len(part))], part.labels


def folder_holds(read, path):
    pictures, labels = read
    assert pictures[0].shape[2:] in ((), (3,))
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert labels.tolist() == ["a", "b"]


TARGETS = [
    Target("idx", "x-idx3-ubyte", idx.read, idx_inputs, idx_holds),
    Target("idx-gz", "x-idx3-ubyte.gz", idx.read, idx_gz_inputs, idx_holds),
    Target("picture", "x.png", read_pictures, picture_inputs, picture_holds),
    Target("folder", "x.png", read_folder, picture_inputs, folder_holds),
]
