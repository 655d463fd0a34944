"""Targets on the host's end of the link: frames, answers, a whole conversation."""

import random
import types

import numpy as np
from hypothesis import strategies as st

from sw import host
from sw.line import client
from sw.line.protocol import ANSWER, Deframer, ErrorCode, Frame, Info, ProtocolError, Report, Type
from tests.fakes import FakeBoard, fake_info

from .mutate import damaged
from .target import Target


INFO = fake_info()
ROM = np.arange(12, dtype=np.uint8).reshape(3, 4)
IMAGES = np.random.default_rng(7).integers(0, 256, (20, 2, 5), dtype=np.uint8)


def frames_inputs(kept):
    seeds = [Frame(Type.CLASSIFY, 0x7e, b"abc\x7d\x7e").encode(),
             Frame(Type.IDENTIFY, 0).encode() + Frame(Type.BENCHMARK, 1, b"\x7d" * 5).encode(),
             Frame(1, 2, b"\x7d").encode().replace(b"\x7d", b"\x7d\x7d"),
             b"\x7e" * 5 + Frame(0x7d, 0x7e, b"\x7e\x7d").encode(), *kept]
    return st.one_of(damaged(seeds, 6), st.binary(max_size=64))


def read_frames(path):
    """Return what is found in the octets, in one piece."""
    octets = path.read_bytes()
    return octets, Deframer().feed(octets)


def frames_hold(read, path):
    """Pieces do not matter, every frame was really sent, and an intact one behind is found."""
    octets, found = read
    rng, deframer, pieces = random.Random(1), Deframer(), []
    at = 0
    while at < len(octets):
        size = rng.randint(1, 7)
        pieces += deframer.feed(octets[at:at + size])
        at += size
    assert pieces == found
    for frame in found:
        assert _unescaped(frame.encode()[1:-1]) in [
            _unescaped(piece) for piece in octets.split(b"\x7e")]
    last = Frame(5, 6, b"\x7e end")
    assert Deframer().feed(octets + last.encode())[-1] == last


def _unescaped(octets):
    plain, escaped = bytearray(), 0
    for octet in octets:
        if octet == 0x7d:
            escaped = 0x20
        else:
            plain.append(octet ^ escaped)
            escaped = 0
    return bytes(plain)


def info_inputs(kept):
    seeds = [INFO.encode(), fake_info(labels=("a", "b"), input_shape=(3,)).encode(), *kept]
    return damaged(seeds)


def info_holds(read, path):
    """It says what the octets say, and nothing in it breaks the host."""
    assert read.encode() == path.read_bytes()
    assert read.pixels >= 1
    assert 0 < read.images_per_second
    assert read.cycles(5) > 0
    host.show_info(types.SimpleNamespace(info=read), None, None)


class Clock:
    """Time that passes only where somebody waits for it."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        self.now += 1e-4
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Port:
    """A board behind a line that sends what the input says instead of some answers.

    The input's first octet chooses: damage on the line, or payloads with a right checksum.
    """

    path = "line"

    def __init__(self, octets, clock):
        self.kind = octets[0] % 3 if octets else 0
        self.pieces = octets[1:].split(b"|")
        self.clock = clock
        self.board = FakeBoard(INFO, ROM)
        self.waiting = b""

    def write(self, octets):
        answer = self.board.feed(octets)
        piece = self.pieces.pop(0) if self.pieces else b""
        if piece and self.kind == 0:
            answer = piece
        elif piece and self.kind == 1 and len(octets) > 3:
            answer = Frame(octets[1] | ANSWER, octets[2], piece).encode()
        elif piece:
            cut = piece[0] % max(1, len(answer))
            answer = answer[:cut] + piece[1:] + answer[cut + len(piece) % 3:]
        self.waiting += answer

    def read(self, seconds):
        octets, self.waiting = self.waiting, b""
        self.clock.now += 0.01 if octets else max(seconds, 0.01)
        return octets


def talk_inputs(kept):
    answers = [INFO.encode(), FakeBoard(INFO, ROM).answer(
        Frame(Type.CLASSIFY, 1, bytes(4 * 15))).payload, Report(188, 5, (1, 2, 3)).encode()]
    line = [Frame(Type.IDENTIFY | ANSWER, 0, answers[0]).encode(), bytes([Type.ERROR]) * 9,
            Frame(Type.ERROR, 0, bytes([ErrorCode.LOADING])).encode(),
            Frame(Type.ERROR, 1, bytes([99])).encode(), b"\x7e" * 30]
    seeds = [b"\x01" + b"|".join(answers), b"\x00" + b"|".join(line), b"\x02||\x05abc|\x00",
             b"\x01" + answers[0], b"\x01||" + answers[1], b"\x01||||" + answers[2], *kept]
    return st.one_of(damaged(seeds), st.binary(max_size=60))


def read_talk(path):
    """Identify, classify and measure; return the answers, or refuse."""
    clock = Clock()
    board = client.Client(Port(path.read_bytes(), clock), clock)
    labels, scores = board.classify(IMAGES)
    report = board.benchmark(min(5, board.info.max_benchmark))
    assert clock.now < 3600, "a host must not wait for ever"
    return board.info, labels, scores, report


def talk_holds(read, path):
    """Answers have the shape of what was asked for."""
    info, labels, scores, report = read
    assert labels.shape == (len(IMAGES),)
    assert scores.shape == (len(IMAGES), len(info.labels))
    assert labels.max() < len(info.labels)
    assert len(report.histogram) == len(info.labels)


def read_report(path):
    return Report.decode(path.read_bytes())


def report_holds(read, path):
    assert read.encode() == path.read_bytes()


TARGETS = [
    Target("frames", "line", read_frames, frames_inputs, frames_hold),
    Target("info", "payload", lambda path: Info.decode(path.read_bytes()), info_inputs,
           info_holds),
    Target("measured", "payload", read_report,
           lambda kept: damaged([Report(1, 2, (3, 4)).encode(), *kept]), report_holds),
    Target("talk", "line", read_talk, talk_inputs, talk_holds),
]

assert issubclass(ProtocolError, OSError)  # what a refusal is, to Target
