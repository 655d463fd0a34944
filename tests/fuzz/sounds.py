"""Target in recordings of others: WAV files, and what a network hears of them."""

import numpy as np

from sw.data import wav
from sw.data.convert import Converter
from sw.sound import Sound
from tests import recordings

from .mutate import damaged
from .target import Target


SOUND = Sound(8000, 6, 4)


def inputs(kept):
    samples = np.arange(-900, 900, 7)
    return damaged([*(recordings.wav(samples, depth=depth) for depth in wav.DEPTHS),
                    recordings.wav(samples, 16000), *kept])


def read(path):
    samples = wav.decode(path)
    return samples, Converter(SOUND, SOUND.size).batch(samples[None])[0]


def holds(value, path):
    samples, heard = value
    assert (samples.dtype, samples.ndim) == (np.int16, 1)
    assert 0 < len(samples) <= path.stat().st_size
    assert (heard.shape, heard.dtype) == (SOUND.size, np.uint8)
    assert heard.max() in (0, 255)


TARGETS = [Target("sound", "x.wav", read, inputs, holds)]
