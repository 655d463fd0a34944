"""Answers of the golden model to what somebody draws, and test images by their answers."""

import base64
import time
from functools import lru_cache
from pathlib import Path

import numpy as np

from .. import golden, network
from ..data.inputs import Inputs
from ..data.samples import Batch
from ..data.sheet import grid
from ..data.summary import inputs_pictures
from ..data.testset import load_test_set
from ..show.outputs import outputs_picture


SIDE = 1024  # most rows and columns of a picture that is sent
CELL = 60    # pictures that a cell of the confusion matrix shows
ACROSS = 12  # of them in a row


@lru_cache(maxsize=8)
def _model(path, changed):
    return golden.Model(network.load(path))


def model_of(path):
    """Return the golden model of a network's file; it is kept while the file stays the same."""
    return _model(str(path), Path(path).stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _tested(path, changed):
    """Return the test set of a network and the golden model's labels of it."""
    model = model_of(path)
    test = load_test_set(model.network, download=False)
    return test, model.labels(test.images)


def tested(path):
    """Return test set and golden labels of a network's file."""
    return _tested(str(path), Path(path).stat().st_mtime_ns)


def picture(octets, height, width, colours):
    """Return the octets of a canvas as a picture; raise ValueError if they cannot be one."""
    if not (1 <= height <= SIDE and 1 <= width <= SIDE and colours in (1, 3)):
        raise ValueError(f"Picture must have up to {SIDE} x {SIDE} pixels of 1 or 3 colours: "
                         f"{height} x {width} of {colours}")
    if len(octets) != height * width * colours:
        raise ValueError(f"Picture of {height} x {width} must have {height * width * colours:,} "
                         f"octets: {len(octets):,}")
    pixels = np.frombuffer(octets, np.uint8)
    return pixels.reshape((height, width) if colours == 1 else (height, width, colours))


def converted(model, pixels):
    """Return a picture as the network's input, as its conversion says."""
    own = model.network
    batch = Batch(["picture"], pixels[None], [None], "")
    return Inputs(own.conversion, own.input_shape, own.input_bits).of(batch)[0]


def answer(model, image):
    """Return what the golden model says of one input: label, scores, what each layer gives."""
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


def cell(path, truth, given):
    """Return the test images of a class that are given a label, as the octets of a PNG."""
    test, labels = tested(path)
    chosen = np.flatnonzero((test.labels == truth) & (labels == given))[:CELL]
    own = model_of(path).network
    tiles = inputs_pictures(test.images[chosen], own.conversion, own.input_bits) \
        if len(chosen) else np.zeros((1, 1, 1), np.uint8)
    across = min(ACROSS, len(tiles))
    blank = np.zeros((-len(tiles) % across, *tiles.shape[1:]), np.uint8)
    return grid(np.concatenate([tiles, blank]).reshape(-1, across, *tiles.shape[1:]))


def given_input(octets, own):
    """Return an input of a network from its octets, as :func:`answer` gave them to the page."""
    image = np.frombuffer(octets, np.uint8 if own.input_bits <= 8 else np.uint16)
    if image.size != own.inputs:
        raise ValueError(f"Input must have {own.inputs} values: {image.size}")
    return image.reshape(own.input_shape)
