"""Target in archives of pictures and of CIFAR's batches."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from sw.data.form.form import read as read_form

from .mutate import damaged
from .target import Target


NAMES = ("train/cat/1.png", "train/dog/1.png", "test/cat/1.png", "test/dog/2.png", "notes.txt",
         "train/.hidden/1.png")


def contents():
    """Return the files of one archive of pictures and of one of CIFAR's batches, by name."""
    rng = np.random.default_rng(8)
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (3, 4, 3), dtype=np.uint8)).save(buffer, "PNG")
    batch = rng.integers(0, 10, 2 * 3073, dtype=np.uint8).tobytes()
    return [dict.fromkeys(NAMES, buffer.getvalue()),
            {"cifar/data_batch_1.bin": batch, "cifar/test_batch.bin": batch,
             "cifar/batches.meta.txt": b"a b c d e f g h i j"}]


def tarred(files, form):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, octets in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(octets)
            archive.addfile(info, io.BytesIO(octets))
    return buffer.getvalue()


def zipped(files, method):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, octets in files.items():
            archive.writestr(zipfile.ZipInfo(name), octets, method)
    return buffer.getvalue()


def lying():
    """Return headers of entries that claim to be large, links, or elsewhere."""
    for name, size, kind in (("cat/1.png", 2**33, tarfile.REGTYPE), ("x", 2**40, b"L"),
                             ("x", 2**32, b"x"), ("/etc/1.png", 3, tarfile.REGTYPE),
                             ("../1.png", 3, tarfile.REGTYPE), ("cat/1.png", 0, tarfile.SYMTYPE),
                             ("cat/1.png", 2**31, tarfile.GNUTYPE_SPARSE)):
        info = tarfile.TarInfo(name)
        info.size, info.type, info.linkname = size, kind, "/etc/passwd"
        yield info.tobuf(tarfile.GNU_FORMAT) + bytes(2048)


def repair(octets):
    """Put the checksums of a tar archive's headers right, as nothing is read behind a wrong one."""
    repaired = bytearray(octets)
    for at in range(0, len(octets) - 511, 512):
        if octets[at + 257:at + 262] == b"ustar":
            repaired[at + 148:at + 156] = b" " * 8
            total = sum(repaired[at:at + 512])
            repaired[at + 148:at + 156] = b"%06o\0 " % (total % 8**6)
    return bytes(repaired)


def archive_inputs(kept):
    plain = [*lying()]
    for files in contents():
        plain += [tarred(files, form) for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT,
                                                   tarfile.PAX_FORMAT)]
    packed = [pack(seed) for seed in plain for pack in (lzma.compress, gzip.compress, bz2.compress)]
    zips = [zipped(files, method) for files in contents()
            for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)]
    return st.one_of(damaged(plain, repair=repair), damaged([*plain, *zips, *packed, *kept]),
                     damaged(plain, repair=repair).map(lzma.compress),
                     damaged(plain, repair=repair).map(gzip.compress))


def read_archive(path):
    raw = read_form(path)
    return [([part.examples[index] for index in range(len(part))], part.labels)
            for part in (raw.train, raw.test) if part is not None]


def archive_holds(read, path):
    for pictures, labels in read:
        assert len(pictures) == len(labels) > 0
        assert all(picture.size for picture in pictures)


TARGETS = [Target("archive", "x.tar.xz", read_archive, archive_inputs, archive_holds)]
