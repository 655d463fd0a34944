# amaranth: UnusedElaboratable=no
"""hw.serial.link: every answer is that of the protocol, and nothing on the line wedges it."""

import random

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.sim import Simulator

from hw.serial.benchmark import fill
from hw.serial.link import Link
from sw.line.protocol import Deframer, ErrorCode, Frame, Type, unpack_results

from ...fakes import FakeAccelerator, FakeBoard, fake_info, fake_report, fake_results


BITS = 30  # of an image: 4 octets
ROM = np.array([[1, 2, 3, 4], [250, 0, 0, 0], [0, 9, 9, 63]], dtype=np.uint8)


def board_results(packed):
    """Results of the stand-in behind 16 bits; what fills up the last octet of an image is lost."""
    return fake_results(packed & np.array([255, 255, 255, 63], dtype=np.uint8), 3)


class Bench(wiring.Component):
    """The link between a line of octets and a stand-in for the accelerator."""

    def __init__(self, *, input_width=16, rom_width=16, latency=3):
        self.accelerator = FakeAccelerator(bits=BITS, input_width=input_width, classes=3,
                                           latency=latency)
        feed = -(-BITS // rom_width)
        interval = self.accelerator.interval
        self.info = fake_info(
            interval=interval, feed=feed, latency=latency, max_benchmark=2**12 - 1,
            fill=fill(bits=BITS, rom_width=rom_width, input_width=input_width, interval=interval,
                      latency=latency))
        self.link = Link(self.info, ROM, result=self.accelerator.result, input_width=input_width,
                         rom_width=rom_width, used=[True] * BITS, depth=64)
        self.hindrance = 0
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.link.hindrance.eq(self.hindrance)
        m.submodules.accelerator = accelerator = self.accelerator
        m.submodules.link = link = self.link
        wiring.connect(m, link.images, accelerator.i)
        wiring.connect(m, accelerator.o, link.results)
        return m


def talk(bench, exchanges, *, stall=lambda: 0, errors=()):
    """Send octets, one after the other; return the frames of the answers.

    ``exchanges`` is a list of octets, after each of which the line stays silent until the link has
    been idle for a while. Octets whose index is in ``errors`` arrive marked as errors.
    """
    deframer = Deframer()
    frames = []

    async def drive(ctx):
        sent = 0
        for octets in exchanges:
            for octet in octets:
                ctx.set(bench.link.i.payload, {"data": octet, "error": sent in errors})
                ctx.set(bench.link.i.valid, 1)
                sent += 1
                ready = 0
                for _ in range(12):
                    _, _, ready = await ctx.tick().sample(bench.link.i.ready)
                    if ready:
                        break
                assert ready
                ctx.set(bench.link.i.valid, 0)
            idle = 0
            for _ in range(20_000):
                _, _, busy, valid = await ctx.tick().sample(bench.link.busy, bench.link.o.valid)
                idle = 0 if busy or valid else idle + 1
                if idle == 60:
                    break
            assert idle == 60, "the link is wedged"

    async def watch(ctx):
        while True:
            ctx.set(bench.link.o.ready, stall() == 0)
            _, _, valid, ready, octet = await ctx.tick().sample(
                bench.link.o.valid, bench.link.o.ready, bench.link.o.payload)
            if valid and ready:
                frames.extend(deframer.feed([octet]))

    sim = Simulator(bench)
    sim.add_clock(1e-6)
    sim.add_testbench(drive)
    sim.add_testbench(watch, background=True)
    sim.run()
    assert deframer.dropped == 0
    return frames


def random_requests(rng, count):
    """Requests of every kind, right and wrong ones."""
    requests = []
    for sequence in range(count):
        kind = rng.randrange(8)
        if kind < 3:
            request = Frame(Type.CLASSIFY, sequence, rng.randbytes(4 * rng.randint(1, 6)))
        elif kind == 3:
            request = Frame(Type.CLASSIFY, sequence, rng.randbytes(rng.randint(0, 9)))
        elif kind == 4:
            request = Frame(Type.BENCHMARK, sequence, rng.randint(0, 20).to_bytes(4, "little"))
        elif kind == 5:
            request = Frame(Type.BENCHMARK, sequence, rng.randbytes(rng.randint(3, 5)))
        elif kind == 6:
            request = Frame(Type.IDENTIFY, sequence, bytes(rng.randint(0, 1)))
        else:
            request = Frame(rng.choice([0, 4, 0x81, 0xe0, 0xff]), sequence, rng.randbytes(2))
        requests.append(request)
    return requests


@pytest.mark.parametrize("stall", [0, 9])
def test_answers_are_those_of_the_protocol(stall):
    rng = random.Random(stall)
    bench = Bench()
    board = FakeBoard(bench.info, ROM, board_results)
    requests = random_requests(rng, 24)
    found = talk(bench, [request.encode() for request in requests],
                 stall=lambda: rng.randint(0, stall))
    assert found == [board.answer(request) for request in requests]


@pytest.mark.parametrize(("input_width", "rom_width"), [(30, 30), (30, 8), (8, 8), (12, 12),
                                                        (7, 5), (32, 16), (6, 1)])
def test_any_widths_carry_the_same_images(input_width, rom_width):
    bench = Bench(input_width=input_width, rom_width=rom_width, latency=5)
    images = random.Random(1).randbytes(3) + b"\x3f" + bytes(3) + b"\x01" + b"\xff" * 3 + b"\x3f"
    found = talk(bench, [Frame(Type.CLASSIFY, 1, images).encode(),
                         Frame(Type.BENCHMARK, 2, bytes([7, 0, 0, 0])).encode(),
                         Frame(Type.CLASSIFY, 3, images).encode()])
    labels, scores = reference(np.frombuffer(images, np.uint8).reshape(-1, 4), input_width)
    for answer in (found[0], found[2]):
        found_labels, found_scores = unpack_results(answer.payload, 3, 2)
        assert (found_labels.tolist(), found_scores.tolist()) == (labels.tolist(), scores.tolist())
    labels = reference(ROM, input_width)[0][np.arange(7) % 3]
    _, _, *histogram = np.frombuffer(found[1].payload, "<u4").tolist()
    assert histogram == np.bincount(labels, minlength=3).tolist()


def reference(packed, input_width):
    """Return what the stand-in answers to images in words of another width than its octets."""
    vectors = [int.from_bytes(image.tobytes(), "little") for image in packed]
    octets = np.array([[vector >> low + part & (1 << min(8, input_width - part)) - 1
                        for low in range(0, BITS, input_width)
                        for part in range(0, input_width, 8)] for vector in vectors])
    return fake_results(octets, 3)


def test_the_pixels_that_fill_up_an_octet_are_ignored():
    images = bytes([1, 2, 3, 0xc4])
    found, = talk(Bench(), [Frame(Type.CLASSIFY, 1, images).encode()])
    labels, _ = fake_results(np.array([[1, 2, 3, 4]]), 3)
    assert found.payload[0] == labels[0]


def test_benchmarks_take_the_cycles_predicted():
    bench = Bench()
    counts = [1, 2, 3, 17, 200]
    found = talk(bench, [Frame(Type.BENCHMARK, count & 0xff, count.to_bytes(4, "little")).encode()
                         for count in counts])
    for count, answer in zip(counts, found, strict=True):
        cycles, checksum, *histogram = np.frombuffer(answer.payload, "<u4").tolist()
        assert cycles == bench.info.cycles(count)
        assert (checksum, tuple(histogram)) == fake_report(ROM, count, 3)


def test_the_longest_request_is_answered_and_a_longer_one_dropped():
    images = bytes(range(60))
    found = talk(Bench(), [Frame(Type.CLASSIFY, 1, images).encode(),
                           Frame(Type.CLASSIFY, 2, images + bytes(1)).encode(),
                           Frame(Type.CLASSIFY, 3, images + bytes(200)).encode(),
                           Frame(Type.IDENTIFY, 4).encode()])
    assert [frame.sequence for frame in found] == [1, 4]


def test_requests_in_a_row_are_answered_or_dropped():
    requests = [Frame(Type.IDENTIFY, sequence) for sequence in range(40)]
    found = talk(Bench(), [b"".join(request.encode() for request in requests),
                           Frame(Type.IDENTIFY, 99).encode()])
    sequences = [frame.sequence for frame in found]
    assert sequences == sorted(set(sequences))
    assert sequences[0] == 0
    assert sequences[-1] == 99
    assert 3 <= len(sequences) < 41


def damage(rng, octets):
    """Drop, flip, repeat or insert some octets; sometimes only a piece is left."""
    octets = bytearray(octets)
    for _ in range(rng.randint(1, 3)):
        if not octets:
            break
        at = rng.randrange(len(octets))
        kind = rng.randrange(6)
        if kind == 0:
            del octets[at]
        elif kind == 1:
            octets[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            octets.insert(at, octets[at])
        elif kind == 3:
            octets.insert(at, rng.choice([0x7e, 0x7d, 0, rng.randrange(256)]))
        elif kind == 4:
            del octets[at:at + rng.randint(1, 8)]
        else:
            octets[at:at] = rng.randbytes(rng.randint(1, 80))
    return bytes(octets)


@pytest.mark.parametrize("seed", range(2))
def test_damaged_requests_never_wedge_it(seed):
    rng = random.Random(seed)
    bench = Bench()
    board = FakeBoard(bench.info, ROM, board_results)
    answers = {}
    exchanges = []
    for request in random_requests(rng, 40):
        octets = request.encode()
        if rng.random() < 0.6:
            octets = damage(rng, octets)
        elif rng.random() < 0.2:
            octets += damage(rng, octets)
        exchanges.append(octets)
        answers[request.sequence] = board.answer(request)
    exchanges.append(b"\x7e" + Frame(Type.IDENTIFY, 200).encode())
    found = talk(bench, exchanges, errors={rng.randrange(800) for _ in range(8)})
    assert found[-1] == board.answer(Frame(Type.IDENTIFY, 200))
    assert len(found) > 10
    for frame in found[:-1]:
        assert frame == answers[frame.sequence]


@pytest.mark.parametrize(("request_", "code"), [
    (Frame(0x42, 1), ErrorCode.UNKNOWN_TYPE),
    (Frame(Type.ERROR, 1), ErrorCode.UNKNOWN_TYPE),
    (Frame(Type.IDENTIFY, 1, b"x"), ErrorCode.WRONG_LENGTH),
    (Frame(Type.CLASSIFY, 1), ErrorCode.WRONG_LENGTH),
    (Frame(Type.CLASSIFY, 1, bytes(5)), ErrorCode.WRONG_LENGTH),
    (Frame(Type.BENCHMARK, 1), ErrorCode.WRONG_LENGTH),
    (Frame(Type.BENCHMARK, 1, bytes(4)), ErrorCode.WRONG_COUNT),
    (Frame(Type.BENCHMARK, 1, b"\x00\x10\x00\x00"), ErrorCode.WRONG_COUNT)])
def test_wrong_requests_are_told_why(request_, code):
    assert talk(Bench(), [request_.encode()]) == [Frame(Type.ERROR, 1, bytes([code]))]


@pytest.mark.parametrize("code", [ErrorCode.LOADING, ErrorCode.DAMAGED_WEIGHTS])
def test_without_weights_it_identifies_itself_and_does_no_work(code):
    bench = Bench()
    bench.hindrance = code
    board = FakeBoard(bench.info, ROM, board_results, hindrances=[code])
    requests = [Frame(Type.CLASSIFY, 1, bytes(8)), Frame(Type.IDENTIFY, 2),
                Frame(Type.BENCHMARK, 3, bytes([7, 0, 0, 0])), Frame(Type.BENCHMARK, 4),
                Frame(0x42, 5)]
    found = talk(bench, [request.encode() for request in requests])
    assert found == [board.answer(request) for request in requests]
    assert found[0] == Frame(Type.ERROR, 1, bytes([code]))
    assert found[1].payload == bench.info.encode()


def test_the_rom_must_not_be_wider_than_the_accelerator():
    with pytest.raises(ValueError, match=r"^Width of the image ROM must be in 1\.\.16, the "
                                         r"accelerator's: 17$"):
        Bench(rom_width=17)
