"""Golden model of int8 networks: the scores that PyTorch's simulation and C must give."""

import numpy as np

from . import floating, quantized


CHUNK = 50  # images at a time: windows of many more do not fit into a cache
COMPUTE = quantized.COMPUTE | floating.COMPUTE


class Int8Model:
    """Golden model of an int8 network.

    Parameters
    ----------
    network : sw.int8.network.Int8Network
        The network.
    """

    def __init__(self, network):
        self.network = network

    def scores(self, images):
        """Return the scores of images.

        Parameters
        ----------
        images : ndarray of uint8, shape (n, ``*input_shape``)
            Pixels.

        Returns
        -------
        ndarray of int32, shape (n, classes)
            Values of the last layer.
        """
        parts = [self.values(images[start:start + CHUNK])[self.network.layers[-1].name]
                 for start in range(0, len(images), CHUNK)]
        return np.concatenate(parts).reshape(len(images), -1).astype(np.int32)

    def labels(self, images):
        """Return the index of the first of the greatest scores of each image."""
        return self.scores(images).argmax(axis=1)

    def values(self, images):
        """Return the output of each layer by its name: int64, shape (n, ...), maps channels last.

        A layer's value is dropped from memory by the caller only; a few hundred images at a time
        fit.
        """
        values = {}
        for layer in self.network.layers:
            taken = [values[name] for name in layer.inputs] or [images]
            values[layer.name] = COMPUTE[type(layer)](layer, *taken)
        return values
