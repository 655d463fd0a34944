"""Files whose classes stand in a table beside them: file name and class in every line."""

import os
from dataclasses import dataclass

from .. import images
from ..raw import Part
from . import classcolumn
from .columns import classes_of
from .layout import layout_of
from .part import part_of
from .pictures import Pictures
from .text import Text, is_text


TRIED = 20  # lines whose cells must name files
TABLES = 8  # tables of a folder that are tried
SUFFIXES = (".csv", ".tsv", ".txt")


@dataclass(eq=False)
class Listed:
    """A table of pictures, or of recordings.

    Attributes
    ----------
    path : Path
        The table.
    part : str or None
        Part that its name tells.
    files : list of Path
        Files in the order of the table.
    cells : list of str
        Class of each file.
    notes : list of str
        Sentences on what was guessed.
    """

    path: object
    part: str | None
    files: list
    cells: list
    notes: list

    def part_of_pictures(self):
        labels, = classes_of(self.cells)
        return Part(Pictures(self.files), labels.astype(str), [str(path) for path in self.files])

    def covers(self, folder):
        """Return whether the table names the pictures of a folder."""
        known = {path.parent for path in self.files}
        return any(path.parent in known for path in folder.all_pictures())


def listed(root, options, unit="pictures", suffixes=None):
    """Return the tables directly in a folder that name its files and their classes.

    Parameters
    ----------
    root : sw.data.form.pictures.Tree
        The folder.
    options : sw.data.options.Options
        ``label`` names the column of classes.
    unit : str
        The files, in the plural.
    suffixes : collection of str, optional
        Endings of such files, in lower case (default: those of pictures).
    """
    tables = [path for path in root.others if path.parent == root.path
              and path.suffix.lower() in SUFFIXES and is_text(path)]
    known = suffixes or images.suffixes()
    found = [_listed(root, path, options, unit, known) for path in tables[:TABLES]]
    return [table for table in found if table is not None]


def _listed(root, path, options, unit, suffixes):
    text = Text.read(path)
    try:
        layout = layout_of(text)
        rows = [[cell.strip() for cell in cells] for _, cells in layout.rows()]
    except ValueError:
        return None  # not a table: its sentence comes with the files that are no pictures
    if layout.width < 2 or not rows:
        return None
    for place in range(layout.width):
        finder = _Finder(root, part_of(path.stem)[0], suffixes)
        if all(finder.find(row[place]) for row in rows[:TRIED]):
            break
    else:
        return None
    chosen, reason = _class_column(layout, place, options)
    files, cells, missing = [], [], []
    for row in rows:
        file = finder.find(row[place])
        if file is None:
            missing.append(row[place])
        else:
            files.append(file)
            cells.append(row[chosen])
    notes = [*layout.notes, f"classes of {unit} come from column {layout.column(chosen)!r} of "
             f"{path.name}, {reason} (--label changes it)"]
    if missing:
        notes.append(f"{len(missing)} lines of {path.name} name none of the {unit}, such as "
                     f"{missing[0]!r}")
    return Listed(path, part_of(path.stem)[0], files, cells, notes)


def _class_column(layout, place, options):
    if options.label is not None:
        return classcolumn.find(layout, options.label, "--label"), "as told"
    if layout.width == 2:
        return 1 - place, "the only other one"
    found = classcolumn.survey(layout)
    return classcolumn.choose(layout, found, {place})


class _Finder:
    """Finds the file that a cell names, with or without folder and suffix."""

    def __init__(self, root, part, suffixes):
        self.root = root.path
        self.known = suffixes
        known = {folder.path.name.lower(): folder.path for folder in root.folders}
        own = [path for name, path in known.items() if part and part_of(name)[0] == part]
        self.folders = [self.root, *own, *(path for path in known.values() if path not in own)]
        self.suffixes = ("", *sorted({path.suffix for path in root.all_pictures()[:200]}))

    def find(self, cell):
        """Return the path of a file below the folder, or None."""
        name = cell.replace("\\", "/").lstrip("/")
        if not name or ".." in name.split("/") or "\0" in name or len(name) > 1024:
            return None
        for folder in self.folders:
            for suffix in self.suffixes:
                path = folder / (name + suffix)
                if path.suffix.lower() in self.known and os.path.isfile(path):
                    return path
        return None
