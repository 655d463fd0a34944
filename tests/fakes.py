"""Stand-ins for tests of the serial link: an accelerator of one line, and a board without logic."""

import zlib

import numpy as np
from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from sw.line.protocol import ANSWER, Deframer, ErrorCode, Frame, Info, Report, Type, pack_results


def fake_info(**others):
    """Return an Info of a small board that classifies 2 × 5 images of 3-bit pixels."""
    fields = {
        "board": "fake", "identity": bytes(range(100, 132)).hex(), "input_shape": (2, 5),
        "pixel_bits": 3, "shift": 5, "labels": ("zero", "één", "two"), "score_bytes": 2,
        "clock_hz": 1_000_000, "baud": 100_000, "interval": 9, "feed": 2, "latency": 4, "fill": 0,
        "rom_images": 3, "rom_crc": 0, "max_images": 15, "max_benchmark": 4095, **others}
    return Info(**fields)


def fake_results(packed, classes):
    """Return what :class:`FakeAccelerator` answers: labels (n,), scores (n, classes)."""
    sums = packed.astype(np.int64).sum(axis=1) % 128
    return sums % classes, (sums[:, None] ^ np.arange(classes)) - 64


def fake_report(packed, count, classes):
    """Return checksum and histogram of a benchmark over ``count`` images."""
    labels = fake_results(packed, classes)[0][np.arange(count) % len(packed)]
    return (zlib.crc32(labels.astype(np.uint8).tobytes()),
            tuple(np.bincount(labels, minlength=classes).tolist()))


class FakeAccelerator(wiring.Component):
    """Adds the octets of an image; works on one image at a time.

    Members are those of :class:`hw.accelerator.Accelerator`. ``latency`` cycles after the last word
    the result is offered; the next image is accepted in the cycle after it is taken.
    """

    def __init__(self, *, bits, input_width, classes, latency=3):
        self.bits = bits
        self.input_width = input_width
        self.classes = classes
        self.latency = latency
        self.beats = -(-bits // input_width)
        self.interval = self.beats + latency
        self.result = data.StructLayout({
            "label": range(classes), "scores": data.ArrayLayout(signed(8), classes)})
        super().__init__({
            "i": In(stream.Signature(input_width)), "o": Out(stream.Signature(self.result))})

    def elaborate(self, platform):
        m = Module()
        total = Signal(7)
        index = Signal(range(self.beats + 1))
        timer = Signal(range(self.latency + 1))
        octets = [self.i.payload[low:low + 8] for low in range(0, self.input_width, 8)]
        m.d.comb += self.i.ready.eq(index != self.beats)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += index.eq(index + 1)
            m.d.sync += total.eq(total + sum(octets))
            m.d.sync += timer.eq(self.latency - 1)
        with m.If((index == self.beats) & (timer != 0)):
            m.d.sync += timer.eq(timer - 1)
        m.d.comb += self.o.valid.eq((index == self.beats) & (timer == 0))
        m.d.comb += self.o.p.label.eq(total % self.classes)
        for number in range(self.classes):
            m.d.comb += self.o.p.scores[number].eq(Cat(total ^ number, 0).as_signed() - 64)
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += index.eq(0)
            m.d.sync += total.eq(0)
        return m


class FakeBoard:
    """A board as the protocol has it, in Python: octets in, octets out.

    ``results`` maps packed images, uint8 (n, image_bytes), to labels and scores. ``hindrances``
    are codes that it answers the next requests for work with; the last one stays.
    """

    def __init__(self, info, rom, results=None, hindrances=()):
        self.hindrances = list(hindrances)
        self.info = info
        self.rom = rom
        self.results = results or (lambda packed: fake_results(packed, len(info.labels)))
        self.deframer = Deframer()
        self.requests = []

    def feed(self, octets):
        """Take octets, return those of the answers."""
        return b"".join(self.answer(frame).encode() for frame in self.deframer.feed(octets))

    def answer(self, request):
        """Return the answer to a request: a Frame each."""
        self.requests.append(request)
        info, payload = self.info, request.payload
        if request.type == Type.IDENTIFY:
            wrong = ErrorCode.WRONG_LENGTH if payload else None
        elif request.type == Type.CLASSIFY:
            wrong = (ErrorCode.WRONG_LENGTH
                     if not payload or len(payload) % info.image_bytes else None)
        elif request.type == Type.BENCHMARK:
            count = int.from_bytes(payload, "little")
            wrong = (ErrorCode.WRONG_LENGTH if len(payload) != 4 else
                     None if 0 < count <= info.max_benchmark else ErrorCode.WRONG_COUNT)
        else:
            wrong = ErrorCode.UNKNOWN_TYPE
        if self.hindrances and request.type in (Type.CLASSIFY, Type.BENCHMARK):
            wrong = self.hindrances[0]
            if len(self.hindrances) > 1:
                self.hindrances.pop(0)
        if wrong:
            return Frame(Type.ERROR, request.sequence, bytes([wrong]))
        if request.type == Type.IDENTIFY:
            content = info.encode()
        elif request.type == Type.CLASSIFY:
            packed = np.frombuffer(payload, dtype=np.uint8).reshape(-1, info.image_bytes)
            content = pack_results(*self.results(packed), info.score_bytes)
        else:
            labels = self.results(self.rom)[0][np.arange(count) % len(self.rom)]
            histogram = np.bincount(labels, minlength=len(info.labels)).tolist()
            content = Report(info.cycles(count), zlib.crc32(labels.astype(np.uint8).tobytes()),
                             tuple(histogram)).encode()
        return Frame(request.type | ANSWER, request.sequence, content)
