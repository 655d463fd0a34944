"""Pictures in files, read when they are asked for; finds them in folders without hidden files."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from ...store import magic
from .. import images


HIDDEN = {"__macosx", "thumbs.db", "desktop.ini", "ehthumbs.db", "$recycle.bin"}
FILES_LIMIT = 2**22  # files of a folder


class Pictures:
    """Sequence of pictures that are decoded when they are asked for.

    Attributes
    ----------
    paths : list of Path
        Files of the pictures.
    """

    def __init__(self, paths):
        self.paths = list(paths)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, place):
        return images.decode(self.paths[place])

    def of(self, rows):
        """Return the pictures of these rows alone, an array of indices."""
        return type(self)([self.paths[row] for row in rows])


@dataclass(eq=False)
class Tree:
    """Visible content of a folder.

    Attributes
    ----------
    path : Path
    pictures : list of Path
        Pictures directly in it, sorted.
    others : list of Path
        Other files directly in it, sorted.
    folders : list of Tree
        Folders in it that hold pictures at any depth, sorted.
    empty : list of Path
        Folders in it without pictures.
    hidden : int
        Hidden files and folders at any depth.
    on_disk : bool
        Whether the paths are files on disk.
    sequence : type
        Sequence that decodes the pictures of such paths.
    """

    on_disk = True
    sequence = Pictures

    path: Path
    pictures: list = field(default_factory=list)
    others: list = field(default_factory=list)
    folders: list = field(default_factory=list)
    empty: list = field(default_factory=list)
    hidden: int = 0

    def all_pictures(self):
        """Return the pictures at any depth, those of this folder first."""
        return [*self.pictures, *(path for tree in self.folders for path in tree.all_pictures())]

    def all_others(self):
        return [*self.others, *(path for tree in self.folders for path in tree.all_others())]

    def depth(self):
        """Return how many folders lie between this one and its deepest picture."""
        return max((tree.depth() + 1 for tree in self.folders), default=0)


def tree_of(path, files=None):
    """Return the visible content of a folder; links to folders are not followed in circles."""
    files = files or _Count()
    tree = Tree(Path(path))
    with os.scandir(path) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        files.add(path)
        if is_hidden(entry.name):
            tree.hidden += 1
        elif entry.is_dir():
            real = os.path.realpath(entry.path)
            if real in files.above:
                continue
            files.above.append(real)
            inner = tree_of(entry.path, files)
            files.above.pop()
            tree.hidden += inner.hidden
            if inner.pictures or inner.folders:
                tree.folders.append(inner)
            else:
                tree.empty.append(inner.path)
                tree.others += inner.all_others()
        elif entry.is_file() and is_picture(entry.path):
            tree.pictures.append(Path(entry.path))
        else:
            tree.others.append(Path(entry.path))
    return tree


class _Count:
    """Number of files seen, and the folders above the one that is read."""

    def __init__(self):
        self.seen, self.above = 0, []

    def add(self, path):
        self.seen += 1
        if self.seen > FILES_LIMIT:
            raise ValueError(f"Folder of pictures must hold at most {FILES_LIMIT >> 20} million "
                             f"files: {path}")


def is_hidden(name):
    return name.startswith(".") or name.lower() in HIDDEN


def is_picture(path):
    """Return whether a file is a picture: by its suffix, or else by its content."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix in images.suffixes():
        return True
    if suffix in (".csv", ".txt", ".json", ".xml", ".md", ".npy", ".npz") \
            or os.path.getsize(path) == 0:
        return False
    found = magic.name(path)
    return found is not None and found[0].startswith("a picture")
