"""Datasets that somebody drops onto the page: bounded, and stored under names of ours."""

import csv
import io
import os
import shutil
from asyncio import to_thread
from collections import Counter
from contextlib import suppress

from ..data import images, wav
from ..store.files import replacing, write_bytes


EXAMPLE = 1 << 24  # octets of a picture or recording
TABLE = 1 << 28    # octets of a table or of arrays
FILES = 20_000     # pictures or recordings of a project
ROOM = 1 << 30     # octets of a project's dataset
LABEL = 60         # characters of a class name

# Endings by the first octets of a file: the name that the page gives says nothing.
MAGIC = ((b"\x89PNG\r\n", ".png"), (b"\xff\xd8\xff", ".jpg"), (b"GIF8", ".gif"), (b"BM", ".bmp"),
         (b"WEBP", ".webp"), (b"WAVE", wav.SUFFIX), (b"II*\0", ".tif"), (b"MM\0*", ".tif"))
TABLES = {"csv": "upload.csv", "npz": "upload.npz"}
LIST = "labels.csv"


class TooMuch(ValueError):
    """More was sent than a project takes."""


async def bounded(stream, most):
    """Yield the octets of a stream; raise TooMuch if there are more than so many."""
    count = 0
    async for chunk in stream:
        count += len(chunk)
        if count > most:
            raise TooMuch(f"File must have at most {most:,} octets (make it smaller)")
        yield chunk


async def take_example(project, stream, label):
    """Store a picture or recording of a class; return its name, which is ours."""
    label = " ".join(label.split())
    if not 1 <= len(label) <= LABEL or not label.isprintable():
        raise ValueError(f"Class must have a name of 1 to {LABEL} characters: {label[:LABEL]!r}")
    octets = b"".join([chunk async for chunk in bounded(stream, EXAMPLE)])
    head = octets[8:] if octets.startswith(b"RIFF") else octets
    suffix = next((suffix for magic, suffix in MAGIC if head.startswith(magic)), None)
    if suffix is None:
        raise ValueError("File must be a picture, PNG, JPEG, GIF, BMP, WebP or TIFF, or a WAV "
                         "file")
    if suffix == wav.SUFFIX:
        await to_thread(wav.decode, io.BytesIO(octets), rate(project))
    else:
        await to_thread(images.open_picture, io.BytesIO(octets))
    folder = project.data
    folder.mkdir(exist_ok=True)
    names = os.listdir(folder)
    _check_room(folder, names)
    examples = [name for name in names if name[:6].isdecimal()]
    if any(name.endswith(wav.SUFFIX) != (suffix == wav.SUFFIX) for name in examples[:1]):
        raise ValueError("Examples must be all pictures or all recordings (start over)")
    taken = [int(name[:6]) for name in examples]
    name = f"{max(taken, default=0) + 1:06}{suffix}"
    write_bytes(folder / name, octets)
    for other in TABLES.values():
        (folder / other).unlink(missing_ok=True)
    with open(folder / LIST, "a", encoding="utf-8", newline="") as file:
        if not file.tell():
            csv.writer(file).writerow(("file", "label"))
        csv.writer(file).writerow((name, label))
    return name


async def take_table(project, stream, kind):
    """Store a table or arrays instead of what was there; return the name, which is ours."""
    if kind not in TABLES:
        raise ValueError(f"Kind of the file must be one of {', '.join(TABLES)}: {kind[:20]!r}")
    arriving = project.folder / f"arriving.{kind}"
    with replacing(arriving) as temporary, open(temporary, "wb") as file:
        async for chunk in bounded(stream, TABLE):
            file.write(chunk)
    clear(project)
    project.data.mkdir()
    os.replace(arriving, project.data / TABLES[kind])
    return TABLES[kind]


def rate(project):
    """Return the samples a second of a project's recordings; None if it has none."""
    with suppress(OSError, ValueError, StopIteration):
        return wav.rate_of(next(project.data.glob(f"*{wav.SUFFIX}")))


def clear(project):
    """Remove the dataset of a project."""
    with suppress(FileNotFoundError):
        shutil.rmtree(project.data)


def counts(project):
    """Return how many pictures or recordings of each class were taken: a dict."""
    with suppress(FileNotFoundError), open(project.data / LIST, encoding="utf-8",
                                           newline="") as file:
        return Counter(row["label"] for row in csv.DictReader(file))
    return {}


def _check_room(folder, names):
    if len(names) > FILES:
        raise TooMuch(f"Examples of a project must be at most {FILES:,}: {len(names):,} are there")
    if sum(path.stat().st_size for path in folder.iterdir()) > ROOM:
        raise TooMuch(f"Examples of a project must take at most {ROOM >> 20:,} MiB")
