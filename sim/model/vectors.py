"""Words that a bench sends into a component, and golden's answers, as a file."""

import json
from dataclasses import asdict, dataclass

import numpy as np

from sw import golden
from sw.bits import to_int
from sw.store.files import write_text


@dataclass(frozen=True)
class Vectors:
    """Words for the streams of one component.

    Attributes
    ----------
    i, o : list of int
        Input words and the output words they must become, ``count`` vectors one after another.
    masks : list of int
        Bits that mean something in each of a vector's output words.
    count : int
        Number of vectors.
    interval : int
        Cycles between two vectors in steady state.
    latency : int
        Cycles from the last input word of a lone vector until one of its output words is offered.
    latency_to : int
        Which one: index in the vector's output words, -1 for the last.
    fill : int
        Vectors after which the interval is steady: those that the component holds.
    """

    i: list
    o: list
    masks: list
    count: int
    interval: int
    latency: int
    latency_to: int = -1
    fill: int = 3

    def save(self, path):
        """Write the vectors as JSON, words in hexadecimal."""
        fields = asdict(self)
        for name in ("i", "o", "masks"):
            fields[name] = [f"{word:x}" for word in fields[name]]
        write_text(path, json.dumps(fields))

    @classmethod
    def load(cls, path):
        """Read vectors that :meth:`save` wrote."""
        with open(path, encoding="utf-8") as file:
            fields = json.load(file)
        for name in ("i", "o", "masks"):
            fields[name] = [int(word, 16) for word in fields[name]]
        return cls(**fields)


def to_words(bits, width, filler=None):
    """Cut vectors of bits into words, first bit lowest.

    Parameters
    ----------
    bits : ndarray of uint8, shape (n, bits)
        One vector a row.
    width : int
        Bits in a word.
    filler : numpy.random.Generator, optional
        Fills the last word of each vector up; zeros do otherwise.

    Returns
    -------
    list of int
        ``n * ceil(bits / width)`` words.
    """
    count, length = bits.shape
    padding = (count, -length % width)
    rest = (filler.integers(2, size=padding, dtype=np.uint8) if filler
            else np.zeros(padding, np.uint8))
    return [to_int(word) for word in np.hstack([bits, rest]).reshape(-1, width)]


def to_bits(values, width):
    """Return numbers, shape (n, m), as bits of ``width`` each: uint8, shape (n, m * width)."""
    values = np.asarray(values).astype(np.int64)
    bits = values[..., None] >> np.arange(width) & 1
    return bits.reshape(len(values), -1).astype(np.uint8)


def masks(length, width):
    """Return which bits of each word of a vector of ``length`` bits are not filled up."""
    return to_words(np.ones((1, length), np.uint8), width)


def answers(scores, score_bits):
    """Return the words of an accelerator's answers: label lowest, then the scores."""
    label_bits = (scores.shape[1] - 1).bit_length()
    return [to_int(row) for row in np.hstack([
        to_bits(golden.labels(scores)[:, None], label_bits), to_bits(scores, score_bits)])]


def for_words(words, latency, outputs=None):
    """Words that become others, or stay the same, one per cycle."""
    outputs = words if outputs is None else outputs
    return Vectors(words, outputs, [-1], len(words), 1, latency, fill=latency + 3)


def for_width_converter(component, count=40):
    """Random vectors through a :class:`hw.stream.width.WidthConverter`."""
    rng = np.random.default_rng(count)
    bits = rng.integers(2, size=(count, component.bits), dtype=np.uint8)
    held = -(-(component.i_width + component.o_width) // component.bits)
    # The latency is that to the first output word that the last input word completes.
    completed = (component.i_words - 1) * component.i_width // component.o_width
    return Vectors(to_words(bits, component.i_width, rng), to_words(bits, component.o_width),
                   [-1] * component.o_words, count,
                   max(component.i_words, component.o_words), component.latency, completed,
                   fill=2 + held)


def for_encoder(component, count=12):
    """Random images, and pixels right at the thresholds, through a thermometer encoder."""
    rng = np.random.default_rng(count)
    encoder = component.encoder
    images = rng.integers(2**encoder.input_bits, size=(count, encoder.inputs))
    at = encoder.thresholds[:, rng.integers(encoder.levels)]
    images[0], images[1] = 0, 2**encoder.input_bits - 1
    images[2::2] = np.clip(at - rng.integers(3, size=images[2::2].shape) + 1, 0, images[1])
    bits = golden.outputs(encoder, images.astype(np.uint16))
    pixels = to_bits(images >> encoder.shift, encoder.pixel_bits)
    return Vectors(to_words(pixels, component.pixels * encoder.pixel_bits, rng),
                   to_words(bits, component.pixels * encoder.levels),
                   masks(encoder.outputs, component.pixels * encoder.levels),
                   count, component.beats, component.latency)


def for_layer(component, bits):
    """Vectors of bits, shape (n, inputs), through an MVTU."""
    layer = component.layer
    outputs = golden.outputs(layer, bits)
    width = layer.gives.bits
    return Vectors(to_words(bits, component.simd),
                   to_words(to_bits(outputs, width), component.pe * width),
                   masks(layer.outputs * width, component.pe * width),
                   len(bits), component.interval, component.latency)


def for_label_select(component, count=60):
    """Random scores, many of them tied, through a label select."""
    rng = np.random.default_rng(count)
    low, high = -2**(component.score_bits - 1), 2**(component.score_bits - 1) - 1
    near = rng.integers(max(low, -2), min(high, 1) + 1, size=(count, component.classes))
    scores = np.where(rng.integers(2, size=(count, 1)),
                      near, rng.integers(low, high + 1, size=near.shape))
    scores[0], scores[1] = low, high
    return Vectors(to_words(to_bits(scores, component.score_bits),
                            component.pe * component.score_bits, rng),
                   answers(scores, component.score_bits), [-1],
                   count, component.words, component.latency)


def for_pipeline(component, bits):
    """Vectors of bits, shape (n, inputs), through a wired pipeline."""
    inputs = to_words(bits, bits.shape[1])
    for layer in component.layers:
        bits = golden.outputs(layer, bits)
    words = (answers(bits, layer.gives.bits) if layer.gives_scores
             else to_words(bits, layer.outputs))
    return Vectors(inputs, words, [-1], len(inputs), 1, component.latency,
                   fill=component.latency + 4)


def for_accelerator(component, images):
    """Images, shape (n, *input_shape), through a complete accelerator."""
    network = component.network
    scores = golden.Model(network).scores(images)
    return Vectors(to_beats(network, component.schedule.pixels, images),
                   answers(scores, network.score_bits), [-1], len(images),
                   component.interval, component.latency,
                   fill=2 * len(component.stages) + component.latency // component.interval)


def to_beats(network, pixels, images):
    """Return the beats of images, shape (n, *input_shape), as an accelerator takes them."""
    shifted = images.reshape(len(images), network.inputs) >> network.shift
    return to_words(to_bits(shifted, network.pixel_bits), pixels * network.pixel_bits,
                    np.random.default_rng(0))
