"""Folders and archives of WAV files, whose classes are subfolders, in names, or in a table."""

import os
import re
from collections import Counter
from pathlib import PurePath

import numpy as np

from .. import wav
from ..raw import Part, Raw
from .listed import listed
from .part import TEST, TRAIN, assigned, part_of
from .pictures import FILES_LIMIT, Tree, is_hidden


FORM = "recordings"
NAME = re.compile(r"(?P<label>[^_]+)_(?P<speaker>[^_]+)_(?P<index>\d+)")  # 7_jackson_32.wav
TEST_INDEX = 5  # recordings of a class and speaker below this number are FSDD's test part
SPEAKERS_SHOWN = 8


class Sounds:
    """Sequence of recordings that are decoded when they are asked for.

    Attributes
    ----------
    paths : list of Path or sw.data.form.unpack.Member
        WAV files.
    rate : int
        Samples a second that all of them must have.
    """

    unit = "recordings"

    def __init__(self, paths, rate):
        self.paths = list(paths)
        self.rate = rate

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, place):
        return wav.decode(openable(self.paths[place]), self.rate)

    def of(self, rows):
        """Return the recordings of these rows alone, an array of indices."""
        return type(self)([self.paths[row] for row in rows], self.rate)


def openable(path):
    """Return what :func:`sw.data.wav.decode` takes: a path, or a member of an archive, opened."""
    return path if isinstance(path, os.PathLike) else path.open()


def is_sound(name):
    """Return whether a file is a recording, by its name."""
    return name.lower().endswith(wav.SUFFIX)


def matches(path):
    """Return whether a path is a folder with WAV files at any depth, or a WAV file."""
    return next(iter(files_of(path)), None) is not None if path.is_dir() else is_sound(path.name)


def files_of(path, depth=0):
    """Yield the WAV files of a folder and of those below, hidden ones left out, in order."""
    with os.scandir(path) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for place, entry in enumerate(found):
        if place >= FILES_LIMIT:
            raise ValueError(f"Folder of recordings must hold at most {FILES_LIMIT >> 20} million "
                             f"files: {path}")
        if is_hidden(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False) and depth < 8:
            yield from files_of(path / entry.name, depth + 1)
        elif entry.is_file() and is_sound(entry.name):
            yield path / entry.name


def read(path, options):
    """Read the recordings of a folder: their paths and classes. None is decoded."""
    if path.is_file():
        raise ValueError(f"{path} must be a folder of recordings: it is one (python -m "
                         f"sw.classify NETWORK {path} classifies it)")
    beside = Tree(path, others=sorted(entry for entry in path.iterdir() if entry.is_file()))
    if tables := listed(beside, options, Sounds.unit, (wav.SUFFIX,)):
        return _of_table(path, tables[0], options)
    if options.label is not None:
        raise ValueError(f"--label must be given for a table alone: {path} has none")
    files = list(files_of(path))
    return of_files(path, [(file, file.relative_to(path)) for file in files], options)


def _of_table(path, table, options):
    """Return the recordings that a table names, with their classes."""
    if options.hold_out is not None:
        raise ValueError(f"--hold-out must be given for recordings whose names tell speakers: "
                         f"{table.path.name} in {path} tells classes alone")
    rate = wav.rate_of(table.files[0])
    rows = [Row(*row, None) for row in zip(table.files, table.cells, strict=True)]
    return Raw(path, FORM, _part(rows, rate), known={"rate": rate}, guessed=table.notes)


def of_files(path, files, options):
    """Return the dataset of recordings.

    Parameters
    ----------
    path : Path
        The folder or archive.
    files : list of (Path or Member, PurePath)
        Files, and their names inside.
    options : sw.data.options.Options
        ``hold_out`` names the speaker whose recordings are the test part.
    """
    rate = wav.rate_of(openable(files[0][0]))
    raw = Raw(path, FORM, None, known={"rate": rate})
    folders = [PurePath(inner).parts[:-1] for _, inner in files]
    folders = _below_shared(folders)
    read = _by_folders if any(folders) else _by_names
    rows = read(path, [file for file, _ in files], folders, raw)
    raw.known["speakers"] = speakers_of(rows)
    if options.hold_out is not None:
        rows = _held_out(path, rows, options.hold_out, raw)
    found = {}
    for row in rows:
        found.setdefault(row.part, []).append(row)
    train, test = assigned({part: [entries] for part, entries in found.items()}, raw.guessed)
    raw.train = _part([row for entries in train for row in entries], rate)
    if test:
        raw.test = _part([row for entries in test for row in entries], rate)
        raw.test_from = raw.test_from or f"{TEST} folder"
    return raw


