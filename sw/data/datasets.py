"""Datasets of any form: read, parted, converted to a network's inputs, classes numbered."""

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ..conversion import Row
from ..network import check_labels
from . import options as choices
from .convert import Converter
from .download import fetch, take_out
from .form import form
from .form.categories import known_words
from .form.classnames import class_names
from .grouping import grouped
from .guess import conversion_of
from .known import KNOWN
from .survey import Survey, survey


ROOT = Path(__file__).parents[2]
TEST_SHARE = 0.2  # share of every class that is the test part where a dataset has none


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels of a classification task.

    Attributes
    ----------
    name : str
        Short name, for files and reports.
    train_images, test_images : ndarray of uint8, shape (images, ``*input_shape``)
        Inputs of a network: grey levels, colours, or features brought to 0..255.
    train_labels, test_labels : ndarray of int64, shape (images,)
        Index of each image's class in ``labels``.
    labels : tuple of str
        Name of each class.
    conversion : sw.conversion.Picture, sw.conversion.Row, sw.sound.Sound or None
        How the files' examples became these inputs. None: the inputs are the files'.
    facts : Facts
        What is said of the dataset.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    labels: tuple
    conversion: object = None
    facts: object = None

    def __post_init__(self):
        check_labels(self.labels, len(self.labels))
        for part in ("train", "test"):
            images, labels = getattr(self, f"{part}_images"), getattr(self, f"{part}_labels")
            if len(images) != len(labels) or len(images) == 0:
                raise ValueError(f"Dataset {self.name!r} must have one label an image: its {part} "
                                 f"part has {len(images)} images and {len(labels)} labels")
            if labels.min() < 0 or labels.max() >= len(self.labels):
                raise ValueError(f"Dataset {self.name!r} must have labels in "
                                 f"0..{len(self.labels) - 1}: {labels.min()}..{labels.max()} in "
                                 f"its {part} part")
            if 0 in images.shape:
                raise ValueError(f"Dataset {self.name!r} must have images of at least one pixel: "
                                 f"{images.shape[1:]} in its {part} part")
            if images.shape[1:] != self.train_images.shape[1:]:
                raise ValueError(f"Dataset {self.name!r} must have images of one shape: "
                                 f"{self.train_images.shape[1:]} for training, "
                                 f"{images.shape[1:]} for testing")

    @property
    def input_shape(self):
        return self.train_images.shape[1:]


@dataclass(eq=False)
class Facts:
    """Facts about a dataset, which are printed before it is used.

    Attributes
    ----------
    form : str
        Form of its files.
    path : Path
        Its file or folder.
    test_from : str
        Where the test part comes from.
    label : str
        Class column of a table, else empty.
    seen : sw.data.survey.Survey
        Properties of the training part's files.
    guessed, warnings, ignored, hidden
        As in :class:`sw.data.raw.Raw`.
    """

    form: str
    path: Path
    test_from: str
    label: str
    seen: Survey
    guessed: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    ignored: list = field(default_factory=list)
    hidden: int = 0


def load(name_or_path, options=choices.NONE, *, download=True):
    """Load a dataset for training.

    Parameters
    ----------
    name_or_path : str or path-like
        A name of :data:`sw.data.known.KNOWN`: looked for in the folder named by the environment
        variable THRESHER_DATA, then in the project's ``data/``, then downloaded there. Or a path of
        any of the forms in :mod:`sw.data.form`.
    options : sw.data.options.Options
        What the user says of it.
    download : bool
        Whether a known dataset may be downloaded.

    Returns
    -------
    Dataset
        Without a test part of its own, the last fifth of every class is the test part.
    """
    raw = grouped(read(name_or_path, options, download), options)
    train, seen, ignored = survey(raw.train, raw.path)
    raw = replace(raw, train=train, ignored=[*raw.ignored, *ignored])
    raw = with_test(raw, options)
    seen.rate = raw.known.get("rate", 0)
    seen.leave_out(raw.categories, raw.train.examples)
    conversion, guessed = conversion_of(raw, seen, options)
    values, names = numbered(raw, options)
    shape = input_shape(conversion, raw.train.examples)
    train, test = (_converted(raw, part, conversion, shape, values)
                   for part in (raw.train, raw.test))
    facts = Facts(raw.form, raw.path, raw.test_from, raw.label, seen, [*raw.guessed, *guessed],
                  raw.warnings, raw.ignored, raw.hidden)
    known = str(name_or_path) in KNOWN
    return Dataset(str(name_or_path) if known else short_name(raw.path), *train, *test, names,
                   conversion, facts)


