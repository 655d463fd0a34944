"""The reference, in integers: what a folded network computes and what its RTL must equal.

Inside, bits are a matrix of one *row per bit* and one *column per image*, so that every step works
on long contiguous rows. There are two ways to count, equal in result: a layer takes the faster.
"""

import numpy as np

from .bits import pack


# Images worked on at once: few enough for the matrices of one step to stay in a CPU's cache.
BATCH = 256

# Going through synapses one by one pays when there are fewer than one in so many inputs.
SPARSE = 6


class Model:
    """A folded network that computes.

    Parameters
    ----------
    network : sw.network.Network
        The folded network, kept as an attribute.
    """

    def __init__(self, network):
        self.network = network
        self._counters = [_counter(layer) for layer in network.layers[1:]]

    def encode(self, images):
        """Return the encoder's bits of images: uint8, shape (n, encoder outputs)."""
        return np.concatenate([encode(self.network.encoder, block)
                               for block in self._blocks(images)])

    def scores(self, images):
        """Return the scores of images: int32, shape (n, classes)."""
        return np.concatenate([list(self._outputs(block))[-1].T
                               for block in self._blocks(images)])

    def labels(self, images):
        """Return the labels of images, the first maximum of their scores: int64, shape (n,)."""
        return labels(self.scores(images))

    def trace(self, images):
        """Return what each layer puts out, as a list of (name, ndarray of shape (n, outputs)).

        uint8 bits of the encoder and of hidden layers, int32 scores of the last one.
        """
        blocks = [[values.T for values in self._outputs(block)] for block in self._blocks(images)]
        return [(layer.name, np.concatenate(parts))
                for layer, parts in zip(self.network.layers, zip(*blocks, strict=True),
                                        strict=True)]

    def _outputs(self, images):
        """Yield the outputs of every layer, one row per output and one column per image."""
        x = np.ascontiguousarray(encode(self.network.encoder, images).T)
        yield x
        for layer, disagreeing in zip(self.network.layers[1:], self._counters, strict=True):
            x = _finish(layer, disagreeing(x))
            yield x

    def _blocks(self, images):
        """Yield the images, checked, as matrices of at most ``BATCH`` rows."""
        images = np.asarray(images)
        shape, encoder = self.network.input_shape, self.network.encoder
        if images.dtype.kind != "u":
            raise TypeError(f"Images must be unsigned integers: {images.dtype}")
        if images.shape[1:] != shape or images.ndim != 1 + len(shape):
            raise ValueError(f"Images must have the shape (n, {', '.join(map(str, shape))}): "
                             f"{images.shape}")
        for start in range(0, max(len(images), 1), BATCH):  # no images: one empty block
            block = images[start:start + BATCH].reshape(-1, encoder.inputs)
            if block.max(initial=0) >= 2**encoder.input_bits:
                raise ValueError(f"Images must have pixels of {encoder.input_bits} bits: "
                                 f"{block.max()}")
            yield block


def encode(encoder, images):
    """Return the bits of an encoder: uint8, shape (n, inputs * levels).

    Parameters
    ----------
    encoder : sw.network.Encoder
        The first layer of a network.
    images : ndarray of unsigned integers, shape (n, inputs)
        One image a row.
    """
    thresholds = encoder.thresholds.astype(np.min_scalar_type(encoder.thresholds.max()))
    bits = images[:, :, None] >= thresholds
    return bits.reshape(len(images), encoder.outputs).view(np.uint8)


def popcounts(layer, bits):
    """Return how many synapses of each neuron agree with their inputs: int32, shape (n, outputs).

    Parameters
    ----------
    layer : sw.network.Dense or sw.network.Scores
        Any layer but the encoder.
    bits : ndarray of uint8, shape (n, inputs)
        One vector of inputs a row.
    """
    disagreeing = _counter(layer)(np.ascontiguousarray(bits.T))
    return (layer.fan_in[:, None] - disagreeing.astype(np.int32)).T


def outputs(layer, bits):
    """Return what one layer alone puts out: uint8 bits or int32 scores, shape (n, outputs).

    Parameters
    ----------
    layer : sw.network.Dense or sw.network.Scores
        Any layer but the encoder.
    bits : ndarray of uint8, shape (n, inputs)
        One vector of inputs a row.
    """
    return _finish(layer, _counter(layer)(np.ascontiguousarray(bits.T))).T


def labels(scores):
    """Return the index of the first maximum of scores, shape (n, classes): int64, shape (n,)."""
    return scores.argmax(axis=1)


def _finish(layer, disagreeing):
    """Return the outputs of a layer from its counts of synapses that disagree with their inputs."""
    if layer.kind == "scores":  # 2 * popcount - fan_in + bias
        return (layer.fan_in + layer.bias)[:, None] - 2 * disagreeing.astype(np.int32)
    # popcount >= threshold, and popcount = fan_in - disagreeing: signed, as the right side is -1
    # for a neuron that never fires
    room = (layer.fan_in - layer.thresholds).astype(np.int32)
    return (disagreeing <= room[:, None]).view(np.uint8)


def _counter(layer):
    """Return a function of bits, shape (inputs, n), that counts synapses that disagree with them.

    It returns unsigned integers, shape (outputs, n).
    """
    return (_count_by_synapse if layer.fan_in.max() * SPARSE <= layer.inputs
            else _count_by_word)(layer)


def _count_by_word(layer):
    """Count 64 inputs at a time: XOR with the weights, AND with the synapses, popcount."""
    positive = pack((layer.weights > 0).view(np.uint8))
    synapse = pack((layer.weights != 0).view(np.uint8))
    dense = bool((layer.weights != 0).all())
    dtype = np.min_scalar_type(layer.inputs)

    def disagreeing(x):
        words = np.ascontiguousarray(pack(x.T).T)
        total = np.zeros((layer.outputs, x.shape[1]), dtype)
        differ = np.empty(total.shape, np.uint64)
        for index, word in enumerate(words):
            np.bitwise_xor(positive[:, index, None], word, out=differ)
            if not dense:
                differ &= synapse[:, index, None]
            total += np.bitwise_count(differ)
        return total

    return disagreeing


def _count_by_synapse(layer):
    """Count one synapse of every neuron at a time: look its input up, inverted if positive."""
    slots = max(1, int(layer.fan_in.max()))
    never = 2 * layer.inputs  # a row of zeros, for neurons with fewer synapses than others
    rows = np.full((slots, layer.outputs), never)
    for neuron, weights in enumerate(layer.weights):
        inputs = np.flatnonzero(weights)
        rows[:len(inputs), neuron] = inputs + layer.inputs * (weights[inputs] > 0)
    dtype = np.min_scalar_type(slots)

    def disagreeing(x):
        both = np.concatenate([x, x ^ 1, np.zeros((1, x.shape[1]), np.uint8)])
        total = np.zeros((layer.outputs, x.shape[1]), dtype)
        differ = np.empty(total.shape, np.uint8)
        for row in rows:
            total += np.take(both, row, axis=0, out=differ, mode="clip")
        return total

    return disagreeing
