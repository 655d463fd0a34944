"""Test images for a network: converted as in training, classes matched by their names."""

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from ..conversion import FITS, TOP, Picture, Row, picture_shape, square
from . import options as choices
from .convert import Converter
from .datasets import numbered, read, with_test
from .form import tablefile
from .form.categories import known_words
from .grouping import grouped
from .mapping import mapping
from .rescaled import refuse
from .survey import survey


@dataclass(frozen=True, eq=False)
class TestSet:
    """Test images of a dataset for a network.

    Attributes
    ----------
    name : str
        Name or path of the dataset.
    images : ndarray of unsigned int, shape (n, ``*input_shape``)
        Inputs of the network.
    labels : ndarray of int64, shape (n,)
        Index of each image's class in the network's labels.
    used : str
        Which part of the dataset this is, for people.
    notes : list of str
        What else users should know.
    trained : bool
        Whether these are the test images of the training, of which a checkpoint has scores.
    """

    __test__ = False  # its name looks like a test's

    name: str
    images: np.ndarray
    labels: np.ndarray
    used: str
    notes: list = field(default_factory=list)
    trained: bool = True


def dataset_name(network, given=None):
    """Return the name of the dataset to test with: the given one, or the one of the training."""
    name = given or network.provenance.get("dataset")
    if not name:
        raise ValueError("Dataset must be given: the network does not say what it was trained on "
                         "(use --dataset)")
    return str(name)


def load_test_set(network, given=None, options=choices.NONE, *, download=True):
    """Load test images for a network.

    Parameters
    ----------
    network : sw.network.Network
        The network, whose conversion is applied.
    given : str, path-like or None
        Dataset; None for the one of the training.
    options : sw.data.options.Options
        What the user says; without it what was said when training, for the same dataset.
    download : bool
        Whether a known dataset may be downloaded.

    Returns
    -------
    TestSet
        The test part of the training's dataset. All of another dataset, unless that has a test
        part.

    Raises
    ------
    ValueError
        If the dataset's examples cannot be converted, or its classes are not the network's.
    """
    name = dataset_name(network, given)
    own = _same(name, network.provenance.get("dataset"))
    trained = (own or not network.provenance.get("dataset")) and options.test is None
    options = _with_training(options, network, own,
                             Path(name).exists() and tablefile.matches(Path(name)))
    raw = grouped(read(name, options, download), options, strict=False)
    if own or raw.test is not None or options.test is not None:
        raw = with_test(raw, options)
        part, used = raw.test, raw.test_from
    else:
        part, _, ignored = survey(raw.train, raw.path, keep=True)
        raw = replace(raw, train=part, ignored=[*raw.ignored, *ignored])
        used = "all of it, as it has no test part"
    values, names = numbered(raw, options)
    places, left_out, notes = match_classes(names, network.labels, options.map, name)
    chosen = np.searchsorted(values, part.labels)
    if left_out:
        part, chosen = part.of(kept := np.flatnonzero(places[chosen] >= 0)), chosen[kept]
    if options.group and not own:
        notes.append(f"classes are grouped: {', '.join(options.group)} (--group changes it)")
    conversion = overridden(network.conversion, options, network.input_shape)
    trained = trained and conversion == network.conversion and options.range is None
    conversion = fitting(conversion, raw, notes)
    part.examples = _columns(conversion, raw, part.examples, notes)
    converter = Converter(conversion, network.input_shape, network.input_bits, options.range)
    try:
        images = converter.all(part.examples)
    except ValueError as error:
        raise ValueError(f"Dataset {name!r} does not fit the network: {error} (choose another with "
                         f"--dataset)") from None
    if raw.ignored:
        notes.append(f"{len(raw.ignored)} files could not be read: {raw.ignored[0]}")
    return TestSet(name, images, places[chosen], used, [*notes, *converter.notes()], trained)


def match_classes(names, labels, map_file=None, dataset="dataset"):
    """Match a dataset's classes with a network's, by name.

    Parameters
    ----------
    names, labels : tuple of str
        Classes of the dataset, and of the network.
    map_file : path-like or None
        Lines ``THEIRS,OURS``; an empty OURS leaves a class out. With a file, classes of the
        network may be missing.
    dataset : str
        Name of the dataset, for messages.

    Returns
    -------
    ndarray of int64, shape (names,)
        Index of each of the dataset's classes in ``labels``; -1 for those left out.
    bool
        Whether any is left out.
    list of str
        Sentences on what was mapped and what is missing.
    """
    given = {} if map_file is None else mapping(Path(map_file))
    wanted = [given.get(name, name) for name in names]
    extra = [name for name, ours in zip(names, wanted, strict=True)
             if ours != "" and ours not in labels]
    missing = [label for label in labels if label not in wanted]
    if extra or (missing and map_file is None):
        parts = []
        if extra:
            parts.append(f"the network has no {_listed(extra)}")
        if missing:
            parts.append(f"the dataset has no {_listed(missing)}")
        near = next(((name, close[0]) for name in extra
                     if (close := get_close_matches(name, missing or labels, 1))), None)
        line = f"such as {near[0]},{near[1]}" if near else "THEIRS,OURS"
        raise ValueError(f"Dataset {str(dataset)!r} must have the classes of the network: "
                         f"{'; '.join(parts)} (give a file with lines {line} by --map; an empty "
                         f"one accepts what is missing)")
    notes = []
    if missing:
        notes.append(f"no examples of {_listed(missing)}")
    out = [name for name, ours in zip(names, wanted, strict=True) if ours == ""]
    if out:
        notes.append(f"left out: examples of {_listed(out)}")
    places = np.array([labels.index(ours) if ours else -1 for ours in wanted], dtype=np.int64)
    return places, bool(out), notes


