"""sw.line.protocol: frames, images and answers as octets, and back."""

import re
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sw.line.protocol import (
    ANSWER,
    BODY_LIMIT,
    ESCAPE,
    FLAG,
    Deframer,
    ErrorCode,
    Frame,
    Info,
    ProtocolError,
    Report,
    Type,
    pack_images,
    pack_results,
    unpack_results,
)

from ...fakes import fake_info


FRAMES = st.builds(Frame, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=40))


def examples():
    """Return (sender, octets) of each line of octets in the documentation."""
    path = Path(__file__).parents[3] / "docs" / "protocol.md"
    return [(sender, bytes.fromhex(octets)) for sender, octets in
            re.findall(r"^(host|board) +((?:[0-9a-f]{2} ?)+)$", path.read_text(encoding="utf-8"),
                       re.MULTILINE)]


def test_the_examples_of_the_documentation():
    image = np.zeros((1, 4, 4), dtype=np.uint8)
    image[0, 0, 0] = image[0, 1, 1:3] = image[0, 2] = 200
    results = pack_results([2], np.array([[-3, 126, 300]]), 2)
    assert examples() == [(sender, frame.encode()) for sender, frame in [
        ("host", Frame(Type.IDENTIFY, 0)),
        ("host", Frame(Type.CLASSIFY, 0x7d, pack_images(image, 1, 7).tobytes())),
        ("board", Frame(Type.CLASSIFY | ANSWER, 0x7d, results)),
        ("host", Frame(Type.BENCHMARK, 5, (1000).to_bytes(4, "little"))),
        ("board", Frame(Type.ERROR, 5, bytes([ErrorCode.WRONG_COUNT])))]]


def test_info_is_laid_out_as_documented():
    """The table of docs/protocol.md, in order."""
    info = fake_info()
    numbers = struct.pack("<IIIIIiIIHI", info.clock_hz, info.baud, info.interval, info.feed,
                          info.latency, info.fill, info.rom_images, info.rom_crc, info.max_images,
                          info.max_benchmark)
    texts = b"".join(struct.pack("<H", len(text.encode())) + text.encode()
                     for text in (info.board, *info.labels))
    assert info.encode() == (bytes([1]) + bytes.fromhex(info.identity) + bytes([3, 5, 2]) + numbers
                             + b"\x02" + struct.pack("<II", 2, 5) + b"\x03\x00" + texts)


@given(st.lists(FRAMES), st.integers(1, 9))
@settings(deadline=None)
def test_frames_come_back_from_any_pieces(frames, step):
    octets = b"".join(frame.encode() for frame in frames)
    deframer = Deframer()
    found = [frame for at in range(0, len(octets), step)
             for frame in deframer.feed(octets[at:at + step])]
    assert found == frames
    assert deframer.dropped == 0


@given(FRAMES)
def test_flags_are_only_at_the_ends(frame):
    octets = frame.encode()
    assert octets[0] == octets[-1] == FLAG
    assert FLAG not in octets[1:-1]


@given(FRAMES, st.data())
@settings(deadline=None)
def test_a_damaged_frame_is_dropped_and_the_next_one_found(frame, data):
    octets = bytearray(frame.encode())
    at = data.draw(st.integers(1, len(octets) - 2))
    octets[at] ^= data.draw(st.integers(1, 255))
    good = Frame(3, 4, b"next")
    deframer = Deframer()
    found = deframer.feed(bytes(octets) + good.encode())
    assert found[-1] == good
    assert deframer.dropped >= 1
    assert len(found) == 1 or octets.count(FLAG) > 2 or frame not in found


def test_an_escape_before_a_flag_spoils_the_frame():
    octets = Frame(1, 2).encode()
    deframer = Deframer()
    assert deframer.feed(octets[:-1] + bytes([ESCAPE]) + octets[-1:]) == []
    assert deframer.dropped == 1


def test_several_escapes_count_as_one():
    octets = Frame(1, ESCAPE).encode()
    doubled = octets.replace(bytes([ESCAPE]), bytes([ESCAPE] * 3), 1)
    assert doubled != octets
    assert Deframer().feed(doubled) == [Frame(1, ESCAPE)]


def test_an_endless_frame_takes_no_endless_memory():
    deframer = Deframer()
    for _ in range(40):
        assert deframer.feed(bytes(2**16)) == []
    assert len(deframer._body) < 3 * BODY_LIMIT
    assert deframer.feed(Frame(1, 2).encode()) == [Frame(1, 2)]