def read(name_or_path, options=choices.NONE, download=True):
    """Return a dataset as its files hold it, a :class:`sw.data.raw.Raw` with labelled parts."""
    known = KNOWN.get(str(name_or_path))
    if known is not None:
        raw = known.form.read(known_folder(str(name_or_path), download), options)
        raw = replace(raw, path=Path(str(name_or_path)), known={**raw.known, **known.facts},
                      class_names=known.labels or raw.class_names)
    else:
        path = Path(name_or_path)
        if not path.exists():
            raise ValueError(f"Dataset must be {', '.join(KNOWN)} or a path that exists: "
                             f"{name_or_path}")
        raw = form.read(path, options)
        if "emnist" in path.resolve().name.lower():
            raw.known = {"transpose": True}
    if options.hold_out is not None and "rate" not in raw.known:
        raise ValueError(f"--hold-out must be given for recordings alone: {raw.path} is none")
    if raw.train.labels is None:
        raise ValueError(f"{raw.path} must have a class for each example: it has none (name the "
                         f"class column with --label, or give labels beside)")
    if raw.test is not None and raw.test.labels is None:
        raw.guessed.append(f"{raw.test_from} has no classes and is not used")
        raw.test = None
    for part in filter(None, (raw.train, raw.test)):
        if len(part.examples) != len(part.labels):
            raise ValueError(f"{raw.path} must have one label an example: {len(part.examples)} "
                             f"examples, {len(part.labels)} labels")
    return raw


def with_test(raw, options):
    """Return a raw dataset with a test part: its own, or a share of every class."""
    share = choices.share(options.test)
    if options.hold_out is not None and options.test is not None:
        raise ValueError(f"Test part must be given once: --hold-out {options.hold_out} and --test "
                         f"{options.test} are (leave one out)")
    if raw.test is not None and share is None:
        test, _, ignored = survey(raw.test, raw.test_from or raw.path)
        return replace(raw, test=test, ignored=[*raw.ignored, *ignored])
    chosen = test_rows(raw, share or TEST_SHARE)
    text = f"the last {f'{share:.0%}' if share else 'fifth'} of every class"
    guessed = [] if share else [f"{text} is the test part (--test FILE, FOLDER or SHARE: another)"]
    return replace(raw, train=raw.train.of(np.flatnonzero(~chosen)),
                   test=raw.train.of(np.flatnonzero(chosen)), test_from=text,
                   guessed=[*raw.guessed, *guessed])


def test_rows(raw, share):
    """Mark the last examples of every class."""
    chosen = np.zeros(len(raw.train), dtype=bool)
    for value in np.unique(raw.train.labels):
        rows = np.flatnonzero(raw.train.labels == value)
        if len(rows) < 2:
            raise ValueError(f"{raw.path} must have at least 2 examples of every class"
                             f"{_class_column(raw)}: {value} has 1 (give a test part with --test"
                             f"{', or another class column with --label' if raw.columns else ''})")
        chosen[rows[-max(1, int(len(rows) * share + 1e-9)):]] = True
    return chosen


test_rows.__test__ = False  # its name looks like a test's


