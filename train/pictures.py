"""Pictures of a training: the curve and the confusion matrix."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from sw import picture


EXAMPLES = 10  # pictures beside a confusion matrix


def curve(path, history, best_epoch, title):
    """Draw loss and errors over the epochs as PNG.

    Parameters
    ----------
    path : path-like
        Picture to write.
    history : list of dict
        ``loss``, ``train`` and ``validation`` (accuracies in percent) of each epoch.
    best_epoch : int
        Epoch to mark, counted from 1.
    title : str
        Line above.
    """
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    epochs = np.arange(1, len(history) + 1)
    for part, label in (("train", "training images, distorted"), ("validation", "validation")):
        errors = [max(100 - entry[part], 1e-2) for entry in history]
        axes.plot(epochs, errors, label=f"error on {label}")
    axes.axvline(best_epoch, color="grey", linestyle=":", label=f"kept: epoch {best_epoch}")
    axes.set(xlabel="epoch", ylabel="error (%)", yscale="log", title=title)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.3)
    loss = axes.twinx()
    loss.plot(epochs, [entry["loss"] for entry in history], color="tab:green", alpha=0.5)
    loss.set_ylabel("loss", color="tab:green")
    loss.set_ylim(bottom=0)
    axes.legend()
    _save(figure, path)


def confused(matrix, images, classes, given):
    """Return an image for each of the commonest confusions, the commonest first.

    Parameters
    ----------
    matrix : ndarray of integers, shape (classes, classes)
        As in :func:`confusion`.
    images : ndarray of uint8, shape (n, rows, columns, ...)
        Pictures.
    classes, given : ndarray of integers, shape (n,)
        True class and given label of each picture.

    Returns
    -------
    list of (int, int, ndarray)
        Class, label given, and the first such picture.
    """
    wrong = matrix * (1 - np.eye(len(matrix), dtype=matrix.dtype))
    order = np.argsort(-wrong, axis=None, kind="stable")[:EXAMPLES]
    pairs = [divmod(place, len(matrix)) for place in order.tolist() if wrong.flat[place]]
    return [(row, column, images[np.argmax((classes == row) & (given == column))])
            for row, column in pairs]


def confusion(path, matrix, labels, title, examples=()):
    """Draw a confusion matrix as PNG, beside pictures of the commonest confusions.

    Parameters
    ----------
    path : path-like
        Picture to write.
    matrix : ndarray of integers, shape (classes, classes)
        Images of class (row) that got a label (column).
    labels : sequence of str
        Names of the classes.
    title : str
        Line above.
    examples : list of (int, int, ndarray)
        Class, label given and picture, as :func:`confused` returns them. May be empty.
    """
    labels = [picture.shortened(label) for label in labels]
    side = 2.5 + 0.45 * len(labels)
    figure = Figure(figsize=(side + 2.4 * bool(examples), side), layout="constrained")
    if examples:
        axes, beside = figure.subfigures(1, 2, width_ratios=(side, 2.4))
        _draw_examples(beside, examples, labels, matrix)
        axes = axes.subplots()
    else:
        axes = figure.subplots()
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(np.sqrt(share), cmap="Blues", vmin=0, vmax=1)  # the root makes errors visible
    if len(labels) <= 30:
        for (row, column), count in np.ndenumerate(matrix):
            if count:
                axes.text(column, row, str(count), ha="center", va="center", fontsize=7,
                          color="white" if share[row, column] > 0.4 else "black")
        axes.set_xticks(range(len(labels)), labels, rotation=90 if max(map(len, labels)) > 2 else 0)
        axes.set_yticks(range(len(labels)), labels)
    axes.set(xlabel="label given", ylabel="class", title=title)
    _save(figure, path)


def _draw_examples(figure, examples, labels, matrix):
    """Draw pictures in two columns, each below its class, the label given and their number."""
    figure.suptitle("class: label given", fontsize=9)
    grid = figure.subplots(EXAMPLES // 2, 2).T.ravel()
    for axes in grid:
        axes.axis("off")
    for axes, (row, column, image) in zip(grid, examples, strict=False):
        axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(f"{labels[row]}:\n{labels[column]} ({matrix[row, column]})", fontsize=7)


def _save(figure, path):
    picture.save(figure, path, dpi=110, metadata={"Software": None})
