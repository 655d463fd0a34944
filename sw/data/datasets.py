"""Datasets as unsigned bytes: MNIST, Fashion-MNIST, and any IDX, .npz, CSV or image folder."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..network import check_labels
from ..store.files import read_arrays
from . import folder, idx, tabular
from .download import fetch
from .known import KNOWN


ROOT = Path(__file__).parents[2]
TEST_SHARE = 5  # the last fifth of every class is the test part where a dataset has none

IDX_NAMES = {"train_images": "train-images-idx3-ubyte", "train_labels": "train-labels-idx1-ubyte",
             "test_images": "t10k-images-idx3-ubyte", "test_labels": "t10k-labels-idx1-ubyte"}
ARRAY_NAMES = {"train_images": ("train_images", "x_train", "X_train"),
               "train_labels": ("train_labels", "y_train", "Y_train"),
               "test_images": ("test_images", "x_test", "X_test"),
               "test_labels": ("test_labels", "y_test", "Y_test")}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels of a classification task.

    Attributes
    ----------
    name : str
        Short name, for files and reports.
    train_images, test_images : ndarray of uint8, shape (images, ``*input_shape``)
        Grey levels, or features brought to 0..255.
    train_labels, test_labels : ndarray of int64, shape (images,)
        Index of each image's class in ``labels``.
    labels : tuple of str
        Name of each class.
    scaled : dict
        ``low`` and ``high`` of each scaled table column, by name.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    labels: tuple
    scaled: dict = field(default_factory=dict)

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


def load(name_or_path, download=True):
    """Load a dataset.

    Parameters
    ----------
    name_or_path : str or path-like
        ``mnist`` or ``fashion-mnist``: looked for in the folder named by the environment variable
        THRESHER_DATA, then in the project's ``data/``, then downloaded there. Or the path of

        - a folder with the four IDX files of MNIST's names, gzipped or not;
        - an ``.npz`` file with ``train_images`` (or ``x_train``), ``train_labels`` (``y_train``),
          ``test_images`` (``x_test``), ``test_labels`` (``y_test``), optionally ``labels``, the
          names of the classes;
        - a table: any other file is read as CSV (see :func:`sw.data.tabular.read`). The test part
          is ``X.test.csv`` beside ``X.csv``, or ``X.tes`` beside ``X.tra``;
        - a folder ``train/LABEL/*.png`` and ``test/LABEL/*.png``, or just ``LABEL/*.png``.

        Without a test part, the last fifth of every class is the test part.
    download : bool
        Whether a known dataset may be downloaded.
    """
    known, path = _find(name_or_path, download)
    if known is not None:
        return Dataset(str(name_or_path), *_idx_part(path, "train"), *_idx_part(path, "test"),
                       known.labels)
    name = short_name(path)
    if path.is_dir() and _idx_file(path, "train_images", missing_ok=True):
        return _named(name, *_idx_part(path, "train"), *_idx_part(path, "test"))
    if path.is_dir():
        return _images(name, path)
    if path.suffix == ".npz":
        return _arrays(name, path)
    return _table(name, path)


def load_test(name_or_path, download=True):
    """Return images, labels and names of the classes of a dataset's test part.

    The training images of IDX files are not read.

    Returns
    -------
    ndarray of uint8, shape (images, ``*input_shape``)
    ndarray of int64, shape (images,)
    tuple of str
    """
    known, path = _find(name_or_path, download)
    if known is not None:
        images, labels = _idx_part(path, "test")
        test = Dataset(str(name_or_path), images, labels, images, labels, known.labels)
        return test.test_images, test.test_labels, test.labels
    if path.is_dir() and _idx_file(path, "test_images", missing_ok=True):
        images, labels = _idx_part(path, "test")
        _, labels, names = _classes(path, _idx_labels(path, "train"), labels)
        return images, labels, names
    dataset = load(path, download)
    return dataset.test_images, dataset.test_labels, dataset.labels


def short_name(path):
    """Return a name for the files of a dataset: lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", Path(path).resolve().stem.lower()).strip("-") or "dataset"


def _find(name_or_path, download):
    """Return the known dataset, or None, and the folder or file to read."""
    known = KNOWN.get(str(name_or_path))
    if known is None:
        path = Path(name_or_path)
        if not path.exists():
            raise ValueError(f"Dataset must be {', '.join(KNOWN)} or a path that exists: "
                             f"{name_or_path}")
        return None, path
    places = [ROOT / "data" / str(name_or_path)]
    if os.environ.get("THRESHER_DATA"):
        places.insert(0, Path(os.environ["THRESHER_DATA"]) / str(name_or_path))
    for place in places:
        if all(_idx_file(place, part, missing_ok=True) for part in IDX_NAMES):
            return known, place
    if not download:
        raise ValueError(f"Dataset {str(name_or_path)!r} must be in {' or '.join(map(str, places))}"
                         f" (set THRESHER_DATA to the folder that has it)")
    for file in known.files:
        fetch(file, places[-1], known.mirrors)
    return known, places[-1]


def _idx_file(path, part, missing_ok=False):
    for name in (f"{IDX_NAMES[part]}.gz", IDX_NAMES[part],
                 IDX_NAMES[part].replace("-idx", ".idx")):
        if (path / name).is_file():
            return path / name
    if missing_ok:
        return None
    raise ValueError(f"{path} must hold {IDX_NAMES[part]}, plain or as .gz")


def _idx_labels(path, part):
    return idx.read(_idx_file(path, f"{part}_labels"), dimensions=1).astype(np.int64)


def _idx_part(path, part):
    images = idx.read(_idx_file(path, f"{part}_images"))
    labels = _idx_labels(path, part)
    if len(images) != len(labels):
        raise ValueError(f"{_idx_file(path, f'{part}_labels')} must have one label for each of "
                         f"the {len(images)} images: {len(labels)} (the files are not of one set)")
    return images, labels


def _images(name, path):
    if (path / "train").is_dir() and (path / "test").is_dir():
        images, labels = folder.read(path / "train")
        return _named(name, images, labels, *folder.read(path / "test", images.shape[1:]))
    return _named(name, *_split(path, *folder.read(path)))


def _arrays(name, path):
    arrays = read_arrays(path, "a dataset")
    parts = {part: next((arrays[key] for key in keys if key in arrays), None)
             for part, keys in ARRAY_NAMES.items()}
    needed = ("train_images", "train_labels") if parts["test_images"] is None else ARRAY_NAMES
    for part in needed:
        if parts[part] is None:
            raise ValueError(f"{path} must have the array {' or '.join(ARRAY_NAMES[part])}: it "
                             f"has {', '.join(arrays) or 'none'}")
    for part in needed:
        if part.endswith("images"):
            parts[part] = _octets(path, part, parts[part])
        elif parts[part].ndim != 1 or parts[part].dtype.kind not in "iuU":
            raise ValueError(f"{path} must have {part} of integers or strings in one dimension: "
                             f"{parts[part].dtype} of shape {parts[part].shape}")
    kinds = {parts[part].dtype.kind == "U" for part in needed if part.endswith("labels")}
    if len(kinds) > 1:
        raise ValueError(f"{path} must have integers or strings as labels of both parts, not one "
                         f"of each")
    if parts["test_images"] is None:
        split = _split(path, parts["train_images"], parts["train_labels"])
        parts = dict(zip(ARRAY_NAMES, split, strict=True))
    names = arrays.get("labels")
    return _named(name, *parts.values(),
                  names=None if names is None else tuple(str(entry) for entry in names.ravel()))


def _octets(path, part, images):
    if images.ndim < 2 or images.dtype.kind not in "iub":
        raise ValueError(f"{path} must have {part} of integers in at least two dimensions: "
                         f"{images.dtype} of shape {images.shape} (scale to 0..255 and round)")
    if images.size and (images.min() < 0 or images.max() > 255):
        raise ValueError(f"{path} must have {part} in 0..255: {images.min()}..{images.max()}")
    return images.astype(np.uint8)


def _table(name, path):
    train = tabular.read(path)
    beside = path.with_suffix({".tra": ".tes"}.get(path.suffix, f".test{path.suffix}"))
    if beside.exists():
        test = tabular.read(beside, like=train)
    else:
        chosen = _test_rows(path, train.classes)
        train, test = (tabular.Table(path, train.columns, train.values[rows], train.classes[rows])
                       for rows in (~chosen, chosen))
    (train_images, test_images), scaled = tabular.to_bytes(train, test)
    return _named(name, train_images, train.classes, test_images, test.classes, scaled=scaled)


def _split(path, images, labels):
    if len(images) != len(labels):
        raise ValueError(f"{path} must have one label an image: {len(images)} images, "
                         f"{len(labels)} labels")
    chosen = _test_rows(path, labels)
    return images[~chosen], labels[~chosen], images[chosen], labels[chosen]


def _test_rows(path, classes):
    """Mark the last fifth of every class."""
    chosen = np.zeros(len(classes), dtype=bool)
    for value in np.unique(classes):
        rows = np.flatnonzero(classes == value)
        if len(rows) < 2:
            raise ValueError(f"{path} must have at least 2 examples of every class: {value} has 1")
        chosen[rows[-max(1, len(rows) // TEST_SHARE):]] = True
    return chosen


def _named(name, train_images, train_labels, test_images, test_labels, names=None, scaled=None):
    """Return the dataset with classes numbered from 0 in the order of their sorted names."""
    train_labels, test_labels, found = _classes(name, train_labels, test_labels, names)
    return Dataset(name, train_images, train_labels, test_images, test_labels, found, scaled or {})


def _classes(name, train, test, names=None):
    values = np.unique(train)
    foreign = np.setdiff1d(test, values)
    if len(foreign):
        raise ValueError(f"Dataset {str(name)!r} must not have classes in its test part that its "
                         f"training part lacks: {foreign[0]}")
    if names is None:
        return (np.searchsorted(values, train), np.searchsorted(values, test),
                tuple(str(value) for value in values))
    if values.dtype.kind not in "iu" or values.min() < 0 or values.max() >= len(names):
        raise ValueError(f"Dataset {name!r} must have labels in 0..{len(names) - 1}, one for each "
                         f"of its names: {values.min()}..{values.max()}")
    return train.astype(np.int64), test.astype(np.int64), names