def overridden(conversion, options, input_shape):
    """Return a conversion with what the user says now in place of what training said."""
    pictured = (options.fit, options.transpose, options.invert, options.colours, options.size)
    if all(entry is None for entry in pictured) or options.size == "flat":
        return conversion
    if conversion.takes != "picture":
        raise ValueError("Options of pictures must be for a network of pictures: this one takes "
                         "recordings (leave them out)")
    if isinstance(conversion, Row):
        if options.fit == "as-is" and options.size is None:
            return conversion
        if conversion.categories:
            raise ValueError("Options of pictures must be for a network of pictures: this one "
                             "takes a table with words (leave them out)")
        inputs = int(np.prod(input_shape))
        size = options.size or square(inputs)
        if size is None or size[0] * size[1] * (options.colours or 1) != inputs:
            raise ValueError(f"Size must have as many pixels as the network has inputs: {inputs} "
                             f"(--size ROWSxCOLUMNS)")
        if len(conversion.low) != 1 and options.range is None:
            raise ValueError("Range of pictures must be given: the network scales each of its "
                             "numbers by another range (--range LOW,HIGH)")
        low, high = options.range or (conversion.low[0], conversion.high[0])
        conversion = Picture(size, colours=options.colours or 1, low=low, high=high,
                             depth=8 if (low, high) == (0, TOP) else 0)
    elif options.size not in (None, conversion.size):
        raise ValueError(f"Size must be the network's {'x'.join(map(str, conversion.size))}: "
                         f"{'x'.join(map(str, options.size))}")
    shape = picture_shape(input_shape)
    if shape and options.colours not in (None, shape[2]):
        raise ValueError(f"Colours must be the network's: it takes {shape[2]} a pixel, not "
                         f"{options.colours}")
    given = {name: value for name in ("fit", "transpose", "invert")
             if (value := getattr(options, name)) is not None}
    if given.get("fit") in FITS and "invert" not in given and given["fit"] != conversion.fit:
        given["invert"] = None if given["fit"] == "drawing" else False
    return replace(conversion, **given)


def fitting(conversion, raw, notes):
    """Return a conversion for a table's columns, where a network has no stored one."""
    if isinstance(conversion, Row) and conversion.scaled:
        ranges = {name: bounds for name, *bounds in conversion.scaled}
        low, high = zip(*(ranges.get(name, (0.0, 255.0)) for name in raw.columns), strict=True)
        if lacking := set(ranges) - set(raw.columns):
            raise ValueError(f"{raw.path} must have the columns of the training: it lacks "
                             f"{_listed(sorted(lacking))}")
        high = [above if above > below else below + 1
                for below, above in zip(low, high, strict=True)]
        return Row(low=low, high=high)
    if isinstance(conversion, Row) and conversion.columns and raw.columns:
        more = [name for name in raw.columns if name not in conversion.columns]
        if more and raw.header:
            notes.append(f"columns that the network does not take: {_listed(more)}")
    return conversion


def _columns(conversion, raw, examples, notes):
    """Return a table's columns in the order of the network's inputs, words as its words."""
    if not isinstance(conversion, Row):
        return examples
    if not raw.columns:
        refuse(raw.path, conversion)
        return examples
    places = _places(conversion, raw)
    words = raw.categories
    if places is not None:
        examples, words = examples[:, places], tuple(words[place] for place in places if words)
    if conversion.categories or any(words):
        wanted = len(conversion.categories or conversion.columns) or examples.shape[1]
        if examples.shape[1] != wanted:
            raise ValueError(f"{raw.path} must have the {wanted} columns of the training: it has "
                             f"{examples.shape[1]}")
        examples, unknown = known_words(raw.path, conversion, examples, words)
        notes += unknown
    return examples


def _places(conversion, raw):
    """Return the places of the network's columns among those of a table; None if they are all."""
    if conversion.columns and raw.header:
        places = {name: place for place, name in enumerate(raw.columns)}
        if lacking := [name for name in conversion.columns if name not in places]:
            raise ValueError(f"{raw.path} must have the columns of the training: it lacks "
                             f"{_listed(lacking)}")
        return [places[name] for name in conversion.columns]
    if conversion.places and not raw.header and raw.width == conversion.width:
        if lacking := set(conversion.places) - set(raw.places):
            raise ValueError(f"{raw.path} must have the columns of the training: its class column, "
                             f"or a dropped one, is number {min(lacking) + 1} (see --label and "
                             f"--drop)")
        return [raw.places.index(place) for place in conversion.places]
    return None


def _with_training(options, network, own, table):
    """Return options, completed by those of the training.

    Another table has the training's class column, groups of classes and columns of words.
    """
    try:
        said = choices.Options.from_json(network.provenance.get("data") or {})
    except ValueError as error:
        raise ValueError(f"Field 'data' of the provenance: {error}") from None
    if worded := getattr(network.conversion, "categories", ()):
        columns = network.conversion.columns or [str(place + 1)
                                                 for place in network.conversion.places]
        said = replace(said, categories=tuple(
            column for column, words in zip(columns, worded, strict=True) if words))
    names = ("label", "group", "categories") if table else ()
    if own:
        names = ("label", "drop", "group", "categories", "classes")
        names += ("test", "hold_out") if options.test is None else ()
    return replace(options, **{name: getattr(said, name) for name in names
                               if getattr(options, name) in (None, ())})


def _same(name, trained):
    if trained is None:
        return False
    return name == str(trained) or (Path(name).exists() and Path(str(trained)).exists()
                                    and Path(name).samefile(str(trained)))


def _listed(names, most=6):
    text = ", ".join(map(repr, names[:most]))
    return text if len(names) <= most else f"{text} and {len(names) - most} more"
