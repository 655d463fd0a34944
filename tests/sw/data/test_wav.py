import io
import struct

import numpy as np
import pytest

from sw.data.wav import decode, rate_of
from tests.recordings import chunks, wav


SAMPLES = np.array([0, 1, -1, 32767, -32768, 256, -256, 12345], np.int16)
CONVERT = r"\(ffmpeg -i IN.wav -ac 1 -c:a pcm_s16le OUT.wav converts it\)"


def named(octets):
    file = io.BytesIO(octets)
    file.name = "a.wav"
    return file


@pytest.mark.parametrize("depth", [16, 24, 32])
def test_wider_samples_lose_their_lower_bits(depth):
    np.testing.assert_array_equal(decode(named(wav(SAMPLES, depth=depth))), SAMPLES)


def test_samples_of_8_bits_are_the_upper_half():
    np.testing.assert_array_equal(decode(named(wav(SAMPLES, depth=8))), SAMPLES >> 8 << 8)


def test_the_extensible_format_of_integers_is_read():
    form = struct.pack("<HHIIHHHHIH", 0xFFFE, 1, 16000, 32000, 2, 16, 22, 16, 4, 1) + bytes(14)
    file = named(chunks(form, SAMPLES.tobytes()))
    np.testing.assert_array_equal(decode(file, 16000), SAMPLES)


def test_the_rate_is_read_from_the_header():
    assert rate_of(named(wav(SAMPLES, 11025))) == 11025


@pytest.mark.parametrize(("octets", "message"), [
    (b"", r"hold a recording: it is empty"),
    (b"ID3 and so on, long enough", r"be a WAV file: its first octets are others \(ffmpeg -i IN "
     r"-ac 1 -ar 16000 OUT.wav makes one of most sounds\)"),
    (wav([]), r"hold a recording: it has no samples"),
    (wav(SAMPLES, kind=3, depth=32), rf"hold integers \(PCM\): it holds floating point {CONVERT}"),
    (wav(SAMPLES, kind=99), rf"hold integers \(PCM\): it holds format 99 {CONVERT}"),
    (wav(SAMPLES, channels=2), rf"have one channel: 2 {CONVERT}"),
    (chunks(struct.pack("<HHIIHH", 1, 1, 8000, 8000, 2, 12), b"12"),
     rf"have samples of 8, 16, 24, 32 bits: 12 {CONVERT}"),
    (wav(SAMPLES, 44100), r"have 8,000 to 16,000 samples a second: 44,100 \(ffmpeg -i IN.wav -ar "
     r"16000 OUT.wav converts it\)"),
    (wav(SAMPLES, 4000), r"have 8,000 to 16,000 samples a second: 4,000 \(ffmpeg -i IN.wav -ar "
     r"8000 OUT.wav converts it\)"),
    (wav(SAMPLES, 16000), r"have 8,000 samples a second, as the other recordings: 16,000 \(ffmpeg "
     r"-i IN.wav -ar 8000 OUT.wav converts it\)"),
    (wav(np.zeros(60 * 8000 + 1)), r"be at most 60 s long: 60.0 s \(cut it into pieces of one "
     r"word\)"),
    (wav(SAMPLES)[:-3], r"be an intact WAV file: it ends after 13 of 16 octets of samples \(record "
     r"or download it again\)"),
    (wav(SAMPLES)[:40], r"be an intact WAV file: its format is cut short \(record or download it "
     r"again\)"),
    (wav(SAMPLES)[:30], r"be an intact WAV file: it has no format \(record or download it "
     r"again\)"),
])
def test_other_files_are_refused(octets, message):
    with pytest.raises(ValueError, match=rf"^a.wav must {message}$"):
        decode(named(octets), 8000)
