"""Folders of pictures: one subfolder a class, with or without parts; or pictures and a table."""

from dataclasses import replace
from itertools import groupby

import numpy as np

from ...store import magic
from ..raw import Part, Raw
from .listed import listed
from .part import TEST, TRAIN, assigned, join, part_of
from .pictures import tree_of


FORM = "folder of pictures"
FEW = 3  # files of one kind that are listed one by one
_OTHER_WORDS = {"set", "data", "images", "image", "img", "imgs", "pictures", "seg", "final",
                "split", "mnist", "samples", "examples"}


def matches(path):
    """Return whether a path is a folder with pictures at any depth."""
    if not path.is_dir():
        return False
    tree = tree_of(path)
    return bool(tree.pictures or tree.folders)


def read(path, options):
    """Read the pictures of a folder: their paths and classes. None is decoded."""
    return of_tree(path, tree_of(path), options)


def of_tree(path, tree, options):
    """Return the pictures of a tree, which may be that of an archive, with their classes."""
    raw = Raw(path, FORM, None)
    raw.hidden = tree.hidden
    root = _descended(tree)
    parts = _parts(root)
    tables = _tables(root, options)
    found, flat = {}, []
    for part, folder in parts:
        folder = _without_class(_descended(folder))
        if folder.folders:
            found.setdefault(part, []).append((str(folder.path), _classes(folder, raw)))
        elif tables_inside := _tables(folder, options):
            tables += [replace(table, part=part) for table in tables_inside]
        else:
            flat.append((part, folder))
    if (not parts and len(root.folders) > 1) or (not parts and not tables and root.folders):
        found[TRAIN] = [(str(root.path), _classes(root, raw))]
        tables = [table for table in tables if table.part == TEST]
    for table in tables:
        if (table.part or TRAIN) not in found:
            found[table.part or TRAIN] = [(table.path.name, table.part_of_pictures())]
            raw.guessed += table.notes
            raw.form = "pictures with a table of classes"
            flat = [(part, folder) for part, folder in flat if part != (table.part or TRAIN)
                    and not table.covers(folder)]
    if options.label is not None and not any(
            table.path.name == name for entries in found.values() for name, _ in entries
            for table in tables):
        raise ValueError(f"--label must be given for a table alone: the classes of {path} are "
                         f"folders")
    for part, folder in flat:
        raw.guessed.append(f"the pictures in {folder.path} have no classes and are not used as "
                           f"{part} part")
    if not found:
        raise ValueError(f"{path} must hold pictures in one subfolder a class, as in "
                         f"{path}/cat/1.png, or pictures and a table of file names and classes, as "
                         f"in {path}/labels.csv: {len(tree.all_pictures())} pictures lie in "
                         f"{(flat[0][1] if flat else root).path} without either")
    _leave_out(root, parts, raw)
    raw.ignored += _not_pictures(root, tables)
    _number_alike(found)
    train, test = assigned(found, raw.guessed)
    raw.train = join([part for _, part in train])
    if test:
        raw.test, raw.test_from = join([part for _, part in test]), test[0][0]
    return raw


def _tables(tree, options):
    """Return the tables of a folder that name its pictures. Those of archives are not read."""
    return listed(tree, options) if tree.on_disk else []


def _number_alike(found):
    """Give numbered classes of all parts the training part's names: 7 is 00007 there."""
    parts = [part for entries in found.values() for _, part in entries]
    first = np.unique(parts[0].labels).tolist()
    if not all(label.isascii() and label.isdigit() for part in parts for label in part.labels):
        return
    known = {int(label): label for label in first}
    for part in parts[1:] if len(known) == len(first) else ():
        part.labels = np.array([known.get(int(label), label) for label in part.labels], dtype=str)


def _descended(tree):
    """Return the folder that holds the classes or parts, below folders of one folder each."""
    while not tree.pictures and len(tree.folders) == 1 and tree.folders[0].folders \
            and not tree.folders[0].pictures:
        tree = tree.folders[0]
    return tree


def _without_class(tree):
    """Return the folder of a part's pictures, if it is called ``Images`` and is no class."""
    inner = tree.folders[0] if len(tree.folders) == 1 and not tree.pictures else tree
    usual = set(part_of(inner.path.name)[1]) <= _OTHER_WORDS
    return inner if usual and not inner.folders else tree


def _parts(tree):
    """Return part and folder of the folders that are named as parts, if they hold parts."""
    named = [(_part(folder.path.name), folder) for folder in tree.folders]
    parts = [(part, folder) for part, folder in named if part is not None]
    train = [folder for part, folder in parts if part == TRAIN]
    if not train or (all(folder.pictures for folder in tree.folders) and len(parts) < len(named)):
        return []  # a class of trains among others
    return parts


def _part(name):
    part, words = part_of(name)
    alone = all(word in _OTHER_WORDS or word.isdigit() for word in words)
    return part if alone else None


def _classes(folder, raw):
    """Return the part of one folder a class."""
    paths, names = [], []
    for tree in folder.folders:
        found = tree.all_pictures()
        paths += found
        names += [tree.path.name] * len(found)
    if deep := [tree for tree in folder.folders if tree.folders]:
        raw.guessed.append(f"pictures in subfolders of {deep[0].path} belong to class "
                           f"{deep[0].path.name!r}" + (f", likewise in {len(deep) - 1} other "
                           f"folders" if len(deep) > 1 else "")
                           + " (give the folder that holds the classes, if it is another)")
    if folder.pictures:
        raw.ignored.append(f"{len(folder.pictures)} pictures directly in {folder.path}: they have "
                           f"no class")
    if folder.empty:
        listed = ", ".join(str(path) for path in folder.empty[:5])
        raw.warnings.append(f"folders without pictures are no classes: {listed}"
                            + (", …" if len(folder.empty) > 5 else ""))
    return Part(folder.sequence(paths), np.array(names, dtype=str), [str(path) for path in paths])


def _leave_out(root, parts, raw):
    """Say which folders beside the parts are not used."""
    if not parts:
        return
    used = {id(folder) for _, folder in parts}
    for folder in root.folders:
        if id(folder) not in used:
            raw.ignored.append(f"{folder.path}: {len(folder.all_pictures())} pictures in a folder "
                               f"that is neither train, test nor validation")


def _not_pictures(root, tables):
    """Return sentences on the files that are no pictures, those of a kind together."""
    used = {table.path for table in tables}
    files = sorted((path for path in root.all_others() if path not in used),
                   key=lambda path: (path.suffix.lower(), path))
    sentences = []
    for suffix, group in groupby(files, key=lambda path: path.suffix.lower()):
        group = list(group)
        if len(group) > FEW:
            sentences.append(f"{len(group)} files like {group[0]}: no pictures"
                             + (f" ({suffix})" if suffix else ""))
            continue
        for path in group:
            named = magic.name(path) if path.is_file() else None
            sentences.append(f"{path}: {named[0] + ', ' if named else ''}no picture")
    return sentences
