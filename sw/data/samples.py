"""Reads what users give to be classified: pictures, recordings, folders, tables, arrays, a pipe."""

from dataclasses import dataclass
from math import prod
from pathlib import Path

from . import wav
from .form import sounds
from .form.newrows import match
from .form.pictures import tree_of
from .images import decode
from .rescaled import refuse, rescaled
from .shapes import examples_of
from .sources import ARRAYS, called, form_of, pipe


CHUNK = 1024    # examples of a batch
PIXELS = 2**24  # pixels of the pictures of a batch, which bounds its memory
PIPE = "-"
PIPED = "standard input"
WHOLE = ("picture", "sound")  # forms of files that are one example each


@dataclass(eq=False)
class Batch:
    """Examples of one form.

    Attributes
    ----------
    names : list of str
        Name of each example.
    examples : ndarray or list of ndarray
        The examples, as their file holds them: shape (n, ...). Pictures of files have any shapes,
        (rows, columns) or (rows, columns, 3); recordings have (samples,).
    truth : list
        Class of each example as the files have it: str, int or None.
    truth_from : str
        Where the classes come from, for people.
    lenient : bool
        Whether an example that cannot be converted is listed instead of refused.
    """

    names: list
    examples: object
    truth: list
    truth_from: str = ""
    lenient: bool = False


class Samples:
    """Examples in files that a user names, batch by batch.

    Parameters
    ----------
    sources : sequence of path-like
        Files and folders; ``-`` is the standard input.
    conversion : sw.conversion.Picture, sw.conversion.Row or sw.sound.Sound
        The network's, whose columns a table must have.
    input_shape : tuple of int
        Shape of an input of the network.
    is_class : function of str
        Whether a folder's name is that of a class.
    options : sw.data.options.Options
        ``label`` and ``drop``: the class column of tables, and columns to leave out.

    Attributes
    ----------
    notes : list of str
        What users should know of the files read so far.
    failed : list of str
        Files in folders that could not be read, each with the reason.
    """

    def __init__(self, sources, conversion, input_shape, is_class, options):
        self.sources = sources
        self.conversion = conversion
        self.input_shape = tuple(input_shape)
        self.is_class = is_class
        self.options = options
        self.notes = []
        self.failed = []

    def __iter__(self):
        pictures = []  # files named one by one, as by a shell's pattern
        for source in self.sources:
            if str(source) != PIPE and not Path(source).is_dir() and form_of(source) in WHOLE:
                self._refuse(str(source), form_of(source))
                pictures.append(source)
                continue
            yield from self._pictures(pictures)
            pictures = []
            if str(source) == PIPE:
                with pipe() as path, called(path, PIPED):
                    yield from self._file(path, PIPED)
            elif Path(source).is_dir():
                yield from self._folder(Path(source))
            else:
                yield from self._file(Path(source), str(source))
        yield from self._pictures(pictures)

    def _file(self, path, name):
        form = form_of(path)
        self._refuse(name, form)
        if form in WHOLE:
            yield Batch([name], [self._decode(path)], [None])
        elif form == "table":
            yield from self._table(path, name)
        else:
            array, labels = ARRAYS[form](path, self.notes)
            array = examples_of(array, self.conversion, self.input_shape, name)
            yield from _sliced(array, labels, name, "labels")

    def _table(self, path, name):
        read = rescaled if getattr(self.conversion, "scaled", ()) else match
        values, labels, lines, notes = read(path, self.conversion, prod(self.input_shape),
                                            self.options.label, self.options.drop)
        self.notes.extend(notes)
        names = [f"{name}: {line}" for line in lines]
        yield from _sliced(values, labels, name, "class column", names)

    def _pictures(self, paths):
        """Yield pictures that the user named: one that cannot be read is an error."""
        names, examples, truth = [], [], []
        for place, path in enumerate(paths, 1):
            names.append(str(path))
            examples.append(self._decode(path))
            truth.append(self._class(Path(path), Path(path).parent))
            if place == len(paths) or _full(examples):
                yield Batch(names, examples, truth, "folder")
                names, examples, truth = [], [], []

    def _folder(self, folder):
        """Yield the pictures or recordings in a folder and the folders below."""
        self._refuse(str(folder), self.conversion.takes)
        files, others = self._listed(folder)
        if not files:
            example = f", such as {others[0]}" if others else ""
            raise ValueError(f"Folder {folder} must hold {self.conversion.takes}s: it has none "
                             f"(give tables and arrays by their names{example})")
        if others:
            self.notes.append(f"{folder}: {_many(len(others), 'file')} of other kinds passed over, "
                              f"such as {others[0].name}")
        names, examples, truth = [], [], []
        for place, path in enumerate(files, 1):
            try:
                examples.append(self._decode(path))
                names.append(str(path))
                truth.append(self._class(path, folder))
            except (ValueError, OSError) as error:
                self.failed.append(_reason(path, error))
            if examples and (place == len(files) or _full(examples)):
                yield Batch(names, examples, truth, "folder", lenient=True)
                names, examples, truth = [], [], []

    def _listed(self, folder):
        """Return the files of a folder that are examples, and others."""
        if self.conversion.takes == "sound":
            return list(sounds.files_of(folder)), []
        tree = tree_of(folder)
        return tree.all_pictures(), tree.all_others()

    def _decode(self, path):
        """Return the pixels of a picture, or the samples of a recording."""
        if self.conversion.takes == "sound":
            return wav.decode(path, self.conversion.rate)
        return decode(path)

    def _refuse(self, name, form):
        """Refuse files of a form that the network does not take."""
        if self.conversion.takes == "sound" and form != "sound":
            raise ValueError(f"{name} must be a recording (WAV), as the network was trained with: "
                             f"it is another file (convert it with ffmpeg, or give another "
                             f"network)")
        if self.conversion.takes != "sound" and form == "sound":
            raise ValueError(f"{name} must be a picture, a table or arrays, as the network was "
                             f"trained with: it is a recording (give a network that was trained "
                             f"with recordings)")
        if form != "table":
            refuse(name, self.conversion)

    def _class(self, path, root):
        """Return the class that the folders of a picture tell, from the nearest one to ``root``.

        The folder directly below ``root`` counts even if no class has its name.
        """
        parents = [parent for parent in path.absolute().parents
                   if parent.is_relative_to(root.absolute())]
        for parent in parents:
            if self.is_class(parent.name):
                return parent.name
        return parents[-2].name if len(parents) > 1 else None


def _full(pictures):
    return len(pictures) >= CHUNK or sum(picture.size for picture in pictures) >= PIXELS


def _sliced(examples, labels, name, truth_from, names=None):
    """Yield examples of one shape in batches."""
    if labels is not None and len(labels) != len(examples):
        raise ValueError(f"{name} must have one label an example: {len(examples)} examples, "
                         f"{len(labels)} labels")
    if names is None:
        names = [name] if len(examples) == 1 else [f"{name}[{place}]"
                                                   for place in range(len(examples))]
    for start in range(0, len(examples), CHUNK):
        rows = slice(start, start + CHUNK)
        part = examples[rows]
        truth = [None] * len(part) if labels is None else labels[rows].tolist()
        yield Batch(list(names[rows]), part, truth, truth_from)


def _reason(path, error):
    text = str(error)
    return text if text.startswith(str(path)) else f"{path}: {text}"


def _many(count, what):
    return f"{count:,} {what}{'' if count == 1 else 's'}"
