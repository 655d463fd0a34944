"""Folders of pictures, one subfolder a class, as arrays of grey levels."""

from pathlib import Path

import numpy as np

from ..layer.check import INPUTS_LIMIT
from ..progress import progress
from .images import grey_levels, open_picture


SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".pgm")
LIMIT = 2**29  # pixels of one folder


def labels_of(folder):
    """Return the subfolders of ``folder`` that hold pictures, in the order of their names."""
    folders = [entry for entry in Path(folder).iterdir() if entry.is_dir()]
    return sorted(entry.name for entry in folders
                  if any(path.suffix.lower() in SUFFIXES for path in entry.iterdir()))


def read(folder, shape=None):
    """Read ``folder/LABEL/*.png`` (or jpg, bmp, pgm), in the order of names; colours become grey.

    Parameters
    ----------
    folder : path-like
        Folder with one subfolder a class.
    shape : tuple of int or None
        Height and width that the pictures must have; None for those of the first picture.

    Returns
    -------
    ndarray of uint8, shape (images, height, width)
        Grey levels.
    ndarray of str, shape (images,)
        Name of the subfolder of each picture.
    """
    paths = [path for label in labels_of(folder)
             for path in sorted((Path(folder) / label).iterdir())
             if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise ValueError(f"{folder} must hold pictures in one subfolder a class, as in "
                         f"{folder}/cat/1.png")
    images, first = None, paths[0]
    for index, path in enumerate(progress(paths, what=f"reading {folder}", unit="pictures",
                                          delay=2)):
        grey = grey_levels(open_picture(path, INPUTS_LIMIT))
        if images is None:
            shape = shape or grey.shape
            if len(paths) * grey.size > LIMIT:
                raise ValueError(f"{folder} must hold at most {LIMIT >> 20} million pixels: "
                                 f"{len(paths)} pictures like {path}")
            images = np.empty((len(paths), *shape), dtype=np.uint8)
        if grey.shape != tuple(shape):
            raise ValueError(f"{path} must be {shape[1]} x {shape[0]} pixels like the others "
                             f"({first}): {grey.shape[1]} x {grey.shape[0]} (resize the pictures)")
        images[index] = grey
    return images, np.array([path.parent.name for path in paths])
