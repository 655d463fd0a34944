"""The golden model of a network, layer by layer.

Inside, bits form a matrix of one *row per bit* and one *column per image*, so that every step works
on long contiguous rows.
"""

import numpy as np

from ..layer.registry import Registry


# An entry is a function of a layer. It returns a function from the layer's inputs, shape
# (inputs, n), to its outputs, shape (outputs, n): uint8 bits or int32 scores. The inputs of a first
# layer are pixels. The function may have an attribute ``batch``: images at once that suit it best.
GOLDEN = Registry("golden model", ("sw.golden",))

# Images computed at once: few enough for the matrices of one step to stay in a CPU's cache.
BATCH = 256

VALUES = 2**24  # most values of a layer at once, which bounds the memory

# Octets that a model allocates and frees once. Afterwards glibc keeps freed memory for the next
# block of images. Otherwise each block gets fresh memory, and page faults take a third of the time.
KEPT = 2**24


class Model:
    """A folded network that computes.

    Parameters
    ----------
    network : sw.network.Network
        The folded network, kept as an attribute.
    """

    def __init__(self, network):
        self.network = network
        self._steps = [GOLDEN.of(layer)(layer) for layer in network.layers]
        np.empty(KEPT, np.uint8)
        widest = max(max(layer.inputs, layer.outputs) for layer in network.layers)
        self._batch = min(max(getattr(step, "batch", BATCH) for step in self._steps),
                          max(1, VALUES // widest))

    def encode(self, images):
        """Return the outputs of the first layer: uint8, shape (n, outputs)."""
        return np.concatenate([next(self._outputs(block)).T for block in self._blocks(images)])

    def scores(self, images):
        """Return the scores of images: int32, shape (n, classes)."""
        return np.concatenate([list(self._outputs(block))[-1].T
                               for block in self._blocks(images)])

    def labels(self, images):
        """Return the labels of images, the first maximum of their scores: int64, shape (n,)."""
        return labels(self.scores(images))

    def trace(self, images):
        """Return each layer's outputs, as a list of (name, ndarray of shape (n, outputs)).

        The outputs are uint8 bits, and int32 scores of the last layer.
        """
        blocks = [[values.T for values in self._outputs(block)] for block in self._blocks(images)]
        return [(layer.name, np.concatenate(parts))
                for layer, parts in zip(self.network.layers, zip(*blocks, strict=True),
                                        strict=True)]

    def _outputs(self, pixels):
        """Yield the outputs of every layer, one row per output and one column per image."""
        values = np.ascontiguousarray(pixels.T)
        for step in self._steps:
            values = step(values)
            yield values

    def _blocks(self, images):
        """Check the images and yield them as matrices of a batch's rows."""
        images = np.asarray(images)
        network, shape = self.network, self.network.input_shape
        if images.dtype.kind != "u":
            raise TypeError(f"Images must be unsigned integers: {images.dtype}")
        if images.shape[1:] != shape or images.ndim != 1 + len(shape):
            raise ValueError(f"Images must have the shape (n, {', '.join(map(str, shape))}): "
                             f"{images.shape}")
        batch = self._batch
        for start in range(0, max(len(images), 1), batch):  # without images: one empty block
            block = images[start:start + batch].reshape(-1, network.inputs)
            if block.max(initial=0) >= 2**network.input_bits:
                raise ValueError(f"Images must have pixels of {network.input_bits} bits: "
                                 f"{block.max()}")
            yield block


def outputs(layer, inputs):
    """Return the outputs of one layer alone: uint8 bits or int32 scores, shape (n, outputs).

    Parameters
    ----------
    layer : sw.layer.kind.Layer
        Any layer.
    inputs : ndarray of unsigned integers, shape (n, inputs)
        One vector of inputs a row: bits, or pixels for a first layer.
    """
    return GOLDEN.of(layer)(layer)(np.ascontiguousarray(inputs.T)).T


def labels(scores):
    """Return the index of the first maximum of scores, shape (n, classes): int64, shape (n,)."""
    return scores.argmax(axis=1)
