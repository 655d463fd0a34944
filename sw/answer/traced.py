"""Answers with what happens inside the network, as JSON and pictures for a page."""

import base64
import time

import numpy as np

from ..data.inputs import Inputs
from ..data.samples import Batch
from ..data.sheet import grid
from ..data.summary import inputs_pictures
from ..show.outputs import outputs_picture


CELL = 60    # pictures that a cell of a confusion matrix shows
ACROSS = 12  # of them in a row


def converted(model, content):
    """Return a picture or recording as the network's input, as its conversion says."""
    own = model.network
    batch = Batch(["example"], [content], [None])
    return Inputs(own.conversion, own.input_shape, own.input_bits).of(batch)[0]


def answer(model, image):
    """Return what the golden model says of one input, and what each layer gives as pictures.

    Parameters
    ----------
    model : sw.golden.Model
        The network.
    image : ndarray, shape (*input_shape,)
        An input.

    Returns
    -------
    dict
        For JSON: ``label``, ``scores``, ``labels`` of the classes, ``milliseconds``, the ``image``
        in Base64 and the ``octets`` of a value; ``seen``, the input as a picture; and of each
        ``layers`` but the last the name, the number of values, how many fire, and a picture.
    """
    start = time.perf_counter()
    trace = model.trace(image[None])
    seconds = time.perf_counter() - start
    scores, own = trace[-1][1][0], model.network
    seen = inputs_pictures(image[None], own.conversion, own.input_bits)
    return {
        "by": "golden", "label": int(scores.argmax()), "scores": scores.tolist(),
        "labels": list(own.labels), "milliseconds": round(1000 * seconds, 2),
        "image": base64.b64encode(np.ascontiguousarray(image).tobytes()).decode(),
        "octets": image.dtype.itemsize, "seen": _data_url(seen),
        "layers": [{"name": name, "values": rows[0].size, "firing": int(rows[0].sum()),
                    "picture": _data_url(outputs_picture(layer, rows[0])[None])}
                   for layer, (name, rows) in zip(own.layers[:-1], trace[:-1], strict=True)]}


def _data_url(pictures):
    octets = grid(pictures[None])
    return "data:image/png;base64," + base64.b64encode(octets).decode()


def confused(model, test, labels, truth, given):
    """Return the test images of a class that are given a label, as the octets of a PNG.

    Parameters
    ----------
    model : sw.golden.Model
        The network.
    test : sw.data.testset.TestSet
        Test images and their classes.
    labels : ndarray of integers, shape (n,)
        The network's labels of them.
    truth, given : int
        Class, and label given.
    """
    chosen = np.flatnonzero((test.labels == truth) & (labels == given))[:CELL]
    own = model.network
    tiles = inputs_pictures(test.images[chosen], own.conversion, own.input_bits) \
        if len(chosen) else np.zeros((1, 1, 1), np.uint8)
    across = min(ACROSS, len(tiles))
    blank = np.zeros((-len(tiles) % across, *tiles.shape[1:]), np.uint8)
    return grid(np.concatenate([tiles, blank]).reshape(-1, across, *tiles.shape[1:]))