def test_info_comes_back():
    info = fake_info(fill=-3, labels=tuple("x" * n or "-" for n in range(5)))
    assert Info.decode(info.encode()) == info


def test_info_of_another_version():
    with pytest.raises(ProtocolError, match=r"^Board must speak protocol version 1: it speaks 9 "
                                            r"\(build its bitstream again, or use the host "
                                            r"program it came with\)$"):
        Info.decode(b"\x09" + fake_info().encode()[1:])


@pytest.mark.parametrize("cut", [1, 50, -1])
def test_info_cut_short(cut):
    with pytest.raises(ProtocolError, match=r"^Answer to IDENTIFY must be whole: "):
        Info.decode(fake_info().encode()[:cut])


def test_info_with_octets_to_spare():
    length = len(fake_info().encode())
    with pytest.raises(ProtocolError, match=rf"^Answer to IDENTIFY must be whole: {length} octets "
                                            rf"expected, {length + 1} received$"):
        Info.decode(fake_info().encode() + b"x")


def test_images_are_packed_without_gaps():
    images = np.array([[[0b111_00000, 0], [0b010_11111, 0b100_00000]]], dtype=np.uint8)
    packed = pack_images(images, pixel_bits=3, shift=5)
    assert int.from_bytes(packed.tobytes(), "little") == 0b100_010_000_111


def test_results_come_back():
    labels = np.array([2, 0, 255])
    scores = np.array([[-3, 4], [-32768, 32767], [0, -1]], dtype=np.int32)
    for score_bytes in (2, 4):
        payload = pack_results(labels, scores, score_bytes)
        assert len(payload) == 3 * (1 + 2 * score_bytes)
        found_labels, found_scores = unpack_results(payload, 2, score_bytes)
        assert found_labels.tolist() == labels.tolist()
        assert found_scores.tolist() == scores.tolist()
        assert found_scores.dtype == np.int32


def test_report_comes_back():
    report = Report(12345, 0xdeadbeef, (1, 2, 3))
    assert Report.decode(report.encode()) == report
    assert report.encode()[:8].hex(" ") == "39 30 00 00 ef be ad de"


@pytest.mark.parametrize(("change", "message"), [
    ({"baud": 0}, "baud must be in 1..4294967295: 0"),
    ({"clock_hz": 0}, "clock_hz must be in 1..4294967295: 0"),
    ({"interval": 0}, "interval must be in 1..4294967295: 0"),
    ({"max_images": 0}, "max_images must be in 1..4294967295: 0"),
    ({"input_shape": ()}, "dimensions of an image must be in 1..8: 0"),
    ({"input_shape": (2**16, 2**16)}, "pixels must be in 1..1048576: 4294967296"),
    ({"pixel_bits": 9, "shift": 8}, "shift must be in 0..7: 8"),
    ({"score_bytes": 3}, "score_bytes must be 2 or 4: 3"),
    ({"labels": ("a",)}, "labels must be in 2..256: 1"),
    ({"labels": ("a", "\x1b[2J")}, "names must be 1 to 200 printable characters: '\\x1b[2J'"),
    ({"fill": -9}, "a benchmark must take a cycle: fill is -9")])
def test_info_that_no_board_can_have_is_refused(change, message):
    """It would divide by zero, ask for a gigabyte or clear the user's terminal."""
    with pytest.raises(ProtocolError, match=rf"^Answer to IDENTIFY must make sense: "
                       rf"{re.escape(message)} \(is the other end a board of ours\?\)$"):
        Info.decode(fake_info(**change).encode())


@pytest.mark.parametrize("length", [0, 4, 7, 9])
def test_a_report_that_is_not_whole_is_refused(length):
    with pytest.raises(ProtocolError, match=rf"^Answer to BENCHMARK must be whole numbers: "
                                            rf"{length} octets$"):
        Report.decode(bytes(length))


@pytest.mark.parametrize("letter", ["x", "가", "\U0001f600"])
def test_long_class_names_of_all_classes_fit_an_answer(letter):
    labels = tuple(f"{number:03}{letter * 197}" for number in range(256))
    sent = fake_info(labels=labels)
    frame, = Deframer().feed(Frame(Type.IDENTIFY | ANSWER, 1, sent.encode()).encode())
    assert Info.decode(frame.payload) == sent


def test_a_description_with_short_names_has_the_octets_that_bitstreams_hold():
    info = fake_info(labels=("no", "yes"), board="ulx3s")
    assert info.encode().endswith(b"\x02\0" b"\x05\0ulx3s" b"\x02\0no" b"\x03\0yes")
