"""Datasets of IDX files, as MNIST, EMNIST and QMNIST have them: images and labels, two parts."""

import re

import numpy as np

from ...store.files import naming
from .. import idx
from ..raw import Part, Raw
from .classnames import ascii_names
from .part import assigned, join, part_of


FEW = 64  # files of a folder that are looked into whatever their names
_ROLES = {"images": "images", "image": "images", "imgs": "images",
          "labels": "labels", "label": "labels"}


def matches(path):
    """Return whether a path is an IDX file of images, or a folder of IDX files."""
    return bool(_files(path)) if path.is_dir() else idx.is_idx(path)


def read(path, options):
    """Read the set of IDX files in a folder, or the set to which one file belongs."""
    folder = path if path.is_dir() else path.parent
    sets = {}
    for file in _files(folder):
        part, role, rest = _place(file)
        sets.setdefault(rest, {}).setdefault(part, {}).setdefault(role, file)
    if path.is_dir():
        chosen = _only(path, sets)
    else:
        part, role, rest = _place(path)
        if role == "labels":
            raise ValueError(f"{path} must be a file of images, not of labels (give the images, or "
                             f"the folder)")
        sets.setdefault(rest, {}).setdefault(part, {})["images"] = path
        chosen = rest
    raw = Raw(path, "IDX files", None)
    found = {part: [_part(folder, part, files, raw)] for part, files in sets[chosen].items()}
    train, test = assigned(found, raw.guessed)
    raw.train = join(train)
    if test:
        raw.test, raw.test_from = join(test), _test_name(sets[chosen])
    _name_classes(folder, chosen, raw)
    if "emnist" in chosen:
        raw.known = {"transpose": True}  # EMNIST's rows and columns are exchanged
    return raw


def whole(folder):
    """Return whether a folder has images and labels of both parts."""
    if not folder.is_dir():
        return False
    found = {_place(file) for file in _files(folder)}
    return any({(part, role, rest) for part in ("train", "test") for role in ("images", "labels")}
               <= found for _, _, rest in found)


def _files(folder):
    entries = sorted(entry for entry in folder.iterdir()
                     if entry.is_file() and not entry.name.startswith("."))
    likely = [entry for entry in entries if re.search(r"idx|ubyte", entry.name)]
    files = [entry for entry in (likely or entries[:FEW]) if idx.is_idx(entry)]
    return sorted(files, key=lambda file: (file.name.removesuffix(".gz"),
                                           not file.name.endswith(".gz")))


def _place(file):
    """Return the part, the role and the name of the set of a file."""
    part, words = part_of(re.sub(r"(\.gz)$|idx\d?|ubyte", " ", file.name))
    roles = [_ROLES[word] for word in words if word in _ROLES]
    if not roles:
        with idx.opened(file) as opened:
            roles = ["labels" if opened.read(4)[3] == 1 else "images"]
    rest = [word for word in words if word not in _ROLES and word not in ("int", "byte")]
    return part or "train", roles[-1], "-".join(rest)


def _only(path, sets):
    if len(sets) == 1:
        return next(iter(sets))
    parts = next(iter(sets.values()))
    files = parts.get("train") or next(iter(parts.values()))
    first = files.get("images") or files["labels"]
    raise ValueError(f"{path} must hold one set of IDX files: it holds those of "
                     f"{', '.join(name or 'no name' for name in sets)} (give the training images "
                     f"of one as the dataset: {first})")


def _part(folder, part, files, raw):
    for role in ("images", "labels"):
        if role not in files:
            have = next(iter(files.values())).name
            raise ValueError(f"{folder} must hold {role} beside {have}: "
                             f"{_sibling(have, role)} is missing (plain or as .gz)")
    images = idx.read(files["images"])
    labels = idx.read(files["labels"], dimensions=(1, 2))
    if labels.ndim == 2:
        raw.guessed.append(f"the class is the first of {labels.shape[1]} numbers a label in "
                           f"{files['labels'].name}, as in QMNIST")
        labels = labels[:, 0]
    if len(images) != len(labels):
        raise ValueError(f"{files['labels']} must have one label for each of the {len(images)} "
                         f"images: {len(labels)} (the files are not of one set)")
    if labels.dtype.kind == "f":
        raise ValueError(f"{files['labels']} must have labels of integers: type "
                         f"{labels.dtype.name}")
    return Part(images, labels.astype(np.int64))


def _sibling(name, role):
    other = {"images": ("labels", "idx1", "images", "idx3"),
             "labels": ("images", "idx3", "labels", "idx1")}[role]
    return name.replace(other[0], other[2]).replace(other[1], other[3]).removesuffix(".gz")


def _test_name(parts):
    part = "test" if "test" in parts else "validation"
    return parts[part]["images"].name


def _name_classes(folder, chosen, raw):
    mappings = [file for file in sorted(folder.glob("*-mapping.txt"))
                if part_of(file.name.removesuffix("-mapping.txt"))[1] == chosen.split("-")]
    if not mappings:
        return
    with naming(mappings[0]):
        names = ascii_names(mappings[0])
    values = np.unique(raw.train.labels)
    if names and set(values.tolist()) <= set(names):
        first = min(names)  # 1 in EMNIST's letters: classes with names are numbered from 0
        raw.class_names = tuple(names.get(value, str(value))
                                for value in range(first, max(names) + 1))
        for part in filter(None, (raw.train, raw.test)):
            part.labels = part.labels - first
        raw.guessed.append(f"class names come from {mappings[0].name} (--classes FILE gives "
                           f"others)")
