"""Networks of runs, and what the page sends to be answered: a picture, a recording, an input."""

import io
import json
from contextlib import suppress

import numpy as np

from .. import golden, network
from ..conversion import Row
from ..data import images, wav
from ..data.testset import load_test_set
from ..store.kept import kept


PIXELS = 1 << 24  # of a picture that is sent, at most


@kept(8)
def model_of(path):
    """Return the golden model of a network's file."""
    return golden.Model(network.load(path))


@kept(2)
def tested(path):
    """Return the test set of a network's file, and the golden model's labels of it."""
    model = model_of(path)
    test = load_test_set(model.network, download=False)
    return test, model.labels(test.images)


@kept(256)
def _identity(path):
    return network.load(path).identity


def identity_of(path):
    """Return the identity of a network's file; None if there is no such network."""
    with suppress(OSError, ValueError):
        return _identity(path)


def example(octets, own):
    """Return a picture, a recording, or numbers in JSON, whichever a network takes, as an array."""
    if isinstance(own.conversion, Row) and octets[:1] == b"[":
        row = np.array(json.loads(octets), float)
        columns = len(own.conversion.categories) or own.inputs
        if row.shape != (columns,):
            raise ValueError(f"Row must have {columns} numbers: {row.size}")
        return row
    rate, file = getattr(own.conversion, "rate", None), io.BytesIO(octets)
    return images.decode(file, PIXELS) if rate is None else wav.decode(file, rate)


def given_input(octets, own):
    """Return an input of a network from its octets, as :mod:`sw.answer.traced` gave them."""
    image = np.frombuffer(octets, np.uint8 if own.input_bits <= 8 else np.uint16)
    if image.size != own.inputs:
        raise ValueError(f"Input must have {own.inputs} values: {image.size}")
    return image.reshape(own.input_shape)
