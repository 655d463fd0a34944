"""Runs a graph on images: every node in the arithmetic of its tensors, float32 in practice.

Sums are exact, then rounded once: values that are multiples of a step are summed in steps.
"""

import numpy as np

from ..progress import progress
from . import arrange
from .op import kind
from .signal import Padded, Signal


NUMBERS = 2**22  # most numbers of the widest tensor of a batch
BATCH = 1000


def run(walk, scaling, images):
    """Return the scores of images, computed by the graph and not by the layers made of it.

    Parameters
    ----------
    walk : sw.exchange.walk.Walk
        A walk along the graph, for the tensors that do not depend on the image.
    scaling : sw.exchange.scaling.Scaling
        How pixels become the graph's input.
    images : ndarray of uint8, shape (n, ``*input_shape``)
        Pixels of a dataset.

    Returns
    -------
    ndarray of float32, shape (n, classes)
    """
    live = {name for name, value in walk.values.items() if isinstance(value, Signal | Padded)}
    constants = {name: value for name, value in walk.values.items() if name not in live}
    widest = max(_size(walk.values[name]) for name in live)
    batch = max(1, min(BATCH, NUMBERS // widest))
    parts = []
    with progress(total=len(images), what="running the graph", unit="images", delay=2) as bar:
        for start in range(0, len(images), batch):
            x = arrange.images_for(walk.graph.shape, images[start:start + batch])
            parts.append(_scores(walk, {**constants, walk.graph.input: scaling.of(x)}, live))
            bar.update(len(x))
    return np.concatenate(parts)


def _scores(walk, values, live):
    name = walk.scores[0]
    for node in walk.graph.nodes:
        if name in values:
            break
        if any(output in live for output in node.outputs):
            with np.errstate(all="ignore"):
                made = _made(node, [values[each] for each in node.inputs], walk.grids.get(node))
            values.update(zip(filter(None, node.outputs), made, strict=False))
    scores = values[name]
    return scores.reshape(len(scores), -1)


def _made(node, inputs, even):
    """Return the outputs of a node; ``even`` is the form of the values that it sums, or None."""
    if even is None:
        return kind.of(node).compute(node, inputs, True)
    return kind.of(node).compute(node, [even.units(inputs[0]), *inputs[1:]], True, even.step)


def _size(value):
    signal = value.signal if isinstance(value, Padded) else value
    return max(1, signal.source.size)
