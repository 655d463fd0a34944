"""Reads WAV files: recordings of one channel as integers of 16 bits."""

import struct

import numpy as np

from ..sound import RATES


SECONDS = 60  # of a recording, at most
SUFFIX = ".wav"
PCM, EXTENSIBLE = 1, 0xFFFE
FORMATS = {2: "ADPCM", 3: "floating point", 6: "A-law", 7: "µ-law", 0x11: "IMA ADPCM",
           0x55: "MP3"}
DEPTHS = (8, 16, 24, 32)


def matches(head):
    """Return whether the first octets of a file are those of a WAV file."""
    return head[:4] == b"RIFF" and head[8:12] == b"WAVE"


def decode(source, rate=None):
    """Read a recording.

    Parameters
    ----------
    source : path-like or binary file
        WAV file of integers of 8, 16, 24 or 32 bits.
    rate : int or None
        Samples a second that it must have. None: any of :data:`sw.sound.RATES`.

    Returns
    -------
    ndarray of int16, shape (samples,)
        Lower bits of wider samples are cut.

    Raises
    ------
    ValueError
        If the file is no intact recording of one channel with this rate.
    """
    if hasattr(source, "read"):
        return _decoded(source, getattr(source, "name", "Sound"), rate)
    with open(source, "rb") as file:
        return _decoded(file, source, rate)


def rate_of(source):
    """Return the samples a second of a WAV file, from its header."""
    if hasattr(source, "read"):
        return _header(source, getattr(source, "name", "Sound"))[0]
    with open(source, "rb") as file:
        return _header(file, source)[0]


def _decoded(file, name, wanted):
    rate, depth, size = _header(file, name)
    if wanted is not None and rate != wanted:
        raise ValueError(f"{name} must have {wanted:,} samples a second, as the other recordings: "
                         f"{rate:,} (ffmpeg -i IN.wav -ar {wanted} OUT.wav converts it)")
    octets = depth // 8
    if size < octets:
        raise ValueError(f"{name} must hold a recording: it has no samples")
    if size > SECONDS * rate * octets:
        raise ValueError(f"{name} must be at most {SECONDS} s long: {size / octets / rate:,.1f} s "
                         f"(cut it into pieces of one word)")
    content = file.read(size)
    if len(content) < size:
        raise ValueError(f"{name} must be an intact WAV file: it ends after {len(content):,} of "
                         f"{size:,} octets of samples (record or download it again)")
    content = content[:size // octets * octets]
    if depth == 8:  # the only unsigned one
        return (np.frombuffer(content, np.uint8).astype(np.int16) - 128) << 8
    parts = np.frombuffer(content, np.uint8).reshape(-1, octets)
    return np.ascontiguousarray(parts[:, -2:]).view("<i2")[:, 0].astype(np.int16)


def _header(file, name):
    """Return samples a second, bits of a sample, octets of all; the file stands at the samples."""
    head = file.read(12)
    if not head:
        raise ValueError(f"{name} must hold a recording: it is empty")
    if not matches(head):
        raise ValueError(f"{name} must be a WAV file: its first octets are others (ffmpeg -i IN "
                         f"-ac 1 -ar 16000 OUT.wav makes one of most sounds)")
    found = None
    while len(chunk := file.read(8)) == 8:
        kind, size = struct.unpack("<4sI", chunk)
        if kind == b"data" and found:
            return *found, size
        if kind == b"fmt " and 16 <= size <= 256:
            found = _format(file.read(size + size % 2), name)
        elif kind == b"data":
            break
        else:
            file.seek(size + size % 2, 1)
    raise ValueError(f"{name} must be an intact WAV file: it has no "
                     f"{'samples' if found else 'format'} (record or download it again)")


def _format(content, name):
    """Return samples a second and bits of a sample of a format that is one of ours."""
    if len(content) < 16:
        raise ValueError(f"{name} must be an intact WAV file: its format is cut short (record or "
                         f"download it again)")
    kind, channels, rate, _, _, depth = struct.unpack("<HHIIHH", content[:16])
    if kind == EXTENSIBLE and len(content) >= 26:
        kind, = struct.unpack("<H", content[24:26])
    way = "(ffmpeg -i IN.wav -ac 1 -c:a pcm_s16le OUT.wav converts it)"
    if kind != PCM:
        raise ValueError(f"{name} must hold integers (PCM): it holds "
                         f"{FORMATS.get(kind, f'format {kind}')} {way}")
    if channels != 1:
        raise ValueError(f"{name} must have one channel: {channels} {way}")
    if depth not in DEPTHS:
        raise ValueError(f"{name} must have samples of {', '.join(map(str, DEPTHS))} bits: {depth} "
                         f"{way}")
    if not RATES[0] <= rate <= RATES[1]:
        raise ValueError(f"{name} must have {RATES[0]:,} to {RATES[1]:,} samples a second: "
                         f"{rate:,} (ffmpeg -i IN.wav -ar {RATES[rate > RATES[1]]} OUT.wav "
                         f"converts it)")
    return rate, depth
