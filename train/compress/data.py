"""Parts of a dataset for training, calibration and validation; the test part is read once."""

from dataclasses import dataclass

import numpy as np
import torch


CALIBRATION = 1024  # images, unless the user says how many
VALIDATION = 5000
LEAST_SHARE = 3  # calibration and validation take at most one image in so many, each


@dataclass(frozen=True, eq=False)
class Part:
    """Images and labels.

    Attributes
    ----------
    images : ndarray of uint8, shape (n, ...)
        As :class:`sw.data.datasets.Dataset` has them.
    labels : ndarray of int64, shape (n,)
        Class of each image.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.images)

    @property
    def inputs(self):
        """Inputs of a network, see :func:`floats`."""
        return floats(self.images)

    @property
    def shape(self):
        """Shape of a network's input."""
        return input_shape(self.images.shape[1:])

    @property
    def targets(self):
        """Labels as a tensor."""
        return torch.from_numpy(np.ascontiguousarray(self.labels))

    def first(self, count):
        """Return the first ``count`` images."""
        return Part(self.images[:count], self.labels[:count])


@dataclass(frozen=True, eq=False)
class Parts:
    """Disjoint parts of a dataset's training images."""

    train: Part
    calibration: Part
    validation: Part


def split(dataset, seed=0, *, calibration=None, validation=None, limit=None):
    """Return disjoint parts of a dataset's training images in random order, a :class:`Parts`.

    Parameters
    ----------
    dataset : sw.data.datasets.Dataset
        Its test part is not looked at.
    seed : int
        Seed of the choice. The validation part comes first, so that it does not depend on the
        size of the calibration part.
    calibration, validation : int or None
        Images of these parts; by default 1,024 and 5,000, or a third of all if that is less.
    limit : int or None
        Use at most this many images in all.

    Raises
    ------
    ValueError
        If a part would be empty.
    """
    order = np.random.default_rng(seed).permutation(len(dataset.train_images))[:limit]
    most = len(order) // LEAST_SHARE
    validation = min(VALIDATION, most) if validation is None else validation
    calibration = min(CALIBRATION, most) if calibration is None else calibration
    for name, count in (("Calibration", calibration), ("Validation", validation)):
        if count < 1:
            raise ValueError(f"{name} part must have images: {count} of {len(order)}")
    if calibration + validation >= len(order):
        raise ValueError(f"Calibration and validation parts must leave images to train with: "
                         f"{calibration} + {validation} of {len(order)}")
    ends = np.cumsum([validation, calibration])
    held, seen, rest = np.split(order, ends)
    return Parts(*(Part(dataset.train_images[rows], dataset.train_labels[rows])
                   for rows in (rest, seen, held)))


def test_part(dataset):
    """Return the test part: read it once, after all choices are made."""
    return Part(dataset.test_images, dataset.test_labels)


test_part.__test__ = False  # its name looks like a test's


def floats(images):
    """Return inputs of a float network: pixel / 255, channels first.

    Parameters
    ----------
    images : ndarray of uint8
        Shape (n, rows, columns), (n, rows, columns, channels) or (n, features).

    Returns
    -------
    Tensor of float32
        Shape (n, 1, rows, columns), (n, channels, rows, columns) or (n, features), in 0..1.
    """
    if images.dtype != np.uint8:
        raise ValueError(f"Images must be uint8: {images.dtype} (convert with python -m sw.data)")
    tensor = torch.from_numpy(np.ascontiguousarray(images)).float() / 255
    if tensor.ndim == 3:
        return tensor[:, None]
    return tensor.permute(0, 3, 1, 2).contiguous() if tensor.ndim == 4 else tensor


def pixels(inputs):
    """Return the images, uint8 as the dataset has them, that :func:`floats` made inputs of."""
    images = (inputs * 255).round().to(torch.uint8)
    if images.ndim == 4:
        return images[:, 0] if images.shape[1] == 1 else images.permute(0, 2, 3, 1)
    return images


def input_shape(shape):
    """Return the shape of a network's input for images of a shape, see :func:`floats`."""
    if len(shape) == 2:
        return 1, *shape
    return (shape[2], *shape[:2]) if len(shape) == 3 else tuple(shape)
