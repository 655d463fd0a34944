"""Compares the golden model of an imported network with its graph, image by image."""

from dataclasses import dataclass

import numpy as np

from .. import golden
from ..conversion import Picture
from ..data.convert import Converter
from ..data.datasets import numbered, read, with_test
from ..data.survey import survey
from .run import run


RANDOM = 1000  # images of a comparison without a dataset


@dataclass(frozen=True, eq=False)
class Images:
    """Images for a comparison.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (n, ``*input_shape``)
        Pixels in front of the network's conversion.
    labels : ndarray of int64, shape (n,), or None
        True class of each image, an index; None for random images.
    text : str
        Origin, for people.
    """

    pixels: np.ndarray
    labels: np.ndarray | None
    text: str


class Dataset:
    """A dataset, read once: its classes' names, and its test images.

    Parameters
    ----------
    name : str
        Name or path, as :func:`sw.data.datasets.load` takes it.
    options : sw.data.options.Options
        What the user says of it.
    """

    def __init__(self, name, options, download=True):
        self.name, self.options = name, options
        raw = read(name, options, download)
        self.fit = raw.known.get("fit", "as-is")
        self.values, self.names = numbered(raw, options)
        raw = with_test(raw, options)
        part, _, self.ignored = survey(raw.test, raw.test_from or raw.path)
        self.part, self.used = part, raw.test_from

    def images(self, imported):
        """Return the test images as :class:`Images` for an imported network."""
        network = imported.pixels
        if network.classes != len(self.names):
            raise ValueError(f"Dataset {str(self.name)!r} must have the classes of the network: "
                             f"{len(self.names)}, not {network.classes}")
        converter = Converter(network.conversion, network.input_shape,
                              given=self.options.range)
        try:
            pixels = converter.all(self.part.examples)
        except ValueError as error:
            raise ValueError(f"Dataset {str(self.name)!r} does not fit the graph: {error}"
                             ) from None
        labels = np.searchsorted(self.values, self.part.labels)
        graphs = [network.labels[place] for place in np.argsort(imported.walk.classes)]
        if sorted(graphs) == sorted(self.names):  # else the user gives other names
            labels = np.array([graphs.index(name) for name in self.names])[labels]
        return Images(pixels, labels, f"{self.name}, {len(pixels)} test images: {self.used}")


def random_images(imported, seed=1):
    """Return random images: half of all pixels any, half of images with few grey levels."""
    rng, top = np.random.default_rng(seed), imported.top
    shape = (RANDOM, *imported.network.input_shape)
    pixels = rng.integers(0, top + 1, shape, dtype=np.uint8 if top < 256 else np.uint16)
    pixels[::2] = np.where(pixels[::2] <= top // 2, 0, top)
    return Images(pixels, None, f"{RANDOM} random images")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Differences between a graph and the golden model.

    Attributes
    ----------
    images : Images
        The images.
    scores : ndarray of float32, shape (n, classes)
        The graph's scores.
    golden : ndarray of int32, shape (n, classes)
        The golden model's.
    labels_differ, scores_differ : int
        Images with another label, and images with any other score.
    first : int or None
        Index of the first image that differs.
    labels : ndarray of int64, shape (n,)
        Place among the graph's scores of the class that the golden model chooses.
    shared : int
        Images whose greatest score several classes have.
    """

    images: Images
    scores: np.ndarray
    golden: np.ndarray
    labels_differ: int
    scores_differ: int
    first: int | None
    labels: np.ndarray
    shared: int = 0

    @property
    def equal(self):
        return self.first is None

    def accuracy(self):
        """Return the share of right labels in percent, None without true labels."""
        if self.images.labels is None:
            return None
        return 100 * float((self.labels == self.images.labels).mean())

    def lines(self):
        """Yield the comparison in words."""
        count = len(self.golden)
        yield f"compared on {self.images.text}"
        if (accuracy := self.accuracy()) is not None:
            yield f"accuracy {accuracy:.2f} %, the graph's and the golden model's" if self.equal \
                else f"accuracy of the golden model {accuracy:.2f} %"
        yield (f"labels that differ: {self.labels_differ} of {count}; images with scores that "
               f"differ: {self.scores_differ} of {count}")
        if self.shared:
            yield (f"images whose greatest score several classes have: {self.shared} of {count} "
                   f"(the graph's first class wins; a runtime that rounds sums may choose another)")
        if not self.equal:
            yield (f"first in image {self.first}: the graph's scores are "
                   f"{self.scores[self.first].tolist()}, golden's "
                   f"{self.golden[self.first].tolist()}")


def compare(imported, images):
    """Run the graph and the golden model on images; return the :class:`Comparison`.

    The graph's scores are those that the fold says for the golden model's integers, bit by bit.
    """
    scores = run(imported.walk, imported.scaling, images.pixels)
    ours = golden.Model(imported.network).scores(imported.inputs(images.pixels))
    differ = (imported.walk.expected(ours) != scores[:, imported.walk.classes]).any(axis=1)
    chosen = imported.walk.classes[golden.labels(ours)]
    labels = chosen != scores.argmax(axis=1)
    both = np.flatnonzero(differ | labels)
    return Comparison(images, scores, ours, int(labels.sum()), int(differ.sum()),
                      int(both[0]) if len(both) else None, chosen, _shared(scores))


def _shared(scores):
    """Return how many rows have their greatest score several times."""
    return int(((scores == scores.max(axis=1, keepdims=True)).sum(axis=1) > 1).sum())


def fitted(conversion, fit):
    """Return a conversion that fits pictures of users as those of a dataset are."""
    if isinstance(conversion, Picture) and fit == "drawing" and conversion.colours == 1:
        return Picture(conversion.size, fit=fit, invert=None, low=conversion.low,
                       high=conversion.high)
    return conversion
