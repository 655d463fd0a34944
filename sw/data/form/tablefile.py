"""Finds tables in a folder, and the test part beside a table, by their names."""

from pathlib import Path

from .part import TRAIN, part_of
from .text import is_text


SUFFIXES = (".csv", ".tsv", ".txt", ".data", ".dat", ".tra", ".trn", ".train", ".arff", ".gz")
_TEST_SUFFIXES = {".tra": ".tes", ".trn": ".tst", ".train": ".test", ".data": ".test"}


VALIDATIONS = ("validation", "valid", "val", "dev")


def matches(path):
    """Return whether a path is a file of text, or a folder of tables."""
    return is_text(path) if path.is_file() else bool(tables_in(path))


def tables_in(folder):
    """Return the files of a folder that may be tables."""
    return sorted(entry for entry in folder.iterdir() if entry.is_file()
                  and not entry.name.startswith(".") and entry.suffix.lower() in SUFFIXES
                  and not entry.name.lower().startswith(("readme", "license"))
                  and is_text(entry))


def table_in(folder):
    """Return the table of a folder: the only one, or the training part of a pair."""
    files = tables_in(folder)
    if len(files) == 1:
        return files[0]
    train = [file for file in files if part_of(file.name)[0] == TRAIN]
    if len(train) == 1:
        return train[0]
    raise ValueError(f"{folder} must hold one table, or train.csv and test.csv: it holds "
                     f"{', '.join(file.name for file in files[:8])} (give the file itself as the "
                     f"dataset: {files[0]})")


def beside(file):
    """Return the file of the test part beside a table, or None."""
    stem, suffix = file.name, ""
    if file.suffix == ".gz":
        stem, suffix = file.name.removesuffix(".gz"), ".gz"
    base = Path(stem)
    names = [f"{base.stem}.test{base.suffix}"]
    if base.suffix.lower() in _TEST_SUFFIXES:
        other = _TEST_SUFFIXES[base.suffix.lower()]
        names.append(base.stem + (other.upper() if base.suffix.isupper() else other))
    if part_of(base.stem)[0] == TRAIN:
        names += _renamed(base, "testing", "test") + _renamed(base, *VALIDATIONS)
    for name in names:
        for end in dict.fromkeys((suffix, "", ".gz")):
            other = file.with_name(name + end)
            if other != file and other.is_file():
                return other
    return None


def validation_beside(file):
    """Return the file of the validation part beside a table, or None."""
    names = _renamed(Path(file.name), *VALIDATIONS) if part_of(file.stem)[0] == TRAIN else []
    return next((file.with_name(name) for name in names if file.with_name(name).is_file()
                 and file.with_name(name) != file), None)


def _renamed(base, *parts):
    """Return the names of files of other parts, by the name of a training part's file."""
    names = []
    for train in ("training", "train", "trn"):
        for part in parts:
            for case in (str.lower, str.title, str.upper):
                if case(train) in base.stem:
                    names.append(base.stem.replace(case(train), case(part)) + base.suffix)
    return names