def numbered(raw, options):
    """Return the values of labels in the files, sorted, and the names of these classes."""
    values = np.unique(raw.train.labels)
    if raw.test is not None:
        foreign = np.setdiff1d(raw.test.labels, values)
        if len(foreign):
            raise ValueError(f"Dataset {str(raw.path)!r} must not have classes in its test part "
                             f"that its training part lacks: {_some(foreign)} (give these examples "
                             f"to the training part, another test part with --test FILE, FOLDER or "
                             f"SHARE, or join classes with --group)")
    if options.classes is not None:
        named = class_names(Path(options.classes), values)
    elif raw.class_names is not None:
        if values.dtype.kind not in "iu" or values.min() < 0 \
                or values.max() >= len(raw.class_names):
            raise ValueError(f"Dataset {str(raw.path)!r} must have labels in "
                             f"0..{len(raw.class_names) - 1}, one for each of its names: "
                             f"{values.min()}..{values.max()}")
        values = np.arange(len(raw.class_names))
        named = dict(enumerate(raw.class_names))
    else:
        named = {value: str(value) for value in values.tolist()}
    names = tuple(named[value] for value in values.tolist())
    if len(names) > 256:
        raise ValueError(f"{raw.path} must have at most 256 classes{_class_column(raw)}: "
                         f"{len(names)}"
                         f"{' (name the class column with --label)' if raw.columns else ''}")
    if len(names) < 2:
        raise ValueError(f"{raw.path} must have at least 2 classes{_class_column(raw)}: all "
                         f"examples are of {names[0]!r}"
                         f"{' (name another column with --label)' if raw.columns else ''}")
    return values, names


def input_shape(conversion, examples):
    """Return the shape of a network's input that a conversion gives."""
    if isinstance(conversion, Row):
        return (conversion.values,) if conversion.categories else examples.shape[1:]
    return conversion.size if conversion.colours == 1 else (*conversion.size, 3)


def known_folder(name, download=True):
    """Return the folder that has a known dataset's files, downloaded if need be."""
    known = KNOWN[name]
    places = [ROOT / "data" / name]
    if os.environ.get("THRESHER_DATA"):
        places.insert(0, Path(os.environ["THRESHER_DATA"]) / name)
    for place in places:
        if known.whole(place):
            return place
    shelves = [place.with_name(known.shelf or name) for place in places]
    here = known.packed and any((shelf / known.files[0].name).is_file() for shelf in shelves)
    if not (here or (download and known.mirrors)):
        way = f"{known.origin}; or set" if known.origin else "set"
        raise ValueError(f"Dataset {name!r} must be in {' or '.join(map(str, places))} ({way} "
                         f"THRESHER_DATA to the folder that has it)")
    for file in known.files:
        have = [shelf for shelf in shelves if (shelf / file.name).is_file()]
        fetched = fetch(file, (have or shelves[-1:])[0], known.mirrors)
    if known.packed:
        take_out(fetched, known.packed, places[-1])
    return places[-1]


def short_name(path):
    """Return a name for the files of a dataset: lower-case letters, digits and hyphens."""
    name = Path(path).resolve().name.lower()
    name = re.sub(r"(\.(csv|tsv|txt|data|npz|npy|mat|gz|tra|idx|tar|tgz|xz|zip))+$", "", name)
    return re.sub(r"[^a-z0-9]+", "-", name).strip("-") or "dataset"


def _converted(raw, part, conversion, shape, values):
    """Return images and labels of a part, as a network takes them."""
    converter, notes = Converter(conversion, shape), []
    if raw.categories:
        part.examples, notes = known_words(raw.path, conversion, part.examples, raw.categories)
    images = converter.all(part.examples)
    if part is raw.test:
        raw.warnings.extend(f"test part: {note}" for note in (*notes, *converter.doubts()))
    return images, np.searchsorted(values, part.labels).astype(np.int64)


def _class_column(raw):
    return f" in its class column ({raw.label})" if raw.columns and raw.label else ""


def _some(values, most=5):
    text = ", ".join(map(str, values[:most]))
    return text if len(values) <= most else f"{text} and {len(values) - most} more"
