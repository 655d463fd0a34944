# amaranth: UnusedElaboratable=no
"""The serial protocol (docs/protocol.md) in hardware: requests in, answers out."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from sw.line.protocol import ANSWER, ErrorCode, Type

from ..stream.credit import Relay
from .answer import ResultOctets, TextOctets
from .benchmark import Benchmark
from .framing import OCTET, RECEIVED, Deframer, Framer
from .imageregister import ImageRegister
from .inbox import Inbox
from .wordfeed import WordFeed


__all__ = ["Link", "takes_whole_images"]


def takes_whole_images(info, input_width, rom_width):
    """Whether an accelerator takes an image per cycle, and the ROM gives it one."""
    return info.interval == 1 and input_width == rom_width == info.pixels * info.pixel_bits


class Link(wiring.Component):
    """Everything between the octets of the serial line and the accelerator.

    One request is answered at a time; what comes in meanwhile is dropped, as are damaged frames.
    The images of a request follow each other into the accelerator as its results leave, and the
    results wait until the line has taken their octets.

    Parameters
    ----------
    info : :class:`sw.line.protocol.Info`
        Answer to IDENTIFY. Shape and bits of images, octets of a score and limits are taken from
        it.
    rom : ndarray of uint8, shape (r, info.image_bytes)
        Images of the benchmark, packed as they travel.
    result : data.StructLayout
        Payload of the accelerator's output: ``label`` and ``scores``.
    input_width : int
        Bits of a word of the accelerator's input.
    rom_width : int
        Bits of a word of the image ROM, at most ``input_width``.
    used : sequence of bool
        Which bits of an image the accelerator looks at.
    depth : int
        Octets of the frame buffer.

    Members
    -------
    i : In(stream.Signature(RECEIVED))
        Octets from the line.
    o : Out(stream.Signature(8))
        Octets to the line.
    images : Out(stream.Signature(input_width))
        Images, to the accelerator.
    results : In(stream.Signature(result))
        Results, from the accelerator.
    busy : Out(1)
        A request is being answered.
    hindrance : In(3)
        An :class:`sw.line.protocol.ErrorCode` to answer instead of the accelerator, or 0.
    """

    def __init__(self, info, rom, *, result, input_width, rom_width, used, depth):
        bits = info.pixels * info.pixel_bits
        images = [int.from_bytes(image.tobytes(), "little") for image in rom]
        if takes_whole_images(info, input_width, rom_width):
            self.feed = ImageRegister(bits=bits, used=used, rom=images)
        else:
            self.feed = WordFeed(bits=bits, rom=images, rom_width=rom_width, width=input_width)
        self.info = info
        self.rom = rom
        self.result = result
        self.input_width = input_width
        self.rom_width = rom_width
        self.used = used
        self.depth = depth
        super().__init__({
            "i": In(stream.Signature(RECEIVED)),
            "o": Out(stream.Signature(8)),
            "images": Out(stream.Signature(input_width)),
            "results": In(stream.Signature(result)),
            "busy": Out(1),
            "hindrance": In(Shape.cast(ErrorCode).width),
        })

    def elaborate(self, platform):
        m = Module()
        info = self.info

        # Requests: octets of the line, frames, the one at hand.
        m.submodules.deframer = deframer = Deframer()
        m.submodules.inbox = inbox = Inbox(depth=self.depth, image_bytes=info.image_bytes)
        connect(m, flipped(self.i), deframer.i)
        for name in ("valid", "octet", "flag", "good"):  # a cycle later: their logic is deep
            m.d.sync += getattr(inbox, name).eq(getattr(deframer, name))
        request = inbox.request.p
        m.d.comb += self.busy.eq(inbox.request.valid)

        # What can be answered, and from where.
        m.submodules.text = text = TextOctets(info.encode())
        m.submodules.octets = octets = ResultOctets(self.result, score_bytes=info.score_bytes)
        m.submodules.result = result = Relay(OCTET)  # to choose an octet takes a cycle of its own
        connect(m, octets.o, result.i)
        m.submodules.benchmark = benchmark = Benchmark(
            classes=len(info.labels), count_bits=info.max_benchmark.bit_length())

        # Images: from the request or from the benchmark's ROM.
        m.submodules.feed = feed = self.feed
        connect(m, feed.o, flipped(self.images))
        for name in ("begin", "running", "more"):
            m.d.comb += getattr(feed, name).eq(getattr(benchmark, name))
        m.d.comb += benchmark.given.eq(feed.given)

        # Results: to the answer or to the benchmark.
        m.d.comb += octets.i.payload.eq(self.results.payload)
        m.d.comb += octets.i.valid.eq(self.results.valid & ~benchmark.running)
        m.d.comb += self.results.ready.eq(octets.i.ready | benchmark.running)
        m.d.comb += benchmark.accepted.eq(self.images.valid & self.images.ready)
        m.d.comb += benchmark.labelled.eq(self.results.valid & benchmark.running)
        m.d.comb += benchmark.label.eq(self.results.p.label)
        m.submodules.report = report = Relay(OCTET)  # its counters are far from the line
        connect(m, benchmark.report, report.i)

        # The answer: type, sequence number, payload.
        # The framer takes an octet now and then, and only a register may know when.
        m.submodules.framer = framer = Framer()
        m.submodules.output = output = Relay(OCTET)
        connect(m, output.o, framer.i)
        connect(m, framer.o, flipped(self.o))
        answer = Signal(OCTET)
        valid = Signal()
        sent = Signal()
        m.d.comb += output.i.payload.eq(answer)
        m.d.comb += output.i.valid.eq(valid)
        m.d.comb += sent.eq(valid & output.i.ready)

        m.d.comb += feed.i.payload.eq(inbox.payload.payload)
        m.d.comb += benchmark.i.payload.eq(inbox.payload.payload)
        code = Signal(ErrorCode, init=ErrorCode.UNKNOWN_TYPE)
        error = Signal()
        left = Signal.like(request.images)  # images without an answer

        # What is asked for: looked at once, far from everything that it decides.
        identify, classify, measure = Signal(), Signal(), Signal()
        m.d.sync += identify.eq(request.type == Type.IDENTIFY)
        m.d.sync += classify.eq(request.type == Type.CLASSIFY)
        m.d.sync += measure.eq(request.type == Type.BENCHMARK)
        empty, word, rest = Signal(), Signal(), Signal()
        m.d.sync += [empty.eq(request.empty), word.eq(request.word), rest.eq(request.rest)]

        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += left.eq(request.images)
                with m.If(inbox.request.valid):
                    m.next = "CHECK"
            with m.State("CHECK"):
                m.d.sync += code.eq(Mux(identify | classify | measure, ErrorCode.WRONG_LENGTH,
                                        ErrorCode.UNKNOWN_TYPE))
                m.d.sync += error.eq(~((identify & empty) | (measure & word)
                                       | (classify & ~rest & (left != 0))))
                m.next = "TYPE"
                with m.If((classify | measure) & (self.hindrance != 0)):
                    m.d.sync += code.eq(self.hindrance)
                    m.d.sync += error.eq(1)
                with m.Elif(measure & word):
                    m.next = "BENCHMARK"
            with m.State("BENCHMARK"):
                m.d.comb += benchmark.i.valid.eq(inbox.payload.valid)
                m.d.comb += inbox.payload.ready.eq(benchmark.i.ready)
                with m.If(benchmark.refused):
                    m.d.sync += code.eq(ErrorCode.WRONG_COUNT)
                    m.d.sync += error.eq(1)
                with m.If(benchmark.refused | report.o.valid):
                    m.next = "TYPE"
            with m.State("TYPE"):
                m.d.comb += valid.eq(1)
                m.d.comb += answer.data.eq(Mux(error, Type.ERROR, request.type | ANSWER))
                with m.If(sent):
                    m.next = "SEQUENCE"
            with m.State("SEQUENCE"):
                m.d.comb += valid.eq(1)
                m.d.comb += answer.data.eq(request.sequence)
                with m.If(sent):
                    m.next = "PAYLOAD"
            with m.State("PAYLOAD"):
                with m.If(error):
                    m.d.comb += answer.data.eq(code)
                    m.d.comb += answer.last.eq(1)
                    m.d.comb += valid.eq(1)
                with m.Elif(identify):
                    self._forward(m, text.o, answer, valid, output)
                with m.Elif(measure):
                    self._forward(m, report.o, answer, valid, output)
                with m.Else():
                    m.d.comb += feed.i.valid.eq(inbox.payload.valid)
                    m.d.comb += inbox.payload.ready.eq(feed.i.ready)
                    self._forward(m, result.o, answer, valid, output)
                    m.d.comb += answer.last.eq(result.o.p.last & (left == 1))
                    with m.If(sent & result.o.p.last):
                        m.d.sync += left.eq(left - 1)
                with m.If(sent & answer.last):
                    m.next = "DONE"
            with m.State("DONE"):
                m.d.comb += inbox.request.ready.eq(1)
                m.next = "IDLE"

        return m

    @staticmethod
    def _forward(m, octets, answer, valid, output):
        m.d.comb += answer.eq(octets.payload)
        m.d.comb += valid.eq(octets.valid)
        m.d.comb += octets.ready.eq(output.i.ready)
