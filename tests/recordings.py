"""Recordings for tests: WAV files of tones that differ by class, and datasets of them."""

import struct

import numpy as np


def wav(samples, rate=8000, *, depth=16, channels=1, kind=1):
    """Return the octets of a WAV file of int16 samples, in ``depth`` bits."""
    samples = np.asarray(samples, np.int64)
    if depth == 8:
        content = ((samples >> 8) + 128).astype(np.uint8).tobytes()
    else:
        wide = (samples << (depth - 16)).astype("<i4").view(np.uint8).reshape(-1, 4)
        content = wide[:, :depth // 8].tobytes()
    size = channels * depth // 8
    return chunks(struct.pack("<HHIIHH", kind, channels, rate, rate * size, size, depth), content)


def chunks(form, content):
    """Return the octets of a WAV file of a format and samples, with a chunk of text before them."""
    body = (b"WAVE" + b"LIST" + struct.pack("<I", 3) + b"abc\0" + b"fmt " + struct.pack(
        "<I", len(form)) + form + b"data" + struct.pack("<I", len(content)) + content)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tone(hertz, seconds, rng, rate=8000):
    """Return a tone in noise, with quiet ends: int16."""
    time = np.arange(int(seconds * rate)) / rate
    loud = 8000 * np.sin(2 * np.pi * hertz * time + rng.uniform(0, 6))
    quiet = np.zeros(rng.integers(100, 900))
    samples = np.concatenate([quiet, loud, quiet])
    return (samples + rng.normal(0, 60, len(samples))).astype(np.int16)


TONES = {"low": 300, "mid": 900, "high": 2500}


def dataset(folder, each=12, speakers=("ann", "bob", "eve")):
    """Write recordings ``CLASS/SPEAKER_N.wav``; a speaker's tones are a bit higher or lower."""
    rng = np.random.default_rng(5)
    for name, hertz in TONES.items():
        (folder / name).mkdir(parents=True)
        for index in range(each):
            place = index % len(speakers)
            made = tone(hertz * (0.9 + 0.1 * place), rng.uniform(0.1, 0.3), rng)
            (folder / name / f"{speakers[place]}_{index}.wav").write_bytes(wav(made))
    return folder