def _below_shared(folders):
    """Return the folders of files without those above that all files share."""
    levels = [set(level) for level in zip(*folders, strict=False)]
    shared = next((depth for depth, names in enumerate(levels) if len(names) > 1), len(levels))
    return [parts[shared:] for parts in folders]


class Row:
    """A recording: its file, class, speaker (or None) and part."""

    def __init__(self, file, label, speaker, part=TRAIN):
        self.file = file
        self.label = label
        self.speaker = speaker
        self.part = part


def _by_names(path, files, folders, raw):
    """Return recordings of one folder, named CLASS_SPEAKER_INDEX.wav as those of FSDD."""
    rows, first = [], []
    for file in files:
        found = NAME.fullmatch(PurePath(file.name).stem)
        if not found:
            raise ValueError(f"{path} must hold recordings in one subfolder a class, as in "
                             f"{path}/yes/1.wav, named CLASS_SPEAKER_INDEX.wav, or named in "
                             f"{path}/labels.csv: {file.name}")
        rows.append(Row(file, found["label"], found["speaker"]))
        first.append(int(found["index"]) < TEST_INDEX)
    if any(first) and not all(first):
        for row, test in zip(rows, first, strict=True):
            row.part = TEST if test else TRAIN
        raw.test_from = f"recordings 0 to {TEST_INDEX - 1} of each class and speaker"
        raw.guessed.append(f"{raw.test_from} are the test part, so its speakers are those of the "
                           f"training (--hold-out SPEAKER: all recordings of a speaker are)")
    return rows


def _by_folders(path, files, folders, raw):
    """Return recordings in one subfolder a class, which may lie in folders of parts."""
    parts = {parts[0]: part_of(parts[0])[0] for parts in folders if parts}
    parted = TRAIN in parts.values() and None not in parts.values()
    rows = []
    for file, above in zip(files, folders, strict=True):
        classed = above[1:] if parted else above
        if not classed:
            raw.ignored.append(f"{file}: it lies in no folder of a class")
            continue
        speaker, _, rest = PurePath(file.name).stem.partition("_")
        rows.append(Row(file, classed[0], speaker if rest else None,
                        parts[above[0]] if parted else TRAIN))
    return rows


def speakers_of(rows):
    """Return the speakers of recordings in order; none if names do not tell any."""
    known = Counter(row.speaker for row in rows if row.speaker is not None)
    return [] if len(known) < 2 or len(known) == len(rows) else sorted(known)


def _held_out(path, rows, speaker, raw):
    """Return recordings, those of a speaker as the test part and all others for training."""
    names = speakers_of(rows)
    if not names:
        raise ValueError(f"--hold-out must be given for recordings whose names tell speakers, as "
                         f"CLASS_SPEAKER_INDEX.wav or CLASS/SPEAKER_INDEX.wav: {path} has none")
    if speaker not in names:
        more = f" and {len(names) - SPEAKERS_SHOWN} more" * (len(names) > SPEAKERS_SHOWN)
        raise ValueError(f"Speaker of --hold-out must be one of "
                         f"{', '.join(names[:SPEAKERS_SHOWN])}{more}: {speaker!r}")
    raw.guessed.clear()
    raw.test_from = f"all recordings of {speaker}"
    return [Row(row.file, row.label, row.speaker, TEST if row.speaker == speaker else TRAIN)
            for row in rows]


def _part(rows, rate):
    return Part(Sounds([row.file for row in rows], rate),
                np.array([row.label for row in rows], dtype=str), [str(row.file) for row in rows])
