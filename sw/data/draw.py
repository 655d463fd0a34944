"""Draws samples of a dataset as the network sees them."""

import numpy as np
from matplotlib.figure import Figure

from .. import picture
from ..conversion import Row


SAMPLES = 8   # of each class
CLASSES = 20  # that are drawn


def draw_samples(path, dataset):
    """Draw samples of each class as PNG, a row a class.

    Parameters
    ----------
    path : path-like
        Picture to write.
    dataset : sw.data.datasets.Dataset
        The dataset. Rows of numbers become bars.
    """
    names = dataset.labels[:CLASSES]
    figure = Figure(figsize=(SAMPLES + 2, len(names) + 0.6), layout="constrained")
    grid = figure.subplots(len(names), SAMPLES, squeeze=False)
    for place, (name, row) in enumerate(zip(names, grid, strict=True)):
        chosen = np.flatnonzero(dataset.train_labels == place)[:SAMPLES]
        for axes, index in zip(row, chosen, strict=False):
            draw_input(axes, dataset.train_images[index], dataset.conversion)
        for axes in row:
            axes.set_xticks([])
            axes.set_yticks([])
        row[0].set_ylabel(picture.shortened(name), rotation=0, ha="right", va="center")
    figure.suptitle(f"{dataset.name}: as the network sees it")
    picture.save(figure, path, dpi=100, metadata={"Software": None})


def draw_input(axes, image, conversion):
    """Draw an input of a network: a picture, or bars of the numbers 0..255."""
    if isinstance(conversion, Row):
        axes.bar(np.arange(image.size), image.ravel(), width=1)
        axes.set_ylim(0, 255)
    else:
        axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
