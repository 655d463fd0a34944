import hashlib
from math import cos, log10, pi

import numpy as np
import pytest

from sw.data import logmel
from sw.sound import Sound
from tests.recordings import tone


def ref_features(samples, sound):
    """Return the features by the steps of docs/own-data.md, number by number."""
    samples = ref_trimmed([int(sample) for sample in samples], sound.trim)
    size = sound.window
    samples += [0] * (size - len(samples))
    cosine = [round(2**14 * cos(2 * pi * n / size)) for n in range(size)]
    hann = [round(2**14 * (0.5 - 0.5 * cos(2 * pi * (n + 0.5) / size))) for n in range(size)]
    bands = ref_bands(sound)
    logs = []
    for frame in range(sound.frames):
        start = (len(samples) - size) * frame // (sound.frames - 1)
        part = [samples[start + n] * hann[n] >> 14 for n in range(size)]
        power = []
        for k in range(size // 2):
            real = sum(part[n] * cosine[n * k % size] for n in range(size)) >> 14
            imaginary = sum(part[n] * cosine[(n * k - size // 4) % size] for n in range(size)) >> 14
            power.append(real**2 + imaginary**2)
        logs.append([ref_log(sum(weight * power[k] for k, weight in band)) for band in bands])
    top = max(map(max, logs))
    return [[max(0, 255 - top + logs[frame][band]) if top else 0 for frame in range(sound.frames)]
            for band in range(sound.bands)]


def ref_trimmed(samples, trim):
    blocks = len(samples) // 64
    loud = [sum(map(abs, samples[64 * block:64 * block + 64])) for block in range(blocks)]
    if not trim or blocks < 8 or not any(loud):
        return samples
    kept = [block for block in range(blocks) if loud[block] * trim > max(loud)]
    return samples[64 * kept[0]:64 * kept[-1] + 64]


def ref_bands(sound):
    def mel(hertz):
        return 2595 * log10(1 + hertz / 700)

    low, high = mel(sound.low), mel(sound.high)
    edges = [round(16 * 700 * (10 ** ((low + (high - low) * place / (sound.bands + 1)) / 2595) - 1)
                   * sound.window / sound.rate) for place in range(sound.bands + 2)]
    bands = []
    for left, middle, right in zip(edges, edges[1:], edges[2:], strict=False):
        bins = [(k, min((16 * k - left) * 64 // (middle - left),
                        (right - 16 * k) * 64 // (right - middle), 64))
                for k in range(sound.window // 2)]
        bands.append([(k, weight) for k, weight in bins if weight > 0])
    return bands


def ref_log(number):
    if not number:
        return 0
    exponent = number.bit_length() - 1
    return 16 * exponent + ((number << 4 >> exponent) & 15)


SMALL = Sound(8000, bands=6, frames=3, window=64, low=200, high=3800)


@pytest.mark.parametrize("samples", [
    tone(700, 0.05, np.random.default_rng(1)), np.array([-32768] * 700, np.int16),
    np.array([5], np.int16), np.zeros(900, np.int16), np.eye(1, 640, 300, np.int16)[0]])
def test_features_are_those_of_the_recipe(samples):
    np.testing.assert_array_equal(logmel.features(samples, SMALL), ref_features(samples, SMALL))


def test_the_largest_sums_have_room():
    sound = Sound(16000, window=512, high=7600)
    square = np.where(np.arange(2000) // 8 % 2, 32767, -32768).astype(np.int16)
    frames = logmel.windows(square.astype(np.int64), sound)
    energy = logmel.energies(frames, sound)
    assert (energy >= 0).all()
    assert 2**40 < energy.max() < 2**58


def test_logarithms_rise_with_their_number():
    numbers = np.concatenate([np.arange(5000), 2**np.arange(13, 62) - 1, 2**np.arange(13, 62)])
    found = logmel.log2(np.sort(numbers))
    assert found.tolist() == [ref_log(int(number)) for number in np.sort(numbers)]
    assert (np.diff(found) >= 0).all()


def test_tables_are_the_same_on_every_machine():
    made = hashlib.sha256()
    for rate, window, high in ((8000, 256, 3800), (16000, 512, 7600)):
        sound = Sound(rate, window=window, high=high)
        for table in (logmel.hann(window), *logmel.waves(window), logmel.mel(sound)):
            made.update(np.ascontiguousarray(table, "<i8").tobytes())
    assert made.hexdigest()[:16] == "bd71e1e8d19502e6"


def test_a_louder_recording_has_the_same_features():
    samples = tone(900, 0.2, np.random.default_rng(2))
    quiet, loud = (logmel.features(samples * factor, Sound(8000)).astype(int) for factor in (1, 2))
    assert np.abs(quiet - loud)[quiet > 64].max() <= 1


def test_bands_without_a_frequency_are_refused():
    with pytest.raises(ValueError, match=r"^Bands of a sound must each hold a frequency of its 64 "
                                         r"samples: band 2 of 40 is too narrow \(fewer bands\)$"):
        logmel.mel(Sound(8000, bands=40, window=64))
