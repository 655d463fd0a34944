"""Log-mel features of recordings in integers, the same bits on every machine (docs/own-data.md)."""

from functools import cache

import numpy as np


BLOCK = 64      # samples whose loudness is measured at once
FEWEST = 8      # blocks of a recording that may lose its ends
SHIFT = 14      # fraction bits of the tables
STEPS = 16      # steps of a feature for a factor of 2 in energy
TOP = 255       # feature of the loudest band and window
PARTS = 16      # of a bin, in which edges of bands are given
WEIGHT = 64     # greatest weight of a bin in a band


def features(samples, sound):
    """Return the features of a recording.

    Parameters
    ----------
    samples : ndarray of int16, shape (samples,)
        The recording.
    sound : sw.sound.Sound
        The conversion.

    Returns
    -------
    ndarray of uint8, shape (bands, frames)
    """
    return levels(energies(windows(samples.astype(np.int64), sound), sound)).T


def windows(samples, sound):
    """Return the windows of a recording without its quiet ends: int64, shape (frames, window)."""
    kept = trimmed(samples, sound.trim)
    kept = np.pad(kept, (0, max(0, sound.window - len(kept))))
    room = len(kept) - sound.window
    starts = room * np.arange(sound.frames) // (sound.frames - 1)
    return kept[starts[:, None] + np.arange(sound.window)]


def trimmed(samples, trim):
    """Return samples without the quiet blocks at both ends."""
    blocks = len(samples) // BLOCK
    if not trim or blocks < FEWEST:
        return samples
    loud = np.abs(samples[:blocks * BLOCK]).reshape(blocks, BLOCK).sum(axis=1)
    if not loud.any():
        return samples
    places = np.flatnonzero(loud * trim > loud.max())
    return samples[places[0] * BLOCK:(places[-1] + 1) * BLOCK]


def energies(frames, sound):
    """Return the energy of each band in each window: int64, shape (frames, bands)."""
    weighted = (frames * hann(sound.window)) >> SHIFT
    real, imaginary = ((weighted @ table) >> SHIFT for table in waves(sound.window))
    power = real * real + imaginary * imaginary
    return power @ mel(sound)


def levels(energy):
    """Return logarithms of energies, the greatest one as 255, in :data:`STEPS` a factor of 2."""
    log = log2(energy)
    if not log.any():
        return np.zeros(log.shape, np.uint8)
    return np.maximum(0, TOP - log.max() + log).astype(np.uint8)


def log2(numbers):
    """Return :data:`STEPS` times the logarithm of integers, linear between powers of 2; 0 for 0."""
    rest, exponent = numbers.copy(), np.zeros_like(numbers)
    for bits in (32, 16, 8, 4, 2, 1):
        large = rest >> bits > 0
        exponent += np.where(large, bits, 0)
        rest = np.where(large, rest >> bits, rest)
    fraction = np.where(exponent >= 4, numbers >> np.maximum(exponent - 4, 0),
                        numbers << np.maximum(4 - exponent, 0))
    return np.where(numbers > 0, STEPS * exponent + (fraction & (STEPS - 1)), 0)


@cache
def hann(window):
    """Return the weights of a window's samples: int64, shape (window,)."""
    angles = 2 * np.pi * (np.arange(window) + 0.5) / window
    return np.rint(2**SHIFT * (0.5 - 0.5 * np.cos(angles))).astype(np.int64)


@cache
def waves(window):
    """Return cosines and sines: two int64 arrays, shape (window, window // 2)."""
    turns = np.outer(np.arange(window), np.arange(window // 2)) % window
    cosine = np.rint(2**SHIFT * np.cos(2 * np.pi * np.arange(window) / window)).astype(np.int64)
    return cosine[turns], cosine[(turns - window // 4) % window]


@cache
def mel(sound):
    """Return the weight of each bin in each band: int64, shape (window // 2, bands)."""
    scale = np.linspace(_mel(sound.low), _mel(sound.high), sound.bands + 2)
    edges = 700 * (10 ** (scale / 2595) - 1) * sound.window / sound.rate
    edges = np.rint(PARTS * edges).astype(np.int64)
    places = PARTS * np.arange(sound.window // 2)[:, None]
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    rising = (places - left) * WEIGHT // np.maximum(middle - left, 1)
    falling = (right - places) * WEIGHT // np.maximum(right - middle, 1)
    weights = np.clip(np.minimum(rising, falling), 0, WEIGHT)
    if not weights.any(axis=0).all():
        band = int(np.argmin(weights.any(axis=0)))
        raise ValueError(f"Bands of a sound must each hold a frequency of its {sound.window} "
                         f"samples: band {band + 1} of {sound.bands} is too narrow (fewer bands)")
    return weights


def _mel(hertz):
    return 2595 * np.log10(1 + hertz / 700)
